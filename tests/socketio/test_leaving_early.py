"""A client that leaves while its ``connect`` handler runs was there: its end is told, once. A
handler that sends it away has refused it: it never was."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from gevent.event import Event

from flask_realtime import ConnectionRefusedError, Socket, disconnect, socket
from tests.support.application import Client, Site
from tests.support.waiting import wait_until
from tests.support.wire import socket_id

REFUSED = '44{"message":"Connection rejected by server"}'


class Door:
    """A ``connect`` handler that waits until it is let go, and what the others have seen."""

    def __init__(self, site: Site) -> None:
        self.inside, self.go_on = Event(), Event()
        self.seen: list[str] = []
        self.answer: Any = None
        self.site = site
        site.io.on("connect", self._connect)
        site.io.on("disconnecting", lambda reason: self.seen.append(f"disconnecting: {reason}"))
        site.io.on("disconnect", lambda reason: self.seen.append(f"disconnect: {reason}"))

    def _connect(self) -> Any:
        self.inside.set()
        assert self.go_on.wait(10)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def enter(self) -> tuple[Client, Socket]:
        """A client, and its socket, whose ``connect`` handler waits."""
        self.inside.clear()
        self.go_on.clear()
        client = self.site.outsider()
        client.join()
        assert self.inside.wait(10)
        (sock,) = self.site.io.sockets.sockets.values()
        return client, sock


def _close_frame(client: Client) -> None:
    client.wire.leave()


def _vanish(client: Client) -> None:
    client.wire.reset()


def _leave_namespace(client: Client) -> None:
    client.send("41")


LEAVING = pytest.mark.parametrize(
    ("leave", "reason"),
    [
        (_close_frame, "transport close"),
        (_vanish, "transport close"),
        (_leave_namespace, "client namespace disconnect"),
    ],
)


@LEAVING
def test_the_handlers_of_the_end_run_once_each(
    site: Site, leave: Callable[[Client], None], reason: str
) -> None:
    door = Door(site)
    client, sock = door.enter()
    leave(client)
    wait_until(lambda: not sock.connected)
    assert door.seen == []
    door.go_on.set()
    site.wait_empty()
    client.wire.close()
    wait_until(lambda: not site.running.sessions)
    assert door.seen == [f"disconnecting: {reason}", f"disconnect: {reason}"]


def test_events_that_came_before_the_end_run_before_it(site: Site) -> None:
    door = Door(site)
    site.io.on("x", lambda: door.seen.append("x"))
    client, sock = door.enter()
    client.send('421["x"]', "41")
    wait_until(lambda: not sock.connected)
    door.go_on.set()
    site.wait_empty()
    assert [each.partition(":")[0] for each in door.seen] == ["x", "disconnecting", "disconnect"]


@pytest.mark.parametrize("answer", [False, ConnectionRefusedError("no"), ValueError("a mistake")])
@LEAVING
def test_who_is_refused_after_he_has_left_never_was_there(
    site: Site, leave: Callable[[Client], None], reason: str, answer: Any
) -> None:
    door = Door(site)
    door.answer = answer
    client, sock = door.enter()
    leave(client)
    wait_until(lambda: not sock.connected)
    door.go_on.set()
    site.wait_empty()
    client.wire.close()
    wait_until(lambda: not site.running.sessions)
    assert door.seen == []


@pytest.mark.parametrize("close", [False, True])
def test_who_is_sent_away_inside_connect_is_refused(site: Site, close: bool) -> None:
    seen: list[str] = []
    for event in ("connection", "disconnecting", "disconnect"):
        site.io.on(event, lambda event=event: seen.append(event))
    site.io.on("connect", lambda: disconnect() if not close else socket.disconnect(close=True))
    client = site.outsider()
    assert client.ask("40") == REFUSED
    if close:
        assert client.wire.closed_with() == 1000
    site.wait_empty()
    assert seen == []


def test_who_is_sent_away_from_elsewhere_while_connect_waits_is_refused(site: Site) -> None:
    door = Door(site)
    client, _ = door.enter()
    site.io.sockets.disconnect_sockets()
    assert client.receive() == REFUSED
    door.go_on.set()
    site.wait_empty()
    assert door.seen == []
    # Nothing of it holds him up the next time.
    assert socket_id(client.ask("40"), "/")


def test_who_left_first_and_is_sent_away_then_has_left(site: Site) -> None:
    door = Door(site)
    client, sock = door.enter()
    client.send("41")
    wait_until(lambda: not sock.connected)
    sock.disconnect()
    door.go_on.set()
    site.wait_empty()
    reason = "client namespace disconnect"
    assert door.seen == [f"disconnecting: {reason}", f"disconnect: {reason}"]


@LEAVING
@pytest.mark.parametrize("answer", [None, False])
def test_many_who_leave_early_leave_nothing(
    site: Site, leave: Callable[[Client], None], reason: str, answer: Any
) -> None:
    door = Door(site)
    door.answer = answer
    for _ in range(20):
        client, sock = door.enter()
        sock.join("lobby")
        leave(client)
        wait_until(lambda sock=sock: not sock.connected)  # type: ignore[misc]
        door.go_on.set()
        site.wait_empty()
        client.wire.close()
    wait_until(lambda: not site.running.sessions)
    assert len(door.seen) == (40 if answer is None else 0)
    adapter: Any = site.io.sockets.adapter
    assert not adapter._joined
    assert not adapter._rooms
    assert not site.io.server.turn._ready
