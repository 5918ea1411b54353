"""The test client's clock: what takes time takes none in a test."""

from __future__ import annotations

from typing import Any

import gevent
import pytest
from flask import Flask

from flask_realtime import AckTimeout, SocketIO, emit, socket
from flask_realtime.exceptions import UsageError
from flask_realtime.store.memory import MemoryStore
from tests.support.time import FakeTime
from tests.support.waiting import wait_until

EVERY_GENERATION = pytest.mark.parametrize("protocol", [4, 3, "0.9"])


@pytest.fixture
def reasons() -> list[str]:
    """Why sockets have left."""
    return []


@pytest.fixture
def io(app: Flask, reasons: list[str]) -> SocketIO:
    io = SocketIO(app)
    io.on("disconnect", reasons.append)
    return io


@EVERY_GENERATION
def test_who_is_out_of_reach_is_missed_when_its_time_is_over(
    io: SocketIO, app: Flask, reasons: list[str], protocol: Any
) -> None:
    lost, there = (io.test_client(app, protocol=protocol) for _ in "ab")
    lost.drop(noticed=False)
    assert not lost.is_connected()
    with there.clock() as clock:
        clock.advance(44.9)
        assert reasons == []
        clock.advance(0.2)
    assert reasons == ["ping timeout"]
    assert there.is_connected()


@EVERY_GENERATION
def test_who_is_there_answers_pings_for_an_hour(io: SocketIO, app: Flask, protocol: Any) -> None:
    clients = [io.test_client(app, protocol=protocol) for _ in range(3)]
    with clients[0].clock() as clock:
        clock.advance(3600)
    assert all(client.is_connected() for client in clients)


def test_nothing_gets_to_who_is_out_of_reach(io: SocketIO, app: Flask) -> None:
    lost = io.test_client(app)
    (there,) = io.sockets.sockets.values()
    lost.drop(noticed=False)
    io.emit("news")
    there.disconnect(close=True)
    wait_until(lambda: not io.sockets.sockets)
    assert lost.queue == []
    lost.connect()
    assert lost.get_received() == []


def test_a_call_is_late(io: SocketIO, app: Flask) -> None:
    late: list[AckTimeout] = []

    @io.on("ask")
    def ask() -> None:
        try:
            socket.call("question", timeout=7)
        except AckTimeout as error:
            late.append(error)
            emit("too late")

    client = io.test_client(app)
    client.emit("ask")
    with client.clock() as clock:
        clock.advance(6.9)
        assert not late
        clock.advance(0.1)
        assert len(late) == 1
        assert [each["name"] for each in client.get_received()] == ["question", "too late"]


def test_what_a_handler_raises_is_raised_in_the_test(io: SocketIO, app: Flask) -> None:
    io.on("ask", lambda: socket.call("question", timeout=7))
    client = io.test_client(app)
    client.emit("ask")
    with client.clock() as clock, pytest.raises(AckTimeout):
        clock.advance(7)


def test_a_limit_has_room_again(app: Flask) -> None:
    io = SocketIO(app, rate_limit="2/second")
    heard: list[int] = []
    io.on("x", heard.append)
    client = io.test_client(app)
    with client.clock() as clock:
        for number in range(5):
            client.emit("x", number)
        assert heard == [0, 1]
        clock.advance(0.5)
        client.emit("x", 5)
        client.emit("x", 6)
        assert heard == [0, 1, 5]


@pytest.mark.parametrize(("seconds", "recovered"), [(119, True), (121, False)])
def test_who_comes_back_in_time(app: Flask, seconds: float, recovered: bool) -> None:
    io = SocketIO(app, connection_state_recovery=True)
    io.on("connect", lambda: emit("hello"))  # which says how far the client is
    seen: list[bool] = []
    io.on("connection", lambda socket: seen.append(socket.recovered))
    client = io.test_client(app)
    client.drop()
    with client.clock() as clock:
        clock.advance(seconds)
        client.connect()
    assert seen == [False, recovered]


@pytest.mark.parametrize("own", [False, True], ids=["by default", "as an option"])
def test_values_are_dropped_in_time(app: Flask, own: bool) -> None:
    options = {"store": MemoryStore()} if own else {}
    io = SocketIO(app, store_expiration=15, **options)
    io.on("put", lambda: socket.set("name", "Ada").store_key)
    client = io.test_client(app)
    key = client.emit("put", callback=True)
    client.disconnect()
    with client.clock() as clock:
        clock.advance(14.9)
        assert io.server.store.all(key) == {"name": "Ada"}
        clock.advance(0.1)
        assert io.server.store.all(key) == {}


def test_what_is_due_at_different_moments_comes_one_after_the_other(
    io: SocketIO, app: Flask
) -> None:
    moments: list[tuple[str, float]] = []
    client = io.test_client(app)
    time = io.server.engine.clock
    start = time.now()

    def later(name: str, seconds: float, *more: Any) -> None:
        def come() -> None:
            moments.append((name, round(time.now() - start, 3)))
            if more:
                later(*more)

        time.after_any(seconds, come)

    with client.clock() as clock:
        start = time.now()
        later("b", 2, "d", 1.5)
        later("a", 1)
        later("c", 3)
        clock.advance(3.2)
        assert moments == [("a", 1), ("b", 2), ("c", 3)]
        clock.advance(0.3)
    assert moments[3:] == [("d", 3.5)]


def test_time_stands_still_and_goes_on_from_there(io: SocketIO, app: Flask) -> None:
    client = io.test_client(app)
    time = io.server.engine.clock
    with client.clock() as clock:
        before = time.now()
        gevent.sleep(0.01)
        assert time.now() == before
        clock.advance(100)
        after = time.now()
        assert 100 <= after - before < 100.1
    gevent.sleep(0.01)
    assert after + 0.005 < time.now() < after + 10


def test_a_store_with_a_time_of_its_own_goes_on_by_it(app: Flask) -> None:
    own = FakeTime()
    store = MemoryStore(time=own)
    io = SocketIO(app, store=store)
    client = io.test_client(app)
    store.set("s", "key", 1)
    store.expire("s", 50)
    with client.clock() as clock:
        clock.advance(20)
    own.now += 20
    assert store.has("s", "key")
    own.now += 10
    assert not store.has("s", "key")


def test_a_server_has_one_time(io: SocketIO, app: Flask) -> None:
    client, other = io.test_client(app), io.test_client(app)
    with client.clock() as clock:
        with pytest.raises(UsageError, match="stopped already"), other.clock():
            pass
        clock.advance(100)
        assert client.is_connected()
    with other.clock():
        pass
