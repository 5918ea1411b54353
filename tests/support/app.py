"""A small application for tests of what lies below it: echoes, and writes down what happens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from gevent.event import Event

from flask_realtime.socketio.server import Server
from flask_realtime.socketio.socket import Socket

from .server import Running, make_server, serving
from .waiting import wait_until


class App:
    """The handlers of a server's root namespace.

    ``echo`` answers with its arguments, ``say`` sends them back as ``said``, ``note`` writes them
    down, and ``block`` sets ``blocked`` and waits until ``go`` is set.
    """

    def __init__(self, server: Server) -> None:
        self.reasons: list[str] = []
        self.noted: list[Any] = []
        self.sockets: list[Socket] = []
        self.blocked = Event()
        self.go = Event()
        root = server.of("/")
        root.on("connection", self.sockets.append)
        root.on("disconnect", self._left)
        root.on("echo", lambda *args: args)
        root.on("say", lambda *args: self.socket.emit("said", *args))
        root.on("note", self._note)
        root.on("block", self._block)

    def _left(self, reason: str) -> None:
        self.reasons.append(reason)

    def _note(self, value: Any) -> None:
        self.noted.append(value)

    def _block(self) -> None:
        self.blocked.set()
        assert self.go.wait(10), "nobody let the handler go on"

    @property
    def socket(self) -> Socket:
        """Who joined last."""
        return self.sockets[-1]

    def reason(self) -> str:
        """Wait until a socket has left; return why the first one did."""
        wait_until(lambda: self.reasons, what="somebody has left")
        return self.reasons[0]


Serve = Callable[..., tuple[Running, App]]


@contextmanager
def serving_apps() -> Iterator[Serve]:
    """Gives a function that serves an :class:`App` with the options it is called with, until the
    end of the block."""
    with ExitStack() as stack:

        def start(**options: Any) -> tuple[Running, App]:
            server = make_server(**options)
            app = App(server)
            return stack.enter_context(serving(server)), app

        yield start
