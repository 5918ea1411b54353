"""What a handler took, for those who listen to the signal ``event_handled``."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Any

from .. import signals
from ..exceptions import Disconnected
from .handler import FAILURES, Function, Handler

if TYPE_CHECKING:
    from .failures import Around
    from .socket import Socket


def runner(socket: Socket, handler: Handler) -> Around:
    """Return what runs a handler of a socket; it measures where somebody listens."""
    if signals.event_handled.receivers:
        return partial(_measure, handler)
    return socket.server.around


def _measure(
    handler: Handler,
    socket: Socket,
    function: Function,
    args: Sequence[Any],
    event: Sequence[Any] = (),
    /,
) -> Any:
    began = perf_counter()
    failed: BaseException | None = None
    try:
        return socket.server.around(socket, function, args, event)
    except FAILURES as error:
        left = isinstance(error, Disconnected) and not socket.connected
        failed = None if left else error
        raise
    finally:
        _tell(socket, handler.event, perf_counter() - began, failed)


def _tell(socket: Socket, event: str, seconds: float, error: BaseException | None) -> None:
    server = socket.server
    try:
        signals.event_handled.send(
            server, socket=socket, event=event, seconds=seconds, error=error
        )
    except FAILURES as wrong:  # its client has nothing to do with it
        server.log.error("a receiver of the signal event_handled failed", exc_info=wrong)
