"""``on_room``: rooms that come and go, and clients that say they do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask, current_app

from flask_realtime import MemoryAdapter, Server, SocketIO
from flask_realtime.exceptions import EventError
from tests.support.application import Site, app, serve, site
from tests.support.waiting import let_run, wait_until

__all__ = ["app", "serve", "site"]

Called = list[tuple[Any, ...]]


def test_rooms_are_listened_to_by_the_server_in_each_namespace(site: Site) -> None:
    heard: Called = []

    @site.io.on_room("create-room")
    def created(room: str) -> None:
        heard.append((current_app.name, room))

    @site.io.on_room("join-room", namespace="/chat")
    def joined(room: str, id: str) -> None:
        heard.append((room, id))

    site.io.on_room("leave_room", lambda *args: heard.append(args), "/chat")
    client = site.client("/chat")
    there = site.socket(client, "/chat")
    there.join("red")
    there.leave("red")
    wait_until(lambda: len(heard) == 3)
    other = site.client()
    wait_until(lambda: len(heard) == 4)
    id = client.id
    assert heard == [(id, id), ("red", id), ("red", id), ("tested", other.id)]


@pytest.mark.parametrize("event", ["create-room", "delete-room", "join-room", "leave-room"])
def test_a_client_cannot_pass_for_the_adapter(site: Site, event: str) -> None:
    heard: Called = []
    asked: Called = []
    client = site.client()
    site.io.on_room(event, lambda *args: heard.append(args))
    site.io.on(event, lambda *args: asked.append(args))
    assert client.ask(f'421["{event}","red","{client.id}"]') == "431[]"
    let_run()
    assert asked == [("red", client.id)]
    assert heard == []


def test_the_handler_of_a_clients_event_hears_of_no_rooms(site: Site) -> None:
    asked: Called = []
    heard: Called = []
    site.io.on("join-room", lambda *args: asked.append(args))
    site.io.on_room("join-room", lambda *args: heard.append(args))
    client = site.client()
    site.socket(client).join("red")
    wait_until(lambda: len(heard) == 2)
    assert asked == []


def test_a_server_without_flask_has_it_too() -> None:
    heard: list[str] = []
    server = Server()
    server.on_room("create-room", heard.append)
    server.on_room("create-room", heard.append, namespace="/chat")
    for name in ("/", "/chat"):
        assert server.of(name).adapter.room_events is not None  # type: ignore[attr-defined]


class OtherAdapter(MemoryAdapter):
    """One of another package, which keeps its listeners as it likes."""

    def __init__(self, local: Any) -> None:
        super().__init__(local)
        self.heard: list[str] = []

    def on(self, event: str, listener: Callable[..., Any] | None = None) -> Callable[..., Any]:
        self.heard.append(event)
        return super().on(event, listener)


def test_listeners_that_come_before_the_adapter_are_kept(app: Flask) -> None:
    io = SocketIO()
    io.on_room("create-room", print)
    io.on_room("leave-room", print)
    io.init_app(app, adapter=OtherAdapter)
    assert io.sockets.adapter.heard == ["create-room", "leave-room"]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda io: io.on_room("created"), "it has: create-room"),
        (lambda io: io.on_room(print), "it has: create-room"),
        (lambda io: io.on_room("create-room", 5), "a function, not 5"),
        (lambda io: io.on_room("create-room", namespace="*"), "of one namespace"),
    ],
)
@pytest.mark.parametrize("make", [SocketIO, Server])
def test_what_is_refused(make: Any, call: Callable[[Any], Any], told: str) -> None:
    with pytest.raises(EventError, match=told):
        call(make())
