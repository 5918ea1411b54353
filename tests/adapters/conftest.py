"""Two servers in one process, whose namespaces are nodes of one cluster."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from flask_realtime import SocketIO
from tests.support.application import Client, Site
from tests.support.bus import Bus
from tests.support.server import Running, serving


class NodeSite(Site):
    """One of the servers, at a path of its own."""

    def __init__(self, io: SocketIO, running: Running, path: str) -> None:
        super().__init__(io, running)
        self.path = path

    def outsider(self, **options: Any) -> Client:
        return super().outsider(path=self.path, **options)


@pytest.fixture
def bus() -> Bus:
    """What joins them."""
    return Bus()


@pytest.fixture
def nodes(bus: Bus) -> Iterator[tuple[NodeSite, NodeSite]]:
    """The two servers; each has its first request behind it."""
    app = Flask("tested")
    servers = [SocketIO(app, path=path, adapter=bus.adapter) for path in ("/one", "/two")]
    with serving(app) as running:
        for io in servers:
            io.server.start()
        yield (
            NodeSite(servers[0], running, "/one/"),
            NodeSite(servers[1], running, "/two/"),
        )
        for io in servers:
            io.server.close()
            io.server.engine.stop()
