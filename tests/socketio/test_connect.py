"""Joining a namespace: who may, who may not, and what each is told."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from typing import Any

import pytest
from gevent.event import Event

from flask_realtime import ConnectionRefusedError, disconnect, emit, join_room, socket
from tests.support.application import Site
from tests.support.waiting import wait_until
from tests.support.wire import socket_id


def test_a_client_joins_the_root_without_any_handler(site: Site) -> None:
    client = site.client()
    assert len(client.id) == 20
    assert list(site.io.sockets.sockets) == [client.id]


@pytest.mark.parametrize(("sent", "got"), [("", None), ("{}", {}), ('{"token":1}', {"token": 1})])
def test_the_connect_handler_gets_what_the_client_sent(site: Site, sent: str, got: Any) -> None:
    seen: list[Any] = []
    site.io.on("connect", lambda auth: seen.append((auth, socket.auth)))
    client = site.outsider()
    socket_id(client.ask("40" + sent), "/")
    assert seen == [(got, got)]


def test_a_connect_handler_may_take_no_argument(site: Site) -> None:
    seen: list[str] = []
    site.io.on("connect", lambda: seen.append(socket.id))
    assert [site.client().id] == seen


def _return_false() -> bool:
    return False


def _refuse(*args: Any) -> Callable[[], None]:
    def connect() -> None:
        raise ConnectionRefusedError(*args)

    return connect


def _refuse_as_python_does() -> None:
    raise builtins.ConnectionRefusedError("not today")


def _refuse_as_python_does_silently() -> None:
    raise builtins.ConnectionRefusedError


DEFAULT = '{"message":"Connection rejected by server"}'


@pytest.mark.parametrize(
    ("handler", "told"),
    [
        (_return_false, DEFAULT),
        (_refuse(), DEFAULT),
        (_refuse("no"), '{"message":"no"}'),
        (_refuse("no", {"retry": False}), '{"message":"no","data":{"retry":false}}'),
        (_refuse("no", 1, 2), '{"message":"no","data":[1,2]}'),
        (_refuse("no", {1}), '{"message":"no"}'),  # what cannot be sent is left out, and logged
        (_refuse_as_python_does, '{"message":"not today"}'),
        (_refuse_as_python_does_silently, DEFAULT),
    ],
)
@pytest.mark.parametrize("namespace", ["/", "/chat"])
def test_a_refused_client_is_told_why_and_leaves_no_trace(
    site: Site, namespace: str, handler: Callable[[], Any], told: str
) -> None:
    there = site.io.of(namespace)
    left: list[str] = []
    there.on("disconnect", left.append)

    @there.on("connect")
    def connect() -> Any:
        join_room("lobby")
        emit("greeting")
        return handler()

    client = site.outsider()
    where = "" if namespace == "/" else namespace + ","
    assert client.ask(f"40{where}") == f"44{where}{told}"
    assert not there.sockets
    assert there.adapter.ids_in(_in("lobby")) == there.adapter.ids_in(_in()) == []
    site.io.sockets.handlers.remove("connect")
    client.wire.connect()  # the connection lives on
    assert client.got_nothing()
    assert left == []


def _in(*rooms: str) -> Any:
    from flask_realtime.adapters.adapter import Selection

    return Selection(rooms=rooms or None)


def test_a_handler_that_fails_refuses(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    @site.io.on("connect")
    def connect() -> None:
        raise ValueError("secret")

    assert site.outsider().ask("40") == '44{"message":"internal error"}'
    assert not site.io.sockets.sockets
    assert "handler of 'connect' in / failed" in caplog.text
    assert "ValueError: secret" in caplog.text


def test_a_namespace_that_nobody_made_is_unknown(site: Site) -> None:
    assert site.outsider().ask("40/none,") == '44/none,{"message":"Invalid namespace"}'
    assert "/none" not in site.io.server.namespaces


def test_more_namespaces_than_allowed_are_refused(serve: Callable[..., Site]) -> None:
    site = serve(max_namespaces=2)
    for name in ("/a", "/b"):
        site.io.of(name)
    client = site.client("/a")
    client.wire.connect("/b")
    assert client.ask("40") == '44{"message":"Too many namespaces"}'
    client.send("41/a,")
    client.wire.connect()


@pytest.mark.parametrize("packets", [["40"], ['42["sync"]', "40"], ["41/never,"]])
def test_a_packet_out_of_place_ends_the_connection(site: Site, packets: list[str]) -> None:
    client = site.outsider()
    if packets == ["40"]:
        client.wire.connect()
    client.send(*packets)
    assert client.wire.closed_with() == 1000
    site.wait_empty()


def test_an_answer_to_nothing_is_dropped(site: Site) -> None:
    client = site.client()
    client.send("437[]", "43/other,1[]")
    assert client.got_nothing()


def test_what_connect_sends_comes_after_the_packet_that_lets_the_client_in(site: Site) -> None:
    other = site.client()

    @site.io.on("connect")
    def connect() -> None:
        join_room("lobby")
        emit("one", 1)
        site.io.to("lobby").emit("two", b"2")
        site.io.emit("three")
        assert not socket.volatile.emit("lost")

    client = site.client()
    assert [client.receive() for _ in range(4)] == [
        '42["one",1]',
        '451-["two",{"_placeholder":true,"num":0}]',
        b"2",
        '42["three"]',
    ]
    assert other.receive() == '42["three"]'
    assert client.got_nothing()


def test_a_value_that_cannot_be_carried_fails_inside_connect(site: Site) -> None:
    seen: list[str] = []

    @site.io.on("connect")
    def connect() -> None:
        try:
            emit("bad", {"when": object()})
        except TypeError as error:
            seen.append(str(error))

    assert site.client().got_nothing()
    assert "when" in seen[0]


def test_disconnecting_inside_connect_refuses(site: Site) -> None:
    left: list[str] = []
    site.io.on("disconnect", left.append)
    site.io.on("connect", disconnect)
    client = site.outsider()
    assert client.ask("40") == f"44{DEFAULT}"
    site.io.sockets.handlers.remove("connect")
    client.wire.connect()
    assert client.got_nothing()
    assert left == []


def test_a_client_that_leaves_inside_connect_is_disconnected_in_order(site: Site) -> None:
    inside, go_on = Event(), Event()
    left: list[str] = []
    site.io.on("disconnect", left.append)

    @site.io.on("connect")
    def connect() -> None:
        inside.set()
        go_on.wait(5)

    client = site.outsider()
    client.join()
    assert inside.wait(5)
    (sock,) = site.io.sockets.sockets.values()
    client.send("41", "40")
    wait_until(lambda: not sock.connected)
    go_on.set()
    # Any answer here would be taken for the one to the second CONNECT.
    assert socket_id(client.receive(), "/") != sock.id
    assert client.got_nothing()
    assert left == ["client namespace disconnect"]


def test_a_connection_that_breaks_inside_connect_is_disconnected_in_order(site: Site) -> None:
    seen: list[Any] = []
    inside, go_on = Event(), Event()

    @site.io.on("connect")
    def connect() -> None:
        inside.set()
        go_on.wait(5)
        seen.append(("connect", socket.connected))

    site.io.on("disconnect", lambda reason: seen.append(reason))
    client = site.outsider()
    client.join()
    assert inside.wait(5)
    client.wire.reset()
    wait_until(lambda: not site.running.sessions)
    go_on.set()
    site.wait_empty()
    assert seen == [("connect", False), "transport close"]


def test_who_joins_nothing_in_time_is_closed(site: Site) -> None:
    wait = site.stop_time()
    site.io.of("/no").on("connect", lambda: False)
    client, refused = site.outsider(), site.outsider()
    assert refused.ask("40/no,") == f"44/no,{DEFAULT}"
    wait(44)
    assert len(site.running.sessions) == 2
    wait(2)
    assert client.wire.closed_with() == refused.wire.closed_with() == 1000
    wait_until(lambda: not site.running.sessions)


def test_who_has_joined_once_may_stay_without_a_namespace(serve: Callable[..., Site]) -> None:
    site = serve(ping_interval=100)
    wait = site.stop_time()
    client = site.client()
    client.send("41")
    site.wait_empty()
    wait(46)
    client.wire.connect()


def test_who_is_refused_late_is_closed_too(serve: Callable[..., Site]) -> None:
    site = serve(ping_interval=200)
    wait = site.stop_time()
    inside, go_on = Event(), Event()

    @site.io.on("connect")
    def connect() -> bool:
        inside.set()
        assert go_on.wait(5)
        return False

    client = site.outsider()
    client.join()
    assert inside.wait(5)
    wait(46)
    go_on.set()
    assert client.receive() == f"44{DEFAULT}"
    wait(46)
    assert client.wire.closed_with() == 1000
