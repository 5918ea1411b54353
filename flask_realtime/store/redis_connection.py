"""Connections to Redis whose waiting stops nobody else, in a process that is patched or not.

redis-py does what belongs to Redis: addresses, passwords, databases, commands and replies. Its
sockets are replaced by gevent's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from gevent import socket
from gevent.ssl import CERT_NONE, PROTOCOL_TLS_CLIENT, SSLContext
from redis.connection import Connection, SSLConnection, UnixDomainSocketConnection, parse_url

from ..exceptions import OptionError

AnyConnection: TypeAlias = Any
"""One of redis-py's; its methods have no types."""
_WITHOUT = ("ssl_validate_ocsp", "ssl_validate_ocsp_stapled")
_OURS = {"protocol": 2, "decode_responses": False}


class TCPConnection(Connection):
    """Over TCP."""

    def _connect(self) -> Any:
        return _connect_tcp(self)


class TLSConnection(SSLConnection):
    """Over TLS; the arguments are redis-py's."""

    def _connect(self) -> Any:
        context = _make_context(self)
        sock = _connect_tcp(self)
        try:
            return context.wrap_socket(sock, server_hostname=self.host)
        except BaseException:
            sock.close()
            raise


class UnixConnection(UnixDomainSocketConnection):
    """Over a Unix socket."""

    def _connect(self) -> Any:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            sock.connect(self.path)
        except BaseException:
            sock.close()
            raise
        return sock


_CLASSES: dict[type, type] = {
    Connection: TCPConnection,
    SSLConnection: TLSConnection,
    UnixDomainSocketConnection: UnixConnection,
}


def _connect_tcp(wanted: Connection) -> Any:
    sock = socket.create_connection((wanted.host, wanted.port))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    return sock


def _make_context(wanted: Any) -> SSLContext:
    """A context by redis-py's names for what it is made of."""
    context = SSLContext(PROTOCOL_TLS_CLIENT)
    context.check_hostname = wanted.check_hostname and wanted.cert_reqs != CERT_NONE
    context.verify_mode = wanted.cert_reqs
    sources = [getattr(wanted, name, None) for name in ("ca_certs", "ca_path", "ca_data")]
    if any(sources):
        context.load_verify_locations(*sources)
    else:
        context.load_default_certs()
    if wanted.certfile or wanted.keyfile:
        context.load_cert_chain(wanted.certfile, wanted.keyfile, wanted.certificate_password)
    if getattr(wanted, "ssl_min_version", None) is not None:
        context.minimum_version = wanted.ssl_min_version
    if getattr(wanted, "ssl_ciphers", None):
        context.set_ciphers(wanted.ssl_ciphers)
    return context


def read_url(url: str) -> tuple[str, Callable[[], AnyConnection]]:
    """Return where a URL leads, as it may be logged, and what makes a connection to it.

    :param url: ``redis://user:password@host:port/database``, ``rediss://`` for TLS, or
        ``unix:///path?db=1``; further parameters of redis-py's connections behind ``?``.
    :raises OptionError: if it cannot be used.
    """
    try:
        arguments = parse_url(url)  # type: ignore[no-untyped-call]
        chosen = _CLASSES[arguments.pop("connection_class", Connection)]
        for name in _WITHOUT:
            if arguments.get(name):
                raise OptionError(f"{name} is not offered: its request would stop all others")
        if chosen is TLSConnection:
            arguments.setdefault("ssl_check_hostname", True)  # redis-py 5 does not by itself
        arguments = {**arguments, **_OURS}
        chosen(**arguments)  # it connects at its first command
    except OptionError:
        raise
    except Exception as error:
        # By its scheme alone: the rest may hold a password.
        scheme = urlsplit(url).scheme
        raise OptionError(f"this {scheme}:// URL cannot be used: {error}") from None
    return _place(arguments), lambda: chosen(**arguments)


def _place(arguments: dict[str, Any]) -> str:
    if "path" in arguments:
        return str(arguments["path"])
    return f"{arguments.get('host', 'localhost')}:{arguments.get('port', 6379)}"
