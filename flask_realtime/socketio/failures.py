"""What goes wrong in handlers: who hears of it, and what is logged of clients' mistakes."""

from __future__ import annotations

import logging
import reprlib
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import gevent

from .. import signals
from ..exceptions import ArgumentsError
from .acks import INTERNAL_ERROR
from .handler import FAILURES, Function, Handler
from .log import Log

if TYPE_CHECKING:
    from .events import AnyNamespace
    from .namespace import Namespace
    from .rates import Rate
    from .socket import Socket
    from .turn import Turn

_MAX_LOGGED = 100
"""Mistakes of clients that are logged."""


class Around(Protocol):
    """Runs a handler, with whatever belongs around it.

    :param event: what it handles, the name and the arguments; nothing for a callback.
    """

    def __call__(
        self, socket: Socket, function: Function, args: Sequence[Any], event: Sequence[Any] = (), /
    ) -> Any: ...


def call(
    socket: Socket, function: Function, args: Sequence[Any], event: Sequence[Any] = (), /
) -> Any:
    """Run a handler, and nothing around it."""
    return function(*args)


def call_aside(function: Function, args: Sequence[Any]) -> Any:
    """Run what concerns no socket, and nothing around it."""
    return function(*args)


def _never(socket: Socket) -> bool:
    return False


class Failures:
    """The part of a server that runs handlers, and sees to their exceptions."""

    namespaces: dict[str, Namespace]
    any_namespace: AnyNamespace
    turn: Turn

    def __init__(self) -> None:
        #: Runs a handler: the extension puts Flask's contexts around it here.
        self.around: Around = call
        #: Runs what concerns no socket, such as a handler of an event from another node: the
        #: extension puts an application context around it here.
        self.aside: Callable[[Function, Sequence[Any]], Any] = call_aside
        #: Where failures of handlers are logged; the extension gives the application's.
        self.log = Log(logging.getLogger("flask_realtime.server"), None)
        #: Whether the client of a socket may see what went wrong.
        self.debug: Callable[[Socket], bool] = _never
        #: Takes an exception that no error handler took, so that it is not logged, or returns
        #: False; the test client raises those of its own handlers.
        self.unhandled: Callable[[Socket, BaseException], bool] | None = None
        #: How many events were more than a limit allows.
        self.limited = 0
        self._logged: set[tuple[str, ...]] = set()

    def handler_failed(
        self, socket: Socket, event: str, error: BaseException, args: Sequence[Any] = ()
    ) -> Any:
        """See to the exception of a handler; return what the client gets as its answer.

        :param args: what the handler was called with; logged where a developer looks on.
        """
        if signals.handler_failed.receivers:
            # In a greenlet of its own: what a receiver does wrong must not reach the client.
            gevent.spawn(
                signals.handler_failed.send, self, socket=socket, event=event, error=error
            )
        handler = socket.namespace.error_handler or self.any_namespace.error_handler
        if handler is not None:
            try:
                return self.around(socket, handler, [error], (event, *args))
            except FAILURES as second:
                error = second
        if self.unhandled is not None and self.unhandled(socket, error):
            pass
        elif isinstance(error, ArgumentsError):
            self._log_once(logging.WARNING, "in %s: %s", socket.namespace.name, str(error))
        else:
            called = f", called with {reprlib.repr(list(args))}" if self.debug(socket) else ""
            self.log.error(
                "handler of %r in %s failed%s",
                event,
                socket.namespace.name,
                called,
                exc_info=error,
            )
        if self.debug(socket):
            return {"error": f"{type(error).__name__}: {error}"}
        return INTERNAL_ERROR

    def over_limit(self, socket: Socket, event: str, rate: Rate, begins: bool) -> None:
        """An event is more than a limit allows: count it, and say so once.

        :param begins: whether the client's last one was not.
        """
        self.limited += 1
        if begins and signals.rate_limited.receivers:
            gevent.spawn(
                signals.rate_limited.send, self, socket=socket, event=event, limit=rate.limit
            )
        message = "a client in %s sends more than %s allows: %s"
        namespace, limit = socket.namespace.name, str(rate.limit)
        self._log_once(logging.WARNING, message, namespace, rate.what, limit)

    def unfit(self, socket: Socket, handler: Handler, why: str) -> None:
        """An event has not the arguments that its handler declares: say so once."""
        # The reason is part of the line, and not of what is said once: a client has many.
        message = "in %s the arguments of %r are not what the handler declares: %s"
        name, event = socket.namespace.name, handler.event
        self._log_once(logging.WARNING, message, name, event, more=lambda: why)

    def gave_up(self, socket: Socket) -> None:
        """A client lets too many callbacks wait: say so once."""
        message = "a client in %s leaves events unanswered: their oldest callbacks are given up"
        self._log_once(logging.WARNING, message, socket.namespace.name)

    def no_handler(self, socket: Socket, event: Any) -> None:
        """An event came that nobody handles: say so once."""

        def known() -> str:
            return ", ".join(socket.namespace.handlers.names()) or "none"

        message, name = "no handler for %r in %s; known: %s", str(event)[:100]
        self._log_once(logging.WARNING, message, name, socket.namespace.name, more=known)

    def no_namespace(self, name: str) -> None:
        """A client asked for a namespace that does not exist: say so once."""
        message = "a client asked for the namespace %r; known: %s; io.of(name) makes one"
        more = partial(", ".join, self.namespaces)
        self._log_once(logging.WARNING, message, name[:100], more=more)

    def _log_once(
        self, level: int, message: str, *args: str, more: Callable[[], str] | None = None
    ) -> None:
        """Log what a client has caused, once: it could cause it as often as it likes.

        :param more: returns one argument more, which may be another each time.
        """
        key = (message, *args)
        if key in self._logged or len(self._logged) >= _MAX_LOGGED:
            return
        self._logged.add(key)
        self.log.log(level, message, *args, *((more(),) if more is not None else ()))
        if len(self._logged) == _MAX_LOGGED:
            last = "that was the last of %d mistakes of clients to be logged"
            self.log.warning(last, _MAX_LOGGED)

    def run_aside(self, where: str, function: Function, args: Sequence[Any]) -> None:
        """Run the application's code that concerns no socket, and see to its failure.

        :param where: what it is called for.
        """
        try:
            self.aside(function, args)
        except FAILURES as error:
            self.log.error("%r failed, called for %s", function, where, exc_info=error)

    def run_callback(self, socket: Socket, callback: Function, values: list[Any]) -> None:
        """Run the application's callback for an answer, as a handler is run."""
        turn = self.turn
        turn.begin()
        try:
            handler = Handler("a callback", callback, is_event=False)
            # What an answer leaves out is None, as on Node, where it is undefined.
            values = [*values, *[None] * (handler.least - len(values))]
            self.around(socket, callback, values[: handler.most])
        except FAILURES as error:
            self.handler_failed(socket, "a callback", error)
        finally:
            turn.end()
