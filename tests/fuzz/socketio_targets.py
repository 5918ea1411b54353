"""Engine.IO and Socket.IO: packets, their attachments, payloads, and the rules for JSON."""

from __future__ import annotations

import json as stdlib_json
import math
from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain
from typing import Any, NoReturn
from urllib.parse import urlencode

from flask_realtime.exceptions import EncodeError, PacketError
from flask_realtime.protocol.dialect import Dialect
from flask_realtime.protocol.eio3 import EIO3
from flask_realtime.protocol.eio4 import EIO4
from flask_realtime.protocol.json import Codec
from flask_realtime.protocol.msgpack import MsgPackParser
from flask_realtime.protocol.older_text_parser import OlderTextParser
from flask_realtime.protocol.packet import Message, Packet, PacketType
from flask_realtime.protocol.sio09 import SIO09
from flask_realtime.protocol.text_parser import TextParser
from flask_realtime.transports.form import read_form
from tests.protocol.codecs import CODECS
from tests.protocol.exchanges import BOTH_WAYS, DECODED

from .target import ACCEPTED, Target

MAX_SIZE = 1000
MAX_ATTACHMENTS = 10
MAX_PACKETS = 50

# One line for each generation.
DIALECTS: dict[str, Callable[[Codec, int, int, int], Dialect]] = {
    "eio4": lambda codec, *sizes: EIO4(TextParser(codec), *sizes),
    "eio3": lambda codec, *sizes: EIO3(OlderTextParser(codec), *sizes),
    "sio09": lambda codec, max_size, max_attachments, max_packets: SIO09(codec, max_packets),
}

BETWEEN = b"\x1e"
"""Between the messages of one input; one that begins with a zero byte is binary."""

TOKENS = (
    *(b"4", b"42", b"43", b"40", b"451-", b"452-", b"461-", b"4510-", b"0", b"1", b"2", b"b"),
    *(b"/", b"/a,", b",", b"-", b"[", b"]", b"{", b"}", b'"', b":", b"\\", b'["a"', b"null"),
    *(b'{"_placeholder":true,"num":0}', b'{"_placeholder":true,"num":1}', b'"num":-1'),
    *(b"NaN", b"-Infinity", b"1e999", b"-0", b"1.5", b"9007199254740993", b"9" * 25),
    *(b"\\ud800", b"\\u0000", b"\xed\xa0\x80", b"\xc3\xa9", b"\xd9\xa3", b"\xf0\x9f\x98\x80"),
    *(b'["connect"]', b'["__proto__"]', b"[" * 300, b"[" * 40_000, b"9" * 5000, b'{"a":' * 300),
    *(b"d=", b"&", b"+", b"%", b"%22", b"%5Cn", b"%0D%0A", b"%ED%A0%80", b"%5Cud800"),
    *(BETWEEN, BETWEEN + b"\0", BETWEEN + b"b", b"AQI=", b"=", b"\r\n", b" ", b"\0"),
)


# Packets and their attachments


def decode_message(dialect: Dialect, data: bytes) -> str:
    """One text message, as a WebSocket gives it: always of Unicode."""
    decoder = dialect.decoder()
    try:
        packet = decoder.feed(data.decode("utf-8", "replace"))
    except PacketError:
        return "PacketError"
    if packet is None:
        return "unfinished"
    check_round_trip(dialect, packet)
    return ACCEPTED


def decode_session(dialect: Dialect, data: bytes) -> str:
    """What one client says, text and binary."""
    decoder: Any = dialect.decoder()
    for message in data.split(BETWEEN):
        fed: Message = message[1:] if message[:1] == b"\0" else message.decode("utf-8", "replace")
        try:
            packet = decoder.feed(fed)
        except PacketError:
            return "PacketError"
        check_waiting(decoder)
        if packet is not None:
            check_round_trip(dialect, packet)
    return ACCEPTED


def check_waiting(decoder: Any) -> None:
    """Attachments that wait for others are bounded."""
    packets = getattr(decoder, "_packets", None)
    unfinished = getattr(packets, "_unfinished", None)
    if unfinished is not None:
        waiting = unfinished.attachments
        assert sum(map(len, waiting)) <= MAX_SIZE and len(waiting) < MAX_ATTACHMENTS


# Some modules read deeper than they write, some refuse to write an infinity; and what looks like a
# stand-in for binary is refused beside binary.
_NOT_SENT_ON = ("too deep", "ecursion", "a float", "_placeholder")


def check_round_trip(dialect: Dialect, packet: Packet) -> None:
    """What was decoded can be sent on, and is then the same.

    Compared by its messages: an infinity, which JSON spells 1e999, goes out as null.
    """
    name = packet.data[0] if packet.type is PacketType.EVENT else ""
    if packet.type is PacketType.OPEN or isinstance(name, float) and not math.isfinite(name):
        return
    try:
        messages = dialect.encode(packet).messages
    except EncodeError as error:
        # Some packets of the engine only clients send.
        told = packet.type >= PacketType.OPEN or any(why in str(error) for why in _NOT_SENT_ON)
        assert told, error
        return
    decoder = dialect.decoder()
    *unfinished, again = [decoder.feed(message) for message in messages]
    assert not any(unfinished) and again is not None
    assert dialect.encode(again).messages == messages


# Payloads


def decode_payload(dialect: Dialect, content_type: str, data: bytes) -> str:
    """The body of a POST."""
    try:
        messages = list(dialect.decode_payload(data, content_type))
    except PacketError:
        return "PacketError"
    assert len(messages) <= MAX_PACKETS
    assert sum(map(len, messages)) <= len(data)
    again = dialect.encode_payload(messages)
    assert list(dialect.decode_payload(*again)) == messages
    return ACCEPTED


def decode_form(dialect: Dialect, data: bytes) -> str:
    """The body of a JSONP client's POST."""
    try:
        body, content_type = read_form(dialect, data)
        messages = list(dialect.decode_payload(body, content_type))
    except PacketError:
        return "PacketError"
    assert len(messages) <= MAX_PACKETS
    assert all(isinstance(message, str) for message in messages)
    return ACCEPTED


# JSON


def read_json(codec: Codec, data: bytes) -> str:
    """The rules that hold for every module: what it has read it writes as JSON, in UTF-8."""
    try:
        value = codec.loads(data.decode("utf-8", "replace"))
    except PacketError:
        return "PacketError"
    try:
        text, attachments = codec.dumps([value])
    except EncodeError:
        return "EncodeError"
    assert not attachments
    text.encode()
    try:
        stdlib_json.loads(text, parse_constant=_no_json)
    except RecursionError:
        return "deep"
    assert codec.dumps(codec.loads(text)) == (text, [])
    return ACCEPTED


def _no_json(word: str) -> NoReturn:
    raise AssertionError(f"{word} was written")


# The table


def examples(dialect: Dialect) -> Iterator[tuple[Message, ...]]:
    """The messages of all packets that the dialect can carry, and of other spellings."""
    for row in BOTH_WAYS:
        packet: Any = row.values[1]
        copy = Packet(packet.type, packet.namespace, packet.data, packet.id)
        try:
            yield dialect.encode(copy).messages
        except EncodeError:
            pass
    if dialect.name == "eio4":
        yield from (row.values[0] for row in DECODED)  # type: ignore[misc]


def join(messages: tuple[Message, ...]) -> bytes:
    """One input for :func:`decode_session`."""
    return BETWEEN.join(
        b"\0" + message if isinstance(message, bytes) else message.encode("utf-8", "replace")
        for message in messages
    )


def _of_dialect(name: str) -> Iterator[tuple[str, Target]]:
    for module, codec in CODECS.items():
        dialect = DIALECTS[name](codec, MAX_SIZE, MAX_ATTACHMENTS, MAX_PACKETS)
        each = list(examples(dialect))
        texts = tuple(join(messages[:1]) for messages in each)
        sessions = tuple(join(messages) for messages in each)
        sessions += (BETWEEN.join(sessions[:20]), BETWEEN.join(sessions[20:]))
        yield f"{name} packets, {module}", Target(partial(decode_message, dialect), texts, TOKENS)
        yield f"{name} sessions, {module}", Target(
            partial(decode_session, dialect), sessions, TOKENS
        )
    payloads = [*each, each[0] * MAX_PACKETS, tuple(chain.from_iterable(each[:20]))]
    bodies = [dialect.encode_payload(messages) for messages in payloads]
    for content_type in sorted({content_type for _, content_type in bodies}):
        corpus = tuple(body for body, its_type in bodies if its_type == content_type)
        yield f"{name} payloads, {content_type.partition(';')[0]}", Target(
            partial(decode_payload, dialect, content_type), corpus, TOKENS
        )


    if dialect.jsonp_callback is not None:
        yield f"{name} forms", Target(partial(decode_form, dialect), tuple(forms(bodies)), TOKENS)


def forms(bodies: list[tuple[bytes, str]]) -> Iterator[bytes]:
    """Payloads of text in forms, as clients 1.x and 2.x write them, and as 0.9 does."""
    for body, content_type in bodies:
        if content_type.startswith("text"):
            text = body.decode()
            yield urlencode({"d": text.replace("\\n", "\\\\n").replace("\n", "\\n")}).encode()
            yield urlencode({"d": stdlib_json.dumps(text), "e": "x"}).encode()


# MessagePack


def decode_msgpack(dialect: Dialect, data: bytes) -> str:
    """One message of bytes, as a WebSocket gives it."""
    decoder = dialect.decoder()
    try:
        packet = decoder.feed(data)
    except PacketError:
        return "PacketError"
    assert packet is not None
    if packet.type is PacketType.NOOP:
        return "passed over"
    try:
        (message,) = dialect.encode(packet).messages
    except EncodeError as error:
        assert "too deep" in str(error), error
        return "deep"
    assert dialect.decoder().feed(message) == packet
    return ACCEPTED


def _of_msgpack() -> Iterator[tuple[str, Target]]:
    parser = MsgPackParser()
    sizes = MAX_SIZE, MAX_ATTACHMENTS, MAX_PACKETS
    for dialect in (EIO4(parser, *sizes), EIO3(parser.older(), *sizes)):
        corpus = [message for messages in examples(dialect) for message in messages]
        data = tuple(message for message in corpus if isinstance(message, bytes))
        target = Target(partial(decode_msgpack, dialect), data, MSGPACK_TOKENS)
        yield f"{dialect.name} packets, msgpack", target


MSGPACK_TOKENS = (
    *(b"\xa4type", b"\xa3nsp", b"\xa1/", b"\xa4data", b"\xa2id", b"\x91\xa1e", b"\xc0", b"\xc1"),
    *(b"\xd4\0\0", b"\xd7\0", b"\xc7\1\0\0", b"\xc7\x08\0", b"\xc7\1\5", b"\xd6\xff", b"\xc4\1"),
    *(b"\xdc\xff\xff", b"\xdd\0\x0f\0\0", b"\xdf\0\1\0\0", b"\x91" * 600, b"\xdd\0\0\1\0" * 200),
    *(b"\xcb\x7f\xf8" + bytes(6), b"\xca\xff\x80\0\0", b"\xcf" + b"\xff" * 8, b"\x81", b"\xa1\xff"),
)

JSON_CORPUS = (
    *(b"null", b"true", b'"a"', b"1", b"-1.5e3", b"[]", b"{}", b'["a",{"b":[1,2,{"c":null}]}]'),
    *(b'[1e999,-1e999]', b'["\\ud83d\\ude00","\\u0000"]', b'{"a":1,"a":2}', b"[" * 50 + b"]" * 50),
    *(b'"\xc3\xa9"', b"[123456789012345678901234567890]", b" [ 1 , 2 ] ", b'{"":{"":[""]}}'),
)

SOCKETIO_TARGETS: dict[str, Target] = {
    **{name: target for dialect in DIALECTS for name, target in _of_dialect(dialect)},
    **dict(_of_msgpack()),
    **{
        f"JSON, {module}": Target(partial(read_json, codec), JSON_CORPUS, TOKENS)
        for module, codec in CODECS.items()
    },
}
