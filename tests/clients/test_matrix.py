"""Real clients of each generation, over each transport, under each host."""

from __future__ import annotations

import pytest

from tests.clients.hosts import HOSTS, Running
from tests.clients.node import Node
from tests.clients.rows import ROWS

SCENARIOS = (
    "the socket id is not the engine's sid",
    "the last transport of the row is reached",
    "auth data reaches the server",
    "a connect handler may send to a room it has just joined",
    "a refusal carries its message and data, and a second try may succeed",
    "an unknown namespace is refused, the others go on",
    "two namespaces share one connection, and what is stored",
    "a namespace is left and joined again on one connection",
    "an answer carries any number of arguments",
    "answers come in the order of the questions",
    "text of all planes is unchanged",
    "messages of 100 KiB are unchanged",
    "binary goes both ways, several attachments at a time",
    "binary and text keep their order",
    "the server asks by a callback",
    "the server asks and waits",
    "a handler that raises is an answer, and not the end",
    "a handler that waits delays its own client only",
    "values are stored for the session",
    "rooms reach those who are in them, but for who is left out",
    "a view sends to a room",
    "messages between two polls are kept",
    "volatile messages are lost rather than kept, others are not",
    "10,000 events at once are all handled, in order",
    "10,000 events at once all arrive, in order",
    "an upgrade under load loses nothing and keeps the order",
    "the client leaves",
    "the client closes its connection",
    "what was sent just before leaving is handled",
    "the server sends the client away",
    "the server sends the client out of one namespace",
    "a message that is too large ends its client, and no other",
)
TOGETHER = (
    "a broadcast reaches clients of all rows, once each",
    "a broadcast carries binary to clients of all rows",
    "heartbeats keep clients of all rows connected",
)
"""Scenarios with clients of all rows at once."""
STOPPING = (
    "clients come back after a restart, with new ids",
    "all rows learn that the server stops",
)
"""Played by test_stopping.py."""

every_host = pytest.mark.parametrize("host", HOSTS, ids=lambda host: host.name)


@every_host
@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_each_row(server: Running, clients: Node, row: str, scenario: str) -> None:
    clients.play(scenario, server.url, [row])


@every_host
@pytest.mark.parametrize("scenario", TOGETHER)
def test_all_rows_together(server: Running, clients: Node, scenario: str) -> None:
    clients.play(scenario, server.url, ROWS)


def test_no_scenario_is_forgotten(clients: Node) -> None:
    assert sorted(clients.scenarios()) == sorted(SCENARIOS + TOGETHER + STOPPING)
