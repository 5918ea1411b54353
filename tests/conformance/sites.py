"""The servers that the checks ask, in this process.

The repositories of Engine.IO's and Socket.IO's protocols have a suite each, which asks a server by
bytes: branches ``main`` and ``v3`` of the first, ``main`` of the second, and a proposal for its
revision 4. The tests of this folder check what they check, one test for each, in words and code of
our own. Where a name in a suite fits two things, or its times leave a race, the test is stricter.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from flask_realtime.engineio import EngineServer, EngineSocket
from flask_realtime.socketio.socket import Socket
from tests.support.http import Answer
from tests.support.old_wire import EIO3Client
from tests.support.server import Running, make_server, not_found, serving
from tests.support.wire import PollingClient, WebSocketClient

PING_INTERVAL, PING_TIMEOUT, MAX_PAYLOAD = 30, 15, 1_000_000
"""Of the servers, in seconds and bytes; no defaults."""

UPGRADE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}

_OPTIONS: dict[str, Any] = {
    "ping_interval": PING_INTERVAL,
    "ping_timeout": PING_TIMEOUT,
    "max_http_buffer_size": MAX_PAYLOAD,
}


class Site(NamedTuple):
    """One that is served.

    :param path: where it is, with the slash at its end.
    :param greeting: what a client that has come hears unasked.
    :param question: a message that is answered, and its answer.
    """

    running: Running
    path: str
    greeting: tuple[str, ...]
    question: tuple[str, str]

    def get(self, query: str, headers: dict[str, str] | None = None, method: str = "GET") -> Answer:
        """Make a request that belongs to no session yet."""
        return self.running.http().request(method, f"{self.path}?{query}", headers)

    def polling(self) -> PollingClient:
        """Open a session of Engine.IO 4 over polling."""
        return self.running.polling(path=self.path)

    def websocket(self, query: str = "EIO=4") -> WebSocketClient:
        """Open a session over a WebSocket."""
        websocket = self.second_websocket(query)
        websocket.handshake()
        for message in self.greeting:
            assert websocket.receive() == message
        return websocket

    def second_websocket(self, query: str) -> WebSocketClient:
        """Open the WebSocket that a query names, and read nothing from it yet."""
        return self.running.raw_websocket(target=f"{self.path}?transport=websocket&{query}")

    def eio3(self, query: str = "EIO=3&b64=1") -> EIO3Client:
        """Open a session of Engine.IO 3 over polling."""
        client = self.running.eio3(query, path=self.path)
        for message in self.greeting:
            assert client.receive() == message
        return client

    def hears(self, websocket: WebSocketClient) -> bool:
        """Whether a question is answered."""
        question, answer = self.question
        websocket.send_text(question)
        return websocket.receive() == answer


@contextmanager
def engine_site(**options: Any) -> Iterator[Site]:
    """Serve Engine.IO alone, which sends back what it gets."""
    server = EngineServer(**{**_OPTIONS, **options})

    @server.on("connection")
    def connection(socket: EngineSocket) -> None:
        socket.on("message", socket.send)

    with serving(server.attach(not_found)) as running:
        yield Site(running, "/engine.io/", (), ("4hello", "4hello"))


@contextmanager
def socket_site(revision: int, **options: Any) -> Iterator[Site]:
    """Serve Socket.IO with two namespaces, ``/`` and ``/custom``. Whoever joins is told its auth.

    :param revision: of Engine.IO, that clients speak.
    """
    server = make_server(**{**_OPTIONS, "connect_timeout": 1000, **options})
    for name in ("/", "/custom"):
        server.of(name).on("connection", _welcome)
    with serving(server) as running:
        if revision == 4:
            question = ("40/nowhere,", '44/nowhere,{"message":"Invalid namespace"}')
            yield Site(running, "/socket.io/", (), question)
        else:
            question = ('420["message-with-ack",1]', "430[1]")
            yield Site(running, "/socket.io/", ("40", '42["auth",{}]'), question)


def _welcome(socket: Socket) -> None:
    socket.emit("auth", socket.handshake.auth or {})
    socket.on("message", lambda *args: socket.emit("message-back", *args))
    socket.on("message-with-ack", lambda *args: args)

    @socket.on("emit-with-ack")
    def ask(*args: Any) -> None:
        socket.emit("ask", *args, callback=lambda *answer: socket.emit("answered", *answer))
