"""Namespaces and events of the clients before 3.x: handlers see no difference, and what these
clients may do that newer ones may not does no harm."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from flask_realtime import ConnectionRefusedError, Socket, socket
from tests.support.application import Site
from tests.support.waiting import let_run, wait_until
from tests.support.wire import WebSocketClient

Open = Callable[..., WebSocketClient]


def eio3(site: Site, query: str = "") -> WebSocketClient:
    """A client 2.x on a WebSocket; what it is told about the root namespace comes next."""
    client = site.running.raw_websocket(target=f"/socket.io/?EIO=3&transport=websocket&{query}")
    client.handshake()
    return client


def sio09(site: Site, query: str = "") -> WebSocketClient:
    """A client 0.9 on a WebSocket; what it is told about the root namespace comes next."""
    answer = site.running.http().get(f"/socket.io/1/?t=1&{query}")
    sid = answer.body.decode().partition(":")[0]
    client = site.running.raw_websocket(target=f"/socket.io/1/websocket/{sid}?{query}")
    client.sid = sid
    return client


class Words:
    """How one generation says it."""

    def __init__(self, open_: Open, **words: str) -> None:
        self.open = open_
        self.joined = words["joined"]
        self.join = words["join"]
        self.refused = words["refused"]
        self.event = words["event"]
        self.leave = words["leave"]


WORDS = {
    "eio3": Words(
        eio3,
        joined="40",
        join="40/chat{query},",
        refused='44"denied"',
        event='42{place}["{name}",1]',
        leave="41/chat,",
    ),
    "sio09": Words(
        sio09,
        joined="1::",
        join="1::/chat{query}",
        refused="7:::2",
        event='5::{place}:{{"name":"{name}","args":[1]}}',
        leave="0::/chat",
    ),
}


@pytest.fixture(params=WORDS)
def words(request: Any) -> Words:
    return WORDS[request.param]


def event(words: Words, name: str, namespace: str = "") -> str:
    place = f"{namespace}," if namespace and words.open is eio3 else namespace
    return words.event.format(place=place, name=name)


# Joining


def test_a_client_is_in_the_root_namespace_without_asking(site: Site, words: Words) -> None:
    seen: list[Any] = []
    site.io.on("connect", lambda auth: seen.append((socket.id, auth)))
    client = words.open(site)
    assert client.receive() == words.joined
    assert seen == [(client.sid, None)]


def test_the_query_of_the_handshake_is_what_it_says_of_itself(site: Site, words: Words) -> None:
    seen: list[Any] = []
    site.io.on("connect", lambda auth: seen.append((auth, socket.auth)))
    assert words.open(site, "token=x&room=a%20b").receive() == words.joined
    assert seen == [({"token": "x", "room": "a b"},) * 2]


@pytest.mark.parametrize(
    ("handshake", "query", "auth"),
    [
        ("", "", None),
        ("", "?token=x", {"token": "x"}),
        ("", "?token=x%20y&room=1", {"token": "x y", "room": "1"}),
        ("user=a", "", {"user": "a"}),
        ("user=a&token=old", "?token=x", {"user": "a", "token": "x"}),
    ],
)
def test_the_query_of_a_namespace_comes_on_top_of_it(
    site: Site, words: Words, handshake: str, query: str, auth: Any
) -> None:
    seen: list[Any] = []
    chat = site.io.of("/chat")
    chat.on("connect", lambda auth: seen.append((socket.namespace.name, auth)))
    client = words.open(site, handshake)
    assert client.receive() == words.joined
    client.send_text(words.join.format(query=query))
    assert client.receive() == words.join.format(query="")
    assert seen == [("/chat", auth)]


@pytest.mark.parametrize("message", ["40/chat?token=x", "40/chat?token=x,", "1::/chat:?token=x"])
def test_the_query_is_taken_in_every_form_that_a_client_writes(site: Site, message: str) -> None:
    seen: list[Any] = []
    site.io.of("/chat").on("connect", seen.append)
    client = (eio3 if message.startswith("40") else sio09)(site)
    client.receive()
    client.send_text(message)
    assert client.receive() in ("40/chat,", "1::/chat")
    assert seen == [{"token": "x"}]


def test_ids_are_those_that_the_clients_make_of_their_sid(site: Site) -> None:
    site.io.of("/chat")
    newer, older = eio3(site), sio09(site)
    for client in (newer, older):
        client.receive()
        client.send_text("40/chat," if client is newer else "1::/chat")
        client.receive()
    assert set(site.io.sockets.sockets) == {newer.sid, older.sid}
    assert set(site.io.of("/chat").sockets) == {f"/chat#{newer.sid}", older.sid}


# Refusals


def test_a_root_namespace_that_refuses_says_so_in_the_clients_way(site: Site, words: Words) -> None:
    @site.io.on("connect")
    def connect() -> None:
        raise ConnectionRefusedError("denied")

    client = words.open(site)
    assert client.receive() == words.refused
    assert not site.io.sockets.sockets


@pytest.mark.parametrize(
    ("name", "data", "told"),
    [
        ("eio3", (), '44/chat,"denied"'),
        ("eio3", ({"retry": False},), '44/chat,{"retry":false}'),
        ("eio3", (5,), '44/chat,{"message":"denied","data":5}'),
        ("sio09", (), "7::/chat:2"),
        ("sio09", ({"retry": False},), "7::/chat:2"),
    ],
)
def test_a_namespace_that_refuses_leaves_the_others(
    site: Site, name: str, data: tuple[Any, ...], told: str
) -> None:
    words = WORDS[name]
    site.io.on("hear", lambda value: socket.emit("heard", value))

    @site.io.of("/chat").on("connect")
    def connect() -> None:
        raise ConnectionRefusedError("denied", *data)

    client = words.open(site)
    assert client.receive() == words.joined
    client.send_text(words.join.format(query=""))
    assert client.receive() == told
    client.send_text(event(words, "hear"))
    assert client.receive() == event(words, "heard")


@pytest.mark.parametrize(
    ("name", "told"), [("eio3", '44/chat,"Invalid namespace"'), ("sio09", "7::/chat:2")]
)
def test_a_namespace_that_is_not_there_is_refused(site: Site, name: str, told: str) -> None:
    words = WORDS[name]
    client = words.open(site)
    assert client.receive() == words.joined
    client.send_text(words.join.format(query="?a=1"))
    assert client.receive() == told


# What is out of place is passed over, as their own servers did


@pytest.mark.parametrize(
    "name",
    ["connect", "connection", "disconnect", "disconnecting"]
    + ["connect_error", "newListener", "removeListener"],
)
def test_reserved_events_reach_no_handler_and_do_not_end_the_session(
    site: Site, words: Words, name: str
) -> None:
    seen: list[str] = []

    def note(own: str) -> Callable[[], None]:
        return lambda: seen.append(own)

    for own in ("connect", "connection", "disconnect", "disconnecting"):
        site.io.on(own, note(own))
    site.io.on("hear", lambda value: socket.emit("heard", value))
    client = words.open(site)
    assert client.receive() == words.joined
    before = list(seen)
    client.send_text(event(words, name), event(words, "hear"))
    assert client.receive() == event(words, "heard")
    assert seen == before == ["connect", "connection"]


def test_what_is_for_a_namespace_that_was_not_joined_is_passed_over(
    site: Site, words: Words
) -> None:
    seen: list[object] = []
    site.io.of("/chat").on("hear", seen.append)
    site.io.on("hear", lambda value: socket.emit("heard", value))
    client = words.open(site)
    assert client.receive() == words.joined
    client.send_text(event(words, "hear", "/chat"), words.leave, event(words, "hear"))
    assert client.receive() == event(words, "heard")
    assert seen == []


def test_who_joins_twice_is_there_once(site: Site, words: Words) -> None:
    seen: list[Socket] = []
    chat = site.io.of("/chat")
    chat.on("connection", seen.append)
    site.io.on("hear", lambda value: socket.emit("heard", value))
    client = words.open(site)
    assert client.receive() == words.joined
    client.send_text(*[words.join.format(query="")] * 2, event(words, "hear"))
    assert client.receive() == words.join.format(query="")
    assert client.receive() == event(words, "heard")
    assert len(seen) == 1


def test_who_leaves_a_namespace_stays_in_the_others(site: Site, words: Words) -> None:
    reasons: list[str] = []
    chat = site.io.of("/chat")
    chat.on("disconnect", reasons.append)
    site.io.on("hear", lambda value: socket.emit("heard", value))
    client = words.open(site)
    assert client.receive() == words.joined
    client.send_text(words.join.format(query=""), words.leave, event(words, "hear"))
    assert client.receive() == words.join.format(query="")
    assert client.receive() == event(words, "heard")
    wait_until(lambda: reasons)
    let_run()
    assert reasons == ["client namespace disconnect"]
    assert not chat.sockets
