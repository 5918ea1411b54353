"""Who is sent away has no say any more: what still waits in the inbox is dropped. Who leaves by
himself said it before he left."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from gevent.event import Event

from flask_realtime import Socket, disconnect, socket
from tests.support.application import Client, Site
from tests.support.waiting import wait_until
from tests.support.wire import socket_id


class Waiting:
    """A client whose handler waits, with two events in its inbox, both of which ask for an ack."""

    def __init__(self, site: Site, namespace: str = "/") -> None:
        self.go_on = Event()
        self.seen: list[Any] = []
        inside = Event()

        def wait() -> None:
            inside.set()
            assert self.go_on.wait(10)

        there = site.io.of(namespace)
        there.on("wait", wait)
        there.on("x", self.seen.append)
        there.on("disconnecting", lambda: self.seen.append("disconnecting"))
        there.on("disconnect", lambda reason: self.seen.append(reason))
        self.client = site.client()
        where = "" if namespace == "/" else f"{namespace},"
        self.id = self.client.wire.connect(namespace) if where else self.client.id
        self.client.send(f'42{where}["wait"]')
        assert inside.wait(10)
        self.sock = there.sockets[self.id]
        self.client.send(f'42{where}1["x",1]', f'42{where}2["x",2]')
        wait_until(lambda: len(self.sock.client._inbox or ()) == 2)

    def end(self, site: Site, namespace: str = "/") -> list[Any]:
        """Let the handler return; wait for the end, and return what was seen."""
        self.go_on.set()
        site.wait_empty(namespace)
        return self.seen


def _by_itself(site: Site, sock: Socket) -> None:
    sock.disconnect()


def _for_good(site: Site, sock: Socket) -> None:
    sock.disconnect(close=True)


def _by_selection(site: Site, sock: Socket) -> None:
    sock.namespace.to(sock.id).disconnect_sockets()


def _all_for_good(site: Site, sock: Socket) -> None:
    sock.namespace.disconnect_sockets(close=True)


SENDING_AWAY = pytest.mark.parametrize(
    "send_away", [_by_itself, _for_good, _by_selection, _all_for_good]
)


@SENDING_AWAY
@pytest.mark.parametrize("namespace", ["/", "/chat"])
def test_events_that_wait_are_dropped(
    site: Site, send_away: Callable[[Site, Socket], None], namespace: str
) -> None:
    waiting = Waiting(site, namespace)
    send_away(site, waiting.sock)
    assert waiting.end(site, namespace) == ["disconnecting", "server namespace disconnect"]


@pytest.mark.parametrize("send_away", [_by_itself, _by_selection])
def test_dropped_events_get_no_ack_and_the_client_may_come_back(
    site: Site, send_away: Callable[[Site, Socket], None]
) -> None:
    waiting = Waiting(site)
    client = waiting.client
    send_away(site, waiting.sock)
    assert client.receive() == "41"
    assert waiting.end(site) == ["disconnecting", "server namespace disconnect"]
    # An ack would come before the answer to the new CONNECT.
    assert socket_id(client.ask("40"), "/") != waiting.id
    assert client.ask('423["x",3]') == "433[]"
    assert waiting.seen[2:] == [3]


def test_events_of_other_namespaces_still_run(site: Site) -> None:
    waiting = Waiting(site)
    site.io.of("/chat").on("x", lambda number: number)
    client = waiting.client
    client.send("40/chat,", '42/chat,7["x",7]')
    wait_until(lambda: len(waiting.sock.client._inbox or ()) == 4)
    waiting.sock.disconnect()
    assert waiting.end(site) == ["disconnecting", "server namespace disconnect"]
    assert client.receive() == "41"
    socket_id(client.receive(), "/chat")
    assert client.receive() == "43/chat,7[7]"


def test_a_handler_that_sends_its_client_away_is_the_last_that_runs(site: Site) -> None:
    seen: list[Any] = []

    @site.io.on("x")
    def handler(number: int) -> None:
        seen.append(number)
        if number == 2:
            disconnect()

    site.io.on("disconnect", lambda: seen.append("disconnect"))
    client = site.client()
    client.send(*(f'42{number}["x",{number}]' for number in range(6)))
    site.wait_empty()
    assert [client.receive() for _ in range(4)] == ["430[]", "431[]", "41", "432[]"]
    assert seen == [0, 1, 2, "disconnect"]
    # Any later ack would be taken for this answer.
    socket_id(client.ask("40"), "/")


def test_async_handlers_are_no_exception(serve: Callable[..., Site]) -> None:
    site = serve(async_handlers=True)
    seen: list[int] = []
    client = site.client()
    sock = site.socket(client)
    site.io.on("x", seen.append)
    site.io.of("/chat").on("connection", lambda: sock.disconnect())
    client.send("40/chat,", '42["x",1]', '42["x",2]')
    site.wait_empty()
    assert seen == []


def _close_frame(client: Client) -> None:
    client.wire.leave()


def _vanish(client: Client) -> None:
    client.wire.reset()


def _leave_namespace(client: Client) -> None:
    client.send("41")


@pytest.mark.parametrize("leave", [_close_frame, _vanish, _leave_namespace])
def test_who_leaves_by_himself_is_still_heard(
    site: Site, leave: Callable[[Client], None]
) -> None:
    waiting = Waiting(site)
    leave(waiting.client)
    wait_until(lambda: not waiting.sock.connected)
    # Too late to be sent away: he has left already.
    waiting.sock.disconnect()
    waiting.sock.disconnect(close=True)
    assert waiting.end(site)[:3] == [1, 2, "disconnecting"]


def test_a_server_that_stops_hears_its_clients_out(site: Site) -> None:
    waiting = Waiting(site)
    waiting.go_on.set()
    site.io.close()
    assert waiting.end(site) == [1, 2, "disconnecting", "server shutting down"]


def test_the_end_s_own_handlers_know_their_socket(site: Site) -> None:
    seen: list[Any] = []
    site.io.on("disconnect", lambda: seen.append((socket.id, socket.connected)))
    client = site.client()
    site.socket(client).disconnect()
    site.wait_empty()
    assert seen == [(client.id, False)]
