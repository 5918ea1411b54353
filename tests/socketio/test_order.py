"""The order of one client's events, and what a handler that waits does not hold up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gevent
import pytest
from gevent.event import Event
from gevent.lock import Semaphore

from flask_realtime import Socket, socket
from tests.support.application import Client, Site
from tests.support.waiting import wait_until


class Gate:
    """A handler that waits inside until it is let go."""

    def __init__(self, site: Site, event: str = "wait") -> None:
        self.inside, self.go_on = Event(), Event()
        site.io.on(event, self)

    def __call__(self) -> str:
        self.inside.set()
        assert self.go_on.wait(5)
        return "waited"


def test_events_of_one_client_run_in_order_all_namespaces_together(site: Site) -> None:
    seen: list[Any] = []

    def handler(number: int) -> None:
        seen.append((socket.namespace.name, number))
        gevent.sleep(0)

    site.io.on("x", handler)
    site.io.of("/chat").on("x", handler)
    client = site.client()
    client.wire.connect("/chat")
    client.send(*(f'42{"/chat," if n % 2 else ""}["x",{n}]' for n in range(20)))
    assert client.got_nothing()
    assert seen == [("/chat" if n % 2 else "/", n) for n in range(20)]


def test_one_client_s_handlers_never_run_two_at_once(site: Site) -> None:
    inside = Semaphore(1)

    @site.io.on("x")
    def handler() -> None:
        assert inside.acquire(blocking=False)
        gevent.sleep(0.001)
        inside.release()

    client = site.client()
    client.send(*['421["x"]'] * 10)
    assert [client.receive() for _ in range(10)] == ["431[]"] * 10


def test_a_handler_that_waits_holds_up_its_own_client_only(site: Site) -> None:
    gate = Gate(site)
    waiting, other = site.client(), site.client()
    waiting.send('421["wait"]', '422["sync"]')
    assert gate.inside.wait(5)
    assert other.got_nothing()
    gate.go_on.set()
    assert (waiting.receive(), waiting.receive()) == ('431["waited"]', "432[]")


def test_an_event_that_comes_while_a_handler_waits_runs_afterwards(site: Site) -> None:
    # A worker that goes on after its handler is not in a round of the turn: a client that it
    # only put back into the line would be lost for ever.
    gate = Gate(site)
    client = site.client()
    client.send('421["wait"]')
    assert gate.inside.wait(5)
    client.send(*(f'42{n}["sync"]' for n in range(2, 12)))
    (sock,) = site.io.sockets.sockets.values()
    wait_until(lambda: len(sock.client._inbox or ()) == 10)
    gate.go_on.set()
    expected = ['431["waited"]', *(f"43{n}[]" for n in range(2, 12))]
    assert [client.receive() for _ in range(11)] == expected


def test_a_handler_that_waits_delays_neither_pings_nor_their_answers(site: Site) -> None:
    wait = site.stop_time()
    gate = Gate(site)
    client = site.client()
    session = site.socket(client).conn
    client.send('421["wait"]')
    for _ in range(3):
        wait(26)
        assert client.receive() == "2"
        client.send("3")
        wait_until(lambda: not session._unanswered)
    assert gate.inside.is_set()
    gate.go_on.set()
    assert client.receive() == '431["waited"]'


def test_an_inbox_that_stays_full_ends_the_connection(serve: Callable[..., Site]) -> None:
    site = serve(max_inbox=2)
    wait = site.stop_time()
    gate = Gate(site)
    seen: list[Any] = []
    site.io.on("x", seen.append)
    site.io.on("disconnect", seen.append)
    client = site.client()
    session = site.socket(client).conn
    client.send('42["wait"]')
    assert gate.inside.wait(5)
    client.send('42["x",1]', '42["x",2]', '42["x","beyond the bound"]')
    wait_until(lambda: session._paused)
    wait(21)
    assert not site.running.sessions
    gate.go_on.set()
    site.wait_empty()
    assert seen == [1, 2, "inbox full"]


def test_a_close_is_known_while_a_handler_waits(site: Site) -> None:
    gate = Gate(site)
    seen: list[str] = []
    site.io.on("disconnect", seen.append)
    client = site.client()
    sock = site.socket(client)
    client.send('42["wait"]')
    assert gate.inside.wait(5)
    client.wire.reset()
    wait_until(lambda: not sock.connected)
    assert seen == []
    gate.go_on.set()
    site.wait_empty()
    assert seen == ["transport close"]


def test_answers_that_are_held_back_leave_when_a_handler_waits(site: Site) -> None:
    gate = Gate(site)
    client = site.client()
    client.send('421["sync"]', '422["sync"]', '423["wait"]')
    assert (client.receive(), client.receive()) == ("431[]", "432[]")
    assert gate.inside.is_set()
    gate.go_on.set()
    assert client.receive() == '433["waited"]'


def test_what_a_handler_emits_leaves_before_it_waits(site: Site) -> None:
    gate = Gate(site)

    @site.io.on("x")
    def handler() -> None:
        socket.emit("working")
        gate()

    client = site.client()
    assert client.ask('42["x"]') == '42["working"]'
    gate.go_on.set()


def test_who_sends_without_pause_does_not_starve_others(site: Site) -> None:
    handled: list[str] = []
    site.io.on("flood", lambda: handled.append("flood"))
    site.io.on("polite", lambda: handled.append("polite"))
    flooding, polite = site.client(), site.client()
    gate = Gate(site)
    flooding.send('42["wait"]', *['42["flood"]'] * 600)
    assert gate.inside.wait(5)
    wait_until(lambda: len(site.socket(flooding).client._inbox or ()) == 600)
    polite.send('421["polite"]')
    gate.go_on.set()
    assert polite.receive() == "431[]"
    assert handled.index("polite") < 600
    wait_until(lambda: len(handled) == 601)


def test_a_full_inbox_stops_reading_and_loses_nothing(serve: Callable[..., Site]) -> None:
    site = serve(max_inbox=10)
    gate = Gate(site)
    client = site.client()
    client.send('42["wait"]')
    assert gate.inside.wait(5)
    client.send(*(f'42{n}["sync"]' for n in range(100)))
    wait_until(lambda: len(site.socket(client).client._inbox or ()) == 10)
    gate.go_on.set()
    assert [client.receive() for _ in range(100)] == [f"43{n}[]" for n in range(100)]


def test_async_handlers_run_beside_each_other(serve: Callable[..., Site]) -> None:
    site = serve(async_handlers=True)
    gate = Gate(site)
    seen: list[str] = []
    site.io.on("who", lambda: (seen.append(socket.id), socket.id)[1])
    client = site.client()
    client.send('421["wait"]')
    assert gate.inside.wait(5)
    assert client.ask('422["who"]') == f'432["{client.id}"]'
    gate.go_on.set()
    assert client.receive() == '431["waited"]'
    assert seen == [client.id]


def test_async_handlers_that_fail_answer_too(serve: Callable[..., Site]) -> None:
    site = serve(async_handlers=True)
    site.io.on("x", lambda: 1 / 0)
    assert site.client().ask('421["x"]') == '431[{"error":"internal error"}]'


def test_async_handlers_may_outlive_their_client(serve: Callable[..., Site]) -> None:
    site = serve(async_handlers=True)
    gate = Gate(site)
    client = site.client()
    client.send('421["wait"]')
    assert gate.inside.wait(5)
    client.wire.leave()
    site.wait_empty()
    gate.go_on.set()


@pytest.mark.parametrize("closed_by", ["close frame", "namespace"])
def test_events_read_before_the_end_run_first(site: Site, closed_by: str) -> None:
    gate = Gate(site)
    seen: list[Any] = []
    site.io.on("x", lambda n: seen.append((n, socket.connected)))
    site.io.on("disconnect", lambda: seen.append("disconnect"))
    client = site.client()
    sock = site.socket(client)
    client.send('42["wait"]', '42["x",1]', '42["x",2]')
    assert gate.inside.wait(5)
    _leave(client, sock, closed_by)
    gate.go_on.set()
    site.wait_empty()
    assert seen == [(1, False), (2, False), "disconnect"]


def _leave(client: Client, sock: Socket, how: str) -> None:
    if how == "namespace":
        client.send("41")
    else:
        client.wire.leave()
    wait_until(lambda: not sock.connected)
