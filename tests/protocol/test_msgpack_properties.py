"""What holds for every packet and every input, in MessagePack."""

from __future__ import annotations

import msgpack
from hypothesis import given
from hypothesis import strategies as st

from flask_realtime.exceptions import PacketError
from flask_realtime.protocol.dialect import Dialect
from flask_realtime.protocol.eio3 import EIO3
from flask_realtime.protocol.eio4 import EIO4
from flask_realtime.protocol.msgpack import MsgPackParser
from flask_realtime.protocol.packet import Message, Packet
from tests.protocol.codecs import MAX_ATTACHMENTS, MAX_PACKETS, MAX_SIZE, feed_all
from tests.protocol.test_eio4_properties import nested, packets

PARSER = MsgPackParser()
DIALECTS: list[Dialect] = [
    dialect(parser, MAX_SIZE, MAX_ATTACHMENTS, MAX_PACKETS, base64)
    for dialect, parser in ((EIO4, PARSER), (EIO3, PARSER.older()))
    for base64 in (False, True)
]
dialects = st.sampled_from(DIALECTS)
# A client before 3.x has its query there.
sent_to_all = packets.filter(lambda packet: not {"?", "\x1e"} & {*packet.namespace})


@given(dialects, st.lists(sent_to_all, max_size=4))
def test_whatever_is_encoded_is_decoded_to_the_same(dialect: Dialect, sent: list[Packet]) -> None:
    messages = [message for packet in sent for message in dialect.encode(packet).messages]
    assert feed_all(dialect, *messages) == sent


@given(dialects, st.lists(sent_to_all, min_size=1, max_size=MAX_PACKETS))
def test_whatever_is_encoded_survives_a_polling_body(dialect: Dialect, sent: list[Packet]) -> None:
    messages = [message for packet in sent for message in dialect.encode(packet).messages]
    body = dialect.encode_payload(messages)
    assert feed_all(dialect, *dialect.decode_payload(*body)) == sent


# Of the pieces that a decoder looks for: random bytes seldom come far.
fields = st.fixed_dictionaries(
    {},
    optional={
        "type": st.integers(-1, 7) | nested(st.none() | st.booleans()),
        "nsp": st.sampled_from(["/", "/a", "a", 1]),
        "data": nested(st.none() | st.integers() | st.text(max_size=3) | st.binary(max_size=3)),
        "id": st.integers(-1, 20) | st.none() | st.text(max_size=2),
        "options": st.just({"compress": True}),
    },
).filter(lambda value: len(str(value)) < 500)


def pack(value: object) -> bytes:
    try:
        packed: bytes = msgpack.packb(value)
    except OverflowError:
        return b"\xc0"
    return packed


valid = fields.map(pack)
cut = st.builds(lambda message, at: message[: at % (len(message) + 1)], valid, st.integers(0))
changed = st.builds(
    lambda message, at, byte: message[:at] + bytes([byte]) + message[at + 1 :],
    *(valid, st.integers(0, 60), st.integers(0, 255)),
)
inputs = valid | cut | changed | st.binary(max_size=20) | st.text(max_size=5)


@given(dialects, st.lists(inputs, max_size=4))
def test_any_message_is_a_packet_or_a_packet_error(dialect: Dialect, fed: list[Message]) -> None:
    decoder = dialect.decoder()
    for message in fed:
        try:
            packet = decoder.feed(message)
        except PacketError:
            return
        assert isinstance(packet, Packet)
