"""Socket.IO without Flask: on a port of its own, attached to servers and to applications."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from typing import Any

import gevent
import pytest
from flask import Flask
from gevent.pywsgi import WSGIServer as PyWSGIServer

from flask_realtime import standalone
from flask_realtime.engine.engine import Engine
from flask_realtime.exceptions import OptionError
from flask_realtime.options import make_options
from flask_realtime.standalone import Server, WSGIApp, listen
from flask_realtime.wsgi import WSGIServer
from tests.support.http import HTTPClient
from tests.support.server import watched_hub
from tests.support.waiting import TIMEOUT, wait_until
from tests.support.wire import WebSocketClient

HOST = "127.0.0.1"


@pytest.fixture
def ends() -> Iterator[ExitStack]:
    """What is to be closed at the end of a test; the loop is left as it was."""
    with watched_hub(), ExitStack() as stack:
        yield stack


def port_of(io: Server) -> int:
    assert io.http_server is not None and io.http_server.server_port
    return io.http_server.server_port


def serve(ends: ExitStack, io: Server) -> int:
    """Have a server that listens closed at the end; return its port."""
    ends.callback(stop, io)
    return port_of(io)


def stop(io: Server) -> None:
    io.close()
    for session in list(io.engine.sessions.values()):
        session.end("nobody comes for the goodbye")
    if io.engine.hub is not None:
        io.engine.clock.stop()


def visit(ends: ExitStack, port: int, path: str = "/socket.io/") -> WebSocketClient:
    client = WebSocketClient(port, path=path)
    ends.callback(client.close)
    client.handshake()
    client.connect()
    return client


def get(ends: ExitStack, port: int, target: str) -> tuple[int, bytes]:
    client = HTTPClient(port)
    ends.callback(client.close)
    answer = client.get(target)
    return answer.status, answer.body


def hello(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """An application."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"hello\n"]


def test_who_is_where_as_0_9_showed_it(ends: ExitStack) -> None:
    io = listen(0, HOST)
    port = serve(ends, io)
    client = WebSocketClient(port)
    ends.callback(client.close)
    client.handshake()
    id = client.connect()
    there = io.sockets.sockets[id]
    there.join("lobby")
    assert io.rooms == {"": [id], "/lobby": [id]}
    assert io.room_clients == {id: {"": True, "/lobby": True}}
    assert io.connected == {id: True}
    assert io.handshaken == {id: there.handshake}


def test_listen_makes_a_server_and_returns_at_once(ends: ExitStack) -> None:
    io = listen(0, HOST, cors_allowed_origins="*")
    port = serve(ends, io)
    assert io.options.cors_allowed_origins == "*"
    io.of("/").on("echo", lambda *args: args)
    client = visit(ends, port)
    client.send_text('421["echo","hello"]')
    assert client.receive() == '431["hello"]'
    assert get(ends, port, "/elsewhere")[0] == 404


def test_it_listens_on_every_address_unless_told(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[Any, ...]] = []
    monkeypatch.setattr(Server, "listen", lambda self, *args: asked.append(args))
    listen()
    listen(8080)
    listen(8080, HOST)
    assert asked == [(80, ""), (8080, ""), (8080, HOST)]


def test_a_server_may_be_made_first_and_listen_later(ends: ExitStack) -> None:
    io = Server({"path": "/chat"}, max_inbox=5)
    assert io.http_server is None
    assert (io.options.path, io.options.max_inbox) == ("/chat", 5)
    assert io.listen(0, HOST, hello) is io
    port = serve(ends, io)
    visit(ends, port, "/chat/")
    assert get(ends, port, "/") == (200, b"hello\n")


def test_it_listens_once(ends: ExitStack) -> None:
    io = Server().listen(0, HOST)
    serve(ends, io)
    with pytest.raises(RuntimeError, match="this server listens already"):
        io.listen(0, HOST)


def test_a_port_is_listened_on_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(Server, "listen", lambda self, port: asked.append(port))
    Server(3000)
    Server().attach(3001)
    assert asked == [3000, 3001]


# gevent leaves the socket that it could not bind to the collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_address_that_is_taken_is_an_error_and_nothing_listens(ends: ExitStack) -> None:
    port = serve(ends, listen(0, HOST))
    io = Server()
    with pytest.raises(OSError, match="in use"):
        io.listen(port, HOST)
    assert io.http_server is None


def test_close_says_goodbye_frees_the_port_and_calls_back(ends: ExitStack) -> None:
    io = listen(0, HOST)
    port = serve(ends, io)
    reasons: list[str] = []
    io.of("/").on("disconnect", reasons.append)
    client = visit(ends, port)
    done: list[str] = []
    io.close(lambda: done.append("done"))
    assert (reasons, done) == (["server shutting down"], ["done"])
    client.closed_with()
    assert io.http_server is None
    again = io.listen(port, HOST)
    assert visit(ends, port) and again is io


@pytest.mark.parametrize("way", ["close", "http_server.stop"])
def test_serve_forever_ends_with_the_server(ends: ExitStack, way: str) -> None:
    io = listen(0, HOST)
    port = serve(ends, io)
    waiting = gevent.spawn(io.serve_forever)
    visit(ends, port)
    io.close() if way == "close" else io.http_server.stop()  # type: ignore[union-attr]
    waiting.join(TIMEOUT)
    assert waiting.successful()
    assert not [each for each in io.of("/").sockets.values() if each.connected]


def test_who_does_not_listen_cannot_serve() -> None:
    with pytest.raises(RuntimeError, match=r"nothing is served yet; call listen\(port\) first"):
        Server().serve_forever()


@pytest.mark.parametrize("kind", [WSGIServer, PyWSGIServer])
def test_it_is_attached_to_a_server(ends: ExitStack, kind: Any) -> None:
    host = kind((HOST, 0), hello, log=None)
    io = Server()
    attached = io.attach(host, path="/chat")
    assert isinstance(attached, WSGIApp) and host.application is attached
    ends.callback(stop, io)
    host.start()
    ends.callback(host.stop, 1)
    client = visit(ends, host.server_port, "/chat/")
    assert get(ends, host.server_port, "/") == (200, b"hello\n")
    client.close()
    wait_until(lambda: not io.of("/").sockets, what="the client has left")


def test_it_is_attached_to_an_application(ends: ExitStack) -> None:
    io = Server()
    application = io.attach(hello)
    assert isinstance(application, WSGIApp) and application.application is hello


@pytest.mark.parametrize("where", [hello, WSGIApp(Server(), hello)])
def test_what_would_be_lost_is_not_taken(where: Any) -> None:
    with pytest.raises(TypeError, match=r"app = io\.attach\(app\), or listen.*wsgi_app=app"):
        Server(where, path="/a")


def test_a_wsgi_app_has_a_path_and_needs_no_application(ends: ExitStack) -> None:
    io = Server()
    host = WSGIServer((HOST, 0), WSGIApp(io, socketio_path="chat"), log=None)
    ends.callback(stop, io)
    host.start()
    ends.callback(host.stop, 1)
    assert visit(ends, host.server_port, "/chat/")
    status, body = get(ends, host.server_port, "/")
    assert (status, body) == (404, b"Not found: only Socket.IO is served here.\n")


@pytest.mark.parametrize("wrong", [5.0, "3000", True, object()])
def test_what_it_cannot_be_attached_to_is_said(wrong: Any) -> None:
    with pytest.raises(TypeError, match="is attached to a WSGI application, a WSGIServer or a por"):
        Server(wrong)


def test_a_flask_application_takes_the_extension() -> None:
    with pytest.raises(TypeError, match=r"is a Flask application: use flask_realtime.SocketIO\(ap"):
        Server().attach(Flask(__name__))


def test_unknown_options_are_refused() -> None:
    with pytest.raises(OptionError, match="did you mean 'ping_interval'"):
        listen(0, HOST, ping_intervall=5)
    assert Server(make_options(path="/a"), max_inbox=7).options == make_options(
        path="/a", max_inbox=7
    )


def test_it_is_bound_to_another_engine(ends: ExitStack) -> None:
    io = Server()
    made: list[Any] = []
    engine = Engine(io.options, made.append)  # type: ignore[arg-type]
    assert io.bind(engine) is io
    assert io.engine is engine
    io.listen(0, HOST)
    visit(ends, serve(ends, io))
    assert made == []
    with pytest.raises(OptionError, match="the engine cannot change any more"):
        io.bind(Engine(io.options, made.append))  # type: ignore[arg-type]


def test_a_session_is_served_by_hand(ends: ExitStack) -> None:
    io, other = listen(0, HOST), Server()
    io.engine.bind(other.onconnection)
    other.engine = io.engine
    io.start()
    other.turn = io.turn
    other.of("/").on("who", lambda: "the other")
    client = visit(ends, serve(ends, io))
    client.send_text('421["who"]')
    assert client.receive() == '431["the other"]'


def test_the_module_is_what_the_package_exports() -> None:
    import flask_realtime

    exported = (flask_realtime.listen, flask_realtime.Server, flask_realtime.WSGIApp)
    assert exported == (standalone.listen, standalone.Server, standalone.WSGIApp)
