"""Real clients of every generation and transport, at our own server; all of them, at every host."""

from __future__ import annotations

import pytest

from tests.clients.hosts import HOSTS, OWN, Host, Running
from tests.clients.node import Node
from tests.clients.rows import ROWS, each_row, lacks
from tests.clients.scenarios import DEFAULTS, SCENARIOS, STOPPING, TOGETHER


@pytest.mark.parametrize("host", [OWN], ids=lambda host: host.name)
@each_row(SCENARIOS)
def test_each_row(server: Running, clients: Node, row: str, scenario: str) -> None:
    clients.play(scenario, server.url, [row])


@pytest.mark.parametrize("host", HOSTS, ids=lambda host: host.name)
@pytest.mark.parametrize("scenario", TOGETHER)
def test_all_rows_together(server: Running, clients: Node, host: Host, scenario: str) -> None:
    clients.play(scenario, server.url, ROWS)


def test_no_scenario_is_forgotten(clients: Node) -> None:
    known = SCENARIOS + TOGETHER + STOPPING + DEFAULTS
    assert sorted(clients.scenarios()) == sorted(known)


@pytest.mark.parametrize("row", ROWS)
def test_what_a_row_lacks_is_a_scenario_and_has_a_reason(row: str) -> None:
    assert set(lacks(row)) <= set(SCENARIOS)
    assert all(len(reason) > 20 for reason in lacks(row).values())
