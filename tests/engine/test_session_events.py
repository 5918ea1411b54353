"""What an application may listen to at one session, and at the engine for all of them."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any

import gevent
import pytest
from gevent.event import Event

from flask_realtime.engine.heard import HeardDecoder, HeardOutbox
from flask_realtime.engine.session import Session
from flask_realtime.engine.session_events import SessionEvents
from flask_realtime.exceptions import EventError
from flask_realtime.protocol.packet import EnginePacket, Packet, PacketType
from flask_realtime.transports.outbox import Outbox
from tests.engine.harness import Sessions
from tests.engine.upgrading import joined, upgraded
from tests.support.app import App, Serve
from tests.support.server import Running
from tests.support.waiting import let_run, wait_until
from tests.support.wire import WebSocketClient


class Heard(list[Any]):
    """What listeners were called with, in order."""

    def listen(self, to: Any, *events: str) -> None:
        for event in events:
            to.on(event, self._noting(event))

    def _noting(self, event: str) -> Callable[..., None]:
        return lambda *args: self.append((event, *args))

    def wait(self, count: int) -> list[Any]:
        """Wait until so many were; return them, and forget them."""
        wait_until(lambda: len(self) >= count, what=f"{count} events; there are {self}")
        let_run()
        heard = list(self)
        self.clear()
        return heard


@pytest.fixture
def heard() -> Heard:
    return Heard()


def entered(serve: Serve, **options: Any) -> tuple[Running, App, WebSocketClient]:
    """A server, and a client in its root namespace."""
    running, app = serve(**options)
    client = running.websocket()
    client.connect()
    return running, app, client


def of_version(running: Running, version: int) -> WebSocketClient:
    """A client of Engine.IO 3 or 4 in the root namespace."""
    client = running.raw_websocket(target=f"/socket.io/?EIO={version}&transport=websocket")
    client.handshake()
    if version == 4:
        client.connect()
    return client


def message(data: str | bytes) -> EnginePacket:
    return EnginePacket("message", data)


def test_each_packet_that_comes_is_heard_and_its_data(serve: Serve, heard: Heard) -> None:
    _, app, client = entered(serve)
    heard.listen(app.socket.conn, "packet", "data", "message")
    client.send_text('42["note",1]', '451-["note",{"_placeholder":true,"num":0}]')
    client.send_binary(b"\1\2")
    first, second = '2["note",1]', '51-["note",{"_placeholder":true,"num":0}]'
    expected: list[Any] = []
    for data in (first, second, b"\1\2"):
        expected += [("packet", message(data)), ("data", data), ("message", data)]
    assert heard.wait(9) == expected
    assert app.noted == [1, b"\1\2"]


def test_each_packet_that_goes_is_heard(serve: Serve, heard: Heard) -> None:
    _, app, client = entered(serve)
    heard.listen(app.socket.conn, "packet_create", "flush", "drain")
    app.socket.emit("said", b"\1")
    text, binary = message('51-["said",{"_placeholder":true,"num":0}]'), message(b"\1")
    assert heard.wait(4) == [
        ("packet_create", text),
        ("packet_create", binary),
        ("flush", [text, binary]),
        ("drain",),
    ]
    assert client.receive() == '451-["said",{"_placeholder":true,"num":0}]'


def test_answers_that_leave_together_are_flushed_together(serve: Serve, heard: Heard) -> None:
    _, app, client = entered(serve)
    heard.listen(app.socket.conn, "flush", "drain")
    client.send_text('421["echo",1]', '422["echo",2]')
    assert heard.wait(2) == [("flush", [message("31[1]"), message("32[2]")]), ("drain",)]


def test_what_waits_for_a_poll_is_flushed_by_it(serve: Serve, heard: Heard) -> None:
    running, app = serve()
    client = joined(running)
    wait_until(lambda: not app.socket.conn.outbox)
    heard.listen(app.socket.conn, "packet_create", "flush", "drain")
    app.socket.emit("a")
    app.socket.emit("b")
    a, b = message('2["a"]'), message('2["b"]')
    assert heard.wait(2) == [("packet_create", a), ("packet_create", b)]
    assert client.get() == ['42["a"]', '42["b"]']
    assert heard.wait(2) == [("flush", [a, b]), ("drain",)]


def test_a_volatile_message_that_is_dropped_is_none(serve: Serve, heard: Heard) -> None:
    running, app = serve()
    joined(running)
    wait_until(lambda: not app.socket.conn.outbox)
    heard.listen(app.socket.conn, "packet_create", "flush")
    app.socket.volatile.emit("dropped")
    app.socket.emit("taken")
    assert heard.wait(1) == [("packet_create", message('2["taken"]'))]


def test_what_waited_already_stays_and_is_flushed(serve: Serve, heard: Heard) -> None:
    running, app = serve()
    client = joined(running)
    wait_until(lambda: not app.socket.conn.outbox)
    conn = app.socket.conn
    app.socket.emit("before")
    drained = gevent.spawn(conn.outbox.drain, 5)
    let_run()
    size = conn.outbox.size
    heard.listen(conn, "flush")
    assert (conn.outbox.size, size > 0) == (size, True)
    app.socket.emit("after")
    assert client.get() == ['42["before"]', '42["after"]']
    assert heard.wait(1) == [("flush", [message('2["before"]'), message('2["after"]')])]
    assert drained.get(timeout=5) is True


def test_drain_comes_when_the_kernel_has_all(
    make_sessions: Callable[..., Sessions], heard: Heard
) -> None:
    session, transport, _ = make_sessions().open()
    transport.stuck = True
    heard.listen(session, "flush", "drain")
    session.send(Packet(PacketType.EVENT, data=["x"]))
    let_run()
    assert heard == []
    transport.stuck = False
    transport.flush()
    assert heard.wait(2) == [("flush", [message('2["x"]')]), ("drain",)]


@pytest.mark.parametrize(
    ("version", "sent", "packet"),
    [
        (4, "3", EnginePacket("pong", None)),
        (3, "2", EnginePacket("ping", None)),
        (3, "2probe", EnginePacket("ping", "probe")),
    ],
)
def test_a_heartbeat(
    serve: Serve, heard: Heard, version: int, sent: str, packet: EnginePacket
) -> None:
    running, app = serve()
    client = of_version(running, version)
    wait_until(lambda: app.sockets)
    heard.listen(app.socket.conn, "packet", "heartbeat", "message")
    client.send_text(sent)
    assert heard.wait(2) == [("packet", packet), ("heartbeat",)]


def test_binary_of_clients_before_4_is_without_its_envelope(serve: Serve, heard: Heard) -> None:
    running, app = serve()
    client = of_version(running, 3)
    wait_until(lambda: app.sockets)
    heard.listen(app.socket.conn, "data", "packet_create")
    client.send_text('451-["say",{"_placeholder":true,"num":0}]')
    client.send_binary(b"\4\1")
    came = heard.wait(4)
    assert came[1] == ("data", b"\1")
    assert came[-1] == ("packet_create", message(b"\1"))


def test_a_client_0_9(serve: Serve, heard: Heard) -> None:
    running, app = serve()
    sid = running.client_09().sid
    client = running.raw_websocket(target=f"/socket.io/1/websocket/{sid}")
    wait_until(lambda: app.sockets)
    heard.listen(app.socket.conn, "packet", "heartbeat", "message", "packet_create", "close")
    client.send_text("2::")
    assert heard.wait(2) == [("packet", EnginePacket("heartbeat", None)), ("heartbeat",)]
    text = '5:::{"name":"note","args":[1]}'
    client.send_text(text)
    assert heard.wait(2) == [("packet", message(text)), ("message", text)]
    app.socket.emit("x")
    assert heard.wait(1) == [("packet_create", message('5:::{"name":"x"}'))]


def test_the_upgrade(serve: Serve, heard: Heard) -> None:
    running, app = serve()
    client = joined(running)
    conn = app.socket.conn
    heard.listen(conn, "upgrading", "upgrade", "packet")
    websocket = upgraded(running, client)
    transport = conn.transport
    assert heard.wait(2) == [("upgrading", transport), ("upgrade", transport)]
    websocket.send_text('42["note",1]')
    assert heard.wait(1) == [("packet", message('2["note",1]'))]


@pytest.mark.parametrize("takes_both", [True, False])
def test_close_comes_once_with_the_reason(serve: Serve, takes_both: bool) -> None:
    _, app, client = entered(serve)
    conn, told = app.socket.conn, []
    if takes_both:
        conn.on("close", lambda reason, description: told.append((reason, description)))
    else:
        conn.on("close", lambda reason: told.append((reason, None)))
    conn.on("packet_create", told.append)
    client.leave()
    wait_until(lambda: told)
    let_run()
    assert told == [("transport close", None)]


def test_close_tells_which_rule_was_broken(serve: Serve, heard: Heard) -> None:
    _, app, client = entered(serve)
    heard.listen(app.socket.conn, "packet", "close")
    client.send_text("x")
    packet, close = heard.wait(2)
    assert packet == ("packet", EnginePacket("error", "parser error"))
    assert close == ("close", "parse error", "unknown Engine.IO packet type")


def test_once_and_off(serve: Serve, heard: Heard) -> None:
    _, app, client = entered(serve)
    conn = app.socket.conn

    @conn.once("data")
    def once(data: str) -> None:
        heard.append(("once", data))

    @conn.on("data")
    def each(data: str) -> None:
        heard.append(("each", data))
        if data == '2["note",2]':
            conn.off("data", each)

    conn.once("data", heard.append)
    conn.off("data", heard.append)
    conn.off("packet")
    client.send_text('42["note",1]')
    assert heard.wait(2) == [("once", '2["note",1]'), ("each", '2["note",1]')]
    client.send_text('42["note",2]')
    assert heard.wait(1) == [("each", '2["note",2]')]
    client.send_text('42["note",3]')
    wait_until(lambda: 3 in app.noted)
    let_run()
    assert heard == []


def test_off_without_a_listener_takes_all_off(serve: Serve, heard: Heard) -> None:
    _, app, client = entered(serve)
    heard.listen(app.socket.conn, "data", "data", "packet")
    app.socket.conn.off("data")
    client.send_text('42["note",1]')
    assert heard.wait(1) == [("packet", message('2["note",1]'))]


def test_a_listener_that_blocks_holds_up_nothing_but_later_listeners(
    serve: Serve, heard: Heard
) -> None:
    _, app, client = entered(serve)
    go = Event()

    @app.socket.conn.on("data")
    def data(data: str) -> None:
        go.wait(10)
        heard.append(data)

    client.send_text('421["echo",1]')
    assert client.receive() == "431[1]"
    client.send_text('422["echo",2]')
    assert client.receive() == "432[2]"
    assert heard == []
    go.set()
    assert heard.wait(2) == ['21["echo",1]', '22["echo",2]']


def test_what_waits_for_a_listener_is_bounded(
    serve: Serve, heard: Heard, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("flask_realtime.engine.session_events.MOST_WAITING", 3)
    _, app, client = entered(serve)
    go = Event()

    @app.socket.conn.on("data")
    def data(data: str) -> None:
        go.wait(10)
        heard.append(data)

    app.socket.conn.on("close", heard.append)
    client.send_text(*(f'42["note",{number}]' for number in range(9)))
    wait_until(lambda: len(app.noted) == 9)
    client.leave()
    assert app.reason()
    go.set()
    told = heard.wait(4)
    assert told[-1] == "transport close"
    assert 3 <= len(told) - 1 <= 4
    assert caplog.text.count("listeners of a session are slower") == 1


def test_what_waits_for_a_listener_is_bounded_in_bytes(serve: Serve, heard: Heard) -> None:
    _, app, client = entered(serve, max_http_buffer_size=5000)
    go = Event()

    @app.socket.conn.on("data")
    def data(data: str) -> None:
        go.wait(10)
        heard.append(len(data))

    long = "x" * 4000
    for number in range(9):
        client.send_text(f'42["note","{number}{long}"]')
        wait_until(lambda: len(app.noted) == number + 1)  # noqa: B023  (it is called at once)
    go.set()
    told = heard.wait(5)
    wait_until(lambda: not app.socket.conn._events._calls)
    assert len(told) == 5  # the one that the listener is at, and four times the largest message


def test_a_listener_that_fails_is_logged_and_harms_nothing(
    serve: Serve, heard: Heard, caplog: pytest.LogCaptureFixture
) -> None:
    _, app, client = entered(serve)

    @app.socket.conn.on("data")
    def fails(data: str) -> None:
        raise gevent.Timeout

    @app.socket.conn.on("data")
    def fails_too(data: str) -> None:
        raise RuntimeError("a mistake")

    heard.listen(app.socket.conn, "data")
    client.send_text('421["echo",1]')
    assert client.receive() == "431[1]"
    assert heard.wait(1) == [("data", '21["echo",1]')]
    assert "a mistake" in caplog.text and "fails_too" in caplog.text
    caplog.clear()


def test_it_may_be_listened_to_from_another_thread(serve: Serve, heard: Heard) -> None:
    _, app, client = entered(serve)
    pool = gevent.get_hub().threadpool
    pool.spawn(heard.listen, app.socket.conn, "data").get()
    client.send_text('42["note",1]')
    assert heard.wait(1) == [("data", '2["note",1]')]
    pool.spawn(app.socket.conn.off, "data").get()
    client.send_text('42["note",2]')
    wait_until(lambda: 2 in app.noted)
    let_run()
    assert heard == []


def test_a_session_that_nobody_listens_to_has_nothing_for_it(serve: Serve) -> None:
    _, app, _ = entered(serve)
    conn = app.socket.conn
    assert conn._events is None and type(conn.outbox) is Outbox
    decoder = conn._decoder
    conn.on("upgrade", print)
    conn.on("close", print)
    assert conn._decoder is decoder and type(conn.outbox) is Outbox


def test_a_session_that_is_over_takes_no_listeners(serve: Serve) -> None:
    _, app, client = entered(serve)
    conn = app.socket.conn
    conn.on("packet", print)
    client.leave()
    wait_until(lambda: conn.ready_state == "closed")
    conn.on("close", print)
    assert conn._events is None


def alive() -> int:
    """How many objects there are for listeners."""
    kinds = (SessionEvents, HeardDecoder, HeardOutbox)
    return sum(type(each) in kinds for each in gc.get_objects())


@pytest.mark.parametrize("leaves", [WebSocketClient.leave, WebSocketClient.reset])
def test_a_session_that_was_listened_to_goes_without_the_collector(
    serve: Serve, heard: Heard, leaves: Callable[[WebSocketClient], object]
) -> None:
    _, app, client = entered(serve)
    conn, known = app.socket.conn, []
    gc.collect()
    before = alive()  # other tests may be remembered
    for event in ("packet", "packet_create", "flush", "drain", "upgrade"):
        conn.on(event, lambda *args, conn=conn: known.append(conn))
    app.socket.engine.on("drain", lambda session: None)
    conn.once("close", heard.append)
    client.send_text('421["echo",1]')
    assert client.receive() == "431[1]"
    assert alive() == before + 3
    gc.disable()
    try:
        app.sockets.clear()
        del conn
        leaves(client)
        heard.wait(1)
        known.clear()
        wait_until(lambda: alive() == before, what="nothing is left")
    finally:
        gc.enable()


@pytest.mark.parametrize(
    ("event", "told"),
    [
        ("open", "before anybody can listen"),
        ("packetCreate", "packet_create"),
        ("error", "upgrade, close, packet"),
    ],
)
def test_what_is_refused(serve: Serve, event: str, told: str) -> None:
    _, app, _ = entered(serve)
    for word in (app.socket.conn.on, app.socket.conn.once):
        with pytest.raises(EventError, match=told):
            word(event)
    for owner, name in ((app.socket.conn, "close"), (app.socket.engine, "flush")):
        with pytest.raises(EventError, match="a function, not 5"):
            owner.on(name, 5)  # type: ignore[attr-defined]


# At the engine


def test_the_engine_tells_of_what_leaves_from_all(serve: Serve, heard: Heard) -> None:
    running, app, client = entered(serve)
    engine = app.socket.engine
    heard.listen(engine, "flush", "drain")  # for who is here as for who comes
    app.socket.emit("x")
    assert heard.wait(2) == [
        ("flush", app.socket.conn, [message('2["x"]')]),
        ("drain", app.socket.conn),
    ]
    running.websocket()
    (kind, session, packets), drain = heard.wait(2)
    assert kind == "flush" and isinstance(session, Session) and session is not app.socket.conn
    assert packets[0].type == "open"
    assert drain == ("drain", session)
    assert client.receive() == '42["x"]'


def test_a_listener_of_the_engine_that_fails_is_logged(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    running, app = serve()

    @running.engine.on("connection")
    def fails(session: Session) -> None:
        raise RuntimeError("a mistake")

    running.websocket()
    wait_until(lambda: "a mistake" in caplog.text)
    assert "fails" in caplog.text
    caplog.clear()
