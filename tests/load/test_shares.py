"""What keeps a client that floods from holding up others: it gets a share at a time."""

from __future__ import annotations

from collections.abc import Callable

import gevent
import pytest

from flask_realtime.engine import session as session_module
from flask_realtime.engine.clock import Clock, Deadline
from flask_realtime.socketio import turn as turn_module
from flask_realtime.websocket.messages import Messages
from flask_realtime.wsgi import WSGIServer
from flask_realtime.wsgi import http_connection as http_module
from tests.load.drain import SERVERS
from tests.load.process import Application
from tests.load.wires import PING, frame
from tests.load.wires import text as text_frame
from tests.support.app import Serve, serving_apps
from tests.support.server import Running, not_found, serving
from tests.support.waiting import let_run, wait_until
from tests.support.wire import WebSocketClient

KIB = 1024
DEAR = '42["note","%s"]' % ("x" * 20 * KIB)


def among_31(running: Running) -> WebSocketClient:
    """A client beside thirty others."""
    clients = [running.websocket() for _ in range(31)]
    for client in clients:
        client.connect()
    return clients[0]


def decoding_lasts(monkeypatch: pytest.MonkeyPatch, *moments: float) -> None:
    """Have the clock say when each long message begins to be decoded, and when it has been."""
    told = iter(moments)
    monkeypatch.setattr(session_module, "perf_counter", lambda: next(told))


@pytest.fixture
def serve() -> object:
    with serving_apps() as start:
        yield start


def test_who_sends_much_is_read_a_little_at_a_time(serve: Serve) -> None:
    running, app = serve()
    client = running.websocket()
    client.connect()
    framing = running.session().transport.connection.framing  # type: ignore[attr-defined]
    sizes: list[int] = []

    class Watched(Messages):
        __slots__ = ()

        def feed(self, data: bytes) -> list[str | bytes]:
            sizes.append(len(data))
            return super().feed(data)

    framing.__class__ = Watched
    client.send(text_frame('42["note",1]') * 5000)
    wait_until(lambda: len(app.noted) == 5000)
    assert max(sizes) <= 2 * KIB
    sizes.clear()
    client.send(frame(0x1, b'42["note","%b"]' % (b"x" * 500 * KIB)))
    wait_until(lambda: len(app.noted) == 5001)
    assert max(sizes) > 16 * KIB  # a long message comes in few pieces


def test_who_goes_on_after_our_close_frame_is_read_a_little_at_a_time(serve: Serve) -> None:
    running, app = serve()
    client = running.websocket()
    client.connect()
    framing = running.session().transport.connection.framing  # type: ignore[attr-defined]
    sizes: list[int] = []

    class Watched(Messages):
        __slots__ = ()

        def feed(self, data: bytes) -> list[str | bytes]:
            sizes.append(len(data))
            return super().feed(data)

    framing.__class__ = Watched
    app.socket.disconnect(close=True)
    client.send(text_frame('42["note",1]') * 5000 + frame(0x8, b"\x03\xe8"))
    wait_until(lambda: sum(sizes) > 5000 * 18)
    assert max(sizes) <= 2 * KIB
    assert client.closed_with() == 1000


def test_the_more_frames_a_read_brings_the_less_is_read_next() -> None:
    framing = Messages(1_000_000)
    appetites = []
    for _ in range(4):
        framing.feed(frame(PING) * 200)
        appetites.append(framing.appetite)
    assert appetites == [1024, 512, 256, 256]
    for _ in range(4):
        framing.feed(frame(PING))
        appetites.append(framing.appetite)
    assert appetites[4:] == [512, 1024, 2048, 2048]


def test_the_rest_of_a_long_frame_is_read_at_once() -> None:
    framing = Messages(1_000_000)
    message = frame(0x2, bytes(300 * KIB))
    framing.feed(message[:2000])
    assert framing.appetite == len(message) - 2000
    framing.feed(message[2000:])
    assert framing.appetite == 2048


def test_a_client_gets_one_quantum_until_the_loop_has_looked_around(serve: Serve) -> None:
    running, app = serve()
    client = running.websocket()
    client.connect()
    seen: list[int] = []
    before = gevent.get_hub().loop.prepare()
    before.start(lambda: seen.append(len(app.noted)))
    try:
        client.send(text_frame('42["note",1]') * 400)
        wait_until(lambda: len(app.noted) == 400)
        seen.append(400)
    finally:
        before.stop()
        before.close()
    # One before the loop looks at its sockets, one after it.
    shares = [b - a for a, b in zip(seen, seen[1:], strict=False)]
    assert max(shares) <= 2 * turn_module.QUANTUM


def test_a_client_may_join_leave_and_join_again_in_one_breath(serve: Serve) -> None:
    running, app = serve()
    running.server.of("/other").on("echo", lambda value: value)
    client = running.websocket()
    client.connect()
    client.send_text("40/other,", "41/other,", "40/other,", '42/other,1["echo","here"]')
    ids = {client.receive(), client.receive()}
    assert len(ids) == 2
    assert client.receive() == '43/other,1["here"]'
    assert app.reasons == []


def test_who_sends_what_is_dear_to_decode_has_to_rest(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How long a decoding takes is told by a clock that jumps; so is how long the rest is."""
    running, app = serve()
    client, other = running.websocket(), running.websocket()
    client.connect()
    other.connect()
    decoding_lasts(monkeypatch, 10.0, 10.05)
    client.send_text(DEAR, '42["note","behind"]')
    wait_until(lambda: app.noted)
    other.send_text('421["echo","meanwhile"]')
    assert other.receive() == '431["meanwhile"]'
    assert len(app.noted) == 1
    running.pass_by(0.45)
    wait_until(lambda: app.noted[1:] == ["behind"])


def test_who_does_it_again_rests_the_longer_the_more_others_there_are(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    running, app = serve()
    client = among_31(running)
    decoding_lasts(monkeypatch, 10.0, 10.05, 10.5, 10.55)
    client.send_text(DEAR, DEAR, '42["note","behind"]')
    wait_until(lambda: len(app.noted) == 1)
    running.pass_by(0.45)
    wait_until(lambda: len(app.noted) == 2)
    running.pass_by(1.45)
    let_run()
    assert len(app.noted) == 2
    running.pass_by(0.05)
    wait_until(lambda: app.noted[2:] == ["behind"])


def test_who_does_it_seldom_rests_as_for_the_first_time(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    running, app = serve()
    client = among_31(running)
    decoding_lasts(monkeypatch, 10.0, 10.05, 16.0, 16.05)
    rests: list[float] = []
    after_any = Clock.after_any

    def noted(clock: Clock, seconds: float, action: Callable[[], None]) -> Deadline:
        rests.append(seconds)
        return after_any(clock, seconds, action)

    monkeypatch.setattr(Clock, "after_any", noted)
    client.send_text(DEAR, DEAR, '42["note","behind"]')
    for number in (1, 2, 3):
        wait_until(lambda number=number: len(app.noted) == number)
        running.pass_by(0.45)
    assert rests == pytest.approx([0.45, 0.45])


def test_who_rests_need_not_answer_a_ping_meanwhile(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its answer is behind what it has sent before it."""
    running, app = serve(ping_interval=25, ping_timeout=20)
    client = running.websocket()
    client.connect()
    running.pass_by(25)
    assert client.receive() == "2"
    running.pass_by(19)
    decoding_lasts(monkeypatch, 10.0, 11.0)
    client.send_text(DEAR, "3", '42["note","behind"]')
    wait_until(lambda: app.noted)
    running.pass_by(1.5)
    let_run()
    assert len(app.noted) == 1
    assert app.reasons == []
    running.pass_by(0.5)
    wait_until(lambda: app.noted[1:] == ["behind"])


def test_a_client_that_pings_hears_of_us_while_it_rests(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    running, app = serve()
    client = running.raw_websocket(target="/socket.io/?EIO=3&transport=websocket")
    assert client.receive()[0] == "0"
    assert client.receive() == "40"
    decoding_lasts(monkeypatch, 10.0, 11.0)
    client.send_text(DEAR, "2")
    assert client.receive() == "6"
    running.pass_by(2)
    assert client.receive() == "3"


@pytest.mark.parametrize("transport", ["websocket", "polling"])
def test_who_rests_is_read_again_and_can_be_sent_away(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, transport: str
) -> None:
    running, app = serve()
    client = getattr(running, transport)()
    client.connect()
    decoding_lasts(monkeypatch, 10.0, 11.0)
    if transport == "websocket":
        client.send_text(DEAR, '42["note","behind"]')
    else:
        client.ask_post(f'{DEAR}\x1e42["note","behind"]'.encode())
    wait_until(lambda: app.noted)
    let_run()
    assert len(app.noted) == 1
    app.socket.disconnect(close=True)
    assert app.reason() == "server namespace disconnect"
    if transport == "websocket":
        assert client.closed_with() == 1000
    else:
        assert client.posts.answer().status == 200
        assert client.get()[0] == "41"
        assert client.get() == ["1"]


def test_few_connections_are_accepted_at_a_time() -> None:
    assert WSGIServer.max_accept <= 8


def test_pipelined_requests_are_read_a_little_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []

    class Watched(http_module.RequestParser):
        __slots__ = ()

        def feed(self, data: bytes) -> None:
            sizes.append(len(data))
            super().feed(data)

    monkeypatch.setattr(http_module, "RequestParser", Watched)
    with serving(not_found) as running:
        http = running.http()
        http.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 1000)
        for _ in range(1000):
            assert http.answer().status == 404
    assert max(sizes) <= 4 * KIB


@pytest.mark.parametrize("name", SERVERS)
def test_what_is_there_at_the_start_is_not_looked_through_again_and_again(name: str) -> None:
    """A full collection over all modules would stop everyone for 25 ms."""
    with Application(*SERVERS[name]) as server:
        assert server.holds()["frozen"] > 10_000
