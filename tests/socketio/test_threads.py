"""Calls from other OS threads."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from flask_realtime.exceptions import AckTimeout, EncodeError
from flask_realtime.websocket.stream import Stream
from tests.support.server import Running, make_server, serving
from tests.support.waiting import wait_until


def in_thread(function: Callable[[], Any]) -> Any:
    """Run a function in a thread of its own; return what it returns, raise what it raises."""
    outcome: list[Any] = []

    def run() -> None:
        try:
            outcome.append((function(), None))
        except BaseException as error:
            outcome.append((None, error))

    thread = threading.Thread(target=run)
    thread.start()
    wait_until(lambda: bool(outcome), what="the thread is done")
    thread.join()
    result, error = outcome[0]
    if error is not None:
        raise error
    return result


@pytest.fixture
def running() -> Any:
    with serving(make_server()) as running:
        yield running


def test_an_emit_from_a_thread_arrives(running: Running) -> None:
    client = running.websocket()
    client.connect()
    in_thread(lambda: running.server.of("/").emit("hello", 1))
    assert client.receive() == '42["hello",1]'


def test_a_thread_emits_to_one_socket(running: Running) -> None:
    client = running.websocket()
    id = client.connect()
    socket = running.server.of("/").sockets[id]
    assert in_thread(lambda: socket.emit("hello", {"a": 1}))
    assert client.receive() == '42["hello",{"a":1}]'


def test_a_thread_answers_an_event(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[Any] = []
    running.server.of("/").on("y", lambda ack: kept.append(ack))
    client = running.websocket()
    client.connect()
    client.send_text('421["y"]')
    wait_until(lambda: kept)
    writers: list[int] = []
    write = Stream.write

    def noted(self: Stream, data: bytes) -> bool:
        writers.append(threading.get_ident())
        return write(self, data)

    monkeypatch.setattr(Stream, "write", noted)
    with pytest.raises(EncodeError):
        in_thread(lambda: kept[0](object()))
    in_thread(lambda: kept[0]("at last"))
    assert client.receive() == '431["at last"]'
    assert set(writers) == {threading.get_ident()}


def test_a_value_that_cannot_be_sent_raises_in_the_thread(running: Running) -> None:
    client = running.websocket()
    socket = running.server.of("/").sockets[client.connect()]
    with pytest.raises(EncodeError):
        in_thread(lambda: running.server.of("/").emit("hello", object()))
    with pytest.raises(EncodeError):
        in_thread(lambda: socket.emit("hello", object()))


def test_a_thread_waits_for_an_answer(running: Running) -> None:
    client = running.websocket()
    socket = running.server.of("/").sockets[client.connect()]
    answers: list[Any] = []
    thread = threading.Thread(target=lambda: answers.append(socket.call("ask", timeout=5)))
    thread.start()
    assert client.receive() == '420["ask"]'
    client.send_text('430["fine"]')
    wait_until(lambda: bool(answers), what="the answer has come to the thread")
    thread.join()
    assert answers == ["fine"]


def test_a_thread_does_not_wait_for_ever(running: Running) -> None:
    client = running.websocket()
    socket = running.server.of("/").sockets[client.connect()]
    with pytest.raises(AckTimeout):
        in_thread(lambda: socket.call("ask", timeout=0.02))


def test_a_thread_changes_rooms_and_sends_away(running: Running) -> None:
    client = running.websocket()
    socket = running.server.of("/").sockets[client.connect()]
    in_thread(lambda: socket.join("room"))
    wait_until(lambda: "room" in socket.rooms, what="the socket is in the room")
    in_thread(lambda: running.server.of("/").in_("room").emit("hello"))
    assert client.receive() == '42["hello"]'
    in_thread(lambda: running.server.of("/").in_("room").disconnect_sockets())
    assert client.receive() == "41"


def test_many_threads_and_greenlets_do_not_mix_their_frames(running: Running) -> None:
    client = running.websocket()
    socket = running.server.of("/").sockets[client.connect()]
    each, threads = 100, 5

    def emit(name: int) -> None:
        for number in range(each):
            socket.emit("n", name, number, b"\x00")

    started = [threading.Thread(target=emit, args=(name,)) for name in range(threads)]
    for thread in started:
        thread.start()
    seen: dict[int, int] = dict.fromkeys(range(threads), 0)
    for _ in range(each * threads):
        text = client.receive()
        assert isinstance(text, str) and text.startswith('451-["n",')
        name, number = (int(part) for part in text.split(",")[1:3])
        assert seen[name] == number
        seen[name] += 1
        assert client.receive() == b"\x00"
    for thread in started:
        thread.join()
