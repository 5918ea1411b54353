"""Exact messages of Engine.IO 4 and Socket.IO 5, both ways, with every JSON module."""

from __future__ import annotations

import json

import pytest

from flask_realtime.exceptions import EncodeError
from flask_realtime.protocol.eio4 import EIO4
from flask_realtime.protocol.packet import Message, Packet, PacketType
from tests.protocol.codecs import CODECS, feed_all, make_eio4
from tests.protocol.exchanges import BOTH_WAYS, DECODED


def _compact(message: Message) -> Message:
    """The message with its JSON as simplejson and orjson write it: the others put spaces."""
    if isinstance(message, bytes) or not any(mark in message for mark in '[{"'):
        return message
    at = min(index for mark in '[{"' if (index := message.find(mark)) >= 0)
    text = json.dumps(json.loads(message[at:]), separators=(",", ":"), ensure_ascii=False)
    return message[:at] + text


@pytest.mark.parametrize(("messages", "packet"), BOTH_WAYS)
def test_a_packet_becomes_its_messages(
    eio4: EIO4, messages: tuple[Message, ...], packet: Packet
) -> None:
    encoded = eio4.encode(packet)
    assert tuple(map(_compact, encoded.messages)) == tuple(map(_compact, messages))


@pytest.mark.parametrize("name", ["simplejson", "orjson"])
@pytest.mark.parametrize(("messages", "packet"), BOTH_WAYS)
def test_the_fast_modules_write_no_spaces(
    name: str, messages: tuple[Message, ...], packet: Packet
) -> None:
    again = Packet(packet.type, packet.namespace, packet.data, packet.id)
    assert make_eio4(CODECS[name]).encode(again).messages == messages


@pytest.mark.parametrize(("messages", "packet"), BOTH_WAYS + DECODED)
def test_messages_become_their_packet(
    eio4: EIO4, messages: tuple[Message, ...], packet: Packet
) -> None:
    decoder = eio4.decoder()
    *waiting, last = [decoder.feed(message) for message in messages]
    assert waiting == [None] * (len(messages) - 1)
    assert last == packet


def test_one_decoder_reads_packet_after_packet(eio4: EIO4) -> None:
    rows = [row.values for row in BOTH_WAYS + DECODED]
    messages = [message for messages, _ in rows for message in messages]
    assert feed_all(eio4, *messages) == [packet for _, packet in rows]


def test_heartbeats_may_come_between_attachments(eio4: EIO4) -> None:
    assert feed_all(eio4, '451-["a",{"_placeholder":true,"num":0}]', "3", b"x") == [
        Packet(PacketType.PONG),
        Packet(PacketType.EVENT, data=["a", b"x"]),
    ]


def test_two_decoders_of_a_dialect_do_not_share_attachments(eio4: EIO4) -> None:
    one, other = eio4.decoder(), eio4.decoder()
    assert one.feed('451-["a",{"_placeholder":true,"num":0}]') is None
    assert other.feed('42["b"]') == Packet(PacketType.EVENT, data=["b"])
    assert one.feed(b"x") == Packet(PacketType.EVENT, data=["a", b"x"])


def test_the_same_packet_is_encoded_once_per_dialect() -> None:
    packet = Packet(PacketType.EVENT, data=["a", b"x"])
    plain, base64 = make_eio4(), make_eio4(base64=True)
    assert plain.encode(packet) is plain.encode(packet)
    assert base64.encode(packet) is not plain.encode(packet)


def test_a_client_that_asked_for_base64_gets_attachments_as_text() -> None:
    packet = Packet(PacketType.EVENT, "/a", ["p", b"\1\2", b""], 3)
    assert make_eio4(base64=True).encode(packet).messages == (
        '452-/a,3["p",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]',
        "bAQI=",
        "b",
    )


@pytest.mark.parametrize("type", [PacketType.CONNECT, PacketType.CONNECT_ERROR])
def test_only_events_and_acks_carry_binary(eio4: EIO4, type: PacketType) -> None:
    # Types 5 and 6 are all that the protocol has: a refusal would arrive as an ACK.
    with pytest.raises(EncodeError, match=type.name):
        eio4.encode(Packet(type, data={"message": "no", "data": b"x"}))


def test_what_cannot_be_encoded_fails_each_time(eio4: EIO4) -> None:
    packet = Packet(PacketType.EVENT, data=["a", {1}])
    for _ in range(2):
        with pytest.raises(EncodeError, match=r"\[1\] is a set"):
            eio4.encode(packet)


@pytest.mark.parametrize(
    ("packet", "size"),
    [
        (Packet(PacketType.PING), 1),
        (Packet(PacketType.EVENT, data=["a"]), 7),
        (Packet(PacketType.EVENT, "/\u00e9", ["a"]), 11),  # é is two bytes
        (Packet(PacketType.EVENT, data=["a", b"12345"]), 44),
    ],
)
def test_the_size_of_encoded_is_its_bytes_on_the_wire(packet: Packet, size: int) -> None:
    encoded = make_eio4().encode(packet)
    assert encoded.size == encoded.size == size
