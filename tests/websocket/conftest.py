from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gevent
import pytest
from gevent import socket
from gevent.ssl import SSLContext

Pair = tuple[Any, Any]


def unix_pair() -> Pair:
    client, server = socket.socketpair()
    return client, server


def tcp_pair() -> Pair:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        client = socket.create_connection(listener.getsockname())
        server, _ = listener.accept()
    return client, server


def tls_pair(certificate: Path) -> Pair:
    client, server = tcp_pair()
    server_side = SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.load_cert_chain(certificate)
    client_side = SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client_side.load_verify_locations(certificate)
    client_side.check_hostname = False
    accepted = gevent.spawn(server_side.wrap_socket, server, server_side=True)
    return client_side.wrap_socket(client), accepted.get(timeout=10)


@pytest.fixture(params=["unix", "tcp", "tls"])
def pair(request: pytest.FixtureRequest) -> Iterator[Pair]:
    """Client and server end of one connection."""
    makers: dict[str, Callable[[], Pair]] = {
        "unix": unix_pair,
        "tcp": tcp_pair,
        "tls": lambda: tls_pair(request.getfixturevalue("tls")),
    }
    client, server = makers[request.param]()
    client.settimeout(10)
    yield client, server
    client.close()
    server.close()
