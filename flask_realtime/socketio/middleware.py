"""What a client passes before it is in a namespace, ahead of the ``connect`` handler."""

from __future__ import annotations

import builtins
from typing import Any, Protocol

from ..exceptions import ConnectionRefusedError, EventError, message_of
from .handler import Function, Handler
from .socket import REFUSED, Socket
from .verdict import Undecided, Verdict

Refusal = tuple[str, Any]
"""The message that the client gets, and the data."""


class Next:
    """What a middleware calls to let the client go on, or with an error to refuse it.

    It may be called later, from another greenlet or thread; what comes after the first call is
    passed over.
    """

    __slots__ = ("_verdict",)

    def __init__(self, verdict: Verdict) -> None:
        self._verdict = verdict

    def __call__(self, error: Any = None) -> None:
        """Let the client go on.

        :param error: what refuses it instead: an exception, whose ``data`` the client gets beside
            its message, or a text.
        """
        self._verdict.give(error=as_refusal(error) if error else None)


class Gate(Protocol):
    """One thing that a client has to pass."""

    name: str
    """For the log."""

    def admit(self, socket: Socket) -> None:
        """Let the socket's client go on; raises what refuses it. May wait."""


class Middleware:
    """One function that decides on each client of a namespace.

    :param function: ``(socket)``, or ``(socket, next)``, by its signature.
    :raises EventError: for a function that can take neither.
    """

    __slots__ = ("_handler", "_wants_next")
    name = "a middleware"

    def __init__(self, function: Function) -> None:
        if function is None:
            raise EventError("write @io.use without parentheses, or io.use(function)")
        self._handler = Handler(self.name, function, is_event=False)
        most, least = self._handler.most, self._handler.least
        if most < 1 or least > 2:
            raise EventError(
                f"a middleware takes (socket) or (socket, next), not as {self._handler}"
            )
        # Who takes any number gets the socket alone: without its "next" nobody waits in vain.
        self._wants_next = self._handler.asks_for(2)

    def __str__(self) -> str:
        return f"the middleware {self._handler}"

    def admit(self, socket: Socket) -> None:
        """Ask the function; raises what refuses the client."""
        verdict = Verdict(socket.engine, self)
        args = [socket, Next(verdict)] if self._wants_next else [socket]
        if socket.server.around(socket, self._handler.function, args) is False:
            raise ConnectionRefusedError
        if self._wants_next:
            socket.wait_for(verdict)


def as_refusal(error: Any) -> ConnectionRefusedError:
    """Return the refusal that an error amounts to which the application has handed over."""
    if isinstance(error, ConnectionRefusedError):
        return error
    data = getattr(error, "data", None)
    return ConnectionRefusedError(message_of(error) or REFUSED, data)


def refusal_of(socket: Socket, what: str, error: BaseException) -> Refusal:
    """Return what the client is told of an error that has refused it; log what is a failure."""
    if isinstance(error, ConnectionRefusedError):
        return error.message, error.data
    if isinstance(error, builtins.ConnectionRefusedError):
        return str(error) or REFUSED, None
    if isinstance(error, Undecided):
        socket.server.log.warning("in %s: %s", socket.namespace.name, error)
        return "timeout", None
    socket.server.handler_failed(socket, what, error)
    return "internal error", None
