"""A WSGI server (PEP 3333) on gevent: a greenlet per connection, HTTP/1.1 parsed by httptools.

It serves any WSGI application and knows nothing of Socket.IO.
"""

from __future__ import annotations

import inspect
import logging
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING, Any

import gevent
from gevent.event import Event
from gevent.server import StreamServer

from ..exceptions import OptionError
from .deadlines import Deadlines
from .flash_policy import FlashPolicy, PolicyServer
from .http_connection import HTTPConnection
from .limits import Limits
from .logs import LogStream, SilentStream, open_log
from .response import FileWrapper
from .tls import check_names, shake_hands, with_context
from .unix_socket import remove_stale_socket

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment
    from gevent.baseserver import _Spawner
    from gevent.socket import socket as GeventSocket
    from greenlet import greenlet as Greenlet

log = logging.getLogger("flask_realtime.wsgi")

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
    :param flash_policy: what to answer where Flash asks whether it may connect; None: nothing.
    :param ssl_args: ``ssl_context``, or ``keyfile`` and ``certfile``, as for ``StreamServer``.

    :raises OptionError: for an option that does not exist; the nearest is named.

    The other options are those of :class:`~flask_realtime.wsgi.limits.Limits`.

    Creating it starts nothing. ``on_stop`` is a list of functions that :meth:`stop` calls first,
    ``tls_failures`` the number of connections that got no further than their TLS handshake, and
    ``pool`` what bounds the connections, if anything does.
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
    #: Connections that are accepted before others are served; gevent's 100 may take 20 ms.
    max_accept = 8

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
        min_body_rate: float | None = Limits.min_body_rate,
        keep_alive_timeout: float = Limits.keep_alive_timeout,
        send_timeout: float = Limits.send_timeout,
        flash_policy: FlashPolicy | None = None,
        **ssl_args: Any,
    ) -> None:
        check_names(ssl_args, inspect.signature(WSGIServer).parameters.keys() - {"ssl_args"})
        if handler_class is not None:
            raise TypeError(
                "handler_class is not needed here: this server hands the socket of a WebSocket "
                "to the application by itself; leave the argument out"
            )
        self.limits = Limits(
            max_header_size, max_body_size, header_timeout, body_timeout, min_body_rate,
            keep_alive_timeout, send_timeout,
        )
        self.deadlines = Deadlines(self.limits.shortest_timeout * PRECISION)
        self.connections: set[HTTPConnection] = set()
        self.on_stop: list[Callable[[], None]] = []
        self.stopping = False  # no answer keeps its connection alive any more
        self.tls_failures = 0
        self.flash_policy = flash_policy
        self.policy_server: PolicyServer | None = None
        self._handshakes: set[Greenlet] = set()
        self._ending = False  # stop() has been called
        self._full_told = False
        self._unix_path: str | None = None  # of the socket that we have made
        self._stopped = Event()
        self._connection_ended = Event()
        super().__init__(listener, backlog=backlog, spawn=spawn, **with_context(ssl_args))
        if flash_policy is not None:
            self.policy_server = flash_policy.server_beside(self.address)
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
            remove_stale_socket(str(self.address))
        super().init_socket()
        self.socket.setblocking(False)  # gevent leaves a socket of the standard library blocking
        if ours and self.family == socket.AF_UNIX:
            self._unix_path = str(self.address)
        # PEP 3333 wants both never empty; a Unix socket has neither.
        host, port = "localhost", "443" if self.ssl_enabled else "80"
        if isinstance(self.address, tuple):
            host, port = str(self.address[0]), str(self.address[1])
        if self.policy_server is not None:
            self.policy_server.ports = [int(port)]
        self.environ.setdefault("SERVER_NAME", host)
        self.environ.setdefault("SERVER_PORT", port)

    def set_spawn(self, spawn: _Spawner) -> None:
        if not (spawn == "default" or isinstance(spawn, int) or callable(spawn)):
            if not hasattr(spawn, "spawn"):  # None would do for what never waits
                raise OptionError(f"spawn is an int, a pool or a function, not {spawn!r}")
        self._spawner = spawn
        super().set_spawn(spawn)
        # Of this object: the pool's own, which tells nobody.
        self.__dict__.pop("full", None)

    def full(self) -> bool:
        """Whether no more connections are accepted until one ends."""
        pool: Any = self.pool
        if pool is None or not hasattr(pool, "full") or not pool.full():
            return False
        if not self._full_told:
            self._full_told = True
            self.error_log.write(
                f"all {pool.size} connections that spawn allows are taken: until one of them ends, "
                "further clients wait. This is said once.\n"
            )
        return True

    def start(self) -> None:
        """Listen and accept; returns at once.

        :raises OSError: the address cannot be bound.
        """
        if self._stopped.is_set():
            # close() has forgotten how to spawn. The pool may have been made from an int.
            self.set_spawn(self._spawner if self.pool is None else self.pool)
        self.stopping = self._ending = self._full_told = False
        self._stopped.clear()
        super().start()
        if self.policy_server is not None:
            try:
                self.policy_server.start()
            except OSError:
                self.stop(0)
                raise

    def do_handle(self, *args: Any) -> None:
        try:
            super().do_handle(*args)
        except BaseException:
            args[0].close()
            raise

    def do_close(self, *args: Any) -> None:
        """Nothing: a connection closes its socket, unless the application has taken it."""

    def wrap_socket_and_handle(self, client_socket: GeventSocket, address: Any) -> None:
        wrap: Any = self.wrap_socket  # type: ignore[misc]  # of this object, not of the class
        current = gevent.getcurrent()
        self._handshakes.add(current)
        ssl_args: Any = self.ssl_args
        try:
            sock = shake_hands(wrap, client_socket, ssl_args, self.limits.header_timeout)
        except (OSError, ValueError) as error:
            # A port scan, plain HTTP, a client that does not like our certificate: nothing that
            # users could mend, and anybody can cause it as often as he likes.
            self.tls_failures += 1
            log.debug("no TLS with %s: %s", address, error)
            return
        finally:
            self._handshakes.discard(current)
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
        if self.policy_server is not None:
            self.policy_server.close()
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
            for greenlet in self._handshakes:
                gevent.kill(greenlet)  # soon
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
