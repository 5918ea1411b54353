"""A Flask application with Socket.IO, served, as fixtures; and clients that are in a namespace."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from flask import Flask

from flask_realtime import Socket, SocketIO

from .server import Running, serving
from .time import FakeTime
from .waiting import wait_until
from .wire import WebSocketClient, connect_packet


class Site:
    """An application with Socket.IO that is served. Its root namespace answers ``sync``."""

    def __init__(self, io: SocketIO, running: Running) -> None:
        self.io = io
        self.running = running
        io.on("sync", lambda: None)

    def client(self, namespace: str = "/", auth: Any = None, **options: Any) -> Client:
        """Open a client and let it join a namespace; the options are WebSocketClient's."""
        client = self.outsider(**options)
        client.id = client.wire.connect(namespace, auth)
        return client

    def outsider(self, **options: Any) -> Client:
        """Open a client that is in no namespace yet."""
        return Client(self.running.websocket(**options))

    def socket(self, client: Client, namespace: str = "/") -> Socket:
        """The server's side of a client."""
        return self.io.of(namespace).sockets[client.id]

    def stop_time(self) -> Callable[[float], None]:
        """Stop the time of the server; return a function that lets some seconds pass."""
        time, engine = FakeTime(), self.io.server.engine
        self.io.server.start()
        engine.clock.stop()
        engine.clock = time.clock()
        return lambda seconds: time.pass_by(engine.clock, seconds)

    def wait_empty(self, namespace: str = "/") -> None:
        """Wait until nobody is in a namespace."""
        wait_until(lambda: not self.io.of(namespace).sockets, what="all sockets are gone")


class Client:
    """A WebSocket client; its packets are written as they are on the wire."""

    def __init__(self, wire: WebSocketClient) -> None:
        self.wire = wire
        self.id = ""

    def send(self, *packets: str) -> None:
        """Send packets, all at once."""
        self.wire.send_text(*packets)

    def join(self, namespace: str = "/", auth: Any = None) -> None:
        """Ask to join a namespace, and do not wait."""
        self.send(connect_packet(namespace, auth))

    def receive(self) -> str | bytes:
        """The next message."""
        return self.wire.receive()

    def ask(self, packet: str) -> str | bytes:
        """Send a packet and return the next message."""
        self.send(packet)
        return self.receive()

    def got_nothing(self) -> bool:
        """Whether nothing came before the answer to a question that is asked now."""
        answer = self.ask('42987["sync"]')
        assert answer == "43987[]", f"instead of nothing came {answer!r}"
        return True


@pytest.fixture
def app() -> Flask:
    """An application without routes."""
    app = Flask("tested")
    app.secret_key = "not a secret"
    return app


@pytest.fixture
def serve(app: Flask) -> Iterator[Callable[..., Site]]:
    """Serves the application with Socket.IO of the options it is given."""
    with ExitStack() as stack:

        def start(**options: Any) -> Site:
            io = SocketIO(app, **options)
            return Site(io, stack.enter_context(serving(app)))

        yield start


@pytest.fixture
def site(serve: Callable[..., Site]) -> Site:
    """The application, served with the default options."""
    return serve()
