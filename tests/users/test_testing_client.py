"""A test client that does not lie: what it sees is what clients see, and no test sees another's."""

from __future__ import annotations

from typing import Any

import gevent
import pytest
from flask import Flask, session

from flask_realtime import SocketIO, emit, join_room, socket
from tests.support.time import MovedTime
from tests.support.waiting import outcome


@pytest.fixture
def io(app: Flask) -> SocketIO:
    return SocketIO(app)


def test_two_applications_share_nothing(io: SocketIO, app: Flask) -> None:
    other_app = Flask("other")
    other = SocketIO(other_app)
    for each in (io, other):
        each.on("say", lambda text: emit("said", text, broadcast=True))
    mine, theirs = io.test_client(app), other.test_client(other_app)
    mine.emit("say", "here")
    assert [packet["args"] for packet in mine.get_received()] == [["here"]]
    assert theirs.get_received() == []
    theirs.emit("say", "there")
    assert mine.get_received() == []


def test_making_a_client_changes_nothing_for_the_others(io: SocketIO, app: Flask) -> None:
    io.on("join", lambda room: join_room(room))
    first = io.test_client(app)
    first.emit("join", "room")
    second = io.test_client(app)
    io.emit("news", to="room")
    assert [packet["name"] for packet in first.get_received()] == ["news"]
    assert second.get_received() == []


def test_what_one_client_causes_the_others_have_at_once(io: SocketIO, app: Flask) -> None:
    def work(number: int) -> None:
        gevent.sleep(0.001)
        socket.broadcast.emit("done", number)

    io.on("work", work)
    clients = [io.test_client(app) for _ in range(5)]
    for number, client in enumerate(clients):
        client.emit("work", number)
    for mine, client in enumerate(clients):
        got = [packet["args"][0] for packet in client.get_received()]
        assert got == [number for number in range(5) if number != mine]


def test_what_a_task_sends_is_waited_for(io: SocketIO, app: Flask) -> None:
    def work() -> None:
        for percent in (50, 100):
            gevent.sleep(0.001)
            io.emit("progress", percent)

    io.on("begin", lambda: (io.start_background_task(work), "begun")[1])
    client = io.test_client(app)
    assert client.emit("begin", callback=True) == "begun"
    assert client.receive("progress", timeout=5)["args"] == [50]
    assert client.receive("progress", timeout=5)["args"] == [100]


def test_answers_come_to_who_has_asked(io: SocketIO, app: Flask) -> None:
    def wait(seconds: float) -> list[Any]:
        gevent.sleep(seconds)
        return [seconds, b"\x00"]

    io.on("wait", wait)
    clients = [io.test_client(app) for _ in range(3)]
    asking = [
        outcome(client.emit, "wait", seconds, callback=True)
        for client, seconds in zip(clients, (0.03, 0.02, 0.01), strict=True)
    ]
    answers = [task.get(timeout=5) for task in asking]
    assert answers == [[seconds, b"\x00"] for seconds in (0.03, 0.02, 0.01)]
    assert all(client.acks is None for client in clients)


@pytest.mark.parametrize(
    ("protocol", "seen"),
    [("0.9", {"base64": True, "data": "AA=="}), (3, b"\x00"), (4, b"\x00")],
)
def test_each_generation_sees_what_its_clients_see(
    io: SocketIO, app: Flask, protocol: int | str, seen: Any
) -> None:
    io.on("get", lambda: b"\x00")
    assert io.test_client(app, protocol=protocol).emit("get", callback=True) == seen


def test_the_cookies_of_views_and_handlers_are_the_same(io: SocketIO, app: Flask) -> None:
    def count() -> str:
        session["visits"] = session.get("visits", 0) + 1
        return ""

    app.add_url_rule("/", view_func=count)
    io.on("visits", lambda: session.get("visits"))
    browser = app.test_client()
    for visits in (1, 2):
        browser.get("/")
        client = io.test_client(app, flask_test_client=browser)
        assert client.emit("visits", callback=True) == visits


@pytest.mark.parametrize("protocol", ["0.9", 3, 4])
def test_a_test_that_takes_long_loses_no_client(
    io: SocketIO, app: Flask, protocol: int | str
) -> None:
    client = io.test_client(app, protocol=protocol)
    time = MovedTime()
    time.follow(io.server.engine.clock)
    for _ in range(30):
        time.pass_by(io.server.engine.clock, 10)
        io.emit("news")
        assert client.receive("news")
    assert client.is_connected()
