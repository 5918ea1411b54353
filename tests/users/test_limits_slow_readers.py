"""A client that does not read, or does not answer, costs what it may cost and no more; nobody else
notices it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from flask_realtime.socketio import acks
from flask_realtime.socketio.socket import Socket
from tests.support.app import App, Serve, serving_apps
from tests.support.application import Site
from tests.support.server import Running
from tests.support.waiting import let_run, outcome, wait_until

KIB = 1024
CAP = 64 * KIB


@pytest.fixture
def serve_app() -> Iterator[Serve]:
    with serving_apps() as start:
        yield start
        let_run()


def stalled(running: Running, app: App, transport: str) -> Socket:
    """A client that is in, and reads nothing from now on."""
    options = {"receive_buffer": 4096} if transport == "websocket" else {}
    getattr(running, transport)(**options).connect()
    return app.socket


def held(socket: Socket) -> int:
    session = socket.conn
    transport = getattr(session.outbox, "transport", None)  # None when the session is over
    return session.outbox.size + (transport.pending if transport else 0)


@pytest.mark.parametrize("transport", ["polling", "websocket"])
def test_in_a_broadcast_to_many_the_others_get_everything(serve_app: Serve, transport: str) -> None:
    running, app = serve_app(max_outbox_size=CAP)
    slow = stalled(running, app, transport)
    others = [running.websocket() for _ in range(100)]
    for client in others:
        client.connect()
    app.sockets.clear()
    room = running.server.of("/").to("all")
    running.server.of("/").sockets_join("all")
    most, number = 0, 0
    while slow.connected:
        assert room.emit("n", number, "x" * 16 * KIB)
        most = max(most, held(slow))
        for client in others:
            assert str(client.receive()).startswith(f'42["n",{number},')
        number += 1
        assert number < 2000
        let_run(1)
    assert most <= CAP
    assert app.reason() == "outbox full"
    room.emit("n", "after")
    assert all(client.receive() == '42["n","after"]' for client in others)


@pytest.mark.parametrize("transport", ["polling", "websocket"])
def test_emit_says_whether_a_message_was_taken(serve_app: Serve, transport: str) -> None:
    running, app = serve_app(max_outbox_size=CAP)
    slow = stalled(running, app, transport)
    taken = 0
    while slow.emit("news", "x" * 16 * KIB):
        taken += 1
        assert held(slow) <= CAP
    assert taken >= 3
    assert slow.emit("news") in (True, False)  # what is small may still fit
    assert app.reason() == "outbox full"
    assert slow.emit("news") is False


@pytest.mark.parametrize("transport", ["polling", "websocket"])
def test_volatile_messages_are_dropped_and_close_nobody(serve_app: Serve, transport: str) -> None:
    running, app = serve_app(max_outbox_size=CAP)
    slow = stalled(running, app, transport)
    taken = [slow.volatile.emit("maybe", "x" * 16 * KIB) for _ in range(2000)]
    assert taken.count(False) > 1000
    assert held(slow) <= CAP + 17 * KIB  # the one that began to leave
    let_run()
    assert slow.connected


def test_who_drains_sends_any_amount(serve_app: Serve) -> None:
    running, app = serve_app(max_outbox_size=CAP)
    client = running.websocket(receive_buffer=4096)
    client.connect()
    socket = app.socket
    most = []

    def send() -> bool:
        for number in range(100):
            assert socket.emit("part", number, "x" * 16 * KIB)
            most.append(held(socket))
            assert socket.drain(timeout=10)
        return True

    sending = outcome(send)
    for number in range(100):
        assert str(client.receive()).startswith(f'42["part",{number},')
    assert sending.get(timeout=10) is True
    assert max(most) <= CAP


# Who does not answer


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(acks, "MAX_CALLBACKS", 5)
    return 5


def test_callbacks_of_a_client_that_never_answers_are_bounded(
    site: Site, few: int, caplog: pytest.LogCaptureFixture
) -> None:
    client = site.client()
    socket = site.socket(client)
    for _ in range(20):
        assert socket.emit("question", callback=print)
    assert len(socket.acks._pending) == few
    assert socket.connected
    (record,) = caplog.records  # said once
    assert "leaves events unanswered" in record.getMessage()


def test_the_oldest_callback_is_given_up_for_the_next(site: Site, few: int) -> None:
    got: list[tuple[int, int]] = []
    client = site.client()
    socket = site.socket(client)

    def note(number: int) -> Callable[[int], None]:
        return lambda answer: got.append((number, answer))

    for number in range(few + 2):
        socket.emit("question", callback=note(number))
        client.receive()
    client.send(*(f"43{number}[{number}]" for number in range(few + 2)))
    wait_until(lambda: len(got) == few)
    assert client.got_nothing()
    assert got == [(number, number) for number in range(2, few + 2)]


def test_who_waits_for_an_answer_is_not_given_up(site: Site, few: int) -> None:
    client = site.client()
    socket = site.socket(client)
    calls = [outcome(socket.call, "asked") for _ in range(few)]
    for _ in range(few):
        client.receive()
    for _ in range(3):
        socket.emit("question", callback=print)
        client.receive()
    client.send(*(f"43{number}[{number}]" for number in range(few)))
    assert [call.get(timeout=5) for call in calls] == list(range(few))


def test_a_client_that_answers_loses_no_callback(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many at once as there may be."""
    monkeypatch.setattr(acks, "MAX_CALLBACKS", 2000)
    got: list[int] = []
    client = site.client()
    socket = site.socket(client)
    count = acks.MAX_CALLBACKS
    for _ in range(count):
        socket.emit("q", callback=got.append)
    for number in range(0, count, 1000):
        for _ in range(1000):
            client.receive()
        client.send(*(f"43{one}[{one}]" for one in range(number, number + 1000)))
    wait_until(lambda: len(got) == count)
    assert got == list(range(count))
    assert not socket.acks._pending
