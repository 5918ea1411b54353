"""Until when values are kept: what is told a store that may wait, from the hub, which may not."""

from __future__ import annotations

import logging
from typing import Protocol

import gevent

from ..exceptions import StoreError
from ..store.store import Store

log = logging.getLogger("flask_realtime.server")

_RETRY = 1.0
"""After how many seconds a store that could not be reached is told again."""


class Storing(Protocol):
    """A server, as its expiries see it."""

    store: Store


class Expiries:
    """The ends of values that a store is still to be told.

    One greenlet tells them in order, of each key the latest only, until the store has taken it:
    who has come back would lose the values if that were told before the end of the session of
    before, or not at all.
    """

    def __init__(self, server: Storing) -> None:
        self._server = server
        self._wanted: dict[str, tuple[float | None]] = {}
        self._telling: gevent.Greenlet[[], None] | None = None

    def set(self, key: str, seconds: float | None) -> None:
        """Have the values of a key dropped in so many seconds; None: no more. Never waits."""
        if self._server.store.waits:
            self._wanted[key] = (seconds,)
            if self._telling is None:
                self._telling = gevent.spawn(self._tell_all)
        else:
            self._tell(key, seconds)

    def wait(self, timeout: float) -> None:
        """Wait until the store has been told all, for so many seconds at most."""
        if self._telling is not None and gevent.getcurrent() is not gevent.get_hub():
            self._telling.join(timeout)

    def _tell_all(self) -> None:
        error: StoreError | None = None
        try:
            while self._wanted:
                key, wanted = next(iter(self._wanted.items()))
                before, error = error, self._tell(key, *wanted)
                if error is not None:
                    if before is None:
                        log.warning("until when values are kept is told later: %s", error)
                    gevent.sleep(_RETRY)
                elif self._wanted.get(key) is wanted:  # nobody has changed it meanwhile
                    del self._wanted[key]
        finally:
            self._telling = None

    def _tell(self, key: str, seconds: float | None) -> StoreError | None:
        """Tell the store; return why it is to be told again, if so."""
        try:
            self._server.store.expire(key, seconds)
        except StoreError as error:
            return error
        except Exception:  # a mistake in the store, which the next try would meet again
            log.exception("%r.expire(…, %r) failed", self._server.store, seconds)
        return None
