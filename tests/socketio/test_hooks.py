"""What sees every event of a socket: listeners for any, in and out, and middlewares."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gevent
import pytest
from flask import Flask, request
from flask.signals import got_request_exception
from gevent.event import Event

from flask_realtime import ConnectionRefusedError, Socket, socket
from flask_realtime.exceptions import EventError, UsageError
from tests.support.application import Client, Site
from tests.support.waiting import let_run, wait_until

from .test_older_clients import eio3, sio09

Connected = tuple[Client, Socket]


@pytest.fixture
def connected(site: Site) -> Connected:
    """A client, and the server's side of it."""
    client = site.client()
    return client, site.socket(client)


# Any event that comes


def test_any_listener_is_called_before_the_handlers(site: Site, connected: Connected) -> None:
    client, own = connected
    seen: list[Any] = []
    site.io.on("x", lambda *args: seen.append("handler"))
    own.on_any(lambda event, *args: seen.append((event, *args)))
    own.prepend_any(lambda event: seen.append("first"))
    client.ask('421["x",1,{"a":2}]')
    assert seen == ["first", ("x", 1, {"a": 2}), "handler"]


def test_any_listener_sees_what_nobody_handles(site: Site, connected: Connected) -> None:
    client, own = connected
    seen: list[Any] = []
    own.on_any(lambda event: seen.append((event, socket.id)))
    client.send('42["nobody\'s",1]')
    assert client.got_nothing()
    assert seen == [("nobody's", client.id), ("sync", client.id)]


def test_any_listener_does_not_see_the_names_of_a_socket_s_life(connected: Connected) -> None:
    client, own = connected
    seen: list[Any] = []
    own.on_any(seen.append)
    client.send('42["connection"]')
    assert client.got_nothing()
    assert seen == ["sync"]


def test_any_listener_may_answer(connected: Connected) -> None:
    client, own = connected
    own.on_any(lambda event, ack: ack(event))
    assert client.ask('421["x"]') == '431["x"]'


def test_what_any_listener_returns_is_no_answer_and_its_failure_neither(
    site: Site, connected: Connected, caplog: pytest.LogCaptureFixture
) -> None:
    client, own = connected
    site.io.on("x", lambda: "handler")
    own.on_any(lambda event: "listener")
    own.on_any(lambda event: 1 / 0)
    own.on_any(lambda event, one: None)
    assert client.ask('421["x"]') == '431["handler"]'
    assert "handler of 'x' in / failed" in caplog.text
    assert "'x' came with 1 argument" in caplog.text
    assert client.got_nothing()


def test_any_listeners_are_forgotten(connected: Connected) -> None:
    client, own = connected
    seen: list[str] = []

    def one(event: str) -> None:
        seen.append("one")

    def two(event: str) -> None:
        seen.append("two")

    assert own.on_any(one) is one
    own.on_any(two)
    own.on_any(one)
    assert own.listeners_any() == [one, two, one]
    own.off_any(one)
    own.off_any(print)
    assert own.listeners_any() == [two, one]
    own.off_any()
    assert own.listeners_any() == []
    assert client.got_nothing()
    assert seen == []


# Any event that is sent


def test_any_outgoing_listener_sees_what_reaches_its_socket(
    site: Site, connected: Connected
) -> None:
    client, own = connected
    seen: list[Any] = []
    own.on_any_outgoing(lambda event, *args: seen.append((event, *args)))
    own.prepend_any_outgoing(lambda event: seen.append(event))
    own.emit("emitted", 1)
    site.io.emit("broadcast", 2)
    own.broadcast.emit("to others")
    site.io.of("/chat").emit("elsewhere")
    assert client.receive() == '42["emitted",1]'
    assert client.receive() == '42["broadcast",2]'
    assert client.got_nothing()  # whose answer is no event
    wait_until(lambda: len(seen) == 4)
    assert seen == ["emitted", ("emitted", 1), "broadcast", ("broadcast", 2)]


def test_any_outgoing_listener_has_the_contexts_of_a_handler(
    site: Site, connected: Connected
) -> None:
    client, own = connected
    seen: list[Any] = []
    own.on_any_outgoing(lambda event: seen.append((socket.id, request.path)))
    own.emit("x")
    wait_until(lambda: seen)
    assert seen == [(client.id, "/socket.io/")]


def test_any_outgoing_listener_that_fails_or_waits_stops_no_broadcast(
    site: Site, connected: Connected, caplog: pytest.LogCaptureFixture
) -> None:
    client, own = connected
    waits, waited = gevent.event.Event(), []
    own.on_any_outgoing(lambda event: waited.append(waits.wait(10)))
    other = site.client()
    site.socket(other).on_any_outgoing(lambda event: 1 / 0)
    third = site.client()
    site.io.emit("x")
    assert client.receive() == other.receive() == third.receive() == '42["x"]'
    wait_until(lambda: "handler of 'x' in / failed" in caplog.text)
    assert waited == []
    waits.set()


def test_any_outgoing_listener_does_not_see_what_was_not_taken(
    site: Site, connected: Connected
) -> None:
    client, own = connected
    seen: list[Any] = []
    own.on_any_outgoing(seen.append)
    site.io.on("disconnect", lambda: own.emit("x"))
    client.wire.leave()
    site.wait_empty()
    gevent.sleep(0)
    assert seen == []


def test_any_outgoing_listener_sees_events_only(site: Site) -> None:
    seen: list[Any] = []

    @site.io.on("connection")
    def connection(own: Socket) -> None:
        own.on_any_outgoing(seen.append)
        own.error("no event for clients of 2")
        own.emit("event")

    client = eio3(site)
    assert [client.receive() for _ in range(3)] == [
        "40",
        '44"no event for clients of 2"',
        '42["event"]',
    ]
    wait_until(lambda: seen)
    assert seen == ["event"]


def test_any_outgoing_listeners_are_forgotten(connected: Connected) -> None:
    client, own = connected
    seen: list[Any] = []
    own.on_any_outgoing(seen.append)
    own.prepend_any_outgoing(print)
    assert own.listeners_any_outgoing() == [print, seen.append]
    own.off_any_outgoing(print)
    assert own.listeners_any_outgoing() == [seen.append]
    own.off_any_outgoing()
    assert own.listeners_any_outgoing() == []
    own.emit("x")
    assert client.receive() == '42["x"]'
    assert seen == []


def test_a_socket_that_is_over_lets_go_of_its_listeners(site: Site, connected: Connected) -> None:
    client, own = connected
    own.on_any(print)
    client.wire.leave()
    site.wait_empty()
    assert own.hooks is None


# Middlewares of events


def _change(event: list[Any]) -> None:
    event[0] = event[0].lower()
    event.append("added")


def _change_and_go_on(event: list[Any], next: Callable[..., None]) -> None:  # noqa: A002
    _change(event)
    next()


def _go_on_later(event: list[Any], next: Callable[..., None]) -> None:  # noqa: A002
    _change(event)
    gevent.spawn_later(0.001, next)


@pytest.mark.parametrize("middleware", [_change, _change_and_go_on, _go_on_later])
def test_a_middleware_may_change_an_event(
    site: Site, connected: Connected, middleware: Callable[..., None]
) -> None:
    client, own = connected
    site.io.on("x", lambda *args: args)
    site.io.on("sync", lambda *args: None)
    own.use(middleware)
    assert client.ask('421["X",1]') == '431[1,"added"]'


def test_middlewares_are_passed_in_order_until_one_refuses(
    site: Site, connected: Connected
) -> None:
    client, own = connected
    seen: list[str] = []
    site.io.on("x", lambda: seen.append("handler"))
    for name, answer in (("one", None), ("two", False), ("three", None)):
        own.use(lambda event, name=name, answer=answer: (seen.append(name), answer)[1])
    client.send('421["x"]')
    wait_until(lambda: "two" in seen)
    own.hooks = None
    assert client.got_nothing()  # nobody is told of an event that was dropped
    assert seen == ["one", "two"]


def _refuse_by_next(event: list[Any], next: Callable[..., None]) -> None:  # noqa: A002
    next(PermissionError("not you") if event[0] == "x" else None)


def _refuse_by_text(event: list[Any], next: Callable[..., None]) -> None:  # noqa: A002
    next("not you" if event[0] == "x" else None)


def _refuse_by_raising(event: list[Any]) -> None:
    if event[0] == "x":
        raise ConnectionRefusedError("not you", {"code": 7})


def _refuse_by_builtin(event: list[Any]) -> None:
    if event[0] == "x":
        raise __builtins__["ConnectionRefusedError"]("not you")  # type: ignore[index]


REFUSING = [_refuse_by_next, _refuse_by_text, _refuse_by_raising, _refuse_by_builtin]


@pytest.mark.parametrize("middleware", REFUSING)
def test_a_refusal_goes_to_the_socket_s_error_listeners(
    site: Site,
    app: Flask,
    connected: Connected,
    caplog: pytest.LogCaptureFixture,
    middleware: Callable[..., None],
) -> None:
    client, own = connected
    seen: list[Any] = []

    def failed(sender: Flask, exception: BaseException) -> None:
        seen.append("failed")

    site.io.on("x", lambda: seen.append("handler"))
    site.io.on("error", lambda error: seen.append("namespace"))
    own.on("error", lambda error: seen.append(str(error.args[0])))
    own.use(middleware)
    with got_request_exception.connected_to(failed, app):
        assert client.ask('421["x"]') == '431[{"error":"not you"}]'
    assert seen == ["not you"]
    assert caplog.records == []  # it was said on purpose
    assert client.got_nothing()


def test_a_refusal_that_nobody_listens_for_is_silent(
    connected: Connected, caplog: pytest.LogCaptureFixture
) -> None:
    client, own = connected
    own.use(_refuse_by_next)
    client.send('42["x"]')
    assert client.got_nothing()
    assert caplog.records == []


def test_an_error_listener_may_send_the_client_away(site: Site, connected: Connected) -> None:
    client, own = connected
    own.use(_refuse_by_next)
    own.on("error", lambda error: own.disconnect())
    assert client.ask('42["x"]') == "41"
    site.wait_empty()


def test_a_middleware_that_fails_is_a_failure_of_a_handler(
    site: Site, connected: Connected, caplog: pytest.LogCaptureFixture
) -> None:
    client, own = connected
    own.use(lambda event: {}["secret"])
    assert client.ask('421["x"]') == '431[{"error":"internal error"}]'
    assert "KeyError: 'secret'" in caplog.text
    site.io.on_error()(lambda error: "seen to")
    assert client.ask('421["x"]') == '431["seen to"]'


def test_what_an_error_listener_takes_is_not_logged(
    connected: Connected, caplog: pytest.LogCaptureFixture
) -> None:
    client, own = connected
    seen: list[Any] = []
    own.use(lambda event: {}["secret"])
    own.on("error", seen.append)
    assert client.ask('421["x"]') == '431[{"error":"internal error"}]'
    assert [type(error) for error in seen] == [KeyError]
    assert caplog.records == []


def test_a_middleware_that_never_goes_on_is_logged_in_the_end(
    serve: Callable[..., Site], caplog: pytest.LogCaptureFixture
) -> None:
    site = serve(connect_timeout=5)
    pass_by = site.stop_time()
    client = site.client()
    seen: list[Any] = []
    site.socket(client).use(lambda event, next: seen.append(event[0]))
    client.send('421["x"]')
    wait_until(lambda: seen)
    pass_by(6)
    assert client.receive() == '431[{"error":"internal error"}]'
    assert "has not called back within 5 s" in caplog.text
    assert "failed" not in caplog.text
    assert "test_hooks.py" in caplog.text


@pytest.mark.parametrize("beside", [False, True])
@pytest.mark.parametrize("leave", ["41", "1"])
def test_a_middleware_that_never_goes_on_does_not_hold_up_the_end(
    serve: Callable[..., Site], caplog: pytest.LogCaptureFixture, beside: bool, leave: str
) -> None:
    site = serve(async_handlers=beside)
    site.stop_time()  # nothing is late
    client = site.client()
    asked: list[Any] = []
    seen: list[Any] = []
    site.io.on("x", seen.append)
    site.io.on("disconnect", seen.append)
    site.socket(client).use(lambda event, next: asked.append(next))
    client.send('421["x",1]', '422["x",2]')
    wait_until(lambda: len(asked) == (2 if beside else 1))
    client.send(leave)
    site.wait_empty()
    wait_until(lambda: seen)
    for go_on in asked:
        go_on()
    let_run()
    assert [str(each).partition(" ")[0] for each in seen] == [
        "client" if leave == "41" else "transport"
    ]
    assert caplog.records == []


def test_what_a_middleware_lets_pass_at_once_is_handled_though_the_client_has_left(
    site: Site, connected: Connected
) -> None:
    client, own = connected
    go_on = Event()
    seen: list[Any] = []
    site.io.on("wait", lambda: go_on.wait(10))
    site.io.on("x", seen.append)
    own.use(lambda event, next: next())
    client.send('42["wait"]', '42["x",1]', "41")
    wait_until(lambda: not own.connected)
    go_on.set()
    site.wait_empty()
    assert seen == [1]


def test_nothing_of_an_event_is_handled_whose_middleware_sent_the_client_away(
    site: Site, connected: Connected
) -> None:
    client, own = connected
    seen: list[str] = []
    site.io.on("x", lambda: seen.append("handler"))

    @own.use
    def middleware(event: list[Any]) -> None:
        own.disconnect()

    own.use(lambda event: seen.append("next middleware"))
    assert client.ask('421["x"]') == "41"
    site.wait_empty()
    assert seen == []


def test_nor_of_one_of_which_a_listener_did(site: Site, connected: Connected) -> None:
    client, own = connected
    seen: list[str] = []
    site.io.on("x", lambda: seen.append("handler"))
    own.on_any(lambda event: own.disconnect())
    assert client.ask('421["x"]') == "41"
    site.wait_empty()
    assert seen == []


def test_a_middleware_that_waits_for_a_client_that_leaves_has_not_failed(
    site: Site, connected: Connected, caplog: pytest.LogCaptureFixture
) -> None:
    client, own = connected
    own.use(lambda event: own.call("really?"))
    client.send('421["x"]')
    assert client.receive() == '420["really?"]'
    client.wire.leave()
    site.wait_empty()
    assert caplog.records == []


def test_a_middleware_cannot_call_the_handlers_of_a_socket_s_life(
    site: Site, connected: Connected
) -> None:
    client, own = connected
    left: list[str] = []
    site.io.on("disconnect", left.append)

    @own.use
    def middleware(event: list[Any]) -> None:
        if event[0] == "x":
            event[0] = "disconnect"
        elif event[0] == "y":
            event.clear()

    client.send('421["x","reason"]', '422["y"]')
    assert client.got_nothing()
    assert left == []


@pytest.mark.parametrize("function", [lambda: None, lambda a, b, c: None, "no function"])
def test_a_middleware_that_cannot_be_called_is_refused(connected: Connected, function: Any) -> None:
    with pytest.raises(EventError):
        connected[1].use(function)
    assert connected[1].hooks is None or connected[1].hooks.middlewares == ()


# What clients are told of errors


@pytest.mark.parametrize(
    ("middleware", "told"),
    [(_refuse_by_next, '44"not you"'), (_refuse_by_raising, '44{"code":7}')],
)
def test_clients_of_2_have_an_error_event(
    site: Site, middleware: Callable[..., None], told: str
) -> None:
    site.io.on("connection", lambda own: own.use(middleware))
    client = eio3(site)
    assert client.receive() == "40"
    client.send_text('421["x"]')
    assert [client.receive(), client.receive()] == [told, '431[{"error":"not you"}]']


def test_data_of_a_refusal_that_cannot_be_carried_is_logged(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(event: list[Any]) -> None:
        raise ConnectionRefusedError("no", object())

    site.io.on("connection", lambda own: own.use(refuse))
    client = eio3(site)
    assert client.receive() == "40"
    client.send_text('421["x"]')
    assert [client.receive(), client.receive()] == ['44"internal error"', '431[{"error":"no"}]']
    assert "the data of a refused event" in caplog.text


def test_clients_of_2_are_not_told_what_failed(site: Site) -> None:
    site.io.on("connection", lambda own: own.use(lambda event: {}["secret"]))
    client = eio3(site)
    assert client.receive() == "40"
    client.send_text('42["x"]')
    assert client.receive() == '44"internal error"'


@pytest.mark.parametrize(
    ("data", "told"), [("no", '44"no"'), (5, '44{"message":"error","data":5}')]
)
def test_an_error_is_sent_to_clients_of_2(site: Site, data: Any, told: str) -> None:
    site.io.on("connection", lambda own: own.error(data))
    client = eio3(site)
    assert [client.receive(), client.receive()] == ["40", told]


def test_an_error_is_an_event_for_the_others(site: Site, connected: Connected) -> None:
    client, own = connected
    own.error({"message": "no"})
    assert client.receive() == '42["error",{"message":"no"}]'
    old = sio09(site)
    assert old.receive() == "1::"
    (other,) = (each for each in site.io.sockets.sockets.values() if each is not own)
    other.error("no")
    assert old.receive() == '5:::{"name":"error","args":["no"]}'


def test_an_error_that_cannot_be_carried_raises(connected: Connected) -> None:
    with pytest.raises(UsageError):
        connected[1].error(object())
