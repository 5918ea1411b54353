"""Real clients at hosts other than our own server: today's play everything, older ones the core.

What else older clients can do is the same bytes to a host, and played at our own server.
"""

from __future__ import annotations

import pytest

from tests.clients.hosts import HOSTS, OWN, Running
from tests.clients.node import Node
from tests.clients.rows import ROWS, each_row
from tests.clients.scenarios import CORE, SCENARIOS

TODAY = [row for row in ROWS if row.startswith("4/")]
OLDER = [row for row in ROWS if row not in TODAY]

each_host = pytest.mark.parametrize(
    "host", [host for host in HOSTS if host is not OWN], ids=lambda host: host.name
)


@each_host
@each_row(SCENARIOS, TODAY)
def test_todays_clients(server: Running, clients: Node, row: str, scenario: str) -> None:
    clients.play(scenario, server.url, [row])


@each_host
@each_row(CORE, OLDER)
def test_older_clients(server: Running, clients: Node, row: str, scenario: str) -> None:
    clients.play(scenario, server.url, [row])
