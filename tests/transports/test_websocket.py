"""Messages over one WebSocket, from its handshake to its close."""

from __future__ import annotations

from typing import Any

import gevent
import pytest

from tests.support.app import Serve
from tests.support.waiting import let_run
from tests.support.wire import CLOSE, PING, TEXT, Closed
from tests.websocket.masking import frame


def test_the_first_message_tells_the_terms_and_offers_no_upgrade(serve: Serve) -> None:
    running, _ = serve(ping_interval=3, ping_timeout=1.5, max_http_buffer_size=1234)
    client = running.websocket()
    assert client.terms == {
        "sid": running.session().sid,
        "upgrades": [],
        "pingInterval": 3000,
        "pingTimeout": 1500,
        "maxPayload": 1234,
    }


def test_messages_go_both_ways_in_order(serve: Serve) -> None:
    running, _ = serve()
    client = running.websocket()
    client.connect()
    client.send_text(*[f'42{number}["echo",{number}]' for number in range(300)])
    for number in range(300):
        assert client.receive() == f"43{number}[{number}]"


def test_binary_messages_go_as_they_are(serve: Serve) -> None:
    running, _ = serve()
    client = running.websocket()
    client.connect()
    client.send_text('452-["say",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]')
    client.send_binary(bytes(range(256)), b"")
    assert client.receive() == (
        '452-["said",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]'
    )
    assert client.receive() == bytes(range(256))
    assert client.receive() == b""


def test_text_is_utf_8(serve: Serve) -> None:
    running, _ = serve()
    client = running.websocket()
    client.connect()
    client.send_text('42["say","é😀 \u2028"]')
    assert client.receive() == '42["said","é😀 \u2028"]'


def test_a_frame_in_the_same_segment_as_the_handshake_is_not_lost(serve: Serve) -> None:
    running, _ = serve()
    client = running.raw_websocket(behind=frame(TEXT, b"40"))
    client.handshake()
    assert str(client.receive()).startswith('40{"sid":')


@pytest.mark.parametrize("size", [125, 126, 65535, 65536, 900_000])
def test_messages_of_every_length_of_header_arrive(serve: Serve, size: int) -> None:
    running, app = serve()
    client = running.websocket()
    client.connect()
    text = "x" * (size - len('42["say",""]'))
    client.send(frame(TEXT, f'42["say","{text}"]'.encode(), key=bytes(4)))
    assert client.receive() == f'42["said","{text}"]'


def test_a_broadcast_reaches_everyone(serve: Serve) -> None:
    running, app = serve()
    clients = [running.websocket() for _ in range(20)]
    for client in clients:
        client.connect()
    app.socket.namespace.emit("news", b"\x00")
    for client in clients:
        assert client.receive() == '451-["news",{"_placeholder":true,"num":0}]'
        assert client.receive() == b"\x00"


def test_messages_too_many_for_the_kernel_all_arrive_in_order(serve: Serve) -> None:
    running, app = serve()
    client = running.websocket(receive_buffer=4096)
    client.connect()
    for number in range(300):
        assert app.socket.emit("n", number, "x" * 10_000)
    for number in range(300):
        assert str(client.receive()).startswith(f'42["n",{number},')
    assert app.socket.drain(timeout=5)


def test_drain_waits_until_the_kernel_has_all(serve: Serve) -> None:
    running, app = serve()
    client = running.websocket(receive_buffer=4096)
    client.connect()
    for number in range(300):
        app.socket.emit("n", number, "x" * 10_000)
    draining = gevent.spawn(app.socket.drain)
    let_run()
    assert not draining.ready()
    for _ in range(300):
        client.receive()
    assert draining.get(timeout=5) is True


def test_a_volatile_message_is_dropped_while_others_wait(serve: Serve) -> None:
    running, app = serve()
    client = running.websocket(receive_buffer=4096)
    client.connect()
    while not app.socket.conn.transport.pending:
        assert app.socket.emit("big", "x" * 100_000)
    app.socket.volatile.emit("lost")
    app.socket.emit("kept")
    assert app.socket.drain(timeout=0.001) is False
    while (message := client.receive()) != '42["kept"]':
        assert message != '42["lost"]'
    app.socket.volatile.emit("now")
    assert client.receive() == '42["now"]'


# The end


@pytest.mark.parametrize("code", [1000, 1001, 4000])
def test_a_client_that_closes_is_answered_and_gone(serve: Serve, code: int) -> None:
    running, app = serve()
    client = running.websocket()
    client.connect()
    assert client.leave(code) == code
    assert client.at_end()
    assert app.reason() == "transport close"
    assert not running.sessions


def test_what_came_before_the_close_is_handled_before_it(serve: Serve) -> None:
    running, app = serve()
    client = running.websocket()
    client.connect()
    events = b"".join(frame(TEXT, b'42["note",%d]' % number) for number in range(50))
    client.send(events + frame(CLOSE, b"\x03\xe8"))
    assert app.reason() == "transport close"
    assert app.noted == list(range(50))


@pytest.mark.parametrize("vanish", ["finish", "reset"])
def test_a_client_that_vanishes_is_gone(serve: Serve, vanish: str) -> None:
    running, app = serve()
    client = running.websocket()
    client.connect()
    getattr(client, vanish)()
    assert app.reason() == "transport close"
    assert not running.sessions


def test_a_client_that_says_goodbye_in_engine_io_is_gone(serve: Serve) -> None:
    running, app = serve()
    client = running.websocket()
    client.connect()
    client.send_text("1")
    assert client.closed_with() is not None
    assert app.reason() == "transport close"


def test_when_the_server_closes_what_waits_leaves_first(serve: Serve) -> None:
    running, app = serve()
    client = running.websocket(receive_buffer=4096)
    client.connect()
    for number in range(30):
        app.socket.emit("n", number, "x" * 100_000)
    app.socket.disconnect(close=True)
    let_run()
    assert app.reasons == ["server namespace disconnect"]
    for number in range(30):
        assert str(client.receive()).startswith(f'42["n",{number},')
    assert client.receive() == "41"
    assert client.closed_with() == 1000
    assert not running.sessions


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"\x81\x01x", 1002),  # not masked
        (frame(0x3), 1002),  # a reserved opcode
        (b"\xc1\x80\x00\x00\x00\x00", 1002),  # a reserved bit
        (frame(0x0, b"x"), 1002),  # a continuation of nothing
        (frame(PING, b"x" * 126), 1002),
        (frame(TEXT, b"\xff"), 1007),
        (frame(TEXT, b"4" + b"x" * 1000), 1009),
    ],
)
def test_a_violation_of_websocket_is_a_transport_error(
    serve: Serve, data: bytes, code: int
) -> None:
    running, app = serve(max_http_buffer_size=1000)
    client = running.websocket()
    client.connect()
    client.send(data)
    assert client.closed_with() == code
    assert app.reason() == "transport error"
    assert not running.sessions


@pytest.mark.parametrize("message", ["", "garbage", "7", "4", "42[", '42["disconnect"]', "b!!!"])
def test_a_message_that_is_no_packet_is_a_parse_error(serve: Serve, message: str) -> None:
    running, app = serve()
    client = running.websocket()
    client.connect()
    client.send_text('42["note",1]', message, '42["note",2]')
    assert client.closed_with() == 1002
    assert app.reason() == "parse error"
    assert app.noted == [1]
    assert not running.sessions


def test_bytes_that_nobody_announced_are_a_parse_error(serve: Serve) -> None:
    running, app = serve()
    client = running.websocket()
    client.connect()
    client.send_binary(b"\x01")
    assert client.closed_with() == 1002
    assert app.reason() == "parse error"


def test_a_client_that_pings_in_engine_io_is_closed(serve: Serve) -> None:
    running, app = serve()
    client = running.websocket()
    client.connect()
    client.send_text("2")
    assert client.closed_with() is not None
    assert app.reason() == "transport error"


def test_a_ping_of_websocket_is_answered(serve: Serve) -> None:
    running, app = serve()
    client = running.websocket()
    client.connect()
    client.send(frame(PING, b"alive?"))
    client.send_text('421["echo",1]')
    assert client.receive() == "431[1]"
    assert client.pongs == [b"alive?"]


def test_the_heartbeat_goes_over_it(serve: Serve) -> None:
    running, app = serve()
    client = running.websocket()
    client.connect()
    for number in range(3):
        running.pass_by(25)
        assert client.receive() == "2"
        running.pass_by(19)
        client.send_text("3", f'42{number}["echo"]')
        assert client.receive() == f"43{number}[]"
    assert app.reasons == []


def test_a_client_that_does_not_answer_pings_is_closed(serve: Serve) -> None:
    running, app = serve()
    client = running.websocket()
    client.connect()
    running.pass_by(25)
    assert client.receive() == "2"
    running.pass_by(20)
    with pytest.raises(Closed):
        client.receive()
    assert app.reason() == "ping timeout"
    assert not running.sessions


def test_who_has_spoken_keeps_the_session_whatever_is_asked_of_him(serve: Serve) -> None:
    running, _ = serve()
    client = running.websocket()
    transport = running.session().transport
    assert not transport.kept
    client.connect()
    assert transport.kept
    transport.probe()
    assert (transport.alive, transport.kept) == (False, True)


def test_a_mistake_of_our_own_ends_the_one_connection_that_met_it(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    running, app = serve()
    hub: Any = gevent.get_hub()
    other = running.websocket()
    other.connect()
    client = running.websocket()
    client.connect()
    raised: list[type[BaseException]] = []

    class Wrong:
        def receive(self, packet: object) -> None:
            raise ZeroDivisionError

        closed = running.sessions[client.sid].client.closed

    running.sessions[client.sid].client = Wrong()
    monkeypatch.setattr(hub, "handle_error", lambda context, type, *_: raised.append(type))
    client.send_text('42["echo"]')
    assert client.closed_with() is None
    assert app.reason() == "transport error"
    assert raised == [ZeroDivisionError]
    monkeypatch.undo()
    other.send_text('421["echo"]')
    assert other.receive() == "431[]"


def test_a_handler_that_raises_closes_nothing(serve: Serve) -> None:
    running, app = serve()
    running.server.of("/").on("fail", lambda: 1 / 0)
    client = running.websocket()
    client.connect()
    client.send_text('421["fail"]', '422["echo"]')
    assert client.receive() == '431[{"error":"internal error"}]'
    assert client.receive() == "432[]"
    assert app.reasons == []
