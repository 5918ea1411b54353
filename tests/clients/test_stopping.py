"""What clients and the application see when the server stops, and starts again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.clients.hosts import GUNICORN, HOSTS, OWN, WORKER, Host, Running, running
from tests.clients.node import Node
from tests.clients.rows import ROWS, facts


@pytest.fixture
def server(host: Host) -> Iterator[Running]:
    """A server of the test's own."""
    with running(host) as server:
        yield server


@pytest.mark.parametrize("host", HOSTS, ids=lambda host: host.name)
def test_clients_come_back_after_a_restart(server: Running, clients: Node) -> None:
    steps = {"restart": server.restart}
    clients.play("clients come back after a restart, with new ids", server.url, ROWS, steps)


@pytest.mark.parametrize("host", [OWN, WORKER], ids=lambda host: host.name)
def test_our_server_tells_both_sides_that_it_stops(server: Running, clients: Node) -> None:
    seen = clients.play(
        "all rows learn that the server stops", server.url, ROWS, {"stop": server.stop}
    )
    for row, reason in zip(ROWS, seen["reasons"], strict=True):
        # A client that is between two polls at that moment finds nobody there for the next one.
        gone = facts(row)["gone"]
        assert reason in (gone if "polling" in row else gone[:1]), row
    left = {f"left {id} server shutting down" for id in seen["ids"]}
    assert left == {line for line in server.log.lines if line.startswith("left")}


@pytest.mark.parametrize("host", [GUNICORN], ids=lambda host: host.name)
def test_gunicorn_ends_although_clients_are_connected(server: Running, clients: Node) -> None:
    codes = []
    clients.play(
        "all rows learn that the server stops",
        server.url,
        ROWS,
        {"stop": lambda: codes.append(server.stop())},
    )
    assert codes == [0]
