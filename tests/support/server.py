"""A server on a real socket of 127.0.0.1, in this process, that must be clean when it stops."""

from __future__ import annotations

import gc
import io
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Protocol, TypeVar

import gevent
from flask import Flask

from flask_realtime import SocketIO
from flask_realtime.engine.engine import Engine
from flask_realtime.engine.session import Session
from flask_realtime.engine.states import SessionState
from flask_realtime.options import make_options
from flask_realtime.socketio.server import Server
from flask_realtime.wsgi import WSGIServer
from flask_realtime.wsgi.middleware import Middleware

from .http import HTTPClient
from .old_wire import Client09, EIO3Client, Stream
from .time import MovedTime
from .waiting import wait_until
from .wire import PollingClient, WebSocketClient


class _Closes(Protocol):
    def close(self) -> None: ...


_Client = TypeVar("_Client", bound=_Closes)


class Running:
    """A server that runs, and the clients that a test has opened; all are closed at its end.

    :param server: our part of the application, None if it has none.
    """

    def __init__(self, wsgi: WSGIServer, server: Server | None) -> None:
        self.wsgi = wsgi
        self._server = server
        self._clients = ExitStack()
        self._moved = MovedTime()
        #: What the WSGI server has to say about exceptions; the test fails if anything is left.
        self.error_log = io.StringIO()

    @property
    def port(self) -> int:
        port = self.wsgi.server_port
        assert port is not None
        return port

    @property
    def server(self) -> Server:
        assert self._server is not None
        return self._server

    @property
    def engine(self) -> Engine:
        return self.server.engine

    @property
    def sessions(self) -> dict[str, Session]:
        return self.engine.sessions

    def session(self) -> Session:
        """The only session there is."""
        (session,) = self.sessions.values()
        return session

    def http(self) -> HTTPClient:
        """Open a connection that speaks HTTP."""
        return self._opened(HTTPClient(self.port))

    def polling(self, query: str = "", **options: Any) -> PollingClient:
        """Open a session over polling; see :class:`PollingClient` for the options."""
        client = self._opened(PollingClient(self.port, query, **options))
        client.handshake()
        return client

    def websocket(self, query: str = "", **options: Any) -> WebSocketClient:
        """Open a session over WebSocket; see :class:`WebSocketClient` for the options."""
        client = self.raw_websocket(query, **options)
        client.handshake()
        return client

    def raw_websocket(self, query: str = "", **options: Any) -> WebSocketClient:
        """Open a WebSocket connection and read nothing from it yet."""
        return self._opened(WebSocketClient(self.port, query, **options))

    def eio3(self, query: str = "EIO=3", **options: Any) -> EIO3Client:
        """Open a session of Engine.IO 3 over polling; see :class:`EIO3Client` for the options."""
        client = self._opened(EIO3Client(self.port, query, **options))
        client.handshake()
        return client

    def client_09(self, transport: str = "xhr-polling", **options: Any) -> Client09:
        """Open a session as a client 0.9 does; see :class:`Client09` for the options."""
        client = self._opened(Client09(self.port, transport, **options))
        client.handshake()
        return client

    def stream(self, client: Client09, receive_buffer: int | None = None) -> Stream:
        """Open the stream of a client 0.9, and read its head; the server begins it soon."""
        stream = self._opened(Stream(self.port, receive_buffer))
        stream.open(client.target, client.headers)
        return stream

    def wire(self) -> Stream:
        """Open a connection that may ask for a stream."""
        return self._opened(Stream(self.port))

    def ask(self, client: PollingClient | EIO3Client | Client09) -> None:
        """Send a client's GET, and wait until the server holds it."""
        transport: Any = self.sessions[client.sid].transport
        client.ask()
        wait_until(lambda: transport._poll, what="the poll has arrived")

    def probe(self, client: PollingClient) -> WebSocketClient:
        """Open the second connection of a polling session, for its upgrade."""
        return self.raw_websocket(f"sid={client.sid}")

    def _opened(self, client: _Client) -> _Client:
        self._clients.callback(client.close)
        return client

    def pass_by(self, seconds: float) -> None:
        """Let time pass for heartbeats and time-outs; for all else no time passes."""
        self._moved.follow(self.engine.clock)
        self._moved.pass_by(self.engine.clock, seconds)

    def stop(self) -> None:
        """Stop serving, and see whether everything has ended that the server began."""
        self._clients.close()
        self.wsgi.stop(1)
        if self._server is not None and self.engine.hub is not None:
            self._end_sessions()
            self.engine.clock.stop()
            self.engine._watchdog.stop()
        assert not self.wsgi.connections, "HTTP connections are left"
        assert not self.error_log.getvalue(), self.error_log.getvalue()

    def _end_sessions(self) -> None:
        still_open = [each for each in self.sessions.values() if each.state is SessionState.OPEN]
        assert not still_open, f"open after the server has stopped: {still_open}"
        for session in list(self.sessions.values()):
            session.end("nobody comes for the goodbye")
        assert not self.sessions


@contextmanager
def serving(application: Any, **options: Any) -> Iterator[Running]:
    """Serve an application with our own WSGI server until the end of the block.

    At the end it is stopped, and it is an error if an exception reached the hub or the error log,
    or if connections, sessions or watchers of the loop are left.

    :param application: a Flask application, a :class:`Server`, or any WSGI application.
    :param options: of :class:`WSGIServer`.
    """
    server, wsgi_application = _find_server(application)
    with watched_hub():
        options.setdefault("log", None)
        running = Running(WSGIServer(("127.0.0.1", 0), wsgi_application, **options), server)
        running.wsgi.error_log = running.wsgi.environ["wsgi.errors"] = running.error_log
        running.wsgi.start()
        try:
            yield running
        finally:
            running.stop()


@contextmanager
def serving_flask(app: Flask, **options: Any) -> Iterator[tuple[Running, SocketIO]]:
    """Serve a Flask application with a :class:`SocketIO` that has these options."""
    socketio = SocketIO(app, **options)
    with serving(app) as running:
        yield running, socketio


def make_server(**options: Any) -> Server:
    """A Socket.IO server without Flask, with these options."""
    return Server(make_options(**options))


def _find_server(application: Any) -> tuple[Server | None, Callable[..., Iterable[bytes]]]:
    if isinstance(application, Server):
        return application, Middleware(application, not_found)
    if isinstance(application, Flask):
        socketio = application.extensions.get("socketio")
        return (None if socketio is None else socketio.server), application
    return getattr(application, "server", None), application


def not_found(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    """The application behind a server that is tested without one."""
    start_response("404 Not Found", [("Content-Type", "text/plain")])
    return [b"not ours\n"]


@contextmanager
def watched_hub() -> Iterator[None]:
    """Fail if an exception reaches the hub, or if watchers are left in the loop."""
    hub: Any = gevent.get_hub()
    before = hub.loop.activecnt
    errors: list[str] = []
    not_errors = (*hub.NOT_ERROR, *hub.SYSTEM_ERROR)

    def handle_error(context: Any, type: Any, value: Any, tb: Any) -> None:
        if not issubclass(type, not_errors):
            errors.append("".join(traceback.format_exception(type, value, tb)))
        if issubclass(type, hub.SYSTEM_ERROR):
            original(context, type, value, tb)

    original = hub.handle_error
    hub.handle_error = handle_error
    try:
        yield
        left = _Active(hub.loop)
        # Of those that were there before, a timer may run again that did not when we counted.
        wait_until(lambda: hub.loop.activecnt <= before or not left.watchers(), what=left)
    finally:
        del hub.handle_error
    assert not errors, "in the background:\n" + "\n".join(errors)


class _Active:
    """The watchers of a loop that have not stopped, in words; only who reads it looks for them."""

    def __init__(self, loop: Any) -> None:
        self._loop = loop

    def watchers(self) -> list[Any]:
        """Those that are not of an earlier file's tests, whose objects are frozen."""
        kind = type(self._loop.timer(0)).__mro__[-2]
        watchers = [each for each in gc.get_objects() if issubclass(type(each), kind)]
        return [each for each in watchers if each.active and each.ref]

    def __str__(self) -> str:
        active = self.watchers()
        whose = [f"{each!r} of {getattr(each.callback, '__self__', None)!r}" for each in active]
        return "\n".join(["all watchers of the loop stopped, but:", *whose])
