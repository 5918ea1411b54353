"""Packets of the clients 1.x and 2.x and their exact messages, for encoder and decoder."""

from __future__ import annotations

from typing import Any

import pytest

from flask_realtime.protocol.packet import Message, Packet, PacketType

CONNECT, DISCONNECT = PacketType.CONNECT, PacketType.DISCONNECT
EVENT, ACK, NOOP = PacketType.EVENT, PacketType.ACK, PacketType.NOOP

ONE = '{"_placeholder":true,"num":0}'
TWO = '{"_placeholder":true,"num":1}'


def row(name: str, messages: Message | tuple[Message, ...], *packet: Any) -> Any:
    if not isinstance(messages, tuple):
        messages = (messages,)
    return pytest.param(messages, Packet(*packet), id=name)


# Both ways: what a client may send and the server may send.
BOTH_WAYS = [
    row("close", "1", PacketType.CLOSE),
    row("ping", "2", PacketType.PING),
    row("probe", "2probe", PacketType.PING, "/", "probe"),
    row("pong", "3", PacketType.PONG),
    row("probe answered", "3probe", PacketType.PONG, "/", "probe"),
    row("upgrade", "5", PacketType.UPGRADE),
    row("noop", "6", NOOP),
    row("connect", "40", CONNECT),
    row("connect to a namespace", "40/adm,", CONNECT, "/adm"),
    row("connect there with data", '40/adm,{"a":[1]}', CONNECT, "/adm", {"a": [1]}),
    row("disconnect", "41", DISCONNECT),
    row("disconnect from a namespace", "41/adm,", DISCONNECT, "/adm"),
    row("event", '42["foo"]', EVENT, "/", ["foo"]),
    row("event with data", '42["chat",{"a":1}]', EVENT, "/", ["chat", {"a": 1}]),
    row("event named by a number", "42[7,null,true]", EVENT, "/", [7, None, True]),
    row("event with id 0", '420["foo"]', EVENT, "/", ["foo"], 0),
    row("event with id", '4212["foo"]', EVENT, "/", ["foo"], 12),
    row("the longest id", '42999999999999999["a"]', EVENT, "/", ["a"], 999_999_999_999_999),
    row("event in a namespace", '42/admin,["foo"]', EVENT, "/admin", ["foo"]),
    row("event there with id", '42/admin,13["bar"]', EVENT, "/admin", ["bar"], 13),
    row("a name that newer clients reserve", '42["connect_error"]', EVENT, "/", ["connect_error"]),
    row("quotes and backslashes", '42["a","\\"\\\\"]', EVENT, "/", ["a", '"\\']),
    row("Latin", '42["uni","\\u00e9\\u00ff"]', EVENT, "/", ["uni", "\u00e9\u00ff"]),
    row("the euro", '42["uni","\\u20ac"]', EVENT, "/", ["uni", "\u20ac"]),
    row("beyond the BMP", '42["\\ud83d\\ude00"]', EVENT, "/", ["\U0001f600"]),
    row("line ends of JavaScript", '42["\\u2028\\u2029"]', EVENT, "/", ["\u2028\u2029"]),
    row("a backslash before it", '42["\\\\\\u00e9"]', EVENT, "/", ["\\\u00e9"]),
    row("a namespace beyond ASCII", '42/\u65e5,["a"]', EVENT, "/\u65e5", ["a"]),
    row("ack", '4312["a",1]', ACK, "/", ["a", 1], 12),
    row("ack of id 0 with nothing", "430[]", ACK, "/", [], 0),
    row("ack in a namespace", '43/admin,13["bar"]', ACK, "/admin", ["bar"], 13),
    row("binary event", (f'451-["pic",{ONE}]', b"\4\1\2"), EVENT, "/", ["pic", b"\1\2"]),
    row(
        "binary event in a namespace with two",
        (f'452-/admin,["baz",{ONE},{TWO}]', b"\4one", b"\4two"),
        *(EVENT, "/admin", ["baz", b"one", b"two"]),
    ),
    row("binary with id", (f'451-/a,5["p",{ONE}]', b"\4"), EVENT, "/a", ["p", b""], 5),
    row("binary ack", (f'461-15["bar",{ONE}]', b"\4\0"), ACK, "/", ["bar", b"\0"], 15),
    row("binary ack there", (f"461-/a,0[{ONE}]", b"\4x"), ACK, "/a", [b"x"], 0),
    row(
        "binary beside text",
        (f'451-["\\u00e9",{{"a":[{ONE}]}}]', b"\4\4"),
        *(EVENT, "/", ["\u00e9", {"a": [b"\4"]}]),
    ),
]

# Other spellings that clients use.
DECODED = [
    row("no comma behind the namespace", "40/adm", CONNECT, "/adm"),  # clients 1.x
    row("no comma, leaving", "41/adm", DISCONNECT, "/adm"),
    row("the root by its name", "40/,", CONNECT, "/"),
    row("a query", "40/adm?token=x,", CONNECT, "/adm", {"token": "x"}),
    row("a query without a comma", "40/adm?token=x", CONNECT, "/adm", {"token": "x"}),
    row("a query of the root", "40/?token=x", CONNECT, "/", {"token": "x"}),
    row("an empty query", "40/adm?,", CONNECT, "/adm"),
    row("a query of several", "40/a?b=1&c=%2C%20&b=2,", CONNECT, "/a", {"b": "1", "c": ", "}),
    row("a query with commas", "40/a?b=1,2,3,", CONNECT, "/a", {"b": "1,2,3"}),
    row("a question in the data", '40/a,{"b":"?"}', CONNECT, "/a", {"b": "?"}),
    row("a question in an event", '42/a?b,["c"]', EVENT, "/a?b", ["c"]),
    row("spaces in the JSON", '42[ "a" , 1 ] ', EVENT, "/", ["a", 1]),
    row("text beyond ASCII", '42["\u20ac\U0001f600"]', EVENT, "/", ["\u20ac\U0001f600"]),
    row("an old ack", '430-12["x"]', ACK, "/", ["x"], 12),  # clients up to 1.0.2
    row("an old ack there", '430-/a,12["x"]', ACK, "/a", ["x"], 12),
    row("an old binary ack", (f'431-12["x",{ONE}]', b"\4y"), ACK, "/", ["x", b"y"], 12),
    row("an old ack of base64", (f"431-/a,0[{ONE}]", "b4eQ=="), ACK, "/a", [b"y"], 0),
    row("an ack without data", "437", ACK, "/", [], 7),
    row("binary that is none", '450-["a",1]', EVENT, "/", ["a", 1]),
    row("binary that is none, with id", '450-/a,3["a"]', EVENT, "/a", ["a"], 3),
    row("a binary ack that is none", "460-3[1]", ACK, "/", [1], 3),
    row(
        "a placeholder that is none",
        f'450-["a",{ONE}]',
        *(EVENT, "/", ["a", {"_placeholder": True, "num": 0}]),
    ),
    row("out of order", (f'452-["a",{TWO},{ONE}]', b"\4x", b"\4y"), EVENT, "/", ["a", b"y", b"x"]),
    row("base64", (f'451-["a",{ONE}]', "b4AQI="), EVENT, "/", ["a", b"\1\2"]),
    row("empty base64", (f'451-["a",{ONE}]', "b4"), EVENT, "/", ["a", b""]),
    row("open, for the session to refuse", "0{}", PacketType.OPEN, "/", "{}"),
    # What servers 1.x and 2.x take without effect.
    row("no event", "42", NOOP),
    row("no event with id", "4212", NOOP),
    row("no event in a namespace", "42/a,", NOOP),
    row("event without name", "42[]", NOOP),
    row("event named null", "42[null,1]", NOOP),
    row("event named true", "42[true]", NOOP),
    row("event named by a list", '42[["a"]]', NOOP),
    row("event named by an object", "421[{}]", NOOP),
    row("event named by an attachment", (f"451-[{ONE}]", b"\4a"), NOOP),
    row("an event that could not be written", '44"encode error"', NOOP),
    row("an error without data", "44/a,", NOOP),
]
