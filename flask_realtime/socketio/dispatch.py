"""From a packet to the application's handler, and what it returns back to the client."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

import gevent

from ..exceptions import ArgumentsError, Disconnected, EncodeError
from ..protocol.packet import Packet
from .acks import Answer
from .events import FAILURES, LIFE

if TYPE_CHECKING:
    from .socket import Socket


def dispatch(socket: Socket, packet: Packet) -> bool:
    """Run the handler of an event, and answer if the client asked for it.

    :returns: whether it goes on beside others, and will tell the client when it has returned.
    """
    if socket.server.options.async_handlers:
        gevent.spawn(_run_beside, socket, packet)
        return True
    _run_event(socket, packet)
    return False


def _run_beside(socket: Socket, packet: Packet) -> None:
    try:
        _run_event(socket, packet)
    finally:
        socket.client.taken(packet.size)
        socket.client.flush()  # no quantum ends here that would do it


def _run_event(socket: Socket, packet: Packet) -> None:
    event, *args = packet.data
    if event in LIFE:
        return  # these come from us alone
    handler = socket.find_handler(event)
    if handler is None:
        socket.server.no_handler(socket, event)
        return
    answer = Answer(socket, packet.id)
    try:
        function = handler.function
        if not handler.takes(len(args)):
            # Raised where a handler raises, so that it is reported as its failures are.
            function = partial(_refuse, handler.wrong_arguments(len(args)))
        elif handler.wants_ack:
            function = partial(function, ack=answer)
        result = socket.server.around(socket, function, args)
        if result is not None or not handler.wants_ack:
            try:
                answer.give(result)
            except EncodeError as error:
                raise EncodeError(f"what {handler} returned: {error}") from None
    except FAILURES as error:
        if isinstance(error, Disconnected) and not socket.connected:
            return  # its own client has left meanwhile, and nobody waits for an answer
        answer.fail(socket.server.handler_failed(socket, event, error, args))


def _refuse(why: str, *args: object) -> NoReturn:
    raise ArgumentsError(why)


def run_life(socket: Socket, event: str, *args: Any) -> Any:
    """Run the handler of an event of a socket's life, with as many arguments as it takes.

    Unlike :func:`dispatch` it raises what the handler raises.
    """
    handler = socket.find_handler(event)
    if handler is None:
        return None
    return socket.server.around(socket, handler.function, args[: handler.most])


def run_end(socket: Socket, event: str, reason: str) -> None:
    """Run a handler of a socket's end; what it raises changes nothing about that."""
    try:
        run_life(socket, event, reason)
    except FAILURES as error:
        socket.server.handler_failed(socket, event, error)
