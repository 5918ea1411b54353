"""When the calls of a test client return, and what they raise."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import gevent
import pytest
from flask import Flask
from gevent.event import Event

from flask_realtime import AckTimeout, SocketIO, emit, socket
from flask_realtime.exceptions import ArgumentsError, UsageError
from flask_realtime.extension.testing import SocketIOTestClient
from tests.support.application import Site
from tests.support.time import FakeTime
from tests.support.waiting import outcome


@pytest.fixture
def io(app: Flask) -> SocketIO:
    io = SocketIO(app)
    io.on("ask", lambda: socket.call("question"))
    io.on("slow", _slow)
    io.on("fail", _fail)
    return io


def _slow() -> str:
    gevent.sleep(0.01)
    return "done"


def _fail(text: str = "on purpose") -> None:
    raise LookupError(text)


# What is waited for


def test_a_handler_that_waits(io: SocketIO, app: Flask) -> None:
    assert io.test_client(app).emit("slow", callback=True) == "done"


@pytest.mark.parametrize("event", ["connect", "connection", "disconnecting", "disconnect"])
def test_the_handlers_of_a_life(io: SocketIO, app: Flask, event: str) -> None:
    done: list[str] = []
    io.on(event, lambda: done.append(_slow()))
    client = io.test_client(app)
    client.disconnect()
    assert done == ["done"]


def test_handlers_beside_others(app: Flask) -> None:
    io = SocketIO(app, async_handlers=True)
    done: list[str] = []
    io.on("slow", lambda: done.append(_slow()))
    client = io.test_client(app)
    client.emit("slow")
    assert done == ["done"]


def test_a_callback(io: SocketIO, app: Flask) -> None:
    done: list[str] = []
    io.on("go", lambda: emit("question", callback=lambda: done.append(_slow())))
    client = io.test_client(app)
    client.emit("go")
    client.ack(client.get_received()[0])
    assert done == ["done"]


def test_more_events_than_a_quantum_and_other_clients(io: SocketIO, app: Flask) -> None:
    """The handler of one client sends others events of their own, by the test clients."""
    clients = [io.test_client(app) for _ in range(100)]
    io.on("say", lambda number: emit("said", number, broadcast=True))
    for number, client in enumerate(clients):
        client.emit("say", number)
    for client in clients:
        assert [packet["args"] for packet in client.get_received()] == [[n] for n in range(100)]


def test_a_background_task_is_not_waited_for(io: SocketIO, app: Flask) -> None:
    go = Event()

    def task() -> None:
        go.wait()
        io.emit("late")

    io.on("start", lambda: (io.start_background_task(task), None)[1])
    client = io.test_client(app)
    client.emit("start")
    assert client.get_received() == []
    go.set()
    assert client.wait_for("late") == {"name": "late", "args": [], "namespace": "/"}


def test_a_background_task_that_does_not_wait_is_over(io: SocketIO, app: Flask) -> None:
    io.on("connect", lambda: (io.start_background_task(io.emit, "news"), None)[1])
    client = io.test_client(app)
    assert [packet["name"] for packet in client.get_received()] == ["news"]


def test_a_handler_that_never_returns(io: SocketIO, app: Flask) -> None:
    never = Event()

    def wait_for_ever() -> None:
        never.wait()

    io.on("wait", wait_for_ever)
    client = io.test_client(app, timeout=0.05)
    with pytest.raises(TimeoutError, match=r"(?s)not returned within 0.05 s.*in wait_for_ever"):
        client.emit("wait")
    never.set()
    io.test_client(app)


@pytest.mark.parametrize("before", [bool, _slow])
def test_what_handlers_leave_to_the_loop(
    io: SocketIO, app: Flask, before: Callable[[], Any]
) -> None:
    """An end by the server is only noted, where a handler is in the middle of something."""

    def connect() -> None:
        before()
        for number in range(1001):  # one more than may wait for the client to be let in
            emit("news", number)

    io.on("connect", connect)
    assert not io.test_client(app).is_connected()


def test_an_allow_request_that_waits(app: Flask) -> None:
    io = SocketIO(app, allow_request=lambda environ: bool(_slow()))
    assert io.test_client(app).is_connected()


# A handler asks


def test_a_handler_that_asks_its_client(io: SocketIO, app: Flask) -> None:
    client = io.test_client(app)
    assert client.emit("ask", callback=True) is None
    (question,) = client.get_received()
    assert question == {"name": "question", "args": [], "namespace": "/"}
    assert client.ack(question, "yes") == "yes"
    assert client.acks is None


def test_a_handler_that_asks_another_client(io: SocketIO, app: Flask) -> None:
    other = io.test_client(app)
    (id,) = io.of("/").sockets
    io.on("ask other", lambda: io.call("question", to=id))
    client = io.test_client(app)
    client.emit("ask other", callback=True)
    other.ack(other.get_received()[0], "yes")
    assert client.acks == {"args": ["yes"], "namespace": "/"}


def test_a_handler_that_asks_twice(io: SocketIO, app: Flask) -> None:
    io.on("ask twice", lambda: [socket.call("question"), socket.call("question")])
    client = io.test_client(app)
    client.emit("ask twice", callback=True)
    assert client.ack(client.get_received()[0], "first") is None
    assert client.ack(client.get_received()[0], "second") == ["first", "second"]


def test_events_behind_one_whose_handler_asks(io: SocketIO, app: Flask) -> None:
    done: list[int] = []
    io.on("next", lambda number: done.append(number))
    client = io.test_client(app)
    client.emit("ask")
    client.emit("next", 1)
    assert done == []
    client.ack(client.get_received()[0])
    assert done == [1]


def test_answers_are_told_apart(app: Flask) -> None:
    """A late answer is not taken for the one to a later event."""
    io = SocketIO(app, async_handlers=True)
    io.on("ask", lambda: socket.call("question"))
    io.on("quick", lambda: "quick")
    client = io.test_client(app)
    client.emit("ask", callback=True)
    assert client.emit("quick", callback=True) == "quick"
    assert client.ack(client.get_received()[0], "late") == "late"


def test_asking_in_the_connection_handler(io: SocketIO, app: Flask) -> None:
    answers: list[Any] = []
    io.on("connection", lambda: answers.append(socket.call("who")))
    client = io.test_client(app)
    client.ack(client.get_received()[0], "ann")
    assert answers == ["ann"]


def test_nobody_answers(io: SocketIO, app: Flask) -> None:
    def ask() -> None:
        try:
            socket.call("question", timeout=0.01)
        except AckTimeout:
            emit("gave up")

    io.on("ask impatiently", ask)
    client = io.test_client(app)
    client.emit("ask impatiently")
    client.wait_for("gave up")


def test_the_test_itself_asks(io: SocketIO, app: Flask) -> None:
    client = io.test_client(app)
    (id,) = io.of("/").sockets
    asking = outcome(io.call, "question", 5, to=id)
    client.ack(client.wait_for("question"), "answer")
    assert asking.get(timeout=1) == "answer"


def test_a_slow_handler_is_waited_for_while_a_task_asks(io: SocketIO, app: Flask) -> None:
    """Who waits for an answer is told apart from whose handler waits."""
    client = io.test_client(app)
    (id,) = io.of("/").sockets
    asking = outcome(io.call, "question", to=id)
    assert client.emit("slow", callback=True) == "done"
    client.ack(client.get_received()[0])
    assert asking.get(timeout=1) is None


# Waiting for an event


def test_waiting_for_one_event_leaves_the_others(io: SocketIO, app: Flask) -> None:
    client = io.test_client(app)
    for number in range(3):
        io.emit("news", number)
    io.emit("other")
    assert client.wait_for("other")["name"] == "other"
    assert client.wait_for("news")["args"] == [0]
    assert client.receive()["args"] == [1]
    assert [packet["args"] for packet in client.get_received()] == [[2]]


def test_waiting_in_vain(io: SocketIO, app: Flask) -> None:
    client = io.test_client(app)
    io.emit("other")
    with pytest.raises(TimeoutError, match="no 'news' within 0.01 s; there is: other"):
        client.wait_for("news", timeout=0.01)


# What is raised


@pytest.mark.parametrize("event", ["connect", "connection"])
def test_a_failure_while_connecting(io: SocketIO, app: Flask, event: str) -> None:
    io.on(event, _fail)
    with pytest.raises(LookupError):
        io.test_client(app)


def test_a_failure_is_raised_where_it_was_caused(
    io: SocketIO, app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    client = io.test_client(app)
    with pytest.raises(LookupError, match="here") as info:
        client.emit("fail", "here", callback=True)
    assert info.traceback[-1].name == "_fail"
    assert not caplog.records
    client.get_received()


def test_a_failure_while_leaving(io: SocketIO, app: Flask) -> None:
    io.on("disconnect", _fail)
    client = io.test_client(app)
    with pytest.raises(LookupError):
        client.disconnect()
    assert not client.is_connected()


def test_a_failure_in_a_callback(io: SocketIO, app: Flask) -> None:
    io.on("go", lambda: emit("question", callback=_fail))
    client = io.test_client(app)
    client.emit("go")
    with pytest.raises(LookupError, match="why"):
        client.ack(client.get_received()[0], "why")


def test_a_failure_that_nobody_asked_for(io: SocketIO, app: Flask) -> None:
    client, other = io.test_client(app), io.test_client(app)
    with pytest.raises(LookupError):
        client.emit("fail")
    assert other.emit("slow", callback=True) == "done"


@pytest.mark.parametrize("fail", [pytest.fail, pytest.skip])
def test_a_handler_decides_about_the_test(io: SocketIO, app: Flask, fail: Any) -> None:
    """What pytest raises is no ``Exception``."""
    io.on("decide", lambda: fail("so it is"))
    with pytest.raises(fail.Exception, match="so it is"):
        io.test_client(app).emit("decide")


def test_the_wrong_number_of_arguments(io: SocketIO, app: Flask) -> None:
    with pytest.raises(ArgumentsError, match="came with 1 argument, its handler _slow"):
        io.test_client(app).emit("slow", 1)


def test_an_error_handler_takes_it(io: SocketIO, app: Flask) -> None:
    io.on_error()(lambda error: f"sorry: {error}")
    assert io.test_client(app).emit("fail", "x", callback=True) == "sorry: x"


def test_an_error_handler_fails(io: SocketIO, app: Flask) -> None:
    @io.on_error_default
    def again(error: Exception) -> None:
        raise error

    with pytest.raises(LookupError):
        io.test_client(app).emit("fail")


def test_what_cannot_be_carried_back(io: SocketIO, app: Flask) -> None:
    io.on("emit", lambda: emit("bad", {"value": io}))
    io.on("answer", lambda: {"value": io})
    client = io.test_client(app)
    for event in ("emit", "answer"):
        with pytest.raises(TypeError):
            client.emit(event, callback=True)


def test_failures_stay_where_the_application_wants_it(
    io: SocketIO, app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    app.config["PROPAGATE_EXCEPTIONS"] = False
    answer = io.test_client(app).emit("fail", callback=True)
    assert answer == {"error": "internal error"}
    assert "handler of 'fail' in / failed" in caplog.text


@pytest.mark.parametrize("quiet", [True, False])
def test_each_application_says_whether_failures_are_raised(io: SocketIO, quiet: bool) -> None:
    """A test suite that makes an application per test, for one SocketIO."""
    for propagates in (quiet, not quiet):
        app = Flask("made for a test")
        app.testing, app.config["PROPAGATE_EXCEPTIONS"] = True, propagates
        io.init_app(app)
        client = io.test_client(app)
        if propagates:
            with pytest.raises(LookupError):
                client.emit("fail")
        else:
            assert client.emit("fail", callback=True) == {"error": "internal error"}


def test_a_failure_after_a_test_is_not_the_next_one_s(
    io: SocketIO, app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    io.on("disconnect", lambda reason: _fail(reason))
    io.test_client(app)
    io.init_app(app)
    assert "LookupError: server shutting down" in caplog.text
    assert io.test_client(app).is_connected()


def test_failures_of_other_clients_are_logged(
    serve: Callable[..., Site], app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    """A server that runs in the process of the test has clients of its own."""
    site = serve()
    site.io.on("fail", _fail)
    served, tested = site.client(), site.io.test_client(app)
    assert served.ask('421["fail"]') == '431[{"error":"internal error"}]'
    tested.get_received()
    assert "on purpose" in caplog.text
    served.wire.close()


# Bounds, time, threads


def test_a_full_inbox(app: Flask) -> None:
    """What is sent while nothing is read is neither lost nor out of order."""
    io = SocketIO(app, max_inbox=2)
    seen: list[int] = []
    io.on("ask", lambda: socket.call("question"))
    io.on("next", lambda number: seen.append(number))
    client = io.test_client(app)
    client.emit("ask")
    (question,) = client.get_received()
    for number in range(4):
        client.emit("next", number)
    with pytest.raises(TimeoutError):
        client.wait_for("anything", timeout=0.01)
    assert seen == []
    socket_ = next(iter(io.of("/").sockets.values()))
    socket_.acks.resolve(question.id, [])  # by the wire it would wait behind the others
    client.get_received()
    assert seen == [0, 1, 2, 3]


def test_a_message_that_is_too_big(app: Flask) -> None:
    io = SocketIO(app, max_http_buffer_size=1000)
    ends: list[str] = []
    io.on("disconnect", lambda reason: ends.append(reason))
    client = io.test_client(app)
    client.emit("big", "x" * 1000)
    assert ends == [io.reason.TRANSPORT_ERROR]
    assert client.connected == {"/": False}


@pytest.mark.parametrize("protocol", ["0.9", 3, 4])
def test_heartbeats_are_answered(io: SocketIO, app: Flask, protocol: int | str) -> None:
    time, engine = FakeTime(), io.server.engine
    io.server.start()
    engine.clock.stop()
    engine.clock = time.clock()
    client = io.test_client(app, protocol=protocol)
    for _ in range(200):
        time.pass_by(engine.clock, 1.0)
        client.get_received()
    assert client.is_connected()


def test_nothing_is_started_that_stays(app: Flask) -> None:
    """Each application of a test suite would leave a thread behind."""
    before = threading.active_count(), len(gevent.get_hub().threadpool)
    io = SocketIO(app)
    io.test_client(app)
    assert io.server.engine._watchdog is None
    assert (threading.active_count(), len(gevent.get_hub().threadpool)) == before


def test_another_thread(io: SocketIO, app: Flask) -> None:
    io.test_client(app)
    raised: list[Exception] = []

    def connect() -> None:
        try:
            io.test_client(app)
        except Exception as error:
            raised.append(error)

    thread = threading.Thread(target=connect)
    thread.start()
    thread.join()
    (error,) = raised
    assert isinstance(error, UsageError) and "in the thread of its server" in str(error)


def test_clients_of_several_greenlets(io: SocketIO, app: Flask) -> None:
    def talk(number: int) -> Any:
        client = io.test_client(app)
        io.on(f"event {number}", lambda: (_slow(), number)[1])
        return client.emit(f"event {number}", callback=True)

    tasks = [outcome(talk, number) for number in range(5)]
    assert [task.get(timeout=5) for task in tasks] == list(range(5))


def test_clients_that_are_forgotten_are_not_kept(io: SocketIO, app: Flask) -> None:
    client = io.test_client(app)
    sid = client.eio_sid
    client.disconnect()
    del client
    assert sid not in SocketIOTestClient.clients
