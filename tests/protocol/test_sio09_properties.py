"""What holds for every packet and every input of protocol 1, with every JSON module."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from flask_realtime.exceptions import PacketError
from flask_realtime.protocol.packet import Message, Packet, PacketType
from flask_realtime.protocol.sio09 import SIO09
from tests.protocol.codecs import CODECS, MAX_PACKETS
from tests.protocol.sio09_exchanges import make_sio09

DIALECTS = [make_sio09(codec) for codec in CODECS.values()]
dialects = st.sampled_from(DIALECTS)

# What every module carries: orjson has integers of 64 bits and no lone surrogates.
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
numbers = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
plain = st.none() | st.booleans() | numbers | texts
values = st.recursive(
    plain,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=10,
)
namespaces = st.just("/") | texts.map(lambda name: "/" + name.replace(":", "").replace("?", ""))
ids = st.integers(0, 10**15 - 1)
events = st.builds(
    lambda namespace, name, args, id: Packet(PacketType.EVENT, namespace, [name, *args], id),
    *(namespaces, texts | st.just("message"), st.lists(values, max_size=3), st.none() | ids),
)
acks = st.builds(
    lambda namespace, args, id: Packet(PacketType.ACK, namespace, args, id),
    *(namespaces, st.lists(values, max_size=3), ids),
)
bare = st.builds(
    lambda type, namespace: Packet(type, namespace),
    *(st.sampled_from([PacketType.CONNECT, PacketType.DISCONNECT]), namespaces),
)
packets = events | acks | bare


@given(dialects, st.lists(packets, max_size=MAX_PACKETS))
def test_whatever_is_encoded_survives_a_polling_body(sio09: SIO09, sent: list[Packet]) -> None:
    messages = [message for packet in sent for message in sio09.encode(packet).messages]
    read = list(sio09.decode_payload(*sio09.encode_payload(messages)))
    assert read == messages
    assert [sio09.decoder().feed(message) for message in read] == sent


@given(dialects, events | acks)
def test_the_size_of_encoded_counts_its_bytes(sio09: SIO09, packet: Packet) -> None:
    encoded = sio09.encode(packet)
    assert encoded.size == sum(len(str(message).encode()) for message in encoded.messages)


@given(st.text(st.characters(), max_size=20))
def test_any_text_can_be_sent_as_a_message(text: str) -> None:
    sio09 = DIALECTS[0]
    (message,) = sio09.encode(Packet(PacketType.EVENT, data=["message", text])).messages
    assert str(message).encode().decode() == message
    assert sio09.decoder().feed(message).data == ["message", text]


# Random text seldom comes far: this is made of the pieces that a decoder looks for.
pieces = st.sampled_from(
    [*"0123456789", "::", ":", "+", "/", "/a", "?", "a=%ff&", "[", "]", "{}", '{"name":', '"a"']
    + ["}", ',"args":', "null", "NaN", "\\ud800", '"', "\ufffd", "\u0663", "\ud800", " "]
    + ["\U0001f600", "999999999999999", "\ufffd3\ufffd2::", "\r\n", "%"]
)
fuzz = st.lists(pieces, max_size=12).map("".join) | st.text(max_size=20)
heads = st.sampled_from(["", "1::", "3:::", "5:1+::", "6::/a:"])
messages = st.builds(lambda head, text: head + text, heads, fuzz)


@given(dialects, messages | st.binary(max_size=10))
def test_any_message_is_a_packet_or_a_packet_error(sio09: SIO09, message: Message) -> None:
    try:
        packet: Any = sio09.decoder().feed(message)
    except PacketError:
        return
    assert isinstance(packet, Packet)
    assert packet.namespace.startswith("/")


@given(dialects, st.binary(max_size=40) | fuzz.map(lambda text: text.encode("utf-8", "replace")))
def test_any_polling_body_is_messages_or_a_packet_error(sio09: SIO09, body: bytes) -> None:
    try:
        read = list(sio09.decode_payload(body, "text/plain"))
    except PacketError:
        return
    assert len(read) <= MAX_PACKETS
    assert all(isinstance(message, str) for message in read)


@given(fuzz | fuzz.map(lambda text: f'"{text}"'))
def test_any_form_is_a_text_that_utf8_can_write_or_a_packet_error(field: str) -> None:
    field = field.encode("utf-8", "replace").decode()  # as a form comes
    try:
        DIALECTS[0].form_text(field).encode()
    except PacketError:
        return
