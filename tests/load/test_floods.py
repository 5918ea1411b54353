"""After a flood of any kind the server holds what it held before, and answers."""

from __future__ import annotations

from collections.abc import Iterator
from time import monotonic, sleep

import pytest

from tests.load.process import Application, Flood
from tests.load.wires import read_until, text, websocket

FLOODS = (
    "answers nobody asked for",
    "connections",
    "empty messages",
    "events with ack, unread",
    "foreign sids, pipelined",
    "fragments of one byte",
    "half upgrades",
    "handshakes over WebSocket",
    "many connections at once",
    "namespaces joined and left",
    "pings with data",
    "pongs",
    "posts of many events",
    "posts without a sid",
    "rooms",
    "sessions over polling",
)
"""Of those in ``floods.py``; the others differ only in what they cost."""

MEMORY = 8 * 1024 * 1024
"""What the allocator may keep for the next time, bytes."""

MORE = {"memory": MEMORY, "descriptors": 0, "greenlets": 0, "sessions": 0, "sockets": 0}
MORE["deadlines"] = 1  # until refusals of the same kind are summed up in the log

SECONDS = 0.2


@pytest.fixture(scope="module")
def server() -> Iterator[Application]:
    with Application(options={"ping_interval": 1, "ping_timeout": 1}, quiet=True) as server:
        # What is made at the first time, and what the allocator takes for it, is no leak.
        for name in ("handshakes over WebSocket", "posts of many events", "half upgrades"):
            with Flood(server.port, name):
                sleep(SECONDS)
        _settle(server, {**server.holds(), "sessions": 0, "sockets": 0})
        yield server


def _settle(server: Application, before: dict[str, int]) -> None:
    """Wait until it holds no more than before."""
    deadline = monotonic() + 20
    while True:
        held = server.holds()
        more = {name: held[name] for name in MORE if held[name] > before[name] + MORE[name]}
        if not more:
            return
        assert monotonic() < deadline, f"{more}, before the flood {before}"
        sleep(0.05)


@pytest.mark.parametrize("name", FLOODS)
def test_nothing_is_left_of_a_flood_and_others_are_answered(
    server: Application, name: str
) -> None:
    before = server.holds()
    with Flood(server.port, name):
        deadline = monotonic() + SECONDS
        client = websocket(server.port)
        while monotonic() < deadline:
            client.sendall(text('421["echo","here"]'))
            assert read_until(client, b"]").endswith(b'431["here"]')
            sleep(0.01)  # the pace of a client, not a wait for anything
        client.close()
    _settle(server, before)
    assert not [line for line in server.log.lines if "Traceback" in line]
