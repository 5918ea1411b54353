"""What comes after the end: packets that are late, clients that return, the end of the server."""

from __future__ import annotations

from typing import Any

import gevent
from gevent.event import Event

from tests.support.application import Site


def test_events_to_a_namespace_that_the_server_closed_are_dropped(site: Site) -> None:
    seen: list[Any] = []
    chat = site.io.of("/chat")
    chat.on("x", seen.append)
    client = site.client()
    client.wire.connect("/chat")
    chat.disconnect_sockets()
    assert client.receive() == "41/chat,"
    client.send('42/chat,["x",1]', '42/chat,5["x",2]', "41/chat,", '43/chat,1[]')
    assert client.got_nothing()
    assert seen == []


def test_a_client_may_come_back_on_the_same_connection(site: Site) -> None:
    seen: list[str] = []
    site.io.on("disconnect", seen.append)
    client = site.client()
    client.send("41")
    again = client.wire.connect()
    assert again != client.id
    assert list(site.io.sockets.sockets) == [again]
    assert client.got_nothing()
    assert seen == ["client namespace disconnect"]
    client.send("40")  # twice is once too many, also for who has come back
    assert client.wire.closed_with() == 1000


def test_going_coming_and_going_in_one_breath_ends_outside(site: Site) -> None:
    seen: list[str] = []
    site.io.of("/chat").on("connection", lambda: seen.append("in"))
    site.io.of("/chat").on("disconnect", lambda: seen.append("out"))
    client = site.client()
    client.wire.connect("/chat")
    client.send("41/chat,", "40/chat,", "41/chat,")
    assert str(client.receive()).startswith("40/chat,{")
    assert client.got_nothing()
    site.wait_empty("/chat")
    assert seen == ["in", "out"] * 2


def test_closing_waits_until_the_handlers_of_the_end_have_run(site: Site) -> None:
    seen: list[str] = []

    @site.io.on("disconnect")
    def disconnect(reason: str) -> None:
        gevent.sleep(0)
        seen.append(reason)

    site.client()
    site.io.close()
    assert seen == ["server shutting down"]


def test_closing_does_not_wait_for_ever(site: Site) -> None:
    inside, go_on = Event(), Event()

    @site.io.on("wait")
    def handler() -> None:
        inside.set()
        assert go_on.wait(5)

    site.client().send('42["wait"]')
    assert inside.wait(5)
    site.io.server.close(timeout=0.01)
    assert site.io.sockets.sockets
    go_on.set()
    site.wait_empty()
