"""Asking a client: callbacks, calls that wait, and answers that do not come."""

from __future__ import annotations

from typing import Any

import pytest
from gevent.event import Event

from flask_realtime import AckTimeout, Disconnected, call, emit, socket
from tests.support.application import Site
from tests.support.waiting import let_run, outcome, wait_until


@pytest.mark.parametrize(
    ("answer", "value"),
    [
        ("430[]", None),
        ("430[null]", None),
        ('430["one"]', "one"),
        ("430[[1,2]]", [1, 2]),
        ('430[1,"two"]', [1, "two"]),
    ],
)
def test_call_returns_the_client_s_answer(site: Site, answer: str, value: Any) -> None:
    client = site.client()
    calling = outcome(site.socket(client).call, "question", {"a": 1})
    assert client.receive() == '420["question",{"a":1}]'
    client.send(answer)
    assert calling.get(timeout=5) == value


def test_binary_goes_both_ways(site: Site) -> None:
    client = site.client()
    calling = outcome(site.socket(client).call, "question", b"\x01")
    assert client.receive() == '451-0["question",{"_placeholder":true,"num":0}]'
    assert client.receive() == b"\x01"
    client.send('461-0[{"_placeholder":true,"num":0}]')
    client.wire.send_binary(b"\x02")
    assert calling.get(timeout=5) == b"\x02"


def test_a_handler_may_wait_for_an_answer_of_its_own_client(site: Site) -> None:
    site.io.on("x", lambda: call("question"))
    client = site.client()
    assert client.ask('421["x"]') == '420["question"]'
    client.send('422["sync"]')
    assert client.ask("430[5]") == "431[5]"
    assert client.receive() == "432[]"


def test_an_answer_that_does_not_come_in_time_raises(site: Site) -> None:
    client = site.client()
    sock = site.socket(client)
    with pytest.raises(AckTimeout, match=f"'question' from {client.id} within 0.01 s"):
        sock.call("question", timeout=0.01)
    assert isinstance(AckTimeout(""), TimeoutError)
    assert client.receive() == '420["question"]'
    client.send('430["too late"]')
    assert client.got_nothing()
    assert not sock.acks._pending


def test_an_answer_in_time_leaves_no_deadline(site: Site) -> None:
    client = site.client()
    calling = outcome(site.socket(client).call, "question", timeout=0.05)
    client.receive()
    client.send("430[]")
    assert calling.get(timeout=5) is None
    with pytest.raises(AckTimeout):
        site.socket(client).call("other", timeout=0.06)


def test_a_value_that_cannot_be_carried_leaves_nothing_behind(site: Site) -> None:
    sock = site.socket(site.client())
    with pytest.raises(TypeError):
        sock.call("question", object())
    with pytest.raises(TypeError):
        sock.emit("question", object(), callback=print)
    assert not sock.acks._pending


def test_a_callback_gets_the_answer_with_the_contexts_of_a_handler(site: Site) -> None:
    seen: list[Any] = []
    site.io.on("x", lambda: socket.emit("question", callback=answered))

    def answered(*values: Any) -> None:
        seen.append((socket.id, values))

    client = site.client()
    assert client.ask('42["x"]') == '420["question"]'
    client.send('430[1,"two"]')
    wait_until(lambda: seen)
    assert seen == [(client.id, (1, "two"))]


def test_a_callback_may_take_fewer_values_than_come(site: Site) -> None:
    seen: list[Any] = []
    client = site.client()
    site.socket(client).emit("question", callback=lambda one: seen.append(one))
    client.receive()
    client.send("430[1,2,3]")
    wait_until(lambda: seen)
    assert seen == [1]


def test_a_callback_may_wait_without_holding_up_the_client(site: Site) -> None:
    client = site.client()
    started = []
    go_on = Event()

    def answered() -> None:
        started.append(True)
        assert go_on.wait(5)

    site.socket(client).emit("question", callback=answered)
    client.receive()
    client.send("430[]")
    wait_until(lambda: started)
    assert client.got_nothing()
    go_on.set()


def test_a_callback_that_fails_is_logged(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    client = site.client()
    site.socket(client).emit("question", callback=lambda: 1 / 0)
    client.receive()
    client.send("430[]")
    wait_until(lambda: "handler of 'a callback' in / failed" in caplog.text)
    assert client.got_nothing()


def test_a_callback_is_never_called_for_who_has_left(site: Site) -> None:
    seen: list[Any] = []
    client = site.client()
    sock = site.socket(client)
    sock.emit("question", callback=seen.append)
    client.receive()
    client.send("41", "430[1]")
    site.wait_empty()
    assert client.wire.connect()
    let_run()
    assert seen == []
    assert not sock.acks._pending


def test_questions_are_numbered_and_answered_in_any_order(site: Site) -> None:
    client = site.client()
    first = outcome(site.socket(client).call, "first")
    second = outcome(site.socket(client).call, "second")
    assert (client.receive(), client.receive()) == ('420["first"]', '421["second"]')
    client.send('431["second"]', '430["first"]', '430["again"]')
    assert (first.get(timeout=5), second.get(timeout=5)) == ("first", "second")


def test_io_call_asks_the_socket_of_an_id(site: Site) -> None:
    site.io.of("/chat")
    client = site.client("/chat")
    calling = outcome(site.io.call, "question", 1, to=client.id, namespace="/chat")
    assert client.receive() == '42/chat,0["question",1]'
    client.send("43/chat,0[5]")
    assert calling.get(timeout=5) == 5
    with pytest.raises(LookupError, match="it may have left"):
        site.io.call("question", to=client.id)


def test_a_callback_waits_for_one_socket_and_no_more(site: Site) -> None:
    site.client()
    with pytest.raises(ValueError, match="needs a time-out"):
        site.io.in_("room").emit("question", callback=print)


def test_a_callback_to_an_id_is_that_client_s(site: Site) -> None:
    seen: list[Any] = []
    client, other = site.client(), site.client()
    site.io.emit("question", to=client.id, callback=seen.append)
    assert client.receive() == '420["question"]'
    client.send("430[1]")
    wait_until(lambda: seen)
    assert seen == [1]
    assert other.got_nothing()
    site.io.on("x", lambda: emit("question", to=other.id, callback=seen.append))
    client.send('42["x"]')
    assert other.receive() == '420["question"]'
    other.send("430[2]")
    wait_until(lambda: seen == [1, 2])


def test_a_callback_to_who_has_just_left_is_dropped(site: Site) -> None:
    client = site.client()
    client.wire.leave()
    site.wait_empty()
    site.io.emit("question", to=client.id, callback=print)


def test_calling_who_has_left_fails_at_once(site: Site) -> None:
    client = site.client()
    sock = site.socket(client)
    client.send("41")
    site.wait_empty()
    with pytest.raises(Disconnected):
        sock.call("question", timeout=30)
