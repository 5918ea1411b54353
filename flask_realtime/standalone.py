"""Socket.IO without Flask: on a port of its own, or in front of any WSGI application."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from .options import Options, make_options
from .socketio import server
from .socketio.older.overview import Overview
from .wsgi.middleware import Middleware
from .wsgi.server import WSGIServer

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

S = TypeVar("S", bound="Server")


class WSGIApp(Middleware):
    """A server in front of a WSGI application (row S40; python-socketio has it by this name).

    :param server: a :class:`Server`.
    :param wsgi_app: what answers everywhere else; None: nothing, with 404.
    :param socketio_path: where the server answers; None: as its option ``path`` says.
    """

    def __init__(
        self,
        server: server.Server,
        wsgi_app: WSGIApplication | None = None,
        socketio_path: str | None = None,
    ) -> None:
        if socketio_path is not None:
            server.change(path=socketio_path)
        super().__init__(server, wsgi_app or nothing_here)


def nothing_here(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answer a request for which there is no application."""
    body = b"Not found: only Socket.IO is served here.\n"
    headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))]
    start_response("404 Not Found", headers)
    return [body]


class Server(server.Server, Overview):
    """A Socket.IO server that needs no Flask (rows S01 to S05).

    ``Server()`` is served by :meth:`listen` or :meth:`attach`. As with Node, the first argument may
    also be a port, and is listened on at once.

    :param where: a port, a ``WSGIServer``, or a mapping of options.
    :param options: see :class:`flask_realtime.options.Options`.
    :raises TypeError: for a WSGI application: the one to serve instead could not be returned.
    :raises OptionError: for an unknown option (the nearest is named) or a bad value.
    """

    def __init__(
        self, where: int | Mapping[str, Any] | Options | Any = None, /, **options: Any
    ) -> None:
        base = where if isinstance(where, Options) else None
        given = where if isinstance(where, Mapping) else {}
        super().__init__(make_options(base, **{**given, **options}))
        #: What :meth:`listen` has started; None if nothing did, or it has stopped.
        self.http_server: WSGIServer | None = None
        if where is not None and base is None and not isinstance(where, Mapping):
            self._begin_with(where)

    def _begin_with(self, where: Any) -> None:
        if isinstance(self.attach(where), WSGIApp) and not hasattr(where, "serve_forever"):
            raise TypeError(
                "nobody would serve this server: make it by Server(), and then "
                "app = io.attach(app), or listen on a port by io.listen(port, wsgi_app=app)"
            )

    def attach(self, where: Any, **options: Any) -> Any:
        """Serve Socket.IO in front of an application, or of a server's (row S03).

        :param where: a WSGI application, for which the one to serve instead is returned; a
            ``WSGIServer``, whose application is replaced; or a port, as for :meth:`listen`.
        :param options: changed before.
        :returns: a :class:`WSGIApp`; for a port, this server.
        """
        if options:
            self.change(**options)
        if isinstance(where, int) and not isinstance(where, bool):
            return self.listen(where)
        if hasattr(where, "wsgi_app"):
            raise TypeError(
                f"{where!r} is a Flask application: use flask_realtime.SocketIO(app), whose "
                "handlers have its contexts"
            )
        if hasattr(where, "application") and hasattr(where, "serve_forever"):
            where.application = WSGIApp(self, where.application)
            return where.application
        if not callable(where):
            raise TypeError(
                "a Socket.IO server is attached to a WSGI application, a WSGIServer or a port, "
                f"not to {where!r}"
            )
        return WSGIApp(self, where)

    def listen(
        self: S,
        port: int = 80,
        host: str = "",
        wsgi_app: WSGIApplication | None = None,
        **server_options: Any,
    ) -> S:
        """Serve on a port, and return at once (row S02); :meth:`serve_forever` waits.

        :param host: an address of this machine; ``""``: all of them.
        :param wsgi_app: what answers beside the server's path; None: nothing, with 404.
        :param server_options: of :class:`flask_realtime.wsgi.WSGIServer`, such as ``certfile``.
        :raises OSError: if the address cannot be bound.
        :raises RuntimeError: if it listens already.
        """
        if self.http_server is not None:
            raise RuntimeError("this server listens already; close() it first")
        server_options.setdefault("log", None)
        http_server = WSGIServer((host, port), WSGIApp(self, wsgi_app), **server_options)
        http_server.start()
        self.http_server = http_server
        return self

    def serve_forever(self) -> None:
        """Wait until :meth:`close`; a Python program ends where its last line does.

        :raises RuntimeError: if it does not listen.
        """
        if self.http_server is None:
            raise RuntimeError("nothing is served yet; call listen(port) first")
        self.http_server.serve_forever()

    def close(self, callback: Callable[[], Any] | None = None, timeout: float = 1.0) -> None:
        """End every session, with the reason ``server shutting down``, and stop listening.

        The port is free afterwards, and :meth:`listen` may be called anew (row S29).

        :param callback: called without arguments when that is done.
        :param timeout: how long to wait until the handlers have run that it causes, in seconds.
        """
        http_server, self.http_server = self.http_server, None
        if http_server is not None and not http_server.stopping:
            http_server.stop()  # by which its sessions end
        super().close(callback, timeout)


def listen(port: int = 80, host: str = "", **options: Any) -> Server:
    """Make a server, and serve on a port; other paths are answered by 404 (row S02).

    ::

        io = flask_realtime.listen(8080, cors_allowed_origins="*")

        @io.on("connection")
        def connection(socket):
            socket.emit("news", {"hello": "world"})

        io.serve_forever()

    :param host: an address of this machine; ``""``: all of them.
    :param options: see :class:`flask_realtime.options.Options`.
    :raises OSError: if the address cannot be bound.
    """
    return Server(**options).listen(port, host)
