"""Plain Engine.IO: the real clients of it, and what they cannot see."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gevent
import pytest
from gevent import Timeout
from gevent.event import AsyncResult
from gevent.queue import Queue
from gevent.subprocess import PIPE, Popen

from flask_realtime import Reason
from flask_realtime.engineio import EngineServer, EngineSocket
from flask_realtime.exceptions import EncodeError, EventError, OptionError
from flask_realtime.scopes import PACKAGE
from tests.support.loggers import quiet_loggers as quiet_loggers
from tests.support.server import Running, not_found, serving
from tests.support.waiting import wait_until
from tests.support.wire import Closed, WebSocketClient

PROGRAM = Path(__file__).parent / "engineio_alone.js"


@pytest.fixture
def server() -> EngineServer:
    return EngineServer(max_inbox=4)


@pytest.fixture
def running(server: EngineServer) -> Iterator[Running]:
    with serving(server.attach(not_found)) as running:
        yield running


def open_client(running: Running) -> WebSocketClient:
    client = WebSocketClient(running.port, path="/engine.io/")
    client.handshake()
    return client


@pytest.mark.parametrize("names", ["websocket", "polling", "polling websocket"])
@pytest.mark.parametrize("generation", ["4", "2"])
def test_the_client_gets_its_messages_back(
    server: EngineServer,
    running: Running,
    node: str,
    npm_clients: Path,
    generation: str,
    names: str,
) -> None:
    transports = names.split()
    reasons: AsyncResult[str] = AsyncResult()

    @server.on("connection")
    def connection(socket: EngineSocket) -> None:
        socket.on("close", reasons.set)

        @socket.on("message")
        def message(data: str | bytes) -> None:
            socket.send(data)
            if isinstance(data, bytes):
                wait_until(
                    lambda: socket.session.transport.name == transports[-1], what="the upgrade"
                )
                socket.send("bye")

    url = f"http://127.0.0.1:{running.port}"
    command = [node, str(PROGRAM), f"socket.io-client-{generation}", url, *transports]
    process = Popen(command, stdout=PIPE)
    with Timeout(20, AssertionError("the client does not end")):
        said = [json.loads(line) for line in process.communicate()[0].splitlines()]
    if len(transports) > 1:
        assert {"upgrade": "websocket"} in said
        said.remove({"upgrade": "websocket"})
    assert said == [
        {"text": "hello \u20ac"},
        {"bytes": [0, 1, 255]},
        {"text": "bye"},
        {"close": "forced close"},
    ]
    assert reasons.get(timeout=5) == Reason.TRANSPORT_CLOSE
    assert not server.clients


def test_the_server_ends_a_connection(server: EngineServer, running: Running) -> None:
    sockets: AsyncResult[EngineSocket] = AsyncResult()
    server.on("connection", sockets.set)
    client = open_client(running)
    socket = sockets.get(timeout=5)
    assert (socket.connected, dict(server.clients)) == (True, {socket.id: socket})
    socket.send(bytearray(b"\1"))
    assert client.receive() == b"\1"
    socket.close()
    with pytest.raises(Closed):
        client.receive()
    wait_until(lambda: not server.clients, what="it is gone")
    assert not socket.connected and not socket.send("too late")
    client.close()


def test_messages_are_handled_in_order_and_wait_their_time(
    server: EngineServer, running: Running
) -> None:
    handled: Queue[Any] = Queue()

    @server.on("connection")
    def connection(socket: EngineSocket) -> None:
        @socket.on("message")
        def message(data: str) -> None:
            gevent.sleep(0)
            handled.put(data)

    client = open_client(running)
    client.send_text(*(f"4{number}" for number in range(50)))  # more than max_inbox
    assert [handled.get(timeout=5) for _ in range(50)] == [str(number) for number in range(50)]
    client.close()


def test_a_handler_that_fails_is_told_and_not_the_end(
    server: EngineServer, running: Running, caplog: pytest.LogCaptureFixture
) -> None:
    @server.on("connection")
    def connection(socket: EngineSocket) -> None:
        @socket.on("message")
        def message(data: str) -> None:
            socket.send(f"{1 / int(data)}")

    client = open_client(running)
    client.send_text("40", "42")
    assert client.receive() == "40.5"
    assert "the handler of 'message' has failed" in caplog.text
    caplog.clear()
    client.close()


@pytest.mark.usefixtures("quiet_loggers")
def test_it_logs_what_its_options_say(monkeypatch: pytest.MonkeyPatch) -> None:
    session, package = logging.getLogger("flask_realtime.session"), logging.getLogger(PACKAGE)
    EngineServer()
    assert not session.isEnabledFor(logging.DEBUG)
    EngineServer(log_level="error")
    assert package.level == logging.ERROR
    EngineServer(engineio_logger=True)
    assert session.isEnabledFor(logging.DEBUG)
    monkeypatch.setenv("DEBUG", "socket.io:server")
    EngineServer()
    assert logging.getLogger("flask_realtime.server").isEnabledFor(logging.DEBUG)


def test_what_happens_below_is_told(server: EngineServer, running: Running) -> None:
    heard: list[Any] = []

    @server.on("connection")
    def connection(socket: EngineSocket) -> None:
        socket.session.on("packet", heard.append)
        socket.session.on("close", heard.append)
        socket.send("hello")

    client = open_client(running)
    assert client.receive() == "4hello"
    client.send_text("4yes")
    client.leave()
    client.close()
    wait_until(lambda: len(heard) == 2)
    assert heard == [("message", "yes"), Reason.TRANSPORT_CLOSE]


@pytest.mark.parametrize(
    "name",
    [
        "adapter", "allow_sid_rooms", "async_handlers", "browser_client", "client_minified",
        "client_version", "cleanup_empty_child_namespaces", "connect_timeout",
        "connection_state_recovery", "logger", "manage_session", "max_attachments",
        "max_namespaces", "namespaces", "parser", "rate_limit", "serializer", "serve_client",
        "store", "store_expiration",
    ],
)  # fmt: skip
def test_an_option_that_socketio_alone_has_is_refused(name: str) -> None:
    with pytest.raises(OptionError, match=f"{name} is Socket.IO's own"):
        EngineServer(**{name: None})


def test_an_option_that_there_is_not_is_refused() -> None:
    with pytest.raises(OptionError, match="did you mean 'ping_interval'"):
        EngineServer(ping_intervall=5)


def test_what_is_refused(server: EngineServer, running: Running) -> None:
    sockets: AsyncResult[EngineSocket] = AsyncResult()
    server.on("connection", sockets.set)
    client = open_client(running)
    socket = sockets.get(timeout=5)
    with pytest.raises(EncodeError, match="text or bytes, not dict"):
        socket.send({})  # type: ignore[arg-type]
    with pytest.raises(EventError, match="there is message, close"):
        socket.on("mesage", print)
    with pytest.raises(EventError, match="connection_error"):
        server.on("conection", print)
    for on, event in ((socket.on, "message"), (server.on, "connection")):
        with pytest.raises(EventError, match=f"the handler of '{event}' is a function, not 5"):
            on(event, 5)
    with pytest.raises(OptionError, match="0.9"):
        EngineServer(protocols=("0.9", "eio4"))
    client.close()
