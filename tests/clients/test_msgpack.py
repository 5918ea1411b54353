"""Real clients with socket.io-msgpack-parser, at a server with the same."""

from __future__ import annotations

import pytest

from tests.clients.hosts import Host, Running
from tests.clients.node import Node
from tests.clients.rows import each_row, facts
from tests.clients.scenarios import CORE, SCENARIOS, TOGETHER

OWN = Host("io.run, msgpack", lambda port: ["-m", "tests.clients.app", str(port), "parser=msgpack"])

# Clients 2.x are the first that can be given a parser.
ROWS = [
    f"{generation} msgpack/{transports}"
    for generation in ("4", "3", "2")
    for transports in facts(generation)["transports"]
]
UPGRADING = [row for row in ROWS if row.endswith("polling+websocket")]
ROWS_09 = ["0.9/websocket", "0.9/xhr-polling"]

own = pytest.mark.parametrize("host", [OWN], ids=lambda host: host.name)


@own
@each_row(SCENARIOS, [row for row in ROWS if row not in UPGRADING])
def test_each_row(server: Running, clients: Node, row: str, scenario: str) -> None:
    clients.play(scenario, server.url, [row])


@own
@each_row(CORE, UPGRADING)
def test_each_row_that_upgrades(
    server: Running, clients: Node, row: str, scenario: str
) -> None:
    clients.play(scenario, server.url, [row])


@own
@pytest.mark.parametrize("scenario", TOGETHER)
def test_all_together_beside_clients_0_9(server: Running, clients: Node, scenario: str) -> None:
    clients.play(scenario, server.url, ROWS + ROWS_09)
