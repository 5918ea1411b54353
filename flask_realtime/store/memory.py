"""The store of a server that is alone."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from math import isfinite
from time import monotonic
from typing import Any

from gevent import get_hub

from .values import Values, add, check_amount, check_key

_AS_THEY_ARE = (str, bool, type(None))
_SHORT = 2**63


class MemoryStore:
    """Values in this process's memory, for one thread.

    They come back as from a store outside the process: what is changed after ``set`` or ``get``
    changes nothing here. For that, lists and dicts are kept as JSON text, read at each ``get``;
    text, numbers, booleans and None cannot change, and are kept as they are.

    :param json: a module with ``dumps`` and ``loads``, or its name; None: simplejson.
    :param time: what the time is, in seconds; tests pass their own.
    """

    waits = False
    renewal: float | None = None

    def __init__(self, json: Any = None, time: Callable[[], float] = monotonic) -> None:
        self._values = Values(json)
        self._time = time
        #: What is ``bytes`` is JSON text: a value cannot be.
        self._sessions: dict[str, dict[str, Any]] = {}
        self._ends: dict[str, float] = {}  # by session: when its values are dropped
        self._queue: list[tuple[float, str]] = []  # the same, and what does not hold any more
        self._timer: Any = None

    def set(self, session: str, key: str, value: Any) -> None:
        check_key(key)
        kept = self._pack(key, value)
        self._drop_due(session)
        self._sessions.setdefault(session, {})[key] = kept

    def get(self, session: str, key: str, default: Any = None) -> Any:
        check_key(key)
        values = self._of(session)
        return self._unpack(values[key]) if key in values else default

    def has(self, session: str, key: str) -> bool:
        check_key(key)
        return key in self._of(session)

    def delete(self, session: str, key: str) -> bool:
        check_key(key)
        values = self._of(session)
        if key not in values:
            return False
        del values[key]
        if not values:
            self.drop(session)
        return True

    def all(self, session: str) -> dict[str, Any]:
        return {key: self._unpack(kept) for key, kept in self._of(session).items()}

    def increment(self, session: str, key: str, amount: float = 1) -> Any:
        check_amount(amount)
        # Nothing here waits, so that nobody comes between.
        total = add(key, self.get(session, key, 0), amount)
        self.set(session, key, total)
        return total

    def expire(self, session: str, seconds: float | None) -> None:
        if not self._of(session):
            return
        if seconds is None:
            self._ends.pop(session, None)
            return
        when = self._ends[session] = self._time() + seconds
        heapq.heappush(self._queue, (when, session))
        if self._timer is None or self._queue[0] == (when, session):
            self._wake_in(self._queue[0][0] - self._time())

    def drop(self, session: str) -> None:
        self._sessions.pop(session, None)
        self._ends.pop(session, None)

    def go_by(self, time: Callable[[], float]) -> Callable[[], float]:
        """Go by another time from now on, such as one that a test lets pass; return the former."""
        before, self._time = self._time, time
        return before

    def close(self) -> None:
        if self._timer is not None:
            self._timer.close()
            self._timer = None

    def _of(self, session: str) -> dict[str, Any]:
        self._drop_due(session)
        return self._sessions.get(session, {})

    def _drop_due(self, session: str) -> None:
        """The timer may come late; what is over is over."""
        end = self._ends.get(session)
        if end is not None and end <= self._time():
            self.drop(session)

    def _pack(self, key: str, value: Any) -> Any:
        kind = type(value)  # not by isinstance(): an enumeration's member is more than its value
        if kind in _AS_THEY_ARE:
            return value
        if kind is int and -_SHORT <= value < _SHORT:
            return value
        if kind is float and isfinite(value):
            return value
        return self._values.dump(key, value).encode()

    def _unpack(self, kept: Any) -> Any:
        return self._values.load(kept) if type(kept) is bytes else kept

    # The end of what is kept

    def _wake_in(self, seconds: float) -> None:
        self.close()
        # Up to a millisecond late, so that one wake serves ends that lie close together.
        self._timer = get_hub().loop.timer(max(0.0, seconds) + 0.001, ref=False)
        self._timer.start(self._sweep)

    def _sweep(self) -> None:
        self.close()
        now = self._time()
        while self._queue and self._queue[0][0] <= now:
            when, session = heapq.heappop(self._queue)
            if self._ends.get(session) == when:
                self.drop(session)
        if self._queue:
            self._wake_in(self._queue[0][0] - now)
