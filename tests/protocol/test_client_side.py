"""What the server sends, as clients in the same process read it."""

from __future__ import annotations

from typing import Any

import pytest

from flask_realtime.protocol.dialect import Dialect
from flask_realtime.protocol.packet import Packet, PacketType
from flask_realtime.protocol.sio09 import SIO09
from tests.protocol.codecs import CODECS, make_eio3, make_eio4

DIALECTS: dict[str, Dialect] = {
    "0.9": SIO09(CODECS["simplejson"], 5),
    "3": make_eio3(),
    "4": make_eio4(),
}


@pytest.fixture(params=DIALECTS)
def dialect(request: pytest.FixtureRequest) -> Dialect:
    return DIALECTS[request.param]


def read(dialect: Dialect, packet: Packet) -> Packet | None:
    decoder = dialect.client_decoder()
    read = None
    for message in dialect.encode(packet).messages:
        assert read is None
        read = decoder.feed(message)
    return read


@pytest.mark.parametrize(
    "packet",
    [
        Packet(PacketType.EVENT, "/", ["news", {"a": [1, None]}, "ü\u2028"]),
        Packet(PacketType.EVENT, "/chat", ["question"], 12),
        Packet(PacketType.EVENT, "/", ["connect", "a name that no client may send"]),
        Packet(PacketType.EVENT, "/", ["message", "bare"]),
        Packet(PacketType.EVENT, "/", ["message", {"bare": 1}], 3),
        Packet(PacketType.ACK, "/", [1, "two"], 0),
        Packet(PacketType.ACK, "/chat", [], 7),
        Packet(PacketType.DISCONNECT, "/chat"),
        Packet(PacketType.DISCONNECT),
        Packet(PacketType.CLOSE),
        Packet(PacketType.NOOP),
    ],
    ids=repr,
)
def test_what_every_generation_has(dialect: Dialect, packet: Packet) -> None:
    assert read(dialect, packet) == packet


@pytest.mark.parametrize("generation", ["3", "4"])
@pytest.mark.parametrize(
    "packet",
    [
        Packet(PacketType.EVENT, "/", ["picture", b"\x04\xff", [b""], "text"]),
        Packet(PacketType.ACK, "/chat", [{"a": b"x"}], 5),
        Packet(PacketType.EVENT, "/", ["many", *[b"x"] * 10]),
    ],
    ids=repr,
)
def test_binary(generation: str, packet: Packet) -> None:
    assert read(DIALECTS[generation], packet) == packet


def test_attachments_may_be_larger_than_those_of_clients() -> None:
    packet = Packet(PacketType.EVENT, "/", ["picture", b"x" * 5000])
    assert read(DIALECTS["4"], packet) == packet


@pytest.mark.parametrize("namespace", ["/", "/chat"])
def test_being_let_in(dialect: Dialect, namespace: str) -> None:
    packet = read(dialect, dialect.connect_packet(namespace, "the id"))
    told = {"sid": "the id"} if dialect.name == "eio4" else None
    assert packet == Packet(PacketType.CONNECT, namespace, told)


REFUSALS = [
    ("0.9", {"message": "unauthorized"}),
    ("3", {"code": 1}),
    ("4", {"message": "not you", "data": {"code": 1}}),
]


@pytest.mark.parametrize(("generation", "told"), REFUSALS)
@pytest.mark.parametrize("namespace", ["/", "/chat"])
def test_being_refused(generation: str, told: Any, namespace: str) -> None:
    dialect = DIALECTS[generation]
    packet = read(dialect, dialect.refusal_packet(namespace, "not you", {"code": 1}))
    assert packet == Packet(PacketType.CONNECT_ERROR, namespace, told)


@pytest.mark.parametrize("generation", ["0.9", "4"])
def test_pings_are_answered_in_the_same_way(generation: str) -> None:
    dialect = DIALECTS[generation]
    assert read(dialect, Packet(PacketType.PING)) == Packet(PacketType.PING)
    (answer,) = dialect.encode(Packet(PacketType.PONG)).messages
    assert dialect.decoder().feed(answer) == Packet(PacketType.PONG)


@pytest.mark.parametrize("generation", ["3", "4"])
def test_the_terms(generation: str) -> None:
    packet = read(DIALECTS[generation], DIALECTS[generation].open_packet("sid", [], 25, 20))
    assert packet is not None and packet.type is PacketType.OPEN
