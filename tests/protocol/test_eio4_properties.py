"""What holds for every packet and every input, with every JSON module."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from flask_realtime.exceptions import PacketError
from flask_realtime.protocol.eio4 import EIO4, RESERVED_EVENTS
from flask_realtime.protocol.packet import Message, Packet, PacketType
from tests.protocol.codecs import CODECS, MAX_ATTACHMENTS, feed_all, make_eio4

DIALECTS = [make_eio4(codec, base64) for codec in CODECS.values() for base64 in (False, True)]
dialects = st.sampled_from(DIALECTS)

# What every module carries: orjson has integers of 64 bits and no lone surrogates.
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
numbers = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
plain = st.none() | st.booleans() | numbers | texts
keys = texts.filter(lambda key: key != "_placeholder")


def nested(leaves: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
        max_leaves=MAX_ATTACHMENTS,
    )


values = nested(plain | st.binary(max_size=20))
names = texts.filter(lambda name: name not in RESERVED_EVENTS) | st.integers(0, 2**53)
namespaces = texts.map(lambda name: "/" + name.replace(",", ""))
ids = st.integers(0, 10**15 - 1)
events = st.builds(
    lambda namespace, name, value, id: Packet(PacketType.EVENT, namespace, [name, value], id),
    *(namespaces, names, values, st.none() | ids),
)
acks = st.builds(
    lambda namespace, value, id: Packet(PacketType.ACK, namespace, [value], id),
    *(namespaces, values, ids),
)
connects = st.builds(
    lambda namespace, auth: Packet(PacketType.CONNECT, namespace, auth),
    *(namespaces, st.none() | st.dictionaries(texts, nested(plain), max_size=4)),
)
packets = events | acks | connects


@given(dialects, st.lists(packets, max_size=4))
def test_whatever_is_encoded_is_decoded_to_the_same(dialect: EIO4, sent: list[Packet]) -> None:
    messages = [message for packet in sent for message in dialect.encode(packet).messages]
    assert feed_all(dialect, *messages) == sent


@given(packets.filter(lambda packet: "\x1e" not in packet.namespace))
def test_whatever_is_encoded_survives_a_polling_body(packet: Packet) -> None:
    dialect = DIALECTS[0]
    sent = dialect.encode(packet).messages[: dialect.max_packets]
    assert tuple(dialect.decode_payload(*dialect.encode_payload(sent))) == sent


@given(dialects, packets)
def test_the_size_of_encoded_counts_its_bytes(dialect: EIO4, packet: Packet) -> None:
    encoded = dialect.encode(packet)
    bodies = [text.encode() if isinstance(text, str) else text for text in encoded.messages]
    assert encoded.size == sum(map(len, bodies))


# Random text seldom comes far: this is made of the pieces that a decoder looks for.
pieces = st.sampled_from(
    ["4", "0", "1", "2", "3", "5", "6", "9", "b", "/", "/a", ",", "-", "[", "]", "{", "}", '"']
    + ["51-", "52-", '["a"', '{"_placeholder":true,"num":0}', "NaN", "1e999", "null", "\\ud800"]
    + ["\u0663", "\x1e", "\ud800", "AQI=", " "]
)
fuzz = st.lists(pieces, max_size=12).map("".join) | st.text(max_size=20)
messages = st.one_of(fuzz, fuzz.map(lambda text: "4" + text), st.binary(max_size=10))


@given(dialects, st.lists(messages, max_size=6))
def test_any_message_is_a_packet_or_a_packet_error(dialect: EIO4, fed: list[Message]) -> None:
    decoder = dialect.decoder()
    for message in fed:
        try:
            packet = decoder.feed(message)
        except PacketError:
            return
        assert packet is None or isinstance(packet, Packet)


@given(dialects, st.binary(max_size=40) | fuzz.map(lambda text: text.encode("utf-8", "replace")))
def test_any_polling_body_is_messages_or_a_packet_error(dialect: EIO4, body: bytes) -> None:
    try:
        for message in dialect.decode_payload(body, "text/plain"):
            assert isinstance(message, str | bytes)
    except PacketError:
        return
