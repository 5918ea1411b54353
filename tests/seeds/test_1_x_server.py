"""The server API of Socket.IO 1.x, in its own style: how a server is made and set up, and ends."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from flask import Flask
from werkzeug import Request, Response

from flask_realtime import MemoryAdapter, Server, Socket, SocketIO, WSGIApp, listen
from flask_realtime.engine.engine import Engine
from flask_realtime.engine.session import Session
from flask_realtime.wsgi import WSGIServer
from tests.seeds.web import HOST, Page, Web, get
from tests.support.waiting import wait_until

CLIENT = "1"
WELCOME = """
    const socket = io(url);
    socket.on('welcome', (...args) => console.log('welcome'));
    socket.on('error', (why) => console.log('error', why));
"""
SCRIPT = "/socket.io/socket.io.js"


def welcome(socket: Socket) -> None:
    socket.emit("welcome")


def page_of(environ: Any, start_response: Callable[..., Any]) -> Iterable[bytes]:
    """The handler of a plain server."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"a page"]


def make_http() -> WSGIServer:
    """A plain server that is not started yet."""
    return WSGIServer((HOST, 0), page_of, log=None)


def visit(web: Web, url: str, script: str = WELCOME) -> Page:
    page = web.open(url, CLIENT, script)
    page.logs("welcome")
    return page


def test_attached_to_a_plain_server(web: Web) -> None:
    said: list[Any] = []
    server = make_http()
    io = Server(server)

    def connection(socket: Socket) -> None:
        socket.on("event", said.append)
        socket.on("disconnect", lambda: said.append("disconnect"))
        socket.emit("welcome")

    io.on("connection", connection)
    server.start()
    url = web.host(io, server)
    page = visit(web, url, WELCOME + "socket.emit('event', { some: 'data' });")
    assert get(f"{url}/").body == b"a page"
    page.close()
    wait_until(lambda: len(said) == 2, what="the page has left")
    assert said == [{"some": "data"}, "disconnect"]


def test_made_first_and_listening_later(web: Web) -> None:
    io = Server()
    io.on("connection", welcome)
    io.listen(0, HOST)
    visit(web, web.host(io))


def test_beside_flask_as_beside_express(web: Web) -> None:
    app = Flask(__name__)
    server = WSGIServer((HOST, 0), app, log=None)
    io = SocketIO(app)
    app.add_url_rule("/", "index", lambda: "a page")
    io.on("connection", welcome)
    server.start()
    url = web.host(io, server)
    visit(web, url)
    assert get(f"{url}/").body == b"a page"


def test_beside_any_other_framework_as_beside_koa(web: Web) -> None:
    """Which gives its application to a server as well: here one of werkzeug's own."""

    @Request.application
    def app(request: Request) -> Response:
        return Response(f"{request.method} {request.path}")

    io = Server()
    server = WSGIServer((HOST, 0), WSGIApp(io, app), log=None)
    io.on("connection", welcome)
    server.start()
    url = web.host(io, server)
    visit(web, url)
    assert get(f"{url}/koa").body == b"GET /koa"


def from_a_port() -> Server:
    return Server(0)  # on every address


@pytest.mark.parametrize(
    "make", [lambda: listen(0, HOST), lambda: Server().listen(0, HOST), from_a_port]
)
def test_made_by_a_function_or_as_an_object(web: Web, make: Callable[[], Server]) -> None:
    io = make()
    io.on("connection", welcome)
    visit(web, web.host(io))


def test_options_come_first_or_second_and_the_engine_gets_them_too() -> None:
    assert Server({"path": "/a", "ping_timeout": 7}).options.path == "/a"
    io = Server(make_http(), path="/b", ping_timeout=7)
    assert (io.path(), io.options.ping_timeout, io.engine.options.ping_timeout) == ("/b", 7, 7)


def option(http: WSGIServer) -> Server:
    return Server(http, serve_client=False)


def method(http: WSGIServer) -> Server:
    io = Server()
    assert io.serve_client() is True
    assert io.serve_client(False) is io
    io.attach(http)
    return io


@pytest.mark.parametrize("make", [option, method])
def test_serve_client(web: Web, make: Callable[[WSGIServer], Server]) -> None:
    http = make_http()
    io = make(http)
    assert io.serve_client() is False
    io.on("connection", welcome)
    http.start()
    url = web.host(io, http)
    visit(web, url)
    assert get(url + SCRIPT).status == 400


def test_client_files_are_served_by_default(web: Web) -> None:
    io = listen(0, HOST, client_version="1")
    assert b"socket.io" in get(web.host(io) + SCRIPT).body


def test_path(web: Web) -> None:
    io = Server()
    assert io.path() == "/socket.io"
    assert io.path("/live") is io
    assert io.path() == "/live"
    io.on("connection", welcome)
    url = web.host(io.listen(0, HOST))
    visit(web, url, WELCOME.replace("io(url)", "io(url, { path: '/live' })"))
    assert get(f"{url}/live/socket.io.js").status == 200
    assert get(url + SCRIPT).status == 404


def test_adapter(web: Web) -> None:
    joined: list[Any] = []

    class Noting(MemoryAdapter):
        def add(self, id: str, rooms: Any) -> None:
            joined.extend(rooms)
            super().add(id, rooms)

    io = listen(0, HOST)
    assert io.adapter() is MemoryAdapter
    assert io.adapter(Noting) is io
    assert io.adapter() is Noting
    assert isinstance(io.sockets.adapter, Noting)

    def connection(socket: Socket) -> None:
        socket.join("room")
        socket.emit("welcome")

    io.on("connection", connection)
    visit(web, web.host(io))
    assert joined == ["room"]


FOREIGN = WELCOME.replace(
    "io(url)", "io(url, { extraHeaders: { Origin: 'http://example.com' }, reconnection: false })"
)
REFUSED = FOREIGN + "socket.on('connect_error', () => console.log('refused'));"


def test_origins(web: Web) -> None:
    """Here nobody's pages may connect but one's own, until something else is said."""
    io = listen(0, HOST)
    url = web.host(io)
    io.on("connection", welcome)
    assert io.origins() is None
    web.open(url, CLIENT, REFUSED).logs("refused")
    assert io.origins("*") is io
    assert io.origins() == "*"
    visit(web, url, FOREIGN)
    io.origins("http://example.com")
    visit(web, url, FOREIGN)


def test_origins_as_a_function(web: Web) -> None:
    asked: list[str] = []

    def is_allowed(origin: str, callback: Callable[..., None]) -> None:
        asked.append(origin)
        callback(None, origin == "http://example.com")

    app = Flask(__name__)
    app.add_url_rule("/", "index", lambda: "a page")
    io = SocketIO(app)
    io.on("connection", welcome)
    io.origins(is_allowed)
    url = web.host(io.listen(app, 0, HOST))
    visit(web, url, FOREIGN)
    assert set(asked) == {"http://example.com"}
    web.open(url, CLIENT, REFUSED.replace("example.com", "elsewhere.com")).logs("refused")
    assert asked[-1] == "http://elsewhere.com"
    origin = {"Origin": "http://example.com"}
    polling = f"{url}/socket.io/?EIO=3&transport=polling"
    assert get(polling, origin).headers["access-control-allow-origin"] == "http://example.com"
    assert "access-control-allow-origin" not in get(f"{url}/", origin).headers


def test_sockets_is_the_default_namespace() -> None:
    io = Server()
    assert io.sockets is io.of("/")
    assert io.sockets.name == "/"


def test_attach_to_a_server_with_options(web: Web) -> None:
    io, http = Server(), make_http()
    io.attach(http, path="/live")
    io.on("connection", welcome)
    http.start()
    visit(web, web.host(io, http), WELCOME.replace("io(url)", "io(url, { path: '/live' })"))


def test_attach_to_a_port_with_options(web: Web) -> None:
    io = Server()
    assert io.attach(0, path="/live") is io
    io.on("connection", welcome)
    visit(web, web.host(io), WELCOME.replace("io(url)", "io(url, { path: '/live' })"))


def test_bind_to_another_engine(web: Web) -> None:
    io = Server()
    engine = Engine(io.options, io.onconnection)
    io.bind(engine).on("connection", welcome)
    visit(web, web.host(io.listen(0, HOST)))
    assert len(engine.sessions) == 1


def test_onconnection_takes_what_an_engine_has_accepted(web: Web) -> None:
    taken: list[Session] = []
    io = listen(0, HOST)

    def take(session: Session) -> Any:
        taken.append(session)
        return io.onconnection(session)

    io.engine.bind(take)
    io.on("connection", welcome)
    visit(web, web.host(io))
    assert taken == [*io.engine.sessions.values()]


def test_of_makes_a_namespace_or_returns_the_one_that_is_there(web: Web) -> None:
    io = listen(0, HOST)
    chat = io.of("/chat")
    assert io.of("/chat") is io.of("chat") is chat
    chat.on("connection", welcome)
    visit(web, web.host(io), WELCOME.replace("io(url)", "io(url + '/chat')"))


def test_emit_to_all_is_that_of_the_default_namespace(web: Web) -> None:
    io = listen(0, HOST)
    url = web.host(io)
    io.on("connection", welcome)
    script = WELCOME + "socket.on('to all', (text) => console.log(text));"
    pages = [visit(web, url, script) for _ in range(2)]
    io.sockets.emit("to all", "first")
    io.emit("to all", "second")
    for page in pages:
        page.logs("welcome", "first", "second")


def test_close_frees_the_port_for_another_server(web: Web) -> None:
    io = Server(0)
    assert io.http_server is not None
    port = io.http_server.server_port
    io.on("connection", welcome)
    left: list[str] = []
    io.on("disconnect", left.append)
    page = visit(web, web.host(io))
    done: list[str] = []
    io.close(lambda: done.append("closed"))
    page.close()
    assert (left, done) == (["server shutting down"], ["closed"])
    server = WSGIServer((HOST, port), page_of, log=None)
    server.start()
    io = Server(server)
    io.on("connection", welcome)
    visit(web, web.host(io, server))
