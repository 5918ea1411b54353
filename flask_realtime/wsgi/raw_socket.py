"""Hosts, and how each lets go of the raw socket of a request: a table, a row per host.

A host is found by what it puts into the environ, never by ``start_response``, which middlewares
wrap. Where no row fits, nothing of Socket.IO can work: a poll would block a whole thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from io import BytesIO
from socket import MSG_PEEK, SHUT_RDWR
from typing import Any, NamedTuple

import gevent
from gevent.socket import socket
from gevent.ssl import SSLSocket

Environ = dict[str, Any]

_READ = 1


class Host(NamedTuple):
    """One row.

    :param name: for the documents and the tests.
    :param find: the gevent socket of a request, None if the request is not this host's.
    :param take: the socket for good, and the bytes that were read behind the request's head.
    :param parks: whether the request's greenlet has to stay until the connection is closed; the
        host closes the socket then, and we only shut it down.
    :param handled: what the application returns for a request whose socket was taken.
    :param on_stop: what the host calls when it stops; None if it tells nobody.
    :param peer: the connection of a request that may wait.
    :param upgraded: whether the host has sent its 101 before we are called. Then a refusal is a
        close code, and nothing can be negotiated.
    """

    name: str
    find: Callable[[Environ], socket | None]
    take: Callable[[Environ], tuple[socket, bytes]]
    parks: bool
    handled: Callable[[], Iterable[bytes]]
    on_stop: Callable[[Environ], list[Callable[[], None]] | None]
    peer: Callable[[Environ, socket], SocketPeer]
    upgraded: bool = False


def _find_own(environ: Environ) -> socket | None:
    connection = environ.get("flask_realtime.http_connection")
    return None if connection is None else connection.sock


def _take_own(environ: Environ) -> tuple[socket, bytes]:
    taken: tuple[socket, bytes] = environ["flask_realtime.http_connection"].take()
    return taken


def _on_stop_own(environ: Environ) -> list[Callable[[], None]] | None:
    server = environ["flask_realtime.http_connection"].server
    hooks: list[Callable[[], None]] = server.on_stop
    return None if server.stopping else hooks


def _peer_own(environ: Environ, sock: socket) -> SocketPeer:
    peer: SocketPeer = environ["flask_realtime.http_connection"].peer
    return peer


def is_stopping(environ: Environ) -> bool:
    """Whether the host of a request has said that it stops."""
    connection = environ.get("flask_realtime.http_connection")
    return connection is not None and connection.server.stopping


def _find_gunicorn(environ: Environ) -> socket | None:
    # The sync and thread workers have a socket there too, but none of gevent's.
    sock = environ.get("gunicorn.socket")
    return sock if isinstance(sock, socket) else None


def _take_gunicorn(environ: Environ) -> tuple[socket, bytes]:
    unreader = environ["wsgi.input"].reader.unreader
    data: bytes = unreader.buf.getvalue()
    unreader.buf = BytesIO()  # gunicorn looks for a next request there, when the socket has ended
    return environ["gunicorn.socket"], data


def _handled_gunicorn() -> Iterable[bytes]:
    from gunicorn.workers.base_async import ALREADY_HANDLED

    handled: Iterable[bytes] = ALREADY_HANDLED
    return handled


def _find_pywsgi(environ: Environ) -> socket | None:
    return _behind(_file_of_pywsgi(environ))


def _take_pywsgi(environ: Environ) -> tuple[socket, bytes]:
    return _read_ahead(_file_of_pywsgi(environ))


def _file_of_pywsgi(environ: Environ) -> Any:
    # The input of a request that asks for an upgrade is that file itself.
    stream = environ.get("wsgi.input")
    return getattr(stream, "rfile", stream)


def _find_gevent_websocket(environ: Environ) -> socket | None:
    websocket = environ.get("wsgi.websocket")
    stream = getattr(websocket, "stream", None)
    return _behind(getattr(getattr(stream, "handler", None), "rfile", None))


def _take_gevent_websocket(environ: Environ) -> tuple[socket, bytes]:
    websocket = environ["wsgi.websocket"]
    taken = _read_ahead(websocket.stream.handler.rfile)
    websocket.stream = None  # it counts as closed, and will send no close frame of its own
    return taken


def _behind(rfile: Any) -> socket | None:
    """The socket that a file of gevent's reads."""
    sock = getattr(getattr(rfile, "raw", None), "_sock", None)
    return sock if isinstance(sock, socket) else None


def _read_ahead(rfile: Any) -> tuple[socket, bytes]:
    """The socket of a file, and what the file has read from it already."""
    sock: socket = rfile.raw._sock
    timeout = sock.gettimeout()
    sock.setblocking(False)  # else it would wait for the client's first frame
    try:
        data: bytes = rfile.peek()
        rfile.read(len(data))
    finally:
        sock.settimeout(timeout)
    return sock, data


def _no_hooks(environ: Environ) -> None:
    return None


def _new_peer(environ: Environ, sock: socket) -> SocketPeer:
    return _PassingPeer(sock)


_OWN = Host("WSGIServer", _find_own, _take_own, False, list, _on_stop_own, _peer_own)
_GUNICORN = Host(
    "gunicorn -k gevent", _find_gunicorn, _take_gunicorn, True, _handled_gunicorn, _no_hooks,
    _new_peer,
)
_GEVENT_WEBSOCKET = Host(
    "gevent-websocket", _find_gevent_websocket, _take_gevent_websocket, True, list, _no_hooks,
    _new_peer, upgraded=True,
)
_PYWSGI = Host("gevent.pywsgi", _find_pywsgi, _take_pywsgi, True, list, _no_hooks, _new_peer)

# gevent-websocket is a handler of pywsgi, so it is looked for first.
HOSTS = (_OWN, _GUNICORN, _GEVENT_WEBSOCKET, _PYWSGI)


def find_host(environ: Environ) -> tuple[Host, socket] | None:
    """Return the host of a request and its socket, None where no row fits."""
    for host in HOSTS:
        sock = host.find(environ)
        if sock is not None:
            return host, sock
    return None


class SocketPeer:
    """The connection of a request that waits (:class:`flask_realtime.transports.http.Peer`).

    Whoever keeps it from request to request closes it in the end. The watcher stays with it: a new
    one for each poll costs two system calls, and with them 5 µs.
    """

    __slots__ = ("_gone", "_sock", "_watcher")

    def __init__(self, sock: socket) -> None:
        self._sock: Any = sock
        self._gone: Callable[[], None] | None = None
        self._watcher: Any = None

    def watch(self, gone: Callable[[], None]) -> None:
        """Call `gone` in the hub, once, if the client closes its connection."""
        self._gone = gone
        if self._watcher is None:
            self._watcher = gevent.get_hub().loop.io(self._sock.fileno(), _READ)
        self._watcher.start(self._readable)

    def unwatch(self) -> None:
        """Stop watching."""
        self._gone = None
        if self._watcher is not None:
            self._watcher.stop()

    def close(self) -> None:
        """Watch no more: the socket is about to be closed, or somebody else's."""
        self._gone = None
        watcher, self._watcher = self._watcher, None
        if watcher is not None:
            watcher.stop()
            watcher.close()

    def abort(self) -> None:
        """Break the connection off, whatever its host is doing with it."""
        try:
            self._sock._sock.shutdown(SHUT_RDWR)  # the host's send or recv ends with an error
        except OSError:
            pass  # the client was faster

    def _readable(self) -> None:
        try:
            # The raw socket, under TLS too, where this is the header of a record.
            data = self._sock._sock.recv(_RECORD_HEADER, MSG_PEEK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        gone = self._gone
        self.unwatch()  # data is the next request of a client that pipelines
        ended = not data or (isinstance(self._sock, SSLSocket) and _is_alert(data))
        if ended and gone is not None:
            gone()


class _PassingPeer(SocketPeer):
    """One that nobody keeps: it is closed with the wait of its one request."""

    __slots__ = ()

    def unwatch(self) -> None:
        self.close()


_RECORD_HEADER = 5
_ALERT, _APPLICATION_DATA = 21, 23
_TLS13_ALERT_SIZE = 19  # two bytes, the true type, the tag: smaller than any request


def _is_alert(header: bytes) -> bool:
    """Whether a record of TLS is an alert: what a client sends that leaves (RFC 8446, 5.2, 6.1)."""
    size = int.from_bytes(header[3:5], "big")
    return header[0] == _ALERT or (header[0] == _APPLICATION_DATA and size == _TLS13_ALERT_SIZE)
