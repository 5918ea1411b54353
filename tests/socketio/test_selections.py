"""Questions to many, and flags: what a selection of sockets can be told."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import gevent
import pytest

from flask_realtime import AckTimeout, Disconnected
from flask_realtime.exceptions import EncodeError, EventError, UsageError
from flask_realtime.socketio.server import Server
from tests.support.application import Client, Site
from tests.support.waiting import let_run, outcome, wait_until

Serve = Callable[..., Site]


def answer(client: Client, *values: Any, question: str = "question") -> None:
    """Answer the question that the client is asked."""
    packet = str(client.receive())
    start = packet.index("[")
    assert json.loads(packet[start:])[0] == question
    client.send(f"43{packet[2:start]}{json.dumps(values)}")


@pytest.fixture
def three(site: Site) -> list[Client]:
    """Clients, of which the first two are in the room `red`."""
    clients = [site.client() for _ in range(3)]
    for client in clients[:2]:
        site.socket(client).join("red")
    return clients


# Answers of many


def test_the_answers_of_many_are_a_list(site: Site, three: list[Client]) -> None:
    asked = outcome(site.io.to("red").emit_with_ack, "question", {"a": 1})
    answer(three[1], 1)
    answer(three[0], "two", 2)
    assert sorted(asked.get(), key=str) == [1, ["two", 2]]
    assert three[2].got_nothing()
    asked = outcome(site.io.emit_with_ack, "question")
    for client in three:
        answer(client)
    assert asked.get() == [None, None, None]


def test_many_are_asked_with_one_encoding(site: Site, three: list[Client]) -> None:
    asked = outcome(site.io.emit_with_ack, "question")
    packets = {str(client.receive()) for client in three}
    assert len(packets) == 1
    (packet,) = packets
    for client in three:
        client.send(f'43{packet[2:-12]}[{{"id":"{client.id}"}}]')
    assert sorted(each["id"] for each in asked.get()) == sorted(client.id for client in three)


def test_answers_go_to_the_question_that_was_asked(site: Site, three: list[Client]) -> None:
    one = outcome(site.io.to("red").emit_with_ack, "question")
    own = outcome(site.socket(three[0]).call, "question")
    other = outcome(site.io.to("red").emit_with_ack, "question")
    for client in (three[0], three[0], three[0], three[1], three[1]):
        number = str(client.receive())[2:-12]
        client.send(f"43{number}[{number}]")
    assert len(set(one.get())) == len(set(other.get())) == 1
    assert len({one.get()[0], own.get(), other.get()[0]}) == 3


def test_nobody_answers_at_once(site: Site) -> None:
    assert site.io.to("nobody").emit_with_ack("question") == []
    assert site.io.to([]).timeout(5).emit_with_ack("question") == []


def test_who_is_silent_is_named(site: Site, three: list[Client]) -> None:
    asked = outcome(site.io.timeout(0.05).emit_with_ack, "question")
    answer(three[0], 1)
    error = asked.get()
    assert isinstance(error, AckTimeout)
    assert error.answers == {three[0].id: 1}
    assert error.silent == [three[1].id, three[2].id]
    assert error.args == ("2 of 3 clients did not answer 'question'",)
    answer(three[1], 1)  # too late
    assert three[1].got_nothing()
    assert all(not there.acks._pending for there in site.io.sockets.sockets.values())


def test_who_leaves_is_not_waited_for(site: Site, three: list[Client]) -> None:
    asked = outcome(site.io.to("red").emit_with_ack, "question")
    answer(three[0], 1)
    three[1].wire.leave()
    error = asked.get()
    assert isinstance(error, AckTimeout)
    assert (error.answers, error.silent) == ({three[0].id: 1}, [three[1].id])


def test_who_still_waits_in_a_middleware_is_not_asked(site: Site, three: list[Client]) -> None:
    inside: list[Any] = []

    @site.io.use
    def middleware(sock: Any, next: Any) -> None:
        sock.join("red", "waiting")
        inside.append(next)

    late = site.outsider()
    late.join()
    wait_until(lambda: inside)
    assert site.io.to("waiting").emit_with_ack("question") == []
    asked = outcome(site.io.to("red").emit_with_ack, "question")
    answer(three[0], 1)
    answer(three[1], 2)
    assert sorted(asked.get()) == [1, 2]
    inside[0]()
    assert str(late.receive()).startswith("40")


def test_a_time_out_may_be_an_argument(site: Site, three: list[Client]) -> None:
    with pytest.raises(AckTimeout):
        site.io.timeout(60).emit_with_ack("question", timeout=0.01)


def test_a_callback_for_many_gets_the_error_and_the_answers(
    site: Site, three: list[Client]
) -> None:
    heard: list[Any] = []

    def callback(error: Exception | None, answers: list[Any]) -> None:
        heard.append((error, answers))

    assert site.io.to("red").timeout(5).emit("question", callback=callback)
    assert site.io.to("red").timeout(5).send(callback)
    for client in three[:2]:
        answer(client, client.id)
        answer(client, client.id, question="message")
    wait_until(lambda: len(heard) == 2)
    assert [error for error, _ in heard] == [None, None]
    assert [sorted(answers) for _, answers in heard] == [
        sorted(client.id for client in three[:2])
    ] * 2
    site.io.to("red").timeout(0.01).emit("question", callback)
    answer(three[1], 7)
    wait_until(lambda: len(heard) == 3)
    error, answers = heard[2]
    assert isinstance(error, AckTimeout)
    assert answers in ([7], [])


def test_a_callback_for_many_that_fails_is_logged(
    site: Site, three: list[Client], caplog: pytest.LogCaptureFixture
) -> None:
    site.io.to("nobody").timeout(1).emit("question", callback=lambda error, answers: 1 / 0)
    let_run()
    assert "ZeroDivisionError" in caplog.text


def test_a_callback_for_many_needs_a_time_out(site: Site) -> None:
    with pytest.raises(EventError, match=r"io\.timeout\(5\)"):
        site.io.to("red").emit("question", callback=print)
    with pytest.raises(EventError, match=r"io\.timeout\(5\)"):
        site.io.local.send("question", print)


def test_call_is_for_one(site: Site, three: list[Client]) -> None:
    with pytest.raises(UsageError, match="emit_with_ack"):
        site.io.to(three[0].id).call("question")
    with pytest.raises(UsageError, match="emit_with_ack"):
        site.socket(three[0]).broadcast.call("question")


def test_what_cannot_be_carried_fails_at_the_question(site: Site, three: list[Client]) -> None:
    for ask in (site.io.sockets.emit_with_ack, site.io.to("nobody").emit_with_ack):
        with pytest.raises(EncodeError):
            ask("question", object())
    with pytest.raises(EventError, match="reserved"):
        site.io.emit_with_ack("connect")
    assert all(client.got_nothing() for client in three)


def test_a_client_0_9_is_asked_too(site: Site) -> None:
    old = site.running.client_09()
    assert old.receive() == "1::"
    asked = outcome(site.io.emit_with_ack, "question")
    packet = old.receive()
    number = packet.split(":")[1]
    assert packet == f'5:{number}::{{"name":"question"}}'
    old.send(f"6:::{number[:-1]}+[7]")
    assert asked.get() == [7]


# One socket with a time-out


def test_one_socket_is_asked_by_either_name(site: Site, three: list[Client]) -> None:
    there = site.socket(three[0])
    for ask in (
        there.call,
        there.emit_with_ack,
        there.timeout(5).call,
        there.timeout(5).emit_with_ack,
        there.volatile.emit_with_ack,
    ):
        asked = outcome(ask, "question")
        answer(three[0], 1, 2)
        assert asked.get() == [1, 2]


def test_one_socket_that_does_not_answer(site: Site, three: list[Client]) -> None:
    there = site.socket(three[0])
    for ask in (there.timeout(0.01).emit_with_ack, there.timeout(0.01).call):
        with pytest.raises(AckTimeout, match="'question' from"):
            ask("question")
    with pytest.raises(AckTimeout):
        there.emit_with_ack("question", timeout=0.01)
    asked = outcome(there.timeout(5).emit_with_ack, "question")
    let_run()
    three[0].wire.reset()
    assert isinstance(asked.get(), Disconnected)


def test_a_callback_with_a_time_out_gets_the_error_first(site: Site, three: list[Client]) -> None:
    heard: list[Any] = []
    there = site.socket(three[0])

    def callback(error: Exception | None, value: Any, more: Any = None) -> None:
        heard.append((error, value, more))

    assert there.timeout(5).emit("question", callback=callback)
    answer(three[0], 1, 2)
    wait_until(lambda: heard)
    assert heard == [(None, 1, 2)]
    there.timeout(0.01).emit("question", callback)
    wait_until(lambda: len(heard) == 2)
    assert isinstance(heard[1][0], AckTimeout)
    assert heard[1][1:] == (None, None)
    there.timeout(5).emit("question", callback)
    three[0].wire.reset()
    wait_until(lambda: len(heard) == 3)
    assert isinstance(heard[2][0], Disconnected)


def test_a_function_at_the_end_is_the_callback(site: Site, three: list[Client]) -> None:
    heard: list[Any] = []
    there = site.socket(three[0])
    there.emit("question", 1, lambda value: heard.append(value))
    there.volatile.emit("question", heard.append)
    there.send("hi", heard.append)
    assert three[0].receive() == '420["question",1]'
    assert three[0].receive() == '421["question"]'
    assert three[0].receive() == '422["message","hi"]'
    three[0].send("430[1]", "431[2]", "432[]")
    wait_until(lambda: len(heard) == 3)
    assert heard == [1, 2, None]


# Flags


@pytest.mark.parametrize("seconds", [0, -1, True, None, "5", float("nan"), float("inf"), []])
def test_a_time_out_is_a_time(site: Site, seconds: Any) -> None:
    there = site.socket(site.client())
    for place in (site.io, site.io.sockets, site.io.to("a"), there):
        with pytest.raises(UsageError, match="a number of seconds"):
            place.timeout(seconds)
    with pytest.raises(UsageError, match="a number of seconds"):
        there.call("question", timeout=seconds)


@pytest.mark.parametrize("wanted", [None, 1, "no"])
def test_compress_takes_true_or_false(site: Site, wanted: Any) -> None:
    with pytest.raises(UsageError, match="True or False"):
        site.io.compress(wanted)


def test_flags_that_do_not_exist_are_errors(site: Site) -> None:
    with pytest.raises(AttributeError, match="volatil"):
        site.io.sockets.to("a").volatil.emit("x")  # type: ignore[attr-defined]
    with pytest.raises(TypeError):
        site.io.sockets.to("a").emit("x", voaltile=True)  # type: ignore[call-arg]


def test_flags_go_together_in_any_order(site: Site, three: list[Client]) -> None:
    there = site.socket(three[0])
    for chosen in (
        there.broadcast.json.volatile.to("red").compress(False),
        there.compress(False).volatile.json.timeout(5).local.to("red").binary(),
        site.io.json.except_(three[0].id).volatile.binary(False).in_("red"),
    ):
        chosen.send({"a": 1})
        assert three[1].receive() == '42["message",{"a":1}]'
    assert three[0].got_nothing() and three[2].got_nothing()


def test_write_is_send(site: Site, three: list[Client]) -> None:
    site.socket(three[0]).write("one")
    site.io.sockets.write("two")
    site.io.to("red").write("three")
    assert three[0].receive() == '42["message","one"]'
    for client in three[:2]:
        assert client.receive() == '42["message","two"]'
        assert client.receive() == '42["message","three"]'


def test_json_is_a_type_of_its_own_to_clients_0_9(site: Site) -> None:
    old = site.running.client_09()
    assert old.receive() == "1::"
    (there,) = site.io.sockets.sockets.values()
    for place in (there, site.io.sockets, site.io.to(there.id)):
        place.send("text")
        assert old.receive() == "3:::text"
        place.json.send("text")
        assert old.receive() == '4:::"text"'
        place.json.send({"a": 1})
        assert old.receive() == '4:::{"a":1}'
        place.json.emit("x", "text")
        assert old.receive() == '5:::{"name":"x","args":["text"]}'


def test_compress_decides_for_a_message(serve: Serve) -> None:
    site = serve(per_message_deflate={"threshold": 300})
    offer = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
    client = site.outsider(headers={"Sec-WebSocket-Extensions": offer})
    assert "permessage-deflate" in client.wire.head
    client.wire.connect()
    there = next(iter(site.io.sockets.sockets.values()))
    text = "x" * 400

    def frame_of(send: Callable[[], object]) -> tuple[bool, int]:
        send()
        first, payload = client.wire._next_frame()
        return bool(first & 0x40), len(payload)

    assert frame_of(lambda: there.emit("x", text))[0]
    assert frame_of(lambda: there.compress(True).emit("x", text))[0]
    assert frame_of(lambda: there.compress(False).emit("x", text)) == (False, 410)
    assert frame_of(lambda: site.io.compress(False).emit("x", text)) == (False, 410)
    assert frame_of(lambda: site.io.emit("x", text))[0]


def test_compress_is_nothing_where_nothing_is_compressed(site: Site, three: list[Client]) -> None:
    site.io.compress(False).emit("x")
    assert [client.receive() for client in three] == ['42["x"]'] * 3


# Sockets


def test_the_sockets_of_a_selection(site: Site, three: list[Client]) -> None:
    there = [site.socket(client) for client in three]
    assert site.io.fetch_sockets() == there
    assert site.io.in_("red").fetch_sockets() == there[:2]
    assert site.io.of("/").local.except_("red").fetch_sockets() == [there[2]]
    assert there[0].to("red").fetch_sockets() == [there[1]]
    assert there[0].volatile.fetch_sockets() == [there[0]]
    assert site.io.all_sockets() == {client.id for client in three}
    assert site.io.to("red").all_sockets() == {client.id for client in three[:2]}
    assert site.io.of("/empty").fetch_sockets() == []


def test_a_server_without_flask_has_the_same_words(site: Site, three: list[Client]) -> None:
    server: Server = site.io.server
    server.sockets_join("all")
    server.to("all").emit("x")
    for client in three:
        assert client.receive() == '42["x"]'
    assert server.all_sockets() == {client.id for client in three}


# Rooms


def test_the_room_of_another_socket_is_not_to_be_joined(site: Site, three: list[Client]) -> None:
    one, other = site.socket(three[0]), site.socket(three[1])
    with pytest.raises(ValueError, match="is the id of a socket"):
        one.join("a", other.id)
    assert one.rooms == {one.id, "red"}
    with pytest.raises(ValueError, match="is the id of a socket"):
        site.io.to("red").sockets_join(other.id)
    one.join(one.id)
    assert one.rooms == {one.id, "red"}


def test_it_may_be_joined_where_that_is_allowed(serve: Serve) -> None:
    site = serve(allow_sid_rooms=True)
    one, other = site.socket(site.client()), site.socket(site.client())
    one.join(other.id)
    assert one.rooms == {one.id, other.id}


def test_leave_all_leaves_the_own_room(site: Site, three: list[Client]) -> None:
    there = site.socket(three[0])
    there.join(["a", "b"], 7)
    there.leave_all()
    assert there.rooms == {there.id}


def test_callbacks_of_old_are_called(site: Site, three: list[Client]) -> None:
    heard: list[Any] = []
    there = site.socket(three[0])
    there.join("a", callback=heard.append)
    there.leave("a", callback=heard.append)
    wait_until(lambda: len(heard) == 2)
    assert heard == [None, None]


def test_joining_after_the_end_is_nothing(site: Site, three: list[Client]) -> None:
    there = site.socket(three[0])
    three[0].wire.leave()
    wait_until(lambda: not there.connected)
    there.join("a")
    there.leave("a")
    there.leave_all()
    assert site.io.sockets.adapter.rooms_of(there.id) == set()


def test_wrong_rooms_raise_in_the_thread_that_named_them(site: Site, three: list[Client]) -> None:
    there, pool = site.socket(three[0]), gevent.get_hub().threadpool

    def try_all() -> list[str]:
        raised = []
        for call in (there.join, there.leave, there.to, site.io.sockets_join, site.io.in_):
            with pytest.raises(TypeError) as caught:
                call(None)
            raised.append(str(caught.value))
        return raised

    assert all("a room is a str" in message for message in pool.spawn(try_all).get())


def test_rooms_are_listened_to(site: Site) -> None:
    heard: list[Any] = []
    adapter = site.io.sockets.adapter
    adapter.on("create-room", lambda room: heard.append(("create", room)))
    adapter.on("delete_room", lambda room: heard.append(("delete", room)))

    @adapter.on("join-room")
    def joined(room: str, id: str) -> None:
        heard.append(("join", room, id))

    @adapter.on("leave-room")
    def left(room: str, id: str) -> None:
        heard.append(("leave", room, id))
        raise RuntimeError("is logged, and changes nothing")

    client = site.client()
    site.socket(client).join("red")
    client.wire.leave()
    site.wait_empty()
    wait_until(lambda: len(heard) == 8)
    id = client.id
    assert heard == [
        ("create", id),
        ("join", id, id),
        ("create", "red"),
        ("join", "red", id),
        ("leave", "red", id),
        ("delete", "red"),
        ("leave", id, id),
        ("delete", id),
    ]


def test_listeners_stay_when_options_change() -> None:
    heard: list[str] = []
    server = Server()
    server.of("/").adapter.on("create-room", heard.append)
    server.change(connection_state_recovery=True)
    assert type(server.of("/").adapter).__name__ == "SessionAwareAdapter"
    assert server.of("/").adapter.room_events is not None  # type: ignore[attr-defined]
