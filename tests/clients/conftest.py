"""The Node program, and the hosts, each started once for all tests of a process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.clients.hosts import Host, Running, running
from tests.clients.node import Node
from tests.support.wire import PollingClient, WebSocketClient

Open = Callable[..., WebSocketClient]


@pytest.fixture(scope="session")
def clients(node: str, npm_clients: Path) -> Iterator[Node]:
    """Real clients, played by a Node process."""
    program = Node(node)
    yield program
    program.close()


@pytest.fixture(scope="module")
def serving() -> Iterator[Callable[[Host], Running]]:
    """Gives the server that runs under a host; it is started when it is first asked for."""
    servers: dict[str, Running] = {}
    with ExitStack() as stack:

        def get(host: Host) -> Running:
            if host.name not in servers:
                servers[host.name] = stack.enter_context(running(host))
            return servers[host.name]

        yield get


@pytest.fixture
def server(serving: Callable[[Host], Running], host: Host) -> Iterator[Running]:
    """The application under ``host``, which must have nothing to complain of."""
    server = serving(host)
    yield server
    server.check()


@pytest.fixture
def open_websocket(server: Running) -> Iterator[Open]:
    """Opens WebSockets that have the session's first packet; they are closed after the test."""
    with ExitStack() as stack:

        def open_one(behind: bytes = b"") -> WebSocketClient:
            websocket = WebSocketClient(server.port, behind=behind)
            stack.callback(websocket.close)
            websocket.handshake()
            return websocket

        yield open_one


@pytest.fixture
def polling(server: Running) -> Iterator[PollingClient]:
    """A session over polling."""
    client = PollingClient(server.port)
    client.handshake()
    yield client
    client.close()
