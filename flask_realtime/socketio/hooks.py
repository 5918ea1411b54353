"""What sees all events of one socket: listeners for any of them, and its own middlewares."""

from __future__ import annotations

import builtins
from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import gevent

from ..exceptions import (
    ArgumentsError,
    ConnectionRefusedError,
    Disconnected,
    EncodeError,
    EventError,
    message_of,
)
from ..protocol.packet import Packet, PacketType
from .acks import INTERNAL_ERROR, Answer
from .events import Subscribable
from .handler import FAILURES, F, Function, Handler
from .verdict import Undecided, Verdict

if TYPE_CHECKING:
    from .socket import Socket


class EventNext:
    """What a middleware of events calls to let one pass, or with an error to refuse it."""

    __slots__ = ("_verdict",)

    def __init__(self, verdict: Verdict) -> None:
        self._verdict = verdict

    def __call__(self, error: Any = None) -> None:
        """Let the event pass, from any greenlet or thread; the first call counts.

        :param error: what refuses it instead: an exception, or a text.
        """
        if error and not isinstance(error, BaseException):
            error = ConnectionRefusedError(error)
        self._verdict.give(error or None)


class EventMiddleware:
    """A function that each event of a socket passes before its handlers.

    :param function: ``(event)``, or ``(event, next)`` if it needs two arguments.
    :raises EventError: for a function that can take neither.
    """

    __slots__ = ("_handler", "_wants_next")

    def __init__(self, function: Function) -> None:
        handler = self._handler = Handler(
            "a middleware of events", function, is_event=False
        )
        if not (handler.takes(1) or handler.takes(2)):
            raise EventError(f"{handler} takes (event), or (event, next), to be used by a socket")
        self._wants_next = not handler.takes(1)

    def __str__(self) -> str:
        return f"the middleware {self._handler}"

    def judge(self, socket: Socket, event: list[Any]) -> Any:
        """Ask the function; False drops the event, an exception is what it is refused with.

        What is raised here is a failure of the function, or Disconnected: the client has left while
        it decides, and what it waits for would hold up the handlers of that.
        """
        verdict = Verdict(socket.engine, self) if self._wants_next else None
        outcome = socket.server.around(socket, self._ask, (event, verdict), tuple(event))
        if verdict is None or outcome is not None:
            return outcome
        return verdict.wait() if verdict.given else socket.wait_for(verdict)

    def _ask(self, event: list[Any], verdict: Verdict | None) -> Any:
        args = (event,) if verdict is None else (event, EventNext(verdict))
        try:
            return False if self._handler.function(*args) is False else None
        except (ConnectionRefusedError, builtins.ConnectionRefusedError) as refusal:
            return refusal  # said on purpose: nothing for the log, nor for Flask's signal


class Hooks:
    """What a socket has of them, made at the first."""

    __slots__ = ("incoming", "middlewares", "outgoing")

    def __init__(self) -> None:
        # Tuples, made anew at each change: one that is being walked stays as it is.
        self.incoming: tuple[Handler, ...] = ()
        self.outgoing: tuple[Handler, ...] = ()
        self.middlewares: tuple[EventMiddleware, ...] = ()


class Hooked(Subscribable):
    """Something whose events can all be seen: a socket."""

    __slots__ = ()

    def _own_hooks(self) -> Hooks:
        """Where they are kept."""
        raise NotImplementedError

    def on_any(self, listener: F) -> F:
        """Call a function for every event that comes, before its handlers (Socket.IO 4.8).

        It gets the event's name and as many of the arguments as it takes, and the answering
        function if its last parameter is named ``ack``. What it returns is dropped.
        """
        hooks = self._own_hooks()
        hooks.incoming = (*hooks.incoming, Handler("any event", listener))
        return listener

    def prepend_any(self, listener: F) -> F:
        """As :meth:`on_any`, before those that are there."""
        hooks = self._own_hooks()
        hooks.incoming = (Handler("any event", listener), *hooks.incoming)
        return listener

    def off_any(self, listener: Function | None = None) -> None:
        """Forget a function of :meth:`on_any`, or all of them."""
        hooks = self._own_hooks()
        hooks.incoming = _without(hooks.incoming, listener)

    def listeners_any(self) -> list[Function]:
        """Return the functions of :meth:`on_any`."""
        return [handler.given for handler in self._own_hooks().incoming]

    def on_any_outgoing(self, listener: F) -> F:
        """Call a function for every event that is sent to this socket (Socket.IO 4.8).

        Broadcasts that reach it are among them, answers are not. It gets the event's name and as
        many of the arguments as it takes, in a greenlet of its own: a broadcast waits for nobody.
        """
        hooks = self._own_hooks()
        hooks.outgoing = (*hooks.outgoing, Handler("any outgoing event", listener))
        return listener

    def prepend_any_outgoing(self, listener: F) -> F:
        """As :meth:`on_any_outgoing`, before those that are there."""
        hooks = self._own_hooks()
        hooks.outgoing = (Handler("any outgoing event", listener), *hooks.outgoing)
        return listener

    def off_any_outgoing(self, listener: Function | None = None) -> None:
        """Forget a function of :meth:`on_any_outgoing`, or all of them."""
        hooks = self._own_hooks()
        hooks.outgoing = _without(hooks.outgoing, listener)

    def listeners_any_outgoing(self) -> list[Function]:
        """Return the functions of :meth:`on_any_outgoing`."""
        return [handler.given for handler in self._own_hooks().outgoing]

    def use(self, middleware: F) -> F:
        """Let every event of this socket pass a function before its handlers (Socket.IO 4.8).

        :param middleware: ``(event)`` or ``(event, next)``, where `event` is the list ``[name,
            *args]``, which it may change. It refuses by ``next(error)`` or by raising; ``return
            False`` drops the event, and nobody is told. What has `next` has to call it, though
            later if need be, since the client's other events wait; after ``connect_timeout``
            seconds it is taken as a failure. If the client leaves meanwhile, the event is dropped.

        An error goes to the socket's own listeners of ``error``; clients 1.x and 2.x have an
        ``error`` event too; who asked for an answer gets ``{"error": message}``. Clients are told
        what `next` or a ``ConnectionRefusedError`` says, of other exceptions "internal error".

        :raises EventError: for a function that cannot be called so.
        """
        hooks = self._own_hooks()
        hooks.middlewares = (*hooks.middlewares, EventMiddleware(middleware))
        return middleware


def _without(handlers: tuple[Handler, ...], function: Function | None) -> tuple[Handler, ...]:
    """Return the handlers but for the first of that function; none, without a function."""
    if function is None:
        return ()
    for at, handler in enumerate(handlers):
        if handler.given == function:
            return handlers[:at] + handlers[at + 1 :]
    return handlers


def pass_hooks(socket: Socket, hooks: Hooks, event: list[Any], answer: Answer) -> bool:
    """Show an event to who listens for any, then to the middlewares, which may change it.

    :returns: whether its handlers are to be called.
    """
    tell(socket, hooks.incoming, event, event, answer)
    name = event[0]
    for middleware in hooks.middlewares:
        outcome: Any
        try:
            outcome = middleware.judge(socket, event)
        except FAILURES as error:
            if not isinstance(error, Disconnected) or socket.connected:
                answer.fail(_failed(socket, name, event[1:], error))
            return False
        if outcome is not None and outcome is not False:
            answer.fail(_refused(socket, outcome))
        # It may have emptied the list as well, or have sent the client away.
        if outcome is not None or not event or socket.sent_away:
            return False
    return not socket.sent_away


def _refused(socket: Socket, error: Any) -> Any:
    """Tell of a refusal those whom it concerns; return the answer."""
    tell(socket, socket.own_handlers("error"), [error], ["error", error])
    message = getattr(error, "message", None) or message_of(error)
    data = getattr(error, "data", None)
    _tell_client(socket, message if data is None else data)
    return {"error": message}


def _failed(socket: Socket, name: str, args: Sequence[Any], error: BaseException) -> Any:
    """Tell of a middleware that has failed; return the answer."""
    told: Any = INTERNAL_ERROR
    listeners = socket.own_handlers("error")
    if listeners:
        tell(socket, listeners, [error], ["error", error])
    elif isinstance(error, Undecided):
        socket.server.log.warning("in %s: %s", socket.namespace.name, error)
    else:
        told = socket.server.handler_failed(socket, name, error, args)
    _tell_client(socket, INTERNAL_ERROR["error"])
    return told


def _tell_client(socket: Socket, data: Any) -> None:
    if not socket.conn.dialect.tells_refused_events:
        return
    try:
        socket.error(data)
    except EncodeError as error:
        socket.server.log.error("the data of a refused event: %s", error)
        socket.error(INTERNAL_ERROR["error"])


def tell(
    socket: Socket,
    listeners: Iterable[Handler],
    args: Sequence[Any],
    event: Sequence[Any],
    answer: Answer | None = None,
) -> None:
    """Call each of `listeners` with as many of `args` as it takes; failures are seen to.

    :param event: what they are told of.
    """
    for listener in listeners:
        function = listener.function
        if listener.wants_ack and answer is not None:
            function = partial(function, ack=answer)
        try:
            if len(args) < listener.least:
                raise ArgumentsError(listener.wrong_arguments(event[0], len(args)))
            socket.server.around(socket, function, args[: listener.most], event)
        except FAILURES as error:
            socket.server.handler_failed(socket, event[0], error, event[1:])


def tell_outgoing(socket: Socket, packet: Packet) -> None:
    """Show a packet that was sent to who listens for those."""
    hooks = socket.hooks
    if hooks is not None and hooks.outgoing and packet.type is PacketType.EVENT:
        gevent.spawn(_tell_beside, socket, hooks.outgoing, packet.data)


def _tell_beside(socket: Socket, listeners: Iterable[Handler], event: Sequence[Any]) -> None:
    turn = socket.server.turn
    turn.begin()
    try:
        tell(socket, listeners, event, event)
    finally:
        turn.end()
