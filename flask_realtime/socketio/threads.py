"""Calls from other OS threads.

Sessions, rooms and sockets belong to the thread whose hub serves. Elsewhere a public call does what
is pure (a value that cannot be encoded raises in its caller) and hands over the rest.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar, cast

from gevent import monkey
from gevent.event import AsyncResult

from ..engine.engine import Engine
from .turn import Turn

_allocate_lock = monkey.get_original("_thread", "allocate_lock")

P = ParamSpec("P")


class Told(Protocol):
    """Who is told an answer, or what went wrong, in the hub."""

    def set(self, value: Any) -> None: ...
    def set_exception(self, error: Exception) -> None: ...


class Result(Told, Protocol):
    """What an answer is put into, and taken from by who waits."""

    def get(self) -> Any: ...


class ThreadResult:
    """A :class:`gevent.event.AsyncResult` for a thread that has no hub, and shall not get one.

    The whole thread waits; a hub of its own would be left behind when the thread ends.
    """

    def __init__(self) -> None:
        self._arrived = _allocate_lock()
        self._arrived.acquire()
        self._value: Any = None
        self._error: Exception | None = None

    def set(self, value: Any) -> None:
        """Give the answer."""
        self._value = value
        self._arrived.release()

    def set_exception(self, error: Exception) -> None:
        """Give what went wrong."""
        self._error = error
        self._arrived.release()

    def get(self) -> Any:
        """Wait, and return the answer; raises what went wrong."""
        with self._arrived:
            if self._error is not None:
                raise self._error
            return self._value


class Waits(Protocol):
    """A server, as who waits for something in its thread sees it."""

    engine: Engine
    turn: Turn


def wait_for(server: Waits, begin: Callable[[Result], None]) -> Any:
    """Begin something in the thread that owns it, and return what it puts into its result.

    :raises Exception: what `begin` raises, or has put there.
    """
    if not server.engine.elsewhere:
        own: AsyncResult[Any] = AsyncResult()
        begin(own)
        return own.get() if own.ready() else server.turn.await_answer(own)
    result = ThreadResult()

    def begin_there() -> None:
        try:
            begin(result)
        except Exception as error:
            result.set_exception(error)

    server.engine.post(begin_there)
    return server.turn.await_answer(result)


class Owned(Protocol):
    """Something that belongs to a server."""

    @property
    def engine(self) -> Engine: ...


S = TypeVar("S", bound=Owned)


def in_hub(method: Callable[Concatenate[S, P], None]) -> Callable[Concatenate[S, P], None]:
    """Have a method run in the thread that owns its object: at once there, soon from elsewhere."""

    @wraps(method)
    def call(self: S, *args: P.args, **kwargs: P.kwargs) -> None:
        engine = self.engine
        if engine.elsewhere:
            engine.post(lambda: method(self, *args, **kwargs))
        else:
            method(self, *args, **kwargs)

    return cast(Callable[Concatenate[S, P], None], call)
