"""Events from clients: who gets them, with which arguments, and what is answered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from gevent.event import Event

from flask_realtime import socket
from tests.support.application import Site


@pytest.mark.parametrize(
    ("sent", "got"),
    [
        ('42["x"]', "43[]"),
        ('42["x",1,"two",null,[3],{"4":5.5}]', None),
    ],
)
def test_a_handler_gets_the_arguments(site: Site, sent: str, got: str | None) -> None:
    seen: list[tuple[Any, ...]] = []
    site.io.on("x", lambda *args: seen.append(args))
    client = site.client()
    client.send(sent)
    assert client.got_nothing()
    assert seen == [()] if got else [(1, "two", None, [3], {"4": 5.5})]


@pytest.mark.parametrize(
    ("returned", "answer"),
    [
        (None, "431[]"),
        (0, "431[0]"),
        (False, "431[false]"),
        ([1, 2], "431[[1,2]]"),
        ((1, "two"), '431[1,"two"]'),
        ((), "431[]"),
        ({"ü": None}, '431[{"ü":null}]'),
    ],
)
def test_what_a_handler_returns_is_the_answer(site: Site, returned: Any, answer: str) -> None:
    site.io.on("x", lambda: returned)
    assert site.client().ask('421["x"]') == answer


def test_the_answer_is_given_in_the_event_s_namespace(site: Site) -> None:
    site.io.of("/chat").on("x", lambda: socket.namespace.name)
    assert site.client("/chat").ask('42/chat,12["x"]') == '43/chat,12["/chat"]'


def test_who_asked_for_no_answer_gets_none(site: Site) -> None:
    site.io.on("x", lambda: "answer")
    client = site.client()
    client.send('42["x"]')
    assert client.got_nothing()


def test_binary_goes_both_ways(site: Site) -> None:
    site.io.on("x", lambda value: {"got": value, "type": type(value["a"]).__name__})
    client = site.client()
    client.send('451-7["x",{"a":{"_placeholder":true,"num":0}}]')
    client.wire.send_binary(b"\x00\xff")
    expected = '461-7[{"got":{"a":{"_placeholder":true,"num":0}},"type":"bytes"}]'
    assert (client.receive(), client.receive()) == (expected, b"\x00\xff")


def _later(value: int, ack: Any) -> None:
    ack(value, "later")


def _with_defaults(value: int, unit: str = "m", ack: Any = None) -> None:
    ack(value, unit)


def _only_by_name(*values: int, ack: Any) -> None:
    ack(*values, "by name")


@pytest.mark.parametrize(
    ("handler", "answer"),
    [
        (_later, '431[5,"later"]'),
        (_with_defaults, '431[5,"m"]'),
        (_only_by_name, '431[5,"by name"]'),
    ],
)
def test_a_last_parameter_named_ack_answers(
    site: Site, handler: Callable[..., None], answer: str
) -> None:
    site.io.on("x", handler)
    client = site.client()
    assert client.ask('421["x",5]') == answer
    client.send('42["x",5]')  # asks for no answer: the function does nothing
    assert client.got_nothing()


def test_an_answer_may_come_after_the_handler(site: Site) -> None:
    kept: list[Any] = []
    site.io.on("x", lambda ack: kept.append(ack))
    client = site.client()
    client.send('421["x"]')
    assert client.got_nothing()
    kept[0]("at last")
    assert client.receive() == '431["at last"]'


def test_a_question_is_answered_once(site: Site) -> None:
    @site.io.on("x")
    def handler(ack: Any) -> str:
        ack("first")
        ack("second")
        return "third"

    client = site.client()
    assert client.ask('421["x"]') == '431["first"]'
    assert client.got_nothing()


def test_an_answer_that_cannot_be_carried_is_a_failure_of_the_handler(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    site.io.on("returned", lambda: {"when": object()})
    site.io.on("acked", lambda ack: ack(object()))
    client = site.client()
    assert client.ask('421["returned"]') == '431[{"error":"internal error"}]'
    assert client.ask('422["acked"]') == '432[{"error":"internal error"}]'
    assert "handler of 'returned' in / failed" in caplog.text
    assert "handler of 'acked' in / failed" in caplog.text
    assert "when" in caplog.text
    assert client.got_nothing()


def _one(a: Any) -> None: ...


def _one_or_two(a: Any, b: Any = 1) -> None: ...


def _one_or_more(a: Any, *more: Any) -> None: ...


@pytest.mark.parametrize(
    ("handler", "sent", "complaint"),
    [
        (_one, '421["x"]', "takes 1"),
        (_one, '421["x",1,2]', "takes 1"),
        (_one_or_two, '421["x",1,2,3]', "takes 1 to 2"),
        (_one_or_more, '421["x"]', "takes at least 1"),
    ],
)
def test_a_wrong_number_of_arguments_is_logged_and_answered(
    site: Site,
    caplog: pytest.LogCaptureFixture,
    handler: Callable[..., None],
    sent: str,
    complaint: str,
) -> None:
    site.io.on("x", handler)
    assert site.client().ask(sent) == '431[{"error":"internal error"}]'
    assert "'x' came with" in caplog.text
    assert complaint in caplog.text
    where = f"{handler.__name__} ({__file__}:{handler.__code__.co_firstlineno})"
    assert where in caplog.text


def test_an_event_without_a_handler_is_logged_once(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    client = site.client()
    client.send('42["knwon"]', '42["knwon",1]', '42[5]', '42["knwon"]')
    assert client.got_nothing()
    logged = [record.getMessage() for record in caplog.records if "no handler" in record.msg]
    assert logged == [
        "no handler for 'knwon' in /; known: sync",
        "no handler for '5' in /; known: sync",
    ]


@pytest.mark.parametrize(
    "name", ["connect", "connect_error", "disconnect", "disconnecting", "newListener",
             "removeListener"],
)
def test_a_reserved_name_from_a_client_is_a_parse_error(site: Site, name: str) -> None:
    left: list[str] = []
    if name in ("disconnect",):
        site.io.on(name, left.append)
    else:
        site.io.on("disconnect", left.append)
    client = site.client()
    client.send(f'42["{name}","from the wire"]')
    assert client.wire.closed_with() == 1002
    site.wait_empty()
    assert left == ["parse error"]


def test_a_client_cannot_call_the_connection_handler(site: Site) -> None:
    seen: list[str] = []
    site.io.on("connection", lambda: seen.append(socket.id))
    client = site.client()
    client.send('421["connection"]')
    assert client.got_nothing()
    assert seen == [client.id]


@pytest.mark.parametrize("name", ["connect_error", "newListener", "removeListener"])
def test_a_handler_for_what_can_never_come_is_refused(site: Site, name: str) -> None:
    with pytest.raises(ValueError, match="reserved"):
        site.io.on(name, print)


def test_a_handler_that_is_none_is_refused(site: Site) -> None:
    with pytest.raises(ValueError, match="is a function"):
        site.io.sockets.on("x", "print")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="write @io.on"):
        site.io.sockets.on(print)  # type: ignore[arg-type]


def test_a_handler_of_a_socket_s_life_takes_one_argument_at_most(site: Site) -> None:
    with pytest.raises(ValueError, match="'connect' comes with one argument at most"):
        site.io.on("connect", lambda environ, auth: None)
    site.io.on("connect", lambda auth=None, more=None: None)
    assert site.client().got_nothing()


def test_a_handler_that_needs_keywords_is_refused(site: Site) -> None:
    def handler(*, key: int) -> None: ...

    with pytest.raises(ValueError, match="'key'"):
        site.io.on("x", handler)


def test_the_last_handler_of_an_event_counts(site: Site) -> None:
    site.io.on("x", lambda: 1)
    site.io.on("x", lambda: 2)
    assert site.client().ask('421["x"]') == "431[2]"


def test_a_handler_written_in_c_is_called(site: Site) -> None:
    site.io.on("x", max)
    assert site.client().ask('421["x",3,5]') == "431[5]"


def test_event_registers_a_function_under_its_name(site: Site) -> None:
    @site.io.event
    def hello() -> str:
        return "root"

    def other() -> str:
        return "chat"

    site.io.event(other, namespace="/chat")
    site.io.of("/").on_error(print)
    client = site.client()
    client.wire.connect("/chat")
    assert client.ask('421["hello"]') == '431["root"]'
    assert client.ask('42/chat,1["other"]') == '43/chat,1["chat"]'


def test_an_answer_to_who_has_left_is_dropped(site: Site) -> None:
    inside, go_on, done = Event(), Event(), Event()

    @site.io.on("x")
    def handler() -> str:
        inside.set()
        go_on.wait(5)
        return "too late"

    site.io.on("disconnect", lambda: done.set())
    client = site.client()
    client.send('421["x"]')
    assert inside.wait(5)
    client.wire.reset()
    go_on.set()
    assert done.wait(5)


