"""Sessions over a WebSocket that compresses."""

from __future__ import annotations

import zlib
from typing import Any

import pytest

from flask_realtime.protocol.packet import Encoded
from flask_realtime.transports.outbox import Outbox
from flask_realtime.transports.websocket import WebSocketTransport
from flask_realtime.websocket.connection import Connection
from flask_realtime.websocket.messages import Messages
from tests.support.app import Serve
from tests.support.waiting import let_run, wait_until
from tests.support.wire import WebSocketClient
from tests.websocket.masking import frame, server_frame
from tests.websocket.test_deflate import TAKEOVER, compressed, compressing

TAIL = b"\x00\x00\xff\xff"
OFFER = {"Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits"}
LONG = "long " * 1000


class DeflateClient:
    """Reads what is compressed; it keeps a context, whatever was agreed."""

    def __init__(self, wire: WebSocketClient) -> None:
        self.wire = wire
        self._inflater = zlib.decompressobj(-15)

    def receive(self) -> tuple[bool, str]:
        """Whether the next message is compressed, and its text."""
        while (found := server_frame(self.wire.data)) is None:
            assert self.wire.more()
        first, payload, self.wire.data = found
        assert first in (0x81, 0xC1)
        if first == 0x81:
            return False, payload.decode()
        return True, self._inflater.decompress(payload + TAIL).decode()


@pytest.mark.parametrize("value", [True, TAKEOVER], ids=["alone", "takeover"])
def test_long_messages_are_compressed_both_ways(serve: Serve, value: Any) -> None:
    running, _ = serve(per_message_deflate=value)
    wire = running.websocket(headers=OFFER)
    client = DeflateClient(wire)
    wire.connect()
    for _ in range(2):
        wire.send(compressed(1, f'42["say","{LONG}"]'.encode()))
        assert client.receive() == (True, f'42["said","{LONG}"]')
        wire.send(frame(1, b'42["say","short"]'))
        assert client.receive() == (False, '42["said","short"]')


def test_off_by_default(serve: Serve) -> None:
    running, _ = serve()
    wire = running.websocket(headers=OFFER)
    wire.connect()
    wire.send_text(f'42["say","{LONG}"]')
    assert DeflateClient(wire).receive() == (False, f'42["said","{LONG}"]')


def test_a_client_that_does_not_offer_it(serve: Serve) -> None:
    running, _ = serve(per_message_deflate=True)
    wire = running.websocket()
    wire.connect()
    wire.send_text(f'42["say","{LONG}"]')
    assert DeflateClient(wire).receive() == (False, f'42["said","{LONG}"]')


def test_a_message_that_inflates_over_the_limit_ends_the_session(serve: Serve) -> None:
    running, _ = serve(per_message_deflate=True, max_http_buffer_size=10_000)
    wire = running.websocket(headers=OFFER)
    wire.send(compressed(1, b"4" * 10_001))
    assert wire.closed_with() == 1009


@pytest.mark.parametrize("value", [True, TAKEOVER], ids=["alone", "takeover"])
def test_a_broadcast_reaches_those_who_compress_and_those_who_do_not(
    serve: Serve, value: Any
) -> None:
    running, app = serve(per_message_deflate=value)
    small = {"Sec-WebSocket-Extensions": "permessage-deflate; server_max_window_bits=9"}
    wires = [running.websocket(headers=headers) for headers in (OFFER, OFFER, {}, small)]
    clients = [DeflateClient(wire) for wire in wires]
    for wire in wires:
        wire.connect()
    for _ in range(2):
        app.socket.namespace.emit("news", LONG)
        for number, client in enumerate(clients):
            assert client.receive() == (number != 2, f'42["news","{LONG}"]')


# What is shared --------------------------------------------------------------------------


class Written(Connection):
    """Keeps what is written, and has no socket."""

    def __init__(self, framing: Messages) -> None:
        self.framing = framing
        self.ended = False
        self._tail = None
        self.written: list[bytes] = []

    def write(self, data: bytes) -> bool:
        self.written.append(data)
        return True


def written(framing: Messages, *packets: Encoded) -> list[bytes]:
    connection = Written(framing)
    outbox = Outbox(1000)
    WebSocketTransport(connection, outbox)
    for packet in packets:
        outbox.put(packet)
    return connection.written


def test_clients_without_a_context_share_one_frame() -> None:
    packet = Encoded((LONG,))
    first, second = (written(compressing(threshold=100), packet)[0] for _ in range(2))
    assert first is second
    assert first[0] == 0xC1


def test_frames_of_another_window_are_others() -> None:
    packet = Encoded((LONG + "".join(map(str, range(2000))) + LONG,))
    wide = written(compressing(), packet)[0]
    narrow = written(compressing(offer="; server_max_window_bits=9"), packet)[0]
    plain = written(Messages(1000), packet)[0]
    assert len({wide, narrow, plain}) == 3
    assert written(compressing(), packet)[0] is wide


def test_clients_with_a_context_share_nothing_that_is_compressed() -> None:
    packet = Encoded((LONG,))
    framing = compressing(**TAKEOVER)
    first, second = written(framing, packet, packet)
    assert len(second) < len(first)
    assert written(compressing(**TAKEOVER), packet) == [first]


@pytest.mark.parametrize("options", [{}, TAKEOVER], ids=["alone", "takeover"])
def test_short_messages_share_the_frame_of_everyone(options: dict[str, Any]) -> None:
    packet = Encoded(("short", b"messages"))
    plain = written(Messages(1000), packet)[0]
    assert written(compressing(threshold=14, **options), packet)[0] is plain
    assert written(compressing(threshold=13, **options), packet)[0] == plain  # each is short


# Floods ----------------------------------------------------------------------------------


def test_a_bomb_waits_as_it_came_while_the_handlers_lag(serve: Serve) -> None:
    """A read of a few KiB may be a hundred messages of the greatest size."""
    limit = 100_000
    running, app = serve(per_message_deflate=True, max_http_buffer_size=limit, max_inbox=5)
    wire = running.websocket(headers=OFFER)
    wire.connect()
    wire.send_text('42["block"]')
    assert app.blocked.wait(10)
    note = f'42["note","{"x" * (limit - 100)}"]'
    wire.send(compressed(1, note.encode()) * 100)
    transport: Any = running.session().transport
    wait_until(lambda: transport._resumed, what="the inbox is full")
    let_run()
    assert transport.connection.framing.more
    assert sum(map(len, transport._held)) <= 2 * limit
    app.go.set()
    wait_until(lambda: len(app.noted) == 100, what="all have arrived")
    assert set(app.noted) == {"x" * (limit - 100)}
