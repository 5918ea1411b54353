"""A WSGI server on a real socket, and a client that speaks bytes."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import gevent
import pytest
from gevent import socket, ssl

from flask_realtime.wsgi import WSGIServer
from tests.support.program import start
from tests.support.tls import make_certificate

__all__ = ["start"]


class Client:
    """One connection to a server, from the outside."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def send_bytewise(self, data: bytes) -> None:
        """Each byte alone, with time for the server to read it."""
        for index in range(len(data)):
            self.sock.sendall(data[index : index + 1])
            gevent.idle()

    def read_until(self, end: bytes) -> bytes:
        """What comes up to and with ``end``, and nothing beyond it."""
        data = b""
        while not data.endswith(end):
            piece = self.sock.recv(1)
            assert piece, f"closed after {data!r}"
            data += piece
        return without_date(data)

    def read_all(self) -> bytes:
        """What comes until the server closes."""
        data = b""
        while True:
            try:
                piece = self.sock.recv(65536)
            except ConnectionResetError:
                piece = b""
            if not piece:
                return without_date(data)
            data += piece

    def ask(self, data: bytes) -> bytes:
        """All that the server answers to these bytes and nothing more."""
        self.send(data)
        self.sock.shutdown(socket.SHUT_WR)
        return self.read_all()


def without_date(data: bytes) -> bytes:
    return re.sub(rb"Date: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\r\n", b"", data)


@pytest.fixture
def serve() -> Iterator[Callable[..., WSGIServer]]:
    """Starts a server for an application; it is stopped after the test."""
    with ExitStack() as stack:

        def start(application: Any, listener: Any = ("127.0.0.1", 0), **options: Any) -> WSGIServer:
            options.setdefault("log", None)
            options.setdefault("error_log", io.StringIO())
            server = WSGIServer(listener, application, **options)
            server.start()
            stack.callback(server.stop, 1)
            return server

        yield start


@pytest.fixture
def connect() -> Iterator[Callable[[WSGIServer], Client]]:
    """Opens a connection to a server; it is closed after the test."""
    with ExitStack() as stack:

        def open_connection(server: WSGIServer) -> Client:
            sock = socket.socket(server.family, socket.SOCK_STREAM)
            stack.callback(sock.close)
            sock.settimeout(10)
            sock.connect(server.address)
            if server.family != socket.AF_UNIX:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return Client(sock)

        yield open_connection


@pytest.fixture
def certificate(openssl: str, tmp_path: Path) -> dict[str, str]:
    """The files of a certificate, as a server takes them."""
    return make_certificate(openssl, tmp_path)


@pytest.fixture
def tls_context(certificate: dict[str, str]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(**certificate)
    return context
