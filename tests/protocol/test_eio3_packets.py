"""Exact messages of the clients 1.x and 2.x, both ways, with every JSON module."""

from __future__ import annotations

import json

import pytest

from flask_realtime.exceptions import EncodeError
from flask_realtime.protocol.eio3 import EIO3
from flask_realtime.protocol.packet import Message, Packet, PacketType
from tests.protocol.codecs import CODECS, feed_all, make_eio3, make_eio4
from tests.protocol.eio3_exchanges import BOTH_WAYS, DECODED, ONE, TWO


def _compact(message: Message) -> Message:
    """The message with its JSON as simplejson and orjson write it: the others put spaces."""
    if isinstance(message, bytes) or not any(mark in message for mark in '[{"'):
        return message
    at = min(index for mark in '[{"' if (index := message.find(mark)) >= 0)
    return message[:at] + json.dumps(json.loads(message[at:]), separators=(",", ":"))


@pytest.mark.parametrize(("messages", "packet"), BOTH_WAYS)
def test_a_packet_becomes_its_messages(
    eio3: EIO3, messages: tuple[Message, ...], packet: Packet
) -> None:
    encoded = eio3.encode(packet)
    assert tuple(map(_compact, encoded.messages)) == tuple(map(_compact, messages))


@pytest.mark.parametrize("name", ["simplejson", "orjson"])
@pytest.mark.parametrize(("messages", "packet"), BOTH_WAYS)
def test_the_fast_modules_write_no_spaces(
    name: str, messages: tuple[Message, ...], packet: Packet
) -> None:
    again = Packet(packet.type, packet.namespace, packet.data, packet.id)
    assert make_eio3(CODECS[name]).encode(again).messages == messages


@pytest.mark.parametrize(("messages", "packet"), BOTH_WAYS + DECODED)
def test_messages_become_their_packet(
    eio3: EIO3, messages: tuple[Message, ...], packet: Packet
) -> None:
    decoder = eio3.decoder()
    *waiting, last = [decoder.feed(message) for message in messages]
    assert waiting == [None] * (len(messages) - 1)
    assert last == packet


def test_one_decoder_reads_packet_after_packet(eio3: EIO3) -> None:
    rows = [row.values for row in BOTH_WAYS + DECODED]
    messages = [message for messages, _ in rows for message in messages]
    assert feed_all(eio3, *messages) == [packet for _, packet in rows]


def test_heartbeats_may_come_between_attachments(eio3: EIO3) -> None:
    assert feed_all(eio3, f'451-["a",{ONE}]', "2", b"\4x") == [
        Packet(PacketType.PING),
        Packet(PacketType.EVENT, data=["a", b"x"]),
    ]


def test_a_client_that_asked_for_base64_gets_attachments_as_text() -> None:
    packet = Packet(PacketType.EVENT, "/a", ["p", b"\1\2", b""], 3)
    text, *attachments = make_eio3(base64=True).encode(packet).messages
    assert text == f'452-/a,3["p",{ONE},{TWO}]'
    assert attachments == ["b4AQI=", "b4"]


def test_generations_encode_the_same_packet_each_in_its_way() -> None:
    packet = Packet(PacketType.EVENT, data=["\u00e9", b"x"])
    assert make_eio3().encode(packet).messages == (f'451-["\\u00e9",{ONE}]', b"\4x")
    assert make_eio4().encode(packet).messages == (f'451-["\u00e9",{ONE}]', b"x")
    assert packet.data == ["\u00e9", b"x"]


def test_the_same_packet_is_encoded_once_per_dialect() -> None:
    packet = Packet(PacketType.EVENT, data=["a", b"x"])
    plain, base64 = make_eio3(), make_eio3(base64=True)
    assert plain.encode(packet) is plain.encode(packet)
    assert base64.encode(packet) is not plain.encode(packet)


def test_a_long_text_stays_whole(eio3: EIO3) -> None:
    text = "\u00e9\U0001f600a" * 35_000
    encoded = eio3.encode(Packet(PacketType.EVENT, data=["long", text]))
    assert all(isinstance(message, str) and message.isascii() for message in encoded.messages)
    assert feed_all(eio3, *encoded.messages) == [Packet(PacketType.EVENT, data=["long", text])]


@pytest.mark.parametrize("type", [PacketType.CONNECT, PacketType.CONNECT_ERROR])
def test_only_events_and_acks_carry_binary(eio3: EIO3, type: PacketType) -> None:
    with pytest.raises(EncodeError, match=type.name):
        eio3.encode(Packet(type, data={"a": b"x"}))


def test_what_cannot_be_encoded_fails_each_time(eio3: EIO3) -> None:
    packet = Packet(PacketType.EVENT, data=["a", {1}])
    for _ in range(2):
        with pytest.raises(EncodeError, match=r"\[1\] is a set"):
            eio3.encode(packet)
