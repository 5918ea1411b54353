"""Exact messages of socket.io-msgpack-parser, both ways, and what is none."""

from __future__ import annotations

import json
import re
import tracemalloc
from array import array
from collections import OrderedDict
from decimal import Decimal
from enum import IntEnum
from math import inf, nan
from typing import Any

import msgpack
import pytest

from flask_realtime.exceptions import EncodeError, PacketError
from flask_realtime.protocol.eio3 import EIO3
from flask_realtime.protocol.eio4 import EIO4
from flask_realtime.protocol.msgpack import MsgPackParser
from flask_realtime.protocol.packet import Message, OutgoingPacket, Packet, PacketType
from tests.protocol.codecs import MAX_ATTACHMENTS, MAX_PACKETS, MAX_SIZE, feed_all

CONNECT, DISCONNECT = PacketType.CONNECT, PacketType.DISCONNECT
EVENT, ACK, CONNECT_ERROR = PacketType.EVENT, PacketType.ACK, PacketType.CONNECT_ERROR

SIZES = MAX_SIZE, MAX_ATTACHMENTS, MAX_PACKETS
PARSER = MsgPackParser()
NEW = EIO4(PARSER, *SIZES)
OLD = EIO3(PARSER.older(), *SIZES)


class Color(IntEnum):
    RED = 1


def row(name: str, message: bytes, *packet: Any) -> Any:
    return pytest.param(message, Packet(*packet), id=name)


ROOT = b"\xa3nsp\xa1/"
BOTH_WAYS = [
    row("connect", b"\x82\xa4type\0" + ROOT, CONNECT),
    row("connect with data", b"\x83\xa4type\0" + ROOT + b"\xa4data\x81\xa1a\1", CONNECT, "/",
        {"a": 1}),
    row("disconnect", b"\x82\xa4type\1\xa3nsp\xa2/a", DISCONNECT, "/a"),
    row("event", b"\x83\xa4type\2" + ROOT + b"\xa4data\x91\xa1e", EVENT, "/", ["e"]),
    row("event with id 0", b"\x84\xa4type\2" + ROOT + b"\xa4data\x91\xa1e\xa2id\0",
        EVENT, "/", ["e"], 0),
    row("ack", b"\x84\xa4type\3" + ROOT + b"\xa4data\x90\xa2id\x0c", ACK, "/", [], 12),
    row("binary", b"\x83\xa4type\2" + ROOT + b"\xa4data\x92\xa1e\xc4\2\0\xff",
        EVENT, "/", ["e", b"\0\xff"]),
    row("all else", b"\x83\xa4type\2" + ROOT + b"\xa4data\x96\xa1e\xc0\xc3\xff\xa2\xc3\xa9\xcb"
        + b"\x3f\xf8" + bytes(6), EVENT, "/", ["e", None, True, -1, "\u00e9", 1.5]),
]  # fmt: skip


@pytest.mark.parametrize(("message", "packet"), BOTH_WAYS)
def test_a_packet_is_one_message_both_ways(message: bytes, packet: Packet) -> None:
    assert NEW.encode(packet).messages == (message,)
    assert NEW.decoder().feed(message) == packet
    assert OLD.decoder().feed(b"\4" + message) == packet
    assert OLD.encode(packet).messages == (b"\4" + message,)


def test_where_binary_is_text_it_is_base64() -> None:
    packet = Packet(EVENT, "/", ["e", b"\0"])
    for dialect, mark in ((EIO4(PARSER, *SIZES, True), "b"), (EIO3(PARSER, *SIZES, True), "b4")):
        (message,) = dialect.encode(Packet(EVENT, "/", packet.data)).messages
        assert isinstance(message, str) and message.startswith(mark + "g6R0eXBl")
        assert dialect.decoder().feed(message) == packet


@pytest.mark.parametrize("dialect", [NEW, OLD], ids=lambda dialect: dialect.name)
def test_polling_carries_it(dialect: EIO3 | EIO4) -> None:
    sent = Packet(EVENT, "/", ["e", b"\x1e\0"]), Packet(PacketType.PING)
    messages = [message for packet in sent for message in dialect.encode(packet).messages]
    body = dialect.encode_payload(messages)
    assert feed_all(dialect, *dialect.decode_payload(*body)) == [*sent]


def test_the_engine_has_its_own_packets() -> None:
    assert NEW.encode(Packet(PacketType.PING)).messages == ("2",)
    assert NEW.decoder().feed("3") == Packet(PacketType.PONG)


def test_an_offset_comes_behind_the_arguments() -> None:
    packet = OutgoingPacket("/", ["e", 1])
    packet.offset = "o"
    assert NEW.decoder().feed(NEW.encode(packet).messages[0]) == Packet(EVENT, "/", ["e", 1, "o"])


def test_the_test_client_reads_what_is_sent() -> None:
    refusal = NEW.refusal_packet("/a", "no", {"b": 1})
    assert NEW.client_decoder().feed(*NEW.encode(refusal).messages) == refusal


# What can be sent is what the default parser can send, and arrives as that


@pytest.mark.parametrize(
    ("value", "arrives"),
    [
        ([nan, inf, -inf, 1.5], [None, None, None, 1.5]),
        ({2: "a", 1.5: "b", None: "c", True: "d", "x": "e"},
         {"2": "a", "1.5": "b", "null": "c", "true": "d", "x": "e"}),
        ({Color.RED: Color.RED}, {"1": 1}),
        ((1, (2,)), [1, [2]]),
        (OrderedDict(a=Color.RED), {"a": 1}),
        ([Decimal("0.10"), Decimal("NaN")], [0.1, None]),
        ([bytearray(b"a"), memoryview(b"b"), array("B", [99])], [b"a", b"b", b"c"]),
        (2**64 - 1, 2**64 - 1),
    ],
    ids=lambda value: re.sub(" at 0x[0-9a-f]+", "", repr(value)),
)  # fmt: skip
def test_values_arrive_as_with_json(value: Any, arrives: Any) -> None:
    (message,) = NEW.encode(Packet(EVENT, "/", ["e", value])).messages
    assert isinstance(message, bytes)
    assert msgpack.unpackb(message)["data"] == ["e", arrives]


ENDLESS: list[Any] = []
ENDLESS.append(ENDLESS)
DEEP: Any = 1
for _ in range(600):
    DEEP = [DEEP]


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ([{"a": [object()]}], r"\[1\]\[0\]\['a'\]\[0\] is an object"),
        ({(1,): 2}, r"\[1\] is a dict \(a key has to be text, not tuple"),
        ({b"a": 2}, "not bytes"),
        (2**64, r"\[1\] is an int"),
        ("\ud800", r"\[1\] is a str"),
        (ENDLESS, "too deep, or contains itself"),
        (DEEP, "too deep, or contains itself"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_it_cannot_carry_is_named(value: Any, told: str) -> None:
    with pytest.raises(EncodeError, match=told):
        NEW.encode(Packet(EVENT, "/", ["e", value]))


def test_other_types_by_functions_of_the_application() -> None:
    def default(value: object) -> Any:
        if isinstance(value, complex):
            return msgpack.ExtType(5, str(value).encode())
        raise TypeError("what is this?")

    parser = MsgPackParser(default, lambda code, data: complex(data.decode()))
    dialect = EIO4(parser, *SIZES)
    packet = Packet(EVENT, "/", ["e", {"z": 1j}])
    assert feed_all(dialect, *dialect.encode(packet).messages) == [packet]
    with pytest.raises(EncodeError, match="what is this"):
        dialect.encode(Packet(EVENT, "/", ["e", {1}]))


# What JavaScript has beside JSON (notepack.io)


def event(data: bytes, count: int = 1) -> bytes:
    return b"\x83\xa4type\2" + ROOT + b"\xa4data" + bytes([0x91 + count]) + b"\xa1e" + data


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b"\xd4\0\0", None),
        (b"\xc7\0\0", b""),
        (b"\xc7\1\0\0", b"\0"),
        (b"\xc7\2\0ab", b"ab"),
        (b"\xc8\0\x08\0abcdefgh", b"abcdefgh"),
        (b"\xd7\0" + (1_600_000_000_123).to_bytes(8, "big"), "2020-09-13T12:26:40.123Z"),
        (b"\xd7\0" + (-1).to_bytes(8, "big", signed=True), "1969-12-31T23:59:59.999Z"),
        (b"\xc7\x08\0" + (1_600_000_000_123).to_bytes(8, "big"),
         (1_600_000_000_123).to_bytes(8, "big")),
        (b"\xcb\x7f\xf8" + bytes(6), None),
        (b"\xca\x7f\x80\0\0", None),
    ],
    ids=["undefined", "empty", "one zero byte", "buffer", "eight bytes", "Date", "before 1970",
         "eight bytes that could be a Date", "NaN", "Infinity"],
)  # fmt: skip
def test_what_javascript_has_beside_json(data: bytes, value: Any) -> None:
    assert NEW.decoder().feed(event(data)) == Packet(EVENT, "/", ["e", value])


def test_a_date_and_its_eight_bytes_in_one_message() -> None:
    both = b"\xd7\0" + bytes(8) + b"\xc7\x08\0abcdefgh"
    packet = NEW.decoder().feed(event(both, 2))
    assert packet is not None and packet.data == ["e", "1970-01-01T00:00:00.000Z", b"abcdefgh"]


def test_what_clients_add_is_passed_over() -> None:
    fields = {"type": 2, "data": ["e"], "nsp": "/", "options": {"compress": True}, "x": b"y"}
    assert NEW.decoder().feed(msgpack.packb(fields)) == Packet(EVENT, "/", ["e"])


def packed(**fields: Any) -> bytes:
    message: bytes = msgpack.packb({"type": 2, "nsp": "/", "data": ["e"], **fields})
    return message


FLOAT = b"\xcb\x3f\xf8" + bytes(6)
LIST = b"\xdd\x00\x0f\x42\x40"  # of a million items
INVALID: dict[str, Message] = {
    "nothing": b"",
    "text": '42["e"]',
    "text of JSON": '4{"type":0,"nsp":"/"}',
    "no map": msgpack.packb([2, "/"]),
    "no type": msgpack.packb({"nsp": "/", "data": ["e"]}),
    "type true": packed(type=True),
    "type 7": packed(type=7),
    "type -1": packed(type=-1),
    "type 2.0": packed(type=2.0),
    "no namespace": msgpack.packb({"type": 2, "data": ["e"]}),
    "namespace without slash": packed(nsp="a"),
    "namespace of bytes": packed(nsp=b"/"),
    "id of text": packed(id="1"),
    "id true": packed(id=True),
    "negative id": packed(id=-1),
    "long id": packed(id=10**15),
    "no data": msgpack.packb({"type": 2, "nsp": "/"}),
    "data no list": packed(data={"0": "e"}),
    "empty": packed(data=[]),
    "reserved name": packed(data=["connect"]),
    "name of bytes": packed(data=[b"e"]),
    "ack without id": packed(type=3),
    "connect with a list": packed(type=0),
    "disconnect with data": packed(type=1),
    "connect_error": packed(type=4, data={}),
    "cut off": packed()[:-1],
    "something behind": packed() + b"\xc0",
    "the byte that is nothing": event(b"\xc1"),
    "no UTF-8": event(b"\xa1\xff"),
    "a key that is a number": event(b"\x81\1\1"),
    "a key of bytes": event(b"\x81\xc4\1a\1"),
    "a key that is a list": event(b"\x81\x90\1"),
    "another extension": event(b"\xc7\1\5x"),
    "a timestamp": event(b"\xd6\xff\0\0\0\0"),
    "a date of no calendar": event(b"\xd7\0\x7f" + bytes(7)),
    "100,000 lists deep": event(b"\x91" * 100_000),
    "900 lists deep, with bytes": event(b"\x91" * 900 + b"\xc4\0"),
    "a list of a million, cut off": event(LIST),
    "hundreds of them, nested": event(LIST * 900 + b"\xc0" * 900_000),
    "bytes longer than the message": event(b"\xc6\xff\xff\xff\xff"),
}


@pytest.mark.parametrize("message", INVALID.values(), ids=INVALID)
def test_what_is_no_packet_is_refused(message: Message) -> None:
    with pytest.raises(PacketError) as caught:
        NEW.decoder().feed(message)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("item", [b"\x80", b"\x90", b"\x81\xa0\1", b"\x91\1", b"\1"])
def test_a_message_of_many_small_values_is_not_copied(item: bytes) -> None:
    """Beside a float, all of them are looked at."""
    count = 100_000
    values = b"\xdd" + (count + 1).to_bytes(4, "big") + item * count + FLOAT
    assert _peak(event(values)) < 1.3 * _peak(event(values[: -len(FLOAT)] + b"\1"))


def _peak(message: bytes) -> int:
    """How much memory reading a message takes at most, in bytes."""
    decoder = NEW.decoder()
    tracemalloc.start()
    try:
        decoder.feed(message)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("nested", [{"a": [nan, {"b": inf}]}, [[-inf], [{"a": [nan]}]], [1.5, nan]])
def test_what_is_deep_inside_is_looked_at_too(nested: Any) -> None:
    plain = json.loads(re.sub("-?(nan|inf)", "null", repr(nested)).replace("'", '"'))
    (packet,) = feed_all(NEW, event(msgpack.packb(nested)))
    assert packet.data[1:] == [plain]


def test_who_has_the_other_parser_is_told_apart() -> None:
    with pytest.raises(PacketError, match="default parser"):
        NEW.decoder().feed("40")


# Clients 2.x: socket.io-msgpack-parser 2.2


@pytest.mark.parametrize(
    ("said", "packet"),
    [
        ({"type": 0, "nsp": "/a"}, Packet(CONNECT, "/a")),
        ({"type": 0, "query": "a=1", "nsp": "/a?a=1,2&b=%20"}, Packet(
            CONNECT, "/a", {"a": "1,2", "b": " "})),
        ({"type": 1, "nsp": "/a"}, Packet(DISCONNECT, "/a")),
    ],
)  # fmt: skip
def test_older_clients_join_and_leave_by_json(said: Any, packet: Packet) -> None:
    assert OLD.decoder().feed("4" + json.dumps(said, separators=(",", ":"))) == packet


@pytest.mark.parametrize("text", ['{"type":2,"nsp":"/","data":["e"]}', "{", '{"type":9}', '0["e"]'])
def test_nothing_else_of_theirs_is_json(text: str) -> None:
    with pytest.raises(PacketError):
        OLD.decoder().feed("4" + text)


def test_older_clients_mark_binary_events() -> None:
    assert feed_all(OLD, b"\4" + packed(type=5), b"\4" + packed(type=6, id=1)) == [
        Packet(EVENT, "/", ["e"]),
        Packet(ACK, "/", ["e"], 1),
    ]


@pytest.mark.parametrize(
    ("data", "text"), [("no", "no"), ({"a": [1]}, '{"a":[1]}'), ([1, None], "[1,null]")]
)
def test_a_refusal_of_an_older_client_is_text(data: Any, text: str) -> None:
    (message,) = OLD.encode(OLD.refusal_packet("/", "told", data)).messages
    assert isinstance(message, bytes)
    assert msgpack.unpackb(message[1:]) == {"type": 4, "nsp": "/", "data": text}
    with pytest.raises(EncodeError, match="binary"):
        OLD.encode(OLD.refusal_packet("/", "told", [b"x"]))
