"""A WSGI server (PEP 3333) on gevent: a greenlet per connection, HTTP/1.1 parsed by httptools.

It serves any WSGI application and knows nothing of Socket.IO.
"""

from __future__ import annotations

import inspect
import logging
import os
import socket
import stat
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING, Any

import gevent
from gevent.event import Event
from gevent.server import StreamServer

from .deadlines import Deadlines
from .http_connection import HTTPConnection
from .limits import Limits
from .logs import LogStream, SilentStream, open_log
from .response import FileWrapper
from .tls import check_names, with_context

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment
    from gevent.baseserver import _Spawner
    from gevent.socket import socket as GeventSocket

UNIX = "unix:"

# Deadlines need not be finer than this part of the shortest of them.
PRECISION = 0.25


class WSGIServer(StreamServer):
    """A drop-in for ``gevent.pywsgi.WSGIServer``.

    :param listener: an address ``(host, port)``, ``"host:port"`` or ``"unix:/path"``, or a
        listening socket.
    :param application: the WSGI application; may also be set later, as an attribute.
    :param backlog: how many connections the kernel keeps until they are accepted.
    :param spawn: as for ``gevent.baseserver.BaseServer``; an int bounds the connections.
    :param log: the access log: a stream, a logger, ``None`` for none, by default standard error.
    :param error_log: the same for errors; also ``wsgi.errors``.
    :param environ: added to the environ of every request.
    :param ssl_args: ``ssl_context``, or ``keyfile`` and ``certfile``, as for ``StreamServer``.

    :raises OptionError: for an option that does not exist; the nearest is named.

    The other options are those of :class:`~flask_realtime.wsgi.limits.Limits`.

    Creating it starts nothing. ``on_stop`` is a list of functions that :meth:`stop` calls first.
    """

    base_env: WSGIEnvironment = {
        "GATEWAY_INTERFACE": "CGI/1.1",
        "SERVER_SOFTWARE": "Flask-Realtime",
        "SCRIPT_NAME": "",
        "wsgi.version": (1, 0),
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "wsgi.input_terminated": True,
        "wsgi.file_wrapper": FileWrapper,
    }
    application: WSGIApplication

    def __init__(
        self,
        listener: GeventSocket | socket.socket | tuple[str, int] | str,
        application: WSGIApplication | None = None,
        backlog: int | None = None,
        spawn: _Spawner = "default",
        log: LogStream | logging.Logger | str | None = "default",
        error_log: LogStream | logging.Logger | str | None = "default",
        handler_class: None = None,
        environ: WSGIEnvironment | None = None,
        *,
        max_header_size: int = Limits.max_header_size,
        max_body_size: int | None = Limits.max_body_size,
        header_timeout: float = Limits.header_timeout,
        body_timeout: float = Limits.body_timeout,
        keep_alive_timeout: float = Limits.keep_alive_timeout,
        send_timeout: float = Limits.send_timeout,
        **ssl_args: Any,
    ) -> None:
        check_names(ssl_args, inspect.signature(WSGIServer).parameters.keys() - {"ssl_args"})
        if handler_class is not None:
            raise TypeError(
                "handler_class is not needed here: this server hands the socket of a WebSocket "
                "to the application by itself; leave the argument out"
            )
        self.limits = Limits(
            max_header_size, max_body_size, header_timeout, body_timeout, keep_alive_timeout,
            send_timeout,
        )
        self.deadlines = Deadlines(self.limits.shortest_timeout * PRECISION)
        self.connections: set[HTTPConnection] = set()
        self.on_stop: list[Callable[[], None]] = []
        self.stopping = False  # no answer keeps its connection alive any more
        self._ending = False  # stop() has been called
        self._unix_path: str | None = None  # of the socket that we have made
        self._stopped = Event()
        self._connection_ended = Event()
        super().__init__(listener, backlog=backlog, spawn=spawn, **with_context(ssl_args))
        if application is not None:
            self.application = application
        self.log = open_log(log, logging.INFO)
        self.error_log: LogStream = open_log(error_log, logging.ERROR) or SilentStream()
        self.set_environ(environ)

    def set_environ(self, environ: WSGIEnvironment | None = None) -> None:
        """Make ``environ``, what every request begins with, from ``base_env`` and the argument."""
        scheme = "https" if self.ssl_enabled else "http"
        self.environ: WSGIEnvironment = {**self.base_env, "wsgi.url_scheme": scheme}
        self.environ.update(environ or {})
        self.environ.setdefault("wsgi.errors", self.error_log)
        if self.environ["wsgi.multiprocess"]:
            self.max_accept = 1  # leave connections to the other processes

    def get_environ(self) -> WSGIEnvironment:
        """A copy of ``environ``, for one connection."""
        return self.environ.copy()

    def set_listener(self, listener: Any) -> None:
        if isinstance(listener, str) and listener.startswith(UNIX):
            self.family, self.address = socket.AF_UNIX, listener[len(UNIX) :]
            return
        super().set_listener(listener)

    def init_socket(self) -> None:
        ours = not hasattr(self, "socket")
        if ours and self.family == socket.AF_UNIX:
            _remove_stale_socket(str(self.address))
        super().init_socket()
        self.socket.setblocking(False)  # gevent leaves a socket of the standard library blocking
        if ours and self.family == socket.AF_UNIX:
            self._unix_path = str(self.address)
        # PEP 3333 wants both never empty; a Unix socket has neither.
        host, port = "localhost", "443" if self.ssl_enabled else "80"
        if isinstance(self.address, tuple):
            host, port = str(self.address[0]), str(self.address[1])
        self.environ.setdefault("SERVER_NAME", host)
        self.environ.setdefault("SERVER_PORT", port)

    def start(self) -> None:
        """Listen and accept; returns at once.

        :raises OSError: the address cannot be bound.
        """
        self.stopping = self._ending = False
        self._stopped.clear()
        super().start()

    def do_handle(self, *args: Any) -> None:
        try:
            super().do_handle(*args)
        except BaseException:
            args[0].close()
            raise

    def do_close(self, *args: Any) -> None:
        """Nothing: a connection closes its socket, unless the application has taken it."""

    def wrap_socket_and_handle(self, client_socket: GeventSocket, address: Any) -> None:
        client_socket.settimeout(self.limits.header_timeout)
        wrap: Any = self.wrap_socket  # type: ignore[misc]  # of this object, not of the class
        try:
            sock = wrap(client_socket, **(self.ssl_args or {}))
        except OSError:
            client_socket.close()  # no handshake, or a slow one: nothing that users could mend
            return
        self.handle(sock, address)

    def handle(self, sock: GeventSocket, address: Any) -> None:
        """Serve one connection, in its greenlet."""
        if isinstance(address, tuple):
            with suppress(OSError):  # the client may have left already
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = HTTPConnection(sock, address, self)
        self.connections.add(connection)
        try:
            connection.serve()
        finally:
            self.connections.discard(connection)
            self._connection_ended.set()

    def close(self) -> None:
        """Stop accepting; connections that exist go on."""
        path = self._unix_path
        self._unix_path = None
        super().close()
        if path is not None:
            with suppress(OSError):
                os.unlink(path)

    def stop(self, timeout: float | None = None) -> None:
        """Stop accepting, close idle connections, let running requests finish.

        :param timeout: how long they may take before they are killed, in seconds; by default
            ``stop_timeout``, 1. Sockets that have been taken are not touched.
        """
        self.close()
        if self._ending:
            self._stopped.wait()  # serve_forever() stops once more when it wakes up
            return
        self._ending = True
        try:
            self.begin_stop()
        finally:
            self._end_connections(self.stop_timeout if timeout is None else timeout)
            self._stopped.set()

    def begin_stop(self) -> None:
        """Tell everyone that the end has begun: the hooks, then the connections.

        Idle connections are closed, the others after what they are at; nobody is waited for.
        """
        if self.stopping:
            return
        self.stopping = True
        try:
            hooks, self.on_stop = self.on_stop, []
            for hook in hooks:
                hook()
        finally:
            for connection in self.connections:
                connection.finish()

    def _end_connections(self, timeout: float) -> None:
        self._join_connections(timeout)
        for connection in self._other_connections():
            gevent.kill(connection.greenlet)
        self._join_connections(1.0)

    def _join_connections(self, timeout: float) -> None:
        deadline = monotonic() + timeout
        while self._other_connections() and monotonic() < deadline:
            self._connection_ended.clear()
            self._connection_ended.wait(deadline - monotonic())

    def _other_connections(self) -> list[HTTPConnection]:
        """All but the one whose request calls us: it cannot wait for its own end."""
        current = gevent.getcurrent()
        return [each for each in self.connections if each.greenlet is not current]


def _remove_stale_socket(path: str) -> None:
    """Remove what a process that was killed has left; a socket in use is not touched."""
    if not os.path.exists(path) or not stat.S_ISSOCK(os.stat(path).st_mode):
        return
    with socket.socket(socket.AF_UNIX) as probe:
        if probe.connect_ex(path) != 0:
            os.unlink(path)
