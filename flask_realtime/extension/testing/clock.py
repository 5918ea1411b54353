"""The time of a server, which passes when a test says so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from ...exceptions import UsageError
from ...socketio.server import Server
from ...store.memory import MemoryStore

_A_LITTLE = 1e-6
"""What is due at a moment is due a microsecond later, however sums of times are rounded."""

Time = Callable[[], float]


class _Timed(Protocol):
    """What goes by a time: a server's clock, a store."""

    def go_by(self, time: Time) -> Time: ...


class StoppedClock:
    """The time of a server, which stands still in a ``with`` block but for :meth:`advance`.

    It is the time of the pings and their answers, of ``call``, ``emit_with_ack`` and every other
    wait for an answer, of ``connect_timeout``, of rate limits, of what is kept for clients that
    come back, of adapters, and of the values in a :class:`.MemoryStore`. It is not the time of what
    waits by gevent, such as ``io.sleep`` in a task or ``socket.drain``; nor that of other stores.

    After the block, time goes on from where it is.

    :param settle: waits until all is handled.
    """

    def __init__(self, server: Server, settle: Callable[[], None]) -> None:
        self._server = server
        self._settle = settle
        self._held: list[_Held] = []

    def __enter__(self) -> StoppedClock:
        """Stop it.

        :raises UsageError: if it is stopped already.
        """
        timed: list[_Timed] = [self._server.engine.clock]
        if isinstance(self._server.store, MemoryStore):
            timed.append(self._server.store)
        self._held = [_Held(each) for each in timed]
        if any(each.was_held for each in self._held):
            self.__exit__()
            raise UsageError("the time of this server is stopped already; one clock is enough")
        return self

    def __exit__(self, *error: Any) -> None:
        for each in self._held:
            each.let_go()

    def advance(self, seconds: float) -> None:
        """Let so many seconds pass: what becomes due is done at its moment, one after the other,
        and all that follows from it is handled.

        :raises TimeoutError: if handlers take longer than the client's `timeout`.
        :raises Exception: what a handler raises meanwhile and no error handler takes.
        """
        clock = self._server.engine.clock
        end = clock.now() + seconds
        while (due := clock.next) is not None and due < end:
            self._pass(due - clock.now())
        self._pass(end - clock.now())

    def _pass(self, seconds: float) -> None:
        for each in self._held:
            each.passed += max(seconds, 0.0) + _A_LITTLE
        self._server.engine.clock.run()
        self._settle()


class _Held:
    """A time that stands still, and what goes by it."""

    def __init__(self, timed: _Timed) -> None:
        self._timed = timed
        self._before = timed.go_by(self)
        self._start = self._before()
        self.passed = 0.0

    def __call__(self) -> float:
        return self._start + self.passed

    @property
    def was_held(self) -> bool:
        """Whether it stood still already."""
        return isinstance(self._before, _Held)

    def let_go(self) -> None:
        """Let the time go on, and not back."""
        if self.was_held:
            self._timed.go_by(self._before)
            return
        before, ahead = self._before, self() - self._before()
        self._timed.go_by(lambda: before() + ahead)
