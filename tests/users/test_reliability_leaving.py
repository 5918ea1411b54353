"""Each client that came leaves once, whatever way, with a reason of a fixed list."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import gevent
import pytest

from flask_realtime import Reason, socket
from tests.support.application import Site
from tests.support.waiting import wait_until
from tests.support.wire import PollingClient, WebSocketClient

REASONS = {str(value) for name, value in vars(Reason).items() if name.isupper()}


class Ledger:
    """Who came, and who left with which reason."""

    def __init__(self, site: Site) -> None:
        self.came: list[str] = []
        self.left: list[tuple[str, str]] = []
        site.io.on("connection", lambda: self.came.append(socket.id))
        site.io.on("disconnect", lambda reason: self.left.append((socket.id, reason)))
        site.io.on("wait", lambda: gevent.sleep(0.01))

    def balanced(self) -> bool:
        assert Counter(self.came) == Counter(id for id, _ in self.left)
        assert {reason for _, reason in self.left} <= REASONS
        return True


def goodbye(site: Site, client: PollingClient) -> None:
    client.send("1")


def leave_namespace(site: Site, client: PollingClient) -> None:
    client.send("41")


def nonsense(site: Site, client: PollingClient) -> None:
    assert client.post(b"4nonsense").status == 400


def drop_the_poll(site: Site, client: PollingClient) -> None:
    site.running.ask(client)
    client.polls.close()


def reset_the_poll(site: Site, client: PollingClient) -> None:
    site.running.ask(client)
    client.polls.reset()


def be_sent_away(site: Site, client: PollingClient) -> None:
    site.io.sockets.disconnect_sockets(close=True)
    assert client.receive() == "41"


def be_silent(site: Site, client: PollingClient) -> None:
    site.running.pass_by(46)


def stop_the_server(site: Site, client: PollingClient) -> None:
    site.io.close()


def vanish_in_an_upgrade(site: Site, client: PollingClient) -> None:
    websocket = site.running.probe(client)
    websocket.send_text("2probe")
    assert websocket.receive() == "3probe"
    websocket.reset()
    client.reset()
    site.running.pass_by(46)


def vanish_after_the_switch(site: Site, client: PollingClient) -> None:
    websocket = site.running.probe(client)
    websocket.send_text("2probe")
    assert websocket.receive() == "3probe"
    websocket.send_text("5", '421["sync"]')
    assert websocket.receive() == "431[]"
    websocket.reset()


@pytest.mark.parametrize(
    ("leave", "reason"),
    [
        (goodbye, "transport close"),
        (leave_namespace, "client namespace disconnect"),
        (nonsense, "parse error"),
        (drop_the_poll, "transport error"),
        (reset_the_poll, "transport error"),
        (be_sent_away, "server namespace disconnect"),
        (be_silent, "ping timeout"),
        (stop_the_server, "server shutting down"),
        (vanish_in_an_upgrade, "ping timeout"),
        (vanish_after_the_switch, "transport close"),
    ],
)
def test_each_way_to_leave_over_polling_ends_once_with_its_reason(
    site: Site, leave: Callable[[Site, PollingClient], None], reason: str
) -> None:
    ledger = Ledger(site)
    client = site.running.polling()
    id = client.connect()
    leave(site, client)
    site.wait_empty()
    for session in list(site.running.sessions.values()):
        session.end("the test is over")
    assert ledger.left == [(id, reason)]
    assert reason in REASONS


def test_of_many_clients_that_leave_in_any_way_at_once_each_leaves_once(site: Site) -> None:
    ledger = Ledger(site)
    chance = random.Random(5)
    ways: list[Callable[[WebSocketClient], Any]] = [
        lambda wire: wire.leave(),
        lambda wire: wire.reset(),
        lambda wire: wire.send_text("1"),
        lambda wire: wire.send_text("41"),
        lambda wire: wire.send_text("41", "41", "1"),
        lambda wire: wire.send_text("4nonsense"),
        lambda wire: (wire.send_text('42["wait"]', '42["wait"]', "41"), wire.reset()),
        lambda wire: (wire.send_text('42["wait"]'), site.io.sockets.disconnect_sockets()),
        lambda wire: (site.io.sockets.disconnect_sockets(close=True), wire.reset()),
    ]
    for _ in range(10):
        wires = [site.client().wire for _ in range(6)]
        for wire in wires:
            chance.choice(ways)(wire)
        site.wait_empty()
        for wire in wires:
            wire.close()
    wait_until(lambda: len(ledger.left) == len(ledger.came) == 60)
    assert ledger.balanced()


def test_a_reset_is_noticed_at_once_not_by_the_heartbeat(site: Site) -> None:
    site.stop_time()  # no ping, no time-out: nothing else could tell
    ledger = Ledger(site)
    websocket, polling = site.client().wire, site.running.polling()
    polling.connect()
    site.running.ask(polling)
    websocket.reset()
    wait_until(lambda: len(ledger.left) == 1, timeout=1, what="the WebSocket's reset is noticed")
    polling.polls.reset()
    wait_until(lambda: len(ledger.left) == 2, timeout=1, what="the poll's reset is noticed")
