"""Packets and their exact messages, for encoder and decoder."""

from __future__ import annotations

from typing import Any

import pytest

from flask_realtime.protocol.packet import Message, Packet, PacketType

CONNECT, DISCONNECT = PacketType.CONNECT, PacketType.DISCONNECT
EVENT, ACK = PacketType.EVENT, PacketType.ACK

_ONE = '{"_placeholder":true,"num":0}'
_TWO = '{"_placeholder":true,"num":1}'


def _row(name: str, messages: Message | tuple[Message, ...], *packet: Any) -> Any:
    if isinstance(messages, str):
        messages = (messages,)
    return pytest.param(messages, Packet(*packet), id=name)


# Both ways: what a client may send and the server may send.
BOTH_WAYS = [
    _row("close", "1", PacketType.CLOSE),
    _row("ping", "2", PacketType.PING),
    _row("probe", "2probe", PacketType.PING, "/", "probe"),
    _row("pong", "3", PacketType.PONG),
    _row("probe answered", "3probe", PacketType.PONG, "/", "probe"),
    _row("upgrade", "5", PacketType.UPGRADE),
    _row("noop", "6", PacketType.NOOP),
    _row("connect", "40", CONNECT),
    _row("connect with data", '40{"token":"x"}', CONNECT, "/", {"token": "x"}),
    _row("connect to a namespace", "40/admin,", CONNECT, "/admin"),
    _row("connect there with data", '40/adm,{"a":[1]}', CONNECT, "/adm", {"a": [1]}),
    _row("a query is part of the name", "40/adm?x=1,", CONNECT, "/adm?x=1"),
    _row("a namespace beyond ASCII", "40/caf\u00e9,", CONNECT, "/caf\u00e9"),
    _row("disconnect", "41", DISCONNECT),
    _row("disconnect from a namespace", "41/admin,", DISCONNECT, "/admin"),
    _row("event", '42["foo"]', EVENT, "/", ["foo"]),
    _row("event with data", '42["chat",{"a":1}]', EVENT, "/", ["chat", {"a": 1}]),
    _row("event named by a number", "42[7,null,true]", EVENT, "/", [7, None, True]),
    _row("event with id 0", '420["foo"]', EVENT, "/", ["foo"], 0),
    _row("event with id", '4212["foo"]', EVENT, "/", ["foo"], 12),
    _row("the longest id", '42999999999999999["a"]', EVENT, "/", ["a"], 999_999_999_999_999),
    _row("event in a namespace", '42/admin,["foo"]', EVENT, "/admin", ["foo"]),
    _row("event there with id", '42/admin,13["bar"]', EVENT, "/admin", ["bar"], 13),
    _row("the root with its name in data", '42["/",","]', EVENT, "/", ["/", ","]),
    _row("the separator is escaped", '42["a","\\u001e"]', EVENT, "/", ["a", "\x1e"]),
    _row("quotes and backslashes", '42["a","\\"\\\\"]', EVENT, "/", ["a", '"\\']),
    _row("ack", '4312["a",1]', ACK, "/", ["a", 1], 12),
    _row("ack of id 0 with nothing", "430[]", ACK, "/", [], 0),
    _row("ack in a namespace", '43/admin,13["bar"]', ACK, "/admin", ["bar"], 13),
    _row("binary event", (f'451-["pic",{_ONE}]', b"\1\2"), EVENT, "/", ["pic", b"\1\2"]),
    _row(
        "binary event in a namespace with two",
        (f'452-/admin,["baz",{_ONE},{_TWO}]', b"one", b"two"),
        *(EVENT, "/admin", ["baz", b"one", b"two"]),
    ),
    _row("binary with id", (f'451-/a,5["p",{_ONE}]', b""), EVENT, "/a", ["p", b""], 5),
    _row("binary ack", (f'461-15["bar",{_ONE}]', b"\0"), ACK, "/", ["bar", b"\0"], 15),
    _row("binary ack there", (f"461-/a,0[{_ONE}]", b"x"), ACK, "/a", [b"x"], 0),
    _row(
        "binary deep inside",
        (f'452-["p",{{"a":[{_ONE},{{"b":{_TWO}}}]}}]', b"1", b"2"),
        *(EVENT, "/", ["p", {"a": [b"1", {"b": b"2"}]}]),
    ),
    _row(
        "as many attachments as allowed",
        (
            '4510-["p",' + ",".join(f'{{"_placeholder":true,"num":{n}}}' for n in range(10)) + "]",
            *(bytes([n]) for n in range(10)),
        ),
        *(EVENT, "/", ["p", *(bytes([n]) for n in range(10))]),
    ),
]

# Other spellings that clients may use.
DECODED = [
    _row("the root by its name", "40/,", CONNECT, "/"),
    _row("no comma behind the namespace", "40/adm", CONNECT, "/adm"),
    _row("no comma, leaving", "41/adm", DISCONNECT, "/adm"),
    _row("connect with null", "40null", CONNECT),
    _row("spaces in the JSON", '42[ "a" , 1 ]', EVENT, "/", ["a", 1]),
    _row("space behind the JSON", '42["a"] ', EVENT, "/", ["a"]),
    _row("a fraction as name", "42[1.5]", EVENT, "/", [1.5]),
    _row("leading zeros", '42007["a"]', EVENT, "/", ["a"], 7),
    _row("text beyond ASCII", '42["\u00e9\U0001f600"]', EVENT, "/", ["\u00e9\U0001f600"]),
    _row("escaped beyond ASCII", '42["\\ud83d\\ude00"]', EVENT, "/", ["\U0001f600"]),
    _row("duplicate keys, last wins", '42["a",{"b":1,"b":2}]', EVENT, "/", ["a", {"b": 2}]),
    _row(
        "a stand-in that is none",
        f'42["a",{_ONE}]',
        EVENT,
        "/",
        [
            "a",
            {
                "_placeholder": True,
                "num": 0,
            },
        ],
    ),
    _row(
        "not quite a stand-in",
        (f'451-["a",{_ONE},{{"_placeholder":1,"num":0}}]', b"x"),
        *(EVENT, "/", ["a", b"x", {"_placeholder": 1, "num": 0}]),
    ),
    _row("out of order", (f'452-["a",{_TWO},{_ONE}]', b"0", b"1"), EVENT, "/", ["a", b"1", b"0"]),
    _row("base64", (f'451-["a",{_ONE}]', "bAQI="), EVENT, "/", ["a", b"\1\2"]),
    _row("empty base64", (f'451-["a",{_ONE}]', "b"), EVENT, "/", ["a", b""]),
    _row("open, for the session to refuse", "0{}", PacketType.OPEN, "/", "{}"),
]
