"""Exact messages of Socket.IO protocol 1, both ways, with every JSON module."""

from __future__ import annotations

import pytest

from flask_realtime.exceptions import EncodeError, PacketError
from flask_realtime.protocol.json import Codec
from flask_realtime.protocol.packet import Message, Packet, PacketType
from tests.protocol.codecs import CODECS
from tests.protocol.sio09_exchanges import (
    BOTH_WAYS,
    DECODED,
    ENCODED,
    HALF_A_PAIR,
    PASSED_OVER,
    make_sio09,
)


@pytest.mark.parametrize(("message", "packet"), BOTH_WAYS + ENCODED + [HALF_A_PAIR])
def test_a_packet_becomes_its_message(message: str, packet: Packet) -> None:
    assert make_sio09().encode(packet).messages == (message,)


@pytest.mark.parametrize(("message", "packet"), BOTH_WAYS + ENCODED)
def test_orjson_writes_the_same(message: str, packet: Packet) -> None:
    assert make_sio09(CODECS["orjson"]).encode(packet).messages == (message,)


@pytest.mark.parametrize(("message", "packet"), BOTH_WAYS + DECODED)
def test_a_message_becomes_its_packet(codec: Codec, message: str, packet: Packet) -> None:
    decoded = make_sio09(codec).decoder().feed(message)
    assert decoded == packet
    assert type(decoded) is type(packet)


@pytest.mark.parametrize(("message", "packet"), BOTH_WAYS)
def test_modules_that_write_spaces_write_the_same(
    codec: Codec, message: str, packet: Packet
) -> None:
    sio09 = make_sio09(codec)
    (written,) = sio09.encode(packet).messages
    assert sio09.decoder().feed(written) == packet
    assert str(written).isascii() or message.startswith("3")


@pytest.mark.parametrize("message", PASSED_OVER.values(), ids=PASSED_OVER)
def test_what_is_no_packet_is_passed_over(codec: Codec, message: str) -> None:
    decoder = make_sio09(codec).decoder()
    assert decoder.feed(message) == Packet(PacketType.NOOP)
    assert decoder.feed("3:::x") == Packet(PacketType.EVENT, data=["message", "x"])


@pytest.mark.parametrize("message", [b"", b"3:::x", "\ufffd5\ufffd3:::x", "\ufffd"])
def test_what_no_client_would_send_is_an_error(message: Message) -> None:
    with pytest.raises(PacketError):
        make_sio09().decoder().feed(message)


def test_the_longest_name_of_a_namespace_passes() -> None:
    name = "/" + "a" * 1999
    assert make_sio09().decoder().feed("1::" + name) == Packet(PacketType.CONNECT, name)


def test_what_these_clients_do_not_know_cannot_be_sent() -> None:
    with pytest.raises(EncodeError, match="UPGRADE"):
        make_sio09().encode(Packet(PacketType.UPGRADE))


@pytest.mark.parametrize("data", [["a", {1}], ["message", [{1}]], ["a", b"x", {1}]])
def test_what_cannot_be_encoded_fails_each_time(codec: Codec, data: list[object]) -> None:
    sio09, packet = make_sio09(codec), Packet(PacketType.EVENT, data=data)
    for _ in range(2):
        with pytest.raises(EncodeError, match="is a set"):
            sio09.encode(packet)


def test_the_same_packet_is_encoded_once() -> None:
    sio09, packet = make_sio09(), Packet(PacketType.EVENT, data=["a", b"x"])
    assert sio09.encode(packet) is sio09.encode(packet)


def test_encoding_leaves_the_data_as_it_was() -> None:
    data = ["a", b"x", [b"y"]]
    make_sio09().encode(Packet(PacketType.EVENT, data=data))
    assert data == ["a", b"x", [b"y"]]


def test_a_namespace_that_these_clients_cannot_name_stops_no_broadcast() -> None:
    assert make_sio09().encode(Packet(PacketType.EVENT, "/a:b", ["e"])).messages
