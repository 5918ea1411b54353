"""What the engine sees in a message: its type and its data, in one form for all generations."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_realtime.protocol.dialect import Dialect
from flask_realtime.protocol.eio3_payload import OnceEncoded
from flask_realtime.protocol.packet import EnginePacket, Message
from flask_realtime.protocol.sio09 import SIO09
from tests.protocol.codecs import CODECS, make_eio3, make_eio4

DIALECTS: dict[str, Dialect] = {
    "eio4": make_eio4(),
    "eio3": make_eio3(),
    "sio09": SIO09(CODECS["simplejson"], 5),
}
ERROR = ("error", "parser error")


@pytest.mark.parametrize(
    ("name", "message", "expected"),
    [
        ("eio4", '42["x"]', ("message", '2["x"]')),
        ("eio4", "4", ("message", "")),
        ("eio4", b"\1\2", ("message", b"\1\2")),
        ("eio4", b"", ("message", b"")),
        ("eio4", "bAQI=", ("message", b"\1\2")),
        ("eio4", "b?", ERROR),
        ("eio4", '0{"sid":"a"}', ("open", '{"sid":"a"}')),
        ("eio4", "1", ("close", None)),
        ("eio4", "2", ("ping", None)),
        ("eio4", "3probe", ("pong", "probe")),
        ("eio4", "5", ("upgrade", None)),
        ("eio4", "6", ("noop", None)),
        ("eio4", "7", ERROR),
        ("eio4", "", ERROR),
        ("eio3", '42["x"]', ("message", '2["x"]')),
        ("eio3", b"\4\1\2", ("message", b"\1\2")),
        ("eio3", b"\1\2", ERROR),
        ("eio3", b"", ERROR),
        ("eio3", "b4AQI=", ("message", b"\1\2")),
        ("eio3", "b5AQI=", ERROR),
        ("eio3", "b4?", ERROR),
        ("eio3", "2probe", ("ping", "probe")),
        ("eio3", '42["\xc3\xa9"]', ("message", '2["\xe9"]')),  # encoded twice
        ("eio3", OnceEncoded('42["\xc3\xa9"]'), ("message", '2["\xc3\xa9"]')),
        ("eio3", '42["\u20ac"]', ("message", '2["\u20ac"]')),
        ("eio3", '42["\xe9"]', ("message", '2["\xe9"]')),
        ("sio09", '5:::{"name":"x"}', ("message", '5:::{"name":"x"}')),
        ("sio09", "0::/chat", ("message", "0::/chat")),
        ("sio09", "0", ("message", "0")),
        ("sio09", "2::", ("heartbeat", None)),
        ("sio09", "8::", ("noop", None)),
        ("sio09", "abcdef:60:60:websocket", ("open", "abcdef:60:60:websocket")),
        ("sio09", "", ("message", "")),
        ("sio09", b"\1", ERROR),
    ],
)
def test_a_message(name: str, message: Message, expected: Any) -> None:
    packet = DIALECTS[name].as_engine_packet(message)
    assert packet == expected and isinstance(packet, EnginePacket)


beginnings = st.sampled_from(["", "4", "b", "b4", "2", "7", "2::", "\xc3"])


@given(st.sampled_from([*DIALECTS.values()]), st.tuples(beginnings, st.text()) | st.binary())
def test_any_message_is_one(dialect: Dialect, message: Any) -> None:
    text_or_bytes = message if isinstance(message, bytes) else "".join(message)
    assert isinstance(dialect.as_engine_packet(text_or_bytes), EnginePacket)
