"""The last client of each generation in one room, with nobody's options set."""

from __future__ import annotations

from tests.clients.hosts import Host, running
from tests.clients.node import Node

GENERATIONS = ("4", "3", "2", "1", "0.9")


def test_all_generations_share_a_room(clients: Node) -> None:
    host = Host("without options", lambda port: ["-m", "tests.clients.defaults", str(port)])
    with running(host) as server:
        clients.play("clients without any options share a room", server.url, GENERATIONS)
