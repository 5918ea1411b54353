"""Packets of the clients 0.7 to 0.9 and their exact messages."""

from __future__ import annotations

from typing import Any

import pytest

from flask_realtime.protocol.json import Codec
from flask_realtime.protocol.packet import Packet, PacketType, ReceiptPacket
from flask_realtime.protocol.sio09 import SIO09
from tests.protocol.codecs import CODECS, MAX_PACKETS

CONNECT, DISCONNECT = PacketType.CONNECT, PacketType.DISCONNECT
EVENT, ACK = PacketType.EVENT, PacketType.ACK


def make_sio09(codec: Codec = CODECS["simplejson"]) -> SIO09:
    return SIO09(codec, MAX_PACKETS)


def _row(name: str, message: str, *packet: Any) -> Any:
    return pytest.param(message, Packet(*packet), id=name)


def _receipt(name: str, message: str, *packet: Any) -> Any:
    return pytest.param(message, ReceiptPacket(*packet), id=name)


# Both ways: what a client may send and the server may send.
BOTH_WAYS = [
    _row("connect", "1::", CONNECT),
    _row("connect to a namespace", "1::/chat", CONNECT, "/chat"),
    _row("disconnect", "0::", DISCONNECT),
    _row("disconnect from a namespace", "0::/chat", DISCONNECT, "/chat"),
    _row("noop", "8::", PacketType.NOOP),
    _row("message", "3:::hello", EVENT, "/", ["message", "hello"]),
    _row("message there", "3::/chat:hello", EVENT, "/chat", ["message", "hello"]),
    _row("empty message", "3::", EVENT, "/", ["message", ""]),
    _row("empty message there", "3::/chat", EVENT, "/chat", ["message", ""]),
    _row("message that asks", "3:1+::x", EVENT, "/", ["message", "x"], 1),
    _row("message that asks there", "3:1+:/a:x", EVENT, "/a", ["message", "x"], 1),
    _row("empty message that asks", "3:1+:", EVENT, "/", ["message", ""], 1),
    _row("colons in a message", "3:::a:b::c", EVENT, "/", ["message", "a:b::c"]),
    _row("a colon first", "3::::", EVENT, "/", ["message", ":"]),
    _row("a message like a packet", "3:::5:::{}", EVENT, "/", ["message", "5:::{}"]),
    _row("line ends in a message", "3:::a\nb\r\n", EVENT, "/", ["message", "a\nb\r\n"]),
    _row("the mark in a message", "3:::\ufffd1\ufffd", EVENT, "/", ["message", "\ufffd1\ufffd"]),
    _row("U+2028 in a message", "3:::\u2028", EVENT, "/", ["message", "\u2028"]),
    _row("beyond the BMP", "3:::\U0001f600", EVENT, "/", ["message", "\U0001f600"]),
    _row("JSON", '4:::{"a":1}', EVENT, "/", ["message", {"a": 1}]),
    _row("JSON there", "4::/a:[1,2]", EVENT, "/a", ["message", [1, 2]]),
    _row("JSON that asks", "4:1+::7", EVENT, "/", ["message", 7], 1),
    _row("JSON null", "4:::null", EVENT, "/", ["message", None]),
    _row("JSON beyond ASCII", '4:::["\\u2028"]', EVENT, "/", ["message", ["\u2028"]]),
    _row("event", '5:::{"name":"foo"}', EVENT, "/", ["foo"]),
    _row("event with data", '5:::{"name":"a","args":[1]}', EVENT, "/", ["a", 1]),
    _row("event with null", '5:::{"name":"a","args":[null]}', EVENT, "/", ["a", None]),
    _row("event there", '5::/chat:{"name":"e"}', EVENT, "/chat", ["e"]),
    _row("event that asks", '5:7+:/chat:{"name":"e"}', EVENT, "/chat", ["e"], 7),
    _row("event with id 0", '5:0+::{"name":"e"}', EVENT, "/", ["e"], 0),
    _row("longest id", '5:999999999999999+::{"name":"e"}', EVENT, "/", ["e"], 10**15 - 1),
    _row("message of none", '5:::{"name":"message"}', EVENT, "/", ["message"]),
    _row("of two", '5:::{"name":"message","args":[1,2]}', EVENT, "/", ["message", 1, 2]),
    _row(
        "event beyond ASCII",
        '5:::{"name":"\\u00e9","args":["\\u2028\\u2029\\ud83d\\ude00"]}',
        *(EVENT, "/", ["\u00e9", "\u2028\u2029\U0001f600"]),
    ),
    _row("ack", "6:::7", ACK, "/", [], 7),
    _row("ack there", "6::/ep:7", ACK, "/ep", [], 7),
    _row("ack of id 0", "6:::0", ACK, "/", [], 0),
    _row("ack with data", '6:::7+["A",2]', ACK, "/", ["A", 2], 7),
    _row("ack with data there", '6::/chat:7+[{"a":"+"}]', ACK, "/chat", [{"a": "+"}], 7),
    _row("ack beyond ASCII", '6:::7+["\\u2028"]', ACK, "/", ["\u2028"], 7),
]

# What only the server sends.
ENCODED = [
    _row("ping", "2::", PacketType.PING),
    _row("close", "7:::1+0", PacketType.CLOSE),  # not "0::", behind which no client comes back
    _row("refusal", "7:::2", PacketType.CONNECT_ERROR),
    _row("refusal there", "7::/no:2", PacketType.CONNECT_ERROR, "/no"),
    _row("ack on receipt", "6::/ep:7", ACK, "/ep", None, 7),
    _row(
        "binary",
        '5:::{"name":"a","args":[{"base64":true,"data":"AQI="}]}',
        *(EVENT, "/", ["a", b"\1\2"]),
    ),
    _row(
        "binary deep inside",
        '5:::{"name":"a","args":[[{"b":{"base64":true,"data":""}}],2]}',
        *(EVENT, "/", ["a", [{"b": bytearray()}], 2]),
    ),
    _row("binary alone", '4:::{"base64":true,"data":"/w=="}', EVENT, "/", ["message", b"\xff"]),
    _row("binary ack", '6:::1+[{"base64":true,"data":"eA=="}]', ACK, "/", [b"x"], 1),
]

# The one text that cannot go out as it is; orjson does not write it at all.
HALF_A_PAIR = _row("half a pair", '4:::"\\ud800"', EVENT, "/", ["message", "\ud800"])

# What only clients send, or send in other spellings too.
DECODED = [
    _row("pong", "2::", PacketType.PONG),
    _row("disconnect as the specification has it", "0", DISCONNECT),
    _row("the root by its name", "0::/", DISCONNECT),
    _row("connect with a query", "1::/chat:?a=b", CONNECT, "/chat", {"a": "b"}),
    _row("as the specification has it", "1::/chat?a=b", CONNECT, "/chat", {"a": "b"}),
    _row(
        "a longer query",
        "1::/chat?a=%C3%A9+1&b=&a=2&url=http://x/?y:z",
        *(CONNECT, "/chat", {"a": "\u00e9 1", "b": "", "url": "http://x/?y:z"}),
    ),
    _row("an empty query", "1::/chat:?", CONNECT, "/chat"),
    _row("no query", "1::/chat:", CONNECT, "/chat"),
    _row("the root with a query", "1::?a=b", CONNECT, "/", {"a": "b"}),
    _row("empty message, other spelling", "3:::", EVENT, "/", ["message", ""]),
    _row("a message with + but no id", "3:+::x", EVENT, "/", ["message", "x"]),
    _row("spaces in the JSON", '5:::{ "name" : "a" , "args" : [ 1 ] }', EVENT, "/", ["a", 1]),
    _row("no arguments", '5:::{"name":"a","args":[]}', EVENT, "/", ["a"]),
    _row("null arguments", '5:::{"name":"a","args":null}', EVENT, "/", ["a"]),
    _row("an argument without its list", '5:::{"name":"a","args":"x"}', EVENT, "/", ["a", "x"]),
    _row("more keys", '5:::{"args":[1],"name":"a","x":2}', EVENT, "/", ["a", 1]),
    _row("raw text beyond ASCII", '5:::{"name":"\u00e9\u2028"}', EVENT, "/", ["\u00e9\u2028"]),
    _row("raw text in an ack", '6:::7+["\u2028"]', ACK, "/", ["\u2028"], 7),
    _row("an ack with + but no data", "6:::7+", ACK, "/", [], 7),
    _row("leading zeros", '5:007+::{"name":"a"}', EVENT, "/", ["a"], 7),
    _receipt("message to be acknowledged", "3:1::x", EVENT, "/", ["message", "x"], 1),
    _receipt("JSON to be acknowledged", "4:2:/a:{}", EVENT, "/a", ["message", {}], 2),
    _receipt("event to be acknowledged", '5:3::{"name":"a"}', EVENT, "/", ["a"], 3),
]

# What is no packet, or says nothing to a server: passed over.
PASSED_OVER = {
    "empty": "",
    "a colon": ":",
    "colons": "::",
    "no colon": "5",
    "one colon": "5:",
    "a bare ping": "2",
    "unknown type": "9::",
    "type of two digits": "55::",
    "something before the type": 'x5:::{"name":"a"}',
    "a space before the type": ' 5:::{"name":"a"}',
    "an Arabic digit as type": '\u0665:::{"name":"a"}',
    "Engine.IO": '42["a"]',
    "error": "7:::1+0",
    "error without data": "7::",
    "error for a namespace": "7::/a:2",
    "event without data": "5::",
    "event with empty data": "5:::",
    "event with half JSON": '5:::{"name":"a"',
    "event with text behind": '5:::{"name":"a"}x',
    "event with NaN": '5:::{"name":"a","args":[NaN]}',
    "event that is a list": '5:::["a"]',
    "event that is null": "5:::null",
    "event without name": '5:::{"args":[1]}',
    "event named null": '5:::{"name":null}',
    "event named by a number": '5:::{"name":1}',
    "event named by a list": '5:::{"name":["a"]}',
    "event 100,000 deep": '5:::{"name":"a","args":' + "[" * 100_000 + "]" * 100_000 + "}",
    "number of 5,000 digits": '5:::{"name":"a","args":[' + "9" * 5000 + "]}",
    "JSON without data": "4::",
    "JSON that is none": "4:::{",
    "id of 16 digits": "3:1234567890123456+::x",
    "id of 100,000 digits": "3:" + "1" * 100_000 + "::x",
    "negative id": "3:-1+::x",
    "id in Arabic digits": "3:\u0661+::x",
    "id in superscript": "3:\u00b2::x",
    "id with two signs": "3:1++::x",
    "id behind its sign": "3:+1::x",
    "ack without id": "6::",
    "ack without digits": "6:::+[1]",
    "ack of a word": "6:::a+[1]",
    "ack of 16 digits": "6:::1234567890123456",
    "ack without its sign": "6:::7[1]",
    "ack with half JSON": "6:::7+[1",
    "ack with an object": '6:::7+{"0":1}',
    "ack with a string": '6:::7+"a"',
    "namespace without slash": '5::chat:{"name":"a"}',
    "namespace of a space": "3:: :x",
    "namespace too long": "3::/" + "a" * 2000 + ":x",
    "connect without slash": "1::chat",
    "connect without slash, with a query": "1::chat?a=b",
    "connect to a name too long": "1::/" + "a" * 2000,
    "disconnect without slash": "0::chat",
    "a lone surrogate": "\ud800",
}
