"""What real clients have ``socket.conn`` tell of."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import current_app
from gevent import Timeout
from gevent.subprocess import Popen

from flask_realtime import Socket, emit, socket
from flask_realtime.protocol.packet import EnginePacket
from tests.support.application import Site, app, serve, site
from tests.support.waiting import wait_until

__all__ = ["app", "serve", "site"]

PROGRAM = Path(__file__).parent / "session_events.js"


@pytest.fixture
def play(node: str, npm_clients: Path, site: Site) -> Callable[..., None]:
    """Plays a client of a generation on these transports, until it has left."""

    def run(generation: str, *transports: str) -> None:
        package, url = f"socket.io-client-{generation}", f"http://127.0.0.1:{site.running.port}"
        process = Popen([node, str(PROGRAM), package, url, *transports])
        with Timeout(20, AssertionError("the client does not end")):
            assert process.wait() == 0
        site.wait_empty()

    return run


@pytest.mark.parametrize("generation", ["4", "2"])
def test_upgrade_and_close(site: Site, play: Callable[..., None], generation: str) -> None:
    heard: list[Any] = []

    @site.io.on("connection")
    def connection(there: Socket) -> None:
        @there.conn.on("upgrading")
        def upgrading(transport: Any) -> None:
            heard.append(("upgrading", transport.name))

        @there.conn.on("upgrade")
        def upgrade(transport: Any) -> None:
            heard.append(("upgrade", transport.name, there.conn.transport is transport))
            there.emit("bye")

        @there.conn.on("close")
        def close(reason: str, description: str | None) -> None:
            heard.append(("close", reason, description, current_app.name))

    play(generation, "polling", "websocket")
    wait_until(lambda: len(heard) == 3)
    assert heard == [
        ("upgrading", "websocket"),
        ("upgrade", "websocket", True),
        ("close", "transport close", None, "tested"),
    ]


@pytest.mark.parametrize("transport", ["websocket", "polling"])
@pytest.mark.parametrize("generation", ["4", "2"])
def test_packets(site: Site, play: Callable[..., None], generation: str, transport: str) -> None:
    came: list[EnginePacket] = []
    went: list[EnginePacket] = []

    @site.io.on("connection")
    def connection(there: Socket) -> None:
        there.conn.on("packet", came.append)
        there.conn.on("packet_create", went.append)

    @site.io.on("ready")
    def ready() -> None:
        assert socket.call("question", timeout=10) == "h\xe9"
        emit("bye")

    play(generation, transport)
    wait_until(lambda: EnginePacket("message", "1") in came, what="its goodbye")
    texts = [packet.data for packet in came if packet.type == "message"]
    assert texts[-2:] == ['30["h\xe9"]', "1"]
    assert EnginePacket("message", '20["question"]') in went
    assert went[-1] == EnginePacket("message", '2["bye"]')
