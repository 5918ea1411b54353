"""Events without a handler of their own: ``*``, as Flask-SocketIO has it; and 0.9's JSON."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest

from flask_realtime import socket
from tests.support.application import Site

from .test_older_clients import sio09

PLACES = [("x", "/chat"), ("*", "/chat"), ("x", "*"), ("*", "*")]
"""Where an event ``x`` of ``/chat`` may be handled, in the order in which it is looked for."""


@pytest.mark.parametrize("places", list(combinations(PLACES, 2)))
def test_the_most_particular_handler_is_called(site: Site, places: list[tuple[str, str]]) -> None:
    site.io.of("/chat")
    for event, namespace in reversed(places):
        site.io.on(event, namespace=namespace)(lambda *args, at=(event, namespace): at)
    client = site.client("/chat")
    event, namespace = places[0]
    assert client.ask('42/chat,1["x"]') == f'43/chat,1["{event}","{namespace}"]'


@pytest.mark.parametrize(
    ("event", "namespace", "answer"),
    [
        ("x", "/", '431["/",1,2]'),
        ("*", "/", '431["/","x",1,2]'),
        ("x", "*", '431["/",1,2]'),
        ("*", "*", '431["/","x",1,2]'),
    ],
)
def test_a_handler_of_any_event_gets_its_name_first(
    site: Site, event: str, namespace: str, answer: str
) -> None:
    site.io.on(event, lambda *args: (socket.namespace.name, *args), namespace=namespace)
    assert site.client().ask('421["x",1,2]') == answer


def test_event_and_on_event_know_any_namespace_too(site: Site) -> None:
    @site.io.event(namespace="*")
    def x() -> str:
        return "x"

    site.io.on_event("y", lambda: "y", namespace="*")

    @site.io.on("z", "*")
    def z() -> str:
        return "z"

    client = site.client()
    assert [client.ask(f'421["{name}"]') for name in "xyz"] == ['431["x"]', '431["y"]', '431["z"]']


def test_an_event_that_a_client_calls_so_is_one_that_nobody_handles(site: Site) -> None:
    site.io.on("*", lambda *args: args, namespace="*")
    assert site.client().ask('421["*",1]') == '431["*",1]'
    site.io.on("*", lambda *args: ("own", *args))
    assert site.client().ask('421["*",1]') == '431["own","*",1]'


def test_a_socket_s_life_is_not_among_any_events(site: Site) -> None:
    seen: list[Any] = []
    site.io.on("*", lambda *args: seen.append(args))
    site.io.on("*", lambda *args: seen.append(args), namespace="*")
    client = site.client()
    client.send('42["connection"]')
    client.wire.leave()
    site.wait_empty()
    assert seen == []


def test_a_socket_s_life_is_handled_for_any_namespace(site: Site) -> None:
    seen: list[Any] = []
    site.io.on("connect", lambda auth: seen.append((socket.namespace.name, auth)), namespace="*")
    site.io.on("connection", lambda own: seen.append(own.namespace.name), namespace="*")
    site.io.on("disconnect", seen.append, namespace="*")
    client = site.client("/", {"a": 1})
    client.wire.leave()
    site.wait_empty()
    assert seen == [("/", {"a": 1}), "/", "transport close"]


def test_handlers_of_any_namespace_make_none(site: Site) -> None:
    site.io.on("x", print, namespace="*")
    assert site.outsider().ask("40/made-up,") == '44/made-up,{"message":"Invalid namespace"}'


def test_any_namespace_is_none_itself(site: Site) -> None:
    with pytest.raises(ValueError, match=r"on\(event, namespace='\*'\)"):
        site.io.of("*")


def test_a_wrong_number_of_arguments_names_the_event_that_came(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    site.io.on("*", lambda event, one: None)
    site.client().ask('421["x"]')
    assert "'x' came with 1 argument, its name among them, its handler" in caplog.text


def test_one_socket_has_listeners_for_any_event_instead(site: Site) -> None:
    client = site.client()
    with pytest.raises(ValueError, match="on_any"):
        site.socket(client).on("*", print)


# JSON packets of clients 0.9


@pytest.mark.parametrize(
    ("packet", "seen"),
    [
        ('4:::{"a":1}', ("json", {"a": 1})),
        ("3:::text", ("message", "text")),
        ('5:::{"name":"json","args":[2]}', ("json", 2)),
    ],
)
def test_json_of_clients_09_goes_to_its_own_handler(
    site: Site, packet: str, seen: tuple[str, Any]
) -> None:
    got: list[Any] = []
    site.io.on("json", lambda value: got.append(("json", value)))
    site.io.on("message", lambda value: got.append(("message", value)))
    site.io.on("connection", lambda own: own.on_any(lambda event: got.append(event)))
    client = sio09(site)
    assert client.receive() == "1::"
    client.send_text(packet, '5:1+::{"name":"sync"}')
    assert client.receive() == "6:::1"
    assert got == [seen[0], seen, "sync"]


def test_json_of_clients_09_is_a_message_for_who_handles_no_json(site: Site) -> None:
    site.io.on("message", lambda value: {"got": value})
    client = sio09(site)
    assert client.receive() == "1::"
    client.send_text('4:1+::{"a":1}')
    assert client.receive() == '6:::1+[{"got":{"a":1}}]'


def test_json_of_clients_09_is_an_event_like_others_where_nobody_handles_it(site: Site) -> None:
    site.io.on("*", lambda *args: args)
    client = sio09(site)
    assert client.receive() == "1::"
    client.send_text("4:1+::[5]")
    assert client.receive() == '6:::1+["message",[5]]'
