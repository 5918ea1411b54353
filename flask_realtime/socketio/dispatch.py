"""From a packet to the application's handler, and what it returns back to the client."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

import gevent

from ..exceptions import ArgumentsError, Disconnected, EncodeError, message_of
from ..protocol.packet import JSON_MESSAGE, Packet
from .acks import Answer
from .events import CATCH_ALL, OURS
from .handler import FAILURES, Handler
from .hooks import pass_hooks
from .measured import runner

if TYPE_CHECKING:
    from .socket import Socket

Found = tuple[Handler, ...]


def dispatch(socket: Socket, packet: Packet) -> bool:
    """Run the handler of an event, and answer if the client asked for it.

    :returns: whether it goes on beside others, and will tell the client when it has returned.
    """
    rate = socket.server.rate
    if rate is not None:
        event = str(packet.data[0])
        if not rate.admits(socket, event, Answer(socket, packet.id, event)):
            return False
    if socket.server.options.async_handlers:
        gevent.spawn(_run_beside, socket, packet)
        return True
    _run_event(socket, packet)
    return False


def _run_beside(socket: Socket, packet: Packet) -> None:
    turn = socket.server.turn
    turn.begin()
    try:
        _run_event(socket, packet)
    finally:
        turn.end()
        socket.client.taken(packet.size)
        socket.client.flush()  # no quantum ends here that would do it


def _run_event(socket: Socket, packet: Packet) -> None:
    data = packet.data
    event = data[0]
    if event in OURS:
        return  # these come from us alone
    answer = Answer(socket, packet.id, event)
    if event is JSON_MESSAGE and socket.find_handlers("json"):
        event, data = "json", ["json", *data[1:]]
    hooks = socket.hooks
    if hooks is not None:
        data = [*data]  # a middleware may change it
        if not pass_hooks(socket, hooks, data, answer) or data[0] in OURS:
            return
        event = data[0]
    args = data[1:]
    handlers = socket.find_handlers(event)
    if not handlers or event == CATCH_ALL:
        handlers, args = _find_others(socket, event, args)
        if not handlers:
            socket.server.no_handler(socket, event)
            return
    answer.handlers = handlers
    socket.answering = answer
    returning = True
    for handler in handlers:
        returning = _run(socket, handler, data, args, answer) and returning
    socket.answering = None
    if returning and not (answer.given or answer.kept):
        answer.give(None)


def _run(
    socket: Socket, handler: Handler, event: Sequence[Any], args: Sequence[Any], answer: Answer
) -> bool:
    """Run a handler; return whether its end is the answer where it returns nothing."""
    if handler.guard is not None:
        admitted = handler.guard.admit(socket, handler, args, answer)
        if admitted is None:
            return False
        args = admitted
    function, returns = handler.function, not handler.wants_ack
    if not returns:
        function = partial(function, ack=answer)
    if not handler.takes(len(args)):
        if returns and handler.takes_callback and answer.wanted and handler.least == len(args) + 1:
            args, returns = [*args, answer], False  # as Node's listeners get it
        else:
            # Raised where a handler raises, so that it is reported as its failures are.
            function = partial(_refuse, handler.wrong_arguments(event[0], len(args)))
    try:
        result = runner(socket, handler)(socket, function, args, event)
        if result is not None:
            _give(answer, handler, result)
    except FAILURES as error:
        if isinstance(error, Disconnected) and not socket.connected:
            return False  # its own client has left meanwhile, and nobody waits for an answer
        answer.fail(socket.server.handler_failed(socket, event[0], error, event[1:]))
    return returns


def _give(answer: Answer, handler: Handler, result: Any) -> None:
    try:
        answer.give(result)
    except EncodeError as error:
        raise EncodeError(f"what {handler} returned: {message_of(error)}") from None


def _find_others(socket: Socket, event: str, args: list[Any]) -> tuple[Found, list[Any]]:
    """Return who handles an event that has no handler of its own, and with which arguments.

    The order is Flask-SocketIO's: any event of the namespace, this event of any namespace, any
    event of any namespace. (An event that a client calls ``*`` is none of a handler's own.)
    """
    own, others = socket.namespace.handlers, socket.server.any_namespace.handlers
    named = [event, *args]
    found = own.find(CATCH_ALL)
    if found:
        return found, named
    found = others.find(event) if event != CATCH_ALL else ()
    if found:
        return found, args
    return others.find(CATCH_ALL), named


def _refuse(why: str, *args: object) -> NoReturn:
    raise ArgumentsError(why)


def run_life(socket: Socket, event: str, *args: Any) -> Any:
    """Run the handlers of an event of a socket's life, with as many arguments as they take.

    Unlike :func:`dispatch` it raises what they raise.

    :returns: what the last one returned; the first that says False is the last.
    """
    answer = None
    for handler in _find_life(socket, event):
        answer = _call(socket, handler, event, args)
        if answer is False:
            break
    return answer


def run_end(socket: Socket, event: str, reason: str) -> None:
    """Run the handlers of a socket's end; what one raises changes nothing about that.

    Who asks for two arguments gets, too, which rule the client has broken, or None.
    """
    for handler in _find_life(socket, event):
        args: tuple[Any, ...] = (reason,)
        if handler.asks_for(2):
            args = (reason, socket.client.session.description)
        try:
            _call(socket, handler, event, args)
        except FAILURES as error:
            socket.server.handler_failed(socket, event, error)


def _find_life(socket: Socket, event: str) -> Found:
    return socket.find_handlers(event) or socket.server.any_namespace.handlers.find(event)


def _call(socket: Socket, handler: Handler, event: str, args: Sequence[Any]) -> Any:
    run = runner(socket, handler)
    return run(socket, handler.function, args[: handler.most], (event, *args))
