"""Middlewares: what they let in, what they refuse, and what each generation is told."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import gevent
import pytest
from flask import current_app, g, request
from gevent.event import Event

from flask_realtime import ConnectionRefusedError, socket
from flask_realtime.adapters.adapter import Selection
from flask_realtime.exceptions import EventError
from flask_realtime.signals import handler_failed
from tests.support.application import Site
from tests.support.waiting import wait_until

DEFAULT = '44{"message":"Connection rejected by server"}'


def _say_false(sock: Any) -> bool:
    return False


def _raise(sock: Any) -> None:
    raise ConnectionRefusedError("no", {"retry": False})


def _next_error(sock: Any, next: Any) -> None:
    error = ValueError("not you")
    error.data = {"code": 7}  # type: ignore[attr-defined]
    next(error)


def _next_text(sock: Any, next: Any) -> None:
    next("wrong key")


def _next_text_then_go(sock: Any, next: Any) -> None:
    next("wrong key")
    next()


def _next_false(sock: Any, next: Any) -> bool:
    next()
    return False


REFUSING = [
    (_say_false, DEFAULT),
    (_next_false, DEFAULT),
    (_raise, '44{"message":"no","data":{"retry":false}}'),
    (_next_error, '44{"message":"not you","data":{"code":7}}'),
    (_next_text, '44{"message":"wrong key"}'),
    (_next_text_then_go, '44{"message":"wrong key"}'),
]


@pytest.mark.parametrize(("middleware", "told"), REFUSING)
def test_a_refused_client_is_told_why_and_no_handler_runs(
    site: Site, middleware: Callable[..., Any], told: str
) -> None:
    ran: list[str] = []
    for event in ("connect", "connection", "disconnecting", "disconnect"):
        site.io.on(event, lambda *args: ran.append("a handler"))
    site.io.sockets.use(middleware)
    client = site.outsider()
    assert client.ask("40") == told
    assert not site.io.sockets.sockets
    client.join("/")
    assert client.receive() == told  # the connection lives on
    assert ran == []


@pytest.mark.parametrize(
    ("packet", "middleware", "told"),
    [
        ("40", _raise, '44{"retry":false}'),
        ("40", _next_text, '44"wrong key"'),
        ("40/chat?a=b,", _next_error, '44/chat,{"code":7}'),
    ],
)
def test_what_clients_2_are_told(
    site: Site, packet: str, middleware: Callable[..., Any], told: str
) -> None:
    there = site.io.of("/chat" if "chat" in packet else "/")
    there.use(middleware)
    client = site.running.eio3()
    if "chat" in packet:
        assert client.receive() == "40"
        client.send(packet)
    assert client.receive() == told


def test_what_clients_0_9_are_told(site: Site) -> None:
    site.io.of("/chat").use(_raise)
    client = site.running.client_09()
    assert client.receive() == "1::"
    client.send("1::/chat")
    assert client.receive() == "7::/chat:2"


def test_they_run_in_order_with_the_contexts_of_a_handler_before_connect(site: Site) -> None:
    seen: list[Any] = []

    @site.io.sockets.use
    def first(sock: Any) -> None:
        assert current_app.name == "tested" and sock == socket
        g.name = "first"
        sock.data["user"] = request.args["user"]
        seen.append(("first", sock.accepted, sock.id in site.io.sockets.sockets))

    @site.io.sockets.use
    def second(sock: Any, next: Any) -> None:
        seen.append(("second", hasattr(g, "name"), sock.data["user"]))
        next()
        next("too late")

    site.io.on("connect", lambda: seen.append("connect"))
    site.io.on("connection", lambda: seen.append("connection"))
    site.client(query="user=zoe").got_nothing()
    assert seen == [
        ("first", False, False),
        ("second", False, "zoe"),
        "connect",
        "connection",
    ]


def test_the_first_no_ends_it(site: Site) -> None:
    seen: list[str] = []
    site.io.sockets.use(lambda sock: seen.append("first"))
    site.io.sockets.use(_say_false)
    site.io.sockets.use(lambda sock: seen.append("third"))
    assert site.outsider().ask("40") == DEFAULT
    assert seen == ["first"]


@pytest.mark.parametrize("from_thread", [False, True])
def test_next_may_be_called_later_from_another_greenlet_or_thread(
    site: Site, from_thread: bool
) -> None:
    called: list[Any] = []
    site.io.sockets.use(lambda sock, next: called.append(next))
    client, other = site.outsider(), site.outsider()
    client.join()
    wait_until(lambda: called)
    other.join()  # others are served meanwhile
    wait_until(lambda: len(called) == 2)
    called[1]()
    assert str(other.receive()).startswith("40{")
    if from_thread:
        thread = threading.Thread(target=called[0])
        thread.start()
        wait_until(lambda: not thread.is_alive())
    else:
        gevent.spawn(called[0])
    assert str(client.receive()).startswith("40{")
    assert client.got_nothing()


def test_a_next_that_is_never_called_ends_with_the_time_to_join(
    serve: Callable[..., Site], caplog: pytest.LogCaptureFixture
) -> None:
    site = serve(ping_interval=200)
    wait = site.stop_time()
    called: list[Any] = []
    site.io.sockets.use(lambda sock, next: called.append(next))
    client = site.outsider()
    client.join()
    wait_until(lambda: called)
    wait(46)
    assert client.receive() == '44{"message":"timeout"}'
    assert "has not called back within 45 s (connect_timeout)" in caplog.text
    assert __file__ in caplog.text  # where it is defined
    called[0]()
    wait(46)
    assert client.wire.closed_with() == 1000


@pytest.mark.parametrize("leave", ["41", "close"])
def test_a_client_that_leaves_while_a_middleware_waits_leaves_no_trace(
    site: Site, leave: str
) -> None:
    called: list[Any] = []
    seen: list[str] = []
    for event in ("connect", "connection", "disconnecting", "disconnect"):
        site.io.on(event, lambda *args, event=event: seen.append(event))
    site.io.sockets.use(lambda sock, next: called.append((sock, next)))
    client = site.outsider()
    client.join()
    wait_until(lambda: called)
    sock, go_on = called[0]
    if leave == "41":
        client.send("41")
    else:
        client.wire.reset()
    wait_until(lambda: sock.disconnected)
    go_on()
    if leave == "41":
        site.io.sockets._middlewares.clear()
        client.wire.connect()
        assert client.got_nothing()
        assert seen == ["connect", "connection"]
    else:
        wait_until(lambda: not site.running.sessions)
        assert seen == []
    assert sock.id not in site.io.sockets.sockets
    assert sock.rooms == set()


def test_rooms_that_a_middleware_has_put_a_refused_client_into_are_left(site: Site) -> None:
    @site.io.sockets.use
    def join_and_refuse(sock: Any) -> bool:
        sock.join("lobby")
        return False

    assert site.outsider().ask("40") == DEFAULT
    assert site.io.sockets.adapter.ids_in(Selection(rooms=("lobby",))) == []


def test_the_server_may_stop_while_a_middleware_waits(site: Site) -> None:
    called: list[Any] = []
    site.io.sockets.use(lambda sock, next: called.append(sock))
    client = site.outsider()
    client.join()
    wait_until(lambda: called)
    site.io.close()
    assert called[0].disconnected
    wait_until(lambda: not called[0].client.sockets)


def test_a_client_is_reached_by_no_broadcast_before_it_is_let_in(site: Site) -> None:
    called: list[Any] = []

    @site.io.sockets.use
    def wait(sock: Any, next: Any) -> None:
        sock.join("lobby")
        sock.emit("hello")
        called.append(next)

    client = site.outsider()
    client.join()
    wait_until(lambda: called)
    site.io.emit("secret")
    site.io.to("lobby").emit("secret")
    called[0]()
    assert str(client.receive()).startswith("40{")
    assert client.receive() == '42["hello"]'
    site.io.to("lobby").emit("news")
    assert client.receive() == '42["news"]'
    assert client.got_nothing()


def test_a_middleware_that_fails_refuses(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    @site.io.sockets.use
    def broken(sock: Any) -> None:
        raise RuntimeError("secret")

    told: list[Any] = []

    def hear(sender: Any, **values: Any) -> None:
        told.append((values["event"], str(values["error"])))

    with handler_failed.connected_to(hear):
        assert site.outsider().ask("40") == '44{"message":"internal error"}'
        wait_until(lambda: told)
    assert told == [("a middleware", "secret")]
    assert "handler of 'a middleware' in / failed" in caplog.text
    assert "RuntimeError: secret" in caplog.text


def test_a_middleware_may_send_the_client_away(site: Site) -> None:
    asked: list[Any] = []
    site.io.sockets.use(lambda sock: sock.disconnect())
    site.io.sockets.use(asked.append)
    client = site.outsider()
    assert client.ask("40") == DEFAULT
    assert asked == []  # the next one
    site.io.sockets._middlewares.clear()
    client.wire.connect()
    assert client.got_nothing()


def test_packets_behind_the_connect_wait_for_the_middleware(site: Site) -> None:
    go_on, seen = Event(), []
    site.io.sockets.use(lambda sock: go_on.wait(5) and None)
    site.io.on("hello", lambda: seen.append("hello"))
    client = site.outsider()
    client.send("40", '42["hello"]')
    other = site.outsider()
    other.wire.send_text("40")
    assert seen == []
    go_on.set()
    assert str(client.receive()).startswith("40{")
    assert client.got_nothing()
    assert seen == ["hello"]


def test_a_namespace_that_a_client_2_asks_for_before_the_root_waits_for_that(site: Site) -> None:
    called: list[Any] = []
    seen: list[str] = []
    site.io.sockets.use(lambda sock, next: called.append(next))
    for name in ("/", "/chat"):
        site.io.of(name).on("connect", lambda auth, name=name: seen.append(name))
    client = site.running.eio3()
    wait_until(lambda: called)
    client.send("40/chat,")
    called[0]()
    assert [client.receive(), client.receive()] == ["40", "40/chat,"]
    assert seen == ["/", "/chat"]


@pytest.mark.parametrize(
    "function",
    [lambda: None, lambda sock, next, more: None, "no function", lambda sock, *, key: None],
)
def test_what_is_no_middleware_is_refused_at_once(site: Site, function: Any) -> None:
    with pytest.raises(EventError, match="middleware"):
        site.io.sockets.use(function)


def test_who_takes_any_number_gets_the_socket_alone(site: Site) -> None:
    seen: list[int] = []
    site.io.sockets.use(lambda *args: seen.append(len(args)))
    site.client()
    assert seen == [1]
