"""When a test may go on: all that was sent is handled, and what failed is raised."""

from __future__ import annotations

import traceback
from collections.abc import Iterable
from time import monotonic

import gevent
from flask import Flask
from greenlet import greenlet

from ...socketio.server import Server
from ...socketio.socket import Socket
from ...transports.testing import InProcessTransport

STEP = 0.001
"""How long to wait until it is looked again whether something has happened, seconds."""

_ENDS_ALL = (KeyboardInterrupt, SystemExit, SystemError)
"""What gevent raises in the main greenlet."""

_FRAMES = 3
"""Innermost frames of a handler that are told."""

_UNFINISHED = (
    "a handler has not returned within {} s. If it waits for what this test does later, have it "
    "start what waits by io.start_background_task(…). It is here:\n{}"
)


class Unhandled:
    """Exceptions of handlers that no error handler took, for the test to raise.

    What becomes of those of other clients is the server's matter, and of all if the application's
    ``PROPAGATE_EXCEPTIONS`` is False.
    """

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._errors: list[BaseException] = []

    def __call__(self, socket: Socket, error: BaseException) -> bool:
        if not isinstance(socket.conn.transport, InProcessTransport):
            return False
        if self._app.config["PROPAGATE_EXCEPTIONS"] is False:
            return False
        self._errors.append(error)
        return True

    def crashed(self, error: BaseException) -> bool:
        """Take what is no exception of a program, such as ``pytest.fail`` raises."""
        if isinstance(error, _ENDS_ALL):
            return False
        self._errors.append(error)
        return True

    def raise_first(self) -> None:
        """Raise the first one, and forget the others."""
        errors, self._errors = self._errors, []
        if errors:
            raise errors[0]


def unhandled_of(server: Server, app: Flask) -> Unhandled:
    """Return where the exceptions of a server's handlers are kept, which its clients share."""
    if not isinstance(server.unhandled, Unhandled):
        server.unhandled = Unhandled(app)
    return server.unhandled


def let_run() -> None:
    """Let everything go on that can, be it in the test's own greenlet or another."""
    hub = gevent.get_hub()
    timer = hub.loop.timer(0.0)
    try:
        hub.wait(timer)
    finally:
        timer.close()


def settle(server: Server, timeout: float) -> None:
    """Wait until all that was sent is handled.

    :param timeout: seconds.
    :raises TimeoutError: if a handler takes longer; where it is, is told.
    """
    deadline = monotonic() + timeout
    let_run()
    while not server.turn.settled:
        if monotonic() > deadline:
            where = _stacks(server.turn.unfinished)
            raise TimeoutError(_UNFINISHED.format(timeout, where))
        gevent.sleep(STEP)
    let_run()  # handlers may have left something to the loop


def _stacks(greenlets: Iterable[greenlet]) -> str:
    frames = [each.gr_frame for each in greenlets]
    return "\n".join("".join(traceback.format_stack(frame, _FRAMES)) for frame in frames if frame)
