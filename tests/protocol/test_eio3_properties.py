"""What holds for every packet and every input of clients 1.x and 2.x, with every JSON module."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from flask_realtime.exceptions import PacketError
from flask_realtime.protocol.eio3 import EIO3
from flask_realtime.protocol.packet import Message, Packet, PacketType
from tests.protocol.codecs import CODECS, MAX_ATTACHMENTS, MAX_PACKETS, feed_all, make_eio3

DIALECTS = [make_eio3(codec, base64) for codec in CODECS.values() for base64 in (False, True)]
dialects = st.sampled_from(DIALECTS)

# What every module carries: orjson has integers of 64 bits and no lone surrogates.
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
numbers = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
plain = st.none() | st.booleans() | numbers | texts
keys = texts.filter(lambda key: key != "_placeholder")


def nested(leaves: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
        max_leaves=MAX_ATTACHMENTS,
    )


values = nested(plain | st.binary(max_size=20))
# A name beyond ASCII goes out as it is, and one of bytes might look encoded twice.
characters = st.characters(max_codepoint=127) | st.characters(
    min_codepoint=256, exclude_categories=["Cs"]
)
namespaces = st.text(characters, max_size=20).map(
    lambda name: "/" + name.replace(",", "").replace("?", "")
)
ids = st.integers(0, 10**15 - 1)
events = st.builds(
    lambda namespace, name, value, id: Packet(PacketType.EVENT, namespace, [name, value], id),
    *(namespaces, texts | st.integers(0, 2**53), values, st.none() | ids),
)
acks = st.builds(
    lambda namespace, value, id: Packet(PacketType.ACK, namespace, [value], id),
    *(namespaces, values, ids),
)
connects = st.builds(
    lambda namespace, data: Packet(PacketType.CONNECT, namespace, data),
    *(namespaces, st.none() | st.dictionaries(texts, nested(plain), max_size=4)),
)
packets = events | acks | connects


@given(dialects, st.lists(packets, max_size=4))
def test_whatever_is_encoded_is_decoded_to_the_same(eio3: EIO3, sent: list[Packet]) -> None:
    messages = [message for packet in sent for message in eio3.encode(packet).messages]
    assert feed_all(eio3, *messages) == sent


@given(dialects, packets)
def test_whatever_is_encoded_survives_a_polling_body(eio3: EIO3, packet: Packet) -> None:
    sent = list(eio3.encode(packet).messages[:MAX_PACKETS])
    body, content_type = eio3.encode_payload(sent)
    assert list(eio3.decode_payload(body, content_type)) == sent
    for cut in range(len(body)):
        read: list[Message] = []
        try:
            read += eio3.decode_payload(body[:cut], content_type)
        except PacketError:
            continue
        assert len(read) < len(sent)


@given(dialects, packets.filter(lambda packet: packet.namespace.isascii()))
def test_whatever_is_sent_is_ascii(eio3: EIO3, packet: Packet) -> None:
    messages = eio3.encode(packet).messages
    assert all(message.isascii() for message in messages if isinstance(message, str))


@given(dialects, packets)
def test_the_size_of_encoded_counts_its_bytes(eio3: EIO3, packet: Packet) -> None:
    encoded = eio3.encode(packet)
    bodies = [text.encode() if isinstance(text, str) else text for text in encoded.messages]
    assert encoded.size == sum(map(len, bodies))


@given(dialects, st.lists(texts, max_size=4))
def test_texts_that_were_all_encoded_twice_are_read(eio3: EIO3, sent: list[str]) -> None:
    packets = [Packet(PacketType.EVENT, data=[text]) for text in sent]
    messages = [f"42{CODECS['simplejson'].dumps([text])[0]}" for text in sent]
    assert feed_all(eio3, *(text.encode().decode("latin-1") for text in messages)) == packets


# Random text seldom comes far: this is made of the pieces that a decoder looks for.
pieces = st.sampled_from(
    ["4", "0", "1", "2", "3", "5", "6", "9", "b", "b4", "/", "/a", ",", "-", "[", "]", "{", "}"]
    + ["51-", "52-", "50-", "30-", "31-", "0/a?b=", "%ff", "&", '["a"', '"', ":", "0:", "1:"]
    + ['{"_placeholder":true,"num":0}', "NaN", "1e999", "null", "\\ud800", "AQI=", " ", "\u0663"]
    + ["\xc3", "\xa9", "\xed\xa0\xbd", "\u20ac", "\ud800", "\U0001f600"]
)
fuzz = st.lists(pieces, max_size=12).map("".join) | st.text(max_size=20)
messages = st.one_of(
    fuzz,
    fuzz.map(lambda text: "4" + text),
    st.binary(max_size=10),
    st.binary(max_size=10).map(lambda data: b"\4" + data),
)


@given(dialects, st.lists(messages, max_size=6))
def test_any_message_is_a_packet_or_a_packet_error(eio3: EIO3, fed: list[Message]) -> None:
    decoder = eio3.decoder()
    for message in fed:
        try:
            packet = decoder.feed(message)
        except PacketError:
            return
        assert packet is None or isinstance(packet, Packet)


lengths = st.lists(st.integers(0, 10), max_size=3).map(bytes)
binary_bodies = st.lists(
    st.builds(
        lambda kind, digits, content: kind + digits + b"\xff" + content,
        *(st.sampled_from([b"\0", b"\1", b"\2"]), lengths, st.binary(max_size=10)),
    ),
    max_size=3,
).map(b"".join)
bodies = st.one_of(
    st.binary(max_size=40), binary_bodies, fuzz.map(lambda text: text.encode("utf-8", "replace"))
)


@given(dialects, bodies, st.sampled_from(["text/plain", "application/octet-stream"]))
def test_any_polling_body_is_messages_or_a_packet_error(
    eio3: EIO3, body: bytes, content_type: str
) -> None:
    decoder = eio3.decoder()
    try:
        for message in eio3.decode_payload(body, content_type):
            packet = decoder.feed(message)
            if packet is not None:
                packet.namespace.encode()  # what refuses it can be sent
    except PacketError:
        return


@given(fuzz | st.text(st.sampled_from("\\n\r\n1:2")))
def test_any_form_is_a_text(field: str) -> None:
    assert isinstance(DIALECTS[0].form_text(field), str)
