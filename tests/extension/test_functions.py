"""What is not plain in Flask-SocketIO's functions: payloads, callbacks, those who have left."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gevent
import pytest
from flask import Flask, g, request

import flask_realtime
from flask_realtime import SocketIO, call, close_room, emit, join_room, leave_room, send, socket
from flask_realtime.exceptions import AckTimeout, UsageError
from flask_realtime.extension.testing import SocketIOTestClient
from tests.support.waiting import wait_until


@pytest.fixture
def io(app: Flask) -> SocketIO:
    return SocketIO(app)


def handling(io: SocketIO, client: SocketIOTestClient, function: Callable[[], Any]) -> Any:
    """Call a function in a handler of a client; return its answer."""
    io.on("do", function)
    return client.emit("do", callback=True)


def names(client: SocketIOTestClient, namespace: str = "/") -> list[str]:
    return [packet["name"] for packet in client.get_received(namespace)]


def ids(io: SocketIO) -> list[str]:
    return list(io.of("/").sockets)


# Payloads

PAYLOADS: list[tuple[tuple[Any, ...], list[Any]]] = [
    ((), []),
    ((None,), []),
    ((None, None), [None, None]),
    (((1, 2),), [1, 2]),
    (([1, 2],), [[1, 2]]),
    (((),), []),
    ((1, (2, 3)), [1, [2, 3]]),
    ((False,), [False]),
    (("",), [""]),
]


@pytest.mark.parametrize(("args", "arrived"), PAYLOADS, ids=str)
def test_the_same_payload_everywhere(
    io: SocketIO, app: Flask, args: tuple[Any, ...], arrived: list[Any]
) -> None:
    client = io.test_client(app)
    (sid,) = ids(io)

    def every_way() -> None:
        emit("x", *args)
        emit("x", *args, broadcast=True)
        emit("x", *args, to=sid)
        io.emit("x", *args)
        io.sockets.emit("x", *args)
        io.server.emit("x", *args)

    handling(io, client, every_way)
    assert [packet["args"] for packet in client.get_received()] == [arrived] * 6


def test_send_is_a_message_or_json(io: SocketIO, app: Flask) -> None:
    client = io.test_client(app)
    handling(io, client, lambda: (send("a"), send({"b": 1}, json=True), None)[2])
    io.send("c")
    io.send("d", True)
    io.sockets.send("e", json=True)
    assert [(packet["name"], packet["args"]) for packet in client.get_received()] == [
        ("message", "a"), ("json", {"b": 1}), ("message", "c"), ("json", "d"), ("json", "e"),
    ]


# Who is meant


def test_to_beats_broadcast_and_room_is_to(io: SocketIO, app: Flask) -> None:
    first, second = io.test_client(app), io.test_client(app)
    _, other = ids(io)

    def every_way() -> None:
        emit("to", to=other, broadcast=True)
        emit("room", room=other)
        emit("several", to=(name for name in [other, "nobody"]))
        send("x", room=other)

    handling(io, first, every_way)
    assert names(first) == []
    assert names(second) == ["to", "room", "several", "message"]


@pytest.mark.parametrize("to", [b"x", 1.5, True, {"a": 1}, [None]], ids=repr)
def test_what_is_no_room_is_said(io: SocketIO, app: Flask, to: Any) -> None:
    for callback in (None, print):
        with pytest.raises(TypeError, match="a room is a str"):
            io.emit("x", to=to, callback=callback)
        with pytest.raises(TypeError, match="a room is a str"):
            io.emit("x", skip_sid=to, callback=callback)


def test_who_is_left_out(io: SocketIO, app: Flask) -> None:
    first, second, third = (io.test_client(app) for _ in range(3))
    a, b, _ = ids(io)

    def every_way() -> None:
        emit("not me", broadcast=True, include_self=False)
        io.emit("nor me", include_self=False)
        io.send("nor me", include_self=False)
        emit("one", broadcast=True, skip_sid=a)
        emit("two", broadcast=True, skip_sid={a, b})
        emit("both", broadcast=True, skip_sid=b, include_self=False)

    handling(io, first, every_way)
    assert names(first) == []
    assert names(second) == ["not me", "nor me", "message", "one"]
    assert names(third) == ["not me", "nor me", "message", "one", "two", "both"]


def test_who_is_alone_may_be_left_out(io: SocketIO, app: Flask) -> None:
    io.of("/other")
    client = io.test_client(app)
    client.connect("/other")
    (own,) = ids(io)
    (twin,) = io.of("/other").sockets

    def every_way() -> None:
        emit("me", include_self=True, skip_sid="another")
        emit("nobody", include_self=False)
        send("nobody", include_self=False)
        emit("nobody", skip_sid=own)
        emit("nobody", skip_sid=[own, "another"])
        emit("nobody", namespace="/other", include_self=False)
        emit("nobody", namespace="/other", skip_sid=(id for id in [twin]))

    handling(io, client, every_way)
    assert names(client) == ["me"]
    assert names(client, "/other") == []


def test_another_namespace_of_the_same_client(io: SocketIO, app: Flask) -> None:
    io.of("/other")
    client = io.test_client(app)
    client.connect("/other")
    handling(io, client, lambda: emit("there", namespace="/other"))
    handling(io, client, lambda: emit("all there", namespace="/other", broadcast=True))
    assert names(client) == []
    assert names(client, "/other") == ["there", "all there"]


def test_ignore_queue_means_this_process(io: SocketIO, app: Flask) -> None:
    client = io.test_client(app)
    handling(io, client, lambda: emit("a", broadcast=True, ignore_queue=True))
    io.emit("b", ignore_queue=True)
    io.server.emit("c", ignore_queue=True)
    assert names(client) == ["a", "b", "c"]


@pytest.mark.parametrize("ignore_queue", [True, False])
def test_other_processes_are_left_out_only_then(
    io: SocketIO, app: Flask, monkeypatch: pytest.MonkeyPatch, ignore_queue: bool
) -> None:
    selections: list[Any] = []
    app.testing = True
    keep = lambda packet, selection: selections.append(selection)  # noqa: E731
    monkeypatch.setattr(io.sockets.adapter, "broadcast", keep)
    io.emit("x", ignore_queue=ignore_queue)
    assert [selection.local for selection in selections] == [ignore_queue]


def test_an_unknown_parameter_is_refused(io: SocketIO, app: Flask) -> None:
    with pytest.raises(TypeError, match="brodcast"):
        emit("x", brodcast=True)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="rom"):
        io.emit("x", rom="a")  # type: ignore[call-arg]


# Answers


def test_a_callback_runs_for_who_has_asked(io: SocketIO, app: Flask) -> None:
    asking, asked = io.test_client(app), io.test_client(app)
    _, other = ids(io)
    seen: list[Any] = []

    def answered(answer: str) -> None:
        seen.append((request.sid, socket.id, answer, hasattr(g, "x")))
        g.x = 1
        emit("told", answer)

    handling(io, asking, lambda: emit("question", to=other, callback=answered))
    asked.ack(asked.get_received()[0], "answer")
    me, _ = ids(io)
    assert seen == [(me, me, "answer", False)]
    assert names(asking) == ["told"] and names(asked) == []


def test_a_callback_of_a_view_runs_for_who_answers(io: SocketIO, app: Flask) -> None:
    client = io.test_client(app)
    seen: list[Any] = []
    io.emit("question", to=ids(io)[0], callback=lambda answer: seen.append((request.sid, answer)))
    client.ack(client.get_received()[0], 5)
    assert seen == [(ids(io)[0], 5)]


def test_a_callback_for_several_is_called_for_each(io: SocketIO, app: Flask) -> None:
    clients = [io.test_client(app) for _ in range(3)]
    answers: list[Any] = []
    handling(
        io, clients[0],
        lambda: emit("q", broadcast=True, include_self=False, callback=answers.append),
    )
    assert names(clients[0]) == []
    for number, client in enumerate(clients[1:]):
        client.ack(client.get_received()[0], number)
    assert answers == [0, 1]


def test_a_callback_that_fails_is_its_asker_s_failure(
    io: SocketIO, app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    from flask import got_request_exception

    app.config["PROPAGATE_EXCEPTIONS"] = False
    asking, asked = io.test_client(app), io.test_client(app)
    _, other = ids(io)
    reported: list[Any] = []

    def note(sender: Flask, exception: BaseException) -> None:
        reported.append(exception)

    with got_request_exception.connected_to(note, app):
        handling(io, asking, lambda: emit("q", to=other, callback=lambda: 1 / 0))
        asked.ack(asked.get_received()[0])
    assert [type(each) for each in reported] == [ZeroDivisionError]
    assert caplog.text.count("handler of 'a callback'") == 1


def test_a_call_by_id_or_of_the_client_itself(io: SocketIO, app: Flask) -> None:
    client = io.test_client(app)
    sid = ids(io)[0]
    answers: list[Any] = []
    ways: list[Callable[[], Any]] = [
        lambda: call("q"),
        lambda: call("q", to=sid, timeout=5),
        lambda: call("q", (1, 2), room=sid, namespace="/", ignore_queue=True),
        lambda: io.call("q", None, room=sid),
        lambda: io.server.call("q", sid=sid),
    ]
    for way in ways:
        io.on("ask", lambda way=way: answers.append(way()))
        client.emit("ask")
        (question,) = client.get_received()
        client.ack(question, question["args"])
    assert answers == [[], [], [1, 2], [], []]


def test_a_call_without_an_id_names_what_asks_several(io: SocketIO) -> None:
    with pytest.raises(UsageError, match="emit_with_ack"):
        io.call("q")
    with pytest.raises(UsageError, match="emit_with_ack"):
        io.call("q", to=["a", "b"])  # type: ignore[arg-type]


def test_a_call_that_is_not_answered(io: SocketIO, app: Flask) -> None:
    io.test_client(app)
    with pytest.raises(AckTimeout):
        io.call("q", to=ids(io)[0], timeout=0.01)


# Who has left


def test_what_would_end_anyway_is_no_mistake(io: SocketIO, app: Flask) -> None:
    with app.app_context():
        leave_room("a", sid="gone")
        flask_realtime.disconnect(sid="gone", namespace="/")
        assert flask_realtime.rooms("gone") == []
        with pytest.raises(UsageError, match="no socket 'gone'"):
            join_room("a", sid="gone")
        with pytest.raises(LookupError, match="no socket 'gone'"):
            call("q", to="gone")


def test_rooms_are_known_while_one_leaves(io: SocketIO, app: Flask) -> None:
    seen: list[Any] = []
    io.on("connect", lambda: join_room("a"))

    @io.on("disconnect")
    def left(reason: str) -> None:
        seen.append(flask_realtime.rooms() == flask_realtime.rooms(request.sid))
        seen.append(len(flask_realtime.rooms()))
        emit("left", to="a")

    first, second = io.test_client(app), io.test_client(app)
    first.disconnect()
    assert seen == [True, 2]
    assert names(second) == ["left"]


def test_who_disconnects_himself(io: SocketIO, app: Flask) -> None:
    client = io.test_client(app)
    handling(io, client, lambda: flask_realtime.disconnect(silent=True))
    assert not client.is_connected()


def test_closing_a_room(io: SocketIO, app: Flask) -> None:
    io.on("connect", lambda: join_room("a"))
    first, second = io.test_client(app), io.test_client(app)
    handling(io, first, lambda: close_room("a"))
    io.emit("x", to="a")
    assert names(first) == names(second) == []
    io.close_room("never there")


# Tasks


def test_a_task_can_be_waited_for(io: SocketIO) -> None:
    done: list[str] = []
    task = io.start_background_task(lambda: (io.sleep(0), done.append("done")))
    task.join()
    assert done == ["done"]


def test_a_handler_s_task_goes_on_when_its_client_has_left(io: SocketIO, app: Flask) -> None:
    done: list[str] = []
    gate = gevent.event.Event()

    def work(sid: str) -> None:
        gate.wait()
        io.emit("x", to=sid)
        done.append(sid)

    client = io.test_client(app)
    sid = ids(io)[0]
    handling(io, client, lambda: (io.start_background_task(work, request.sid), None)[1])
    client.disconnect()
    gate.set()
    wait_until(lambda: done == [sid])
