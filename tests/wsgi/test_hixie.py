"""Clients 0.9 over the WebSockets of their time: Hixie-76 and -75, and the drafts 7 and 8."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from flask import Flask
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix

from flask_realtime import SocketIO
from flask_realtime.engine.states import SessionState
from tests.support.hixie import CHALLENGE, CLOSE, KEYS, PROOF, HixieClient, text
from tests.support.http import HTTPClient
from tests.support.server import Running, not_found, serving
from tests.support.tls import encrypted
from tests.support.waiting import let_run, wait_until
from tests.support.wire import WebSocketClient


class Site:
    """An application that repeats the event ``echo``, and its clients."""

    def __init__(self, running: Running, io: SocketIO, clients: ExitStack) -> None:
        self.running = running
        self.io = io
        self.clients = clients

    @property
    def own(self) -> dict[str, str]:
        return {"Origin": f"http://127.0.0.1:{self.running.port}"}

    def target(
        self, headers: dict[str, str] | None = None, prefix: str = "", transport: str = "websocket"
    ) -> str:
        """Open a session; return where its WebSocket is."""
        client = self.opened(HTTPClient(self.running.port))
        path = f"{prefix}/socket.io/1/"
        answer = client.get(path, headers or self.own)
        assert answer.status == 200, answer
        sid = answer.body.decode().partition(":")[0]
        return f"{path}{transport}/{sid}"

    def hixie(self) -> HixieClient:
        return self.opened(HixieClient(self.running.port))

    def opened(self, client: Any) -> Any:
        self.clients.callback(client.close)
        return client


Serve = Callable[..., Site]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serves the application; the options are those of the WSGI server, but for some."""
    with ExitStack() as stack:

        def start(
            wrap: Callable[[Flask], Any] = lambda app: app,
            io: dict[str, Any] | None = None,
            **options: Any,
        ) -> Site:
            app = Flask("hixie")
            socketio = SocketIO(app, **(io or {}))
            socketio.on("echo", lambda *args: args)
            application = wrap(app)
            application.server = socketio.server
            running = stack.enter_context(serving(application, **options))
            return Site(running, socketio, stack.enter_context(ExitStack()))

        yield start
        let_run()  # refusals are logged from greenlets


ECHO = '5:7+::{"name":"echo","args":["h\xe9\U0001f600",2]}'
ANSWER = '6:::7+["h\\u00e9\\ud83d\\ude00",2]'


# Clients ---------------------------------------------------------------------------------


@pytest.mark.parametrize("draft", ["76", "75"])
@pytest.mark.parametrize("transport", ["websocket", "flashsocket"])
def test_an_event_and_its_answer(serve: Serve, draft: str, transport: str) -> None:
    site = serve(io={"transports": ["websocket", "flashsocket", "polling"]})
    client = site.hixie()
    begin = client.open if draft == "76" else client.open_75
    begin(site.target(transport=transport), site.own, behind=text(ECHO))
    assert client.receive() == "1::"
    assert client.receive() == ANSWER
    client.send_text("0::")
    assert client.read(2) == CLOSE
    client.send(CLOSE)
    assert client.ends_with(b"")
    wait_until(lambda: not site.running.sessions)


def test_frames_are_not_mixed_up_in_a_broadcast(serve: Serve) -> None:
    site = serve()
    old, older = site.hixie(), site.hixie()
    old.open(site.target(), site.own)
    older.open_75(site.target(), site.own)
    draft = site.opened(
        WebSocketClient(
            site.running.port, path=site.target(), headers={"Sec-WebSocket-Version": "8"}
        )
    )
    today = site.running.websocket()
    today.connect()
    everyone = (old, draft, older)
    assert [client.receive() for client in everyone] == ["1::"] * 3
    for word in ("one", "two"):
        site.io.emit("news", word)
        expected = f'5:::{{"name":"news","args":["{word}"]}}'
        assert [client.receive() for client in everyone] == [expected] * 3
        assert today.receive() == f'42["news","{word}"]'


def test_a_message_that_is_too_large_ends_the_session(serve: Serve) -> None:
    site = serve(io={"max_http_buffer_size": 1000})
    client = site.hixie()
    client.open(site.target(), site.own)
    assert client.receive() == "1::"
    client.send(b"\x00" + b"x" * 1001)
    assert client.ends_with(CLOSE)
    client.close()
    wait_until(lambda: not site.running.sessions)


def test_over_tls(serve: Serve, certificate: dict[str, str]) -> None:
    site = serve(**certificate)
    session: HTTPClient = encrypted(HTTPClient(site.running.port))
    host = f"127.0.0.1:{site.running.port}"
    headers = {"Origin": f"https://{host}"}
    sid = session.get("/socket.io/1/", headers).body.decode().partition(":")[0]
    session.close()
    client: HixieClient = encrypted(site.hixie())
    target = f"/socket.io/1/websocket/{sid}"
    lines = client.open(target, headers, behind=text(ECHO))
    assert f"Sec-WebSocket-Location: wss://{host}{target}" in lines
    assert [client.receive(), client.receive()] == ["1::", ANSWER]
    client.send(CLOSE)
    assert client.ends_with(CLOSE)


# What is refused -------------------------------------------------------------------------


@pytest.mark.parametrize("query", ["EIO=4", "EIO=3", "x=1"])
@pytest.mark.parametrize("keys", [KEYS, {}], ids=["76", "75"])
def test_the_clients_from_1_0_on_never_come_this_way(
    serve: Serve, query: str, keys: dict[str, str]
) -> None:
    site = serve()
    client = site.hixie()
    client.ask(f"/socket.io/?{query}&transport=websocket", {**site.own, **keys}, CHALLENGE)
    assert client.read_head().startswith(b"HTTP/1.1 400 ")
    assert not site.running.sessions


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-WebSocket-Key1": "12345"}, 400),
        ({"Sec-WebSocket-Key2": ""}, 400),
        ({"Connection": "close"}, 400),
    ],
)
def test_refused(serve: Serve, headers: dict[str, str], status: int) -> None:
    site = serve()
    client = site.hixie()
    client.ask(site.target(), {**site.own, **KEYS, **headers}, CHALLENGE)
    assert client.read_head().startswith(f"HTTP/1.1 {status} ".encode())
    assert len(site.running.sessions) == 1  # which another connection may use


@pytest.mark.parametrize("version", ["7", "8"])
def test_the_page_of_a_draft_is_seen_under_the_name_that_it_has_there(
    serve: Serve, version: str
) -> None:
    site = serve()
    handshake = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version": version,
    }
    client = site.opened(HTTPClient(site.running.port))
    evil = {**handshake, "Sec-WebSocket-Origin": "http://evil.example"}
    assert client.get(site.target(), evil).status == 403
    target = site.target()
    page = site.opened(HTTPClient(site.running.port))
    own = {**handshake, "Sec-WebSocket-Origin": site.own["Origin"]}
    assert page.get(target, own).status == 101


# The location, which the client compares -------------------------------------------------


def location(lines: list[str]) -> str:
    (found,) = [line for line in lines if line.startswith("Sec-WebSocket-Location: ")]
    return found.partition(": ")[2]


def test_the_location_has_the_query_and_the_host_as_the_client_wrote_them(serve: Serve) -> None:
    site = serve()
    headers = {"Host": "LocalHost:80", "Origin": "http://localhost"}
    target = f"{site.target(headers)}?t=1&name=h%C3%A9%20x+y"
    lines = site.hixie().open(target, headers)
    assert location(lines) == f"ws://LocalHost:80{target}"


def test_the_location_has_the_prefix_of_the_application(serve: Serve) -> None:
    site = serve(lambda app: DispatcherMiddleware(not_found, {"/app": app}))
    target = site.target(prefix="/app")
    lines = site.hixie().open(target, site.own)
    assert location(lines) == f"ws://127.0.0.1:{site.running.port}{target}"


def test_the_location_is_what_the_proxy_says(serve: Serve) -> None:
    def wrap(app: Flask) -> Flask:
        fix = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1, x_prefix=1)
        app.wsgi_app = fix  # type: ignore[method-assign]
        return app

    site = serve(wrap)
    headers = {
        "Origin": "https://example.org",
        "X-Forwarded-Host": "example.org",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Prefix": "/app",
    }
    target = site.target(headers)
    lines = site.hixie().open(target, headers)
    assert location(lines) == f"wss://example.org/app{target}"


# The challenge ---------------------------------------------------------------------------


def test_nothing_is_sent_between_the_head_and_the_proof(serve: Serve) -> None:
    site = serve()
    client = site.hixie()
    client.ask(site.target(), {**site.own, **KEYS}, CHALLENGE[:3])
    client.read_head()
    site.io.emit("news")
    let_run()
    client.send(CHALLENGE[3:])
    assert client.read(16) == PROOF
    assert client.receive().startswith("1::")


def test_a_session_that_is_over_when_the_challenge_comes(serve: Serve) -> None:
    site = serve()
    client = site.hixie()
    target = site.target()
    client.ask(target, {**site.own, **KEYS})
    client.read_head()
    other = site.opened(HTTPClient(site.running.port))
    assert other.get(f"{target}?disconnect=1", site.own).status == 200
    wait_until(lambda: site.running.session().state is not SessionState.OPEN)
    client.send(CHALLENGE)
    assert client.read(16) == PROOF
    assert client.read(2) == CLOSE
    client.send(CLOSE)
    assert client.ends_with(b"")


def test_a_server_that_stops_while_a_challenge_is_waited_for(serve: Serve) -> None:
    site = serve()
    client = site.hixie()
    client.ask(site.target(), {**site.own, **KEYS})
    client.read_head()
    site.running.wsgi.stop(0.01)
    assert client.ends_with(b"")
