"""What a session of Engine.IO 2 or 3 tells its client, and JSONP's forms."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_realtime.protocol.eio3 import EIO3
from flask_realtime.protocol.packet import Packet
from flask_realtime.protocol.refusals import UNKNOWN_SID, request_error
from tests.protocol.codecs import MAX_SIZE, make_eio3


def _text(packet: Packet) -> object:
    (message,) = make_eio3().encode(packet).messages
    return message


def test_the_open_packet_tells_the_terms_in_milliseconds() -> None:
    assert _text(make_eio3().open_packet("abc", ["websocket"], 25.0, 0.0204)) == (
        '0{"sid":"abc","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20,'
        f'"maxPayload":{MAX_SIZE}}}'
    )


def test_a_client_that_joined_is_told_no_socket_id() -> None:
    assert _text(make_eio3().connect_packet("/", "xyz")) == "40"
    assert _text(make_eio3().connect_packet("/adm", "/adm#xyz")) == "40/adm,"


def test_a_client_knows_its_socket_ids_by_its_sid() -> None:
    assert make_eio3().socket_id("sid", "/", lambda: "new") == "sid"
    assert make_eio3().socket_id("sid", "/adm", lambda: "new") == "/adm#sid"


@pytest.mark.parametrize(
    ("namespace", "data", "message"),
    [
        ("/", None, '44"denied"'),
        ("/no", None, '44/no,"denied"'),
        ("/no", "later", '44/no,"later"'),
        ("/no", "", '44/no,""'),
        ("/no", "\u00e9", '44/no,"\\u00e9"'),
        ("/no", {"retry": False}, '44/no,{"retry":false}'),
        ("/", ["a", 1], '44["a",1]'),
        # A number alone would be the packet's id, and client 2.x refuses what is no object or text.
        ("/", 5, '44{"message":"denied","data":5}'),
        ("/", False, '44{"message":"denied","data":false}'),
        ("/no", Decimal("0.1"), '44/no,{"message":"denied","data":0.1}'),
    ],
)
def test_a_refused_client_is_told_why(namespace: str, data: object, message: str) -> None:
    assert _text(make_eio3().refusal_packet(namespace, "denied", data)) == message


def test_errors_have_a_code_a_message_and_a_name() -> None:
    assert make_eio3().error_body(request_error(UNKNOWN_SID)) == (
        b'{"code":1,"message":"Session ID unknown","name":"unknown-sid"}',
        "application/json",
    )


def test_what_the_layers_above_ask_of_the_generation() -> None:
    assert (EIO3.name, EIO3.protocol) == ("eio3", 3)
    assert not EIO3.server_pings and EIO3.joins_root and not EIO3.strict
    assert not EIO3.ends_with_root and not EIO3.takes_over
    assert EIO3.posted == (b"ok", "text/html")
    assert EIO3.jsonp_callback == "___eio"


@pytest.mark.parametrize(
    ("field", "payload"),
    [
        ("1:2", "1:2"),
        (r'42["a\\nb"]', r'42["a\nb"]'),  # a line end in JSON: backslash, n
        (r'42["a\\\nb"]', r'42["a\\nb"]'),  # a backslash and an n in JSON
        (r'42["a\\\\nb"]', r'42["a\\\nb"]'),  # a backslash and a line end in JSON
        (r"a\nb", "a\nb"),  # a line end itself
        (r"\n\n", "\n\n"),
        (r"\\n\n\\n", "\\n\n\\n"),
        (r"\r\t\"", r"\r\t\""),
        ("a\r\nb", "a\nb"),  # as a browser makes it of one that was not escaped
        ("", ""),
    ],
)
def test_a_form_holds_a_payload_with_its_line_ends_escaped(field: str, payload: str) -> None:
    assert make_eio3().form_text(field) == payload


# A backslash before a line end itself cannot be told from "\\n"; JSON has no such line ends.
@given((st.text(st.sampled_from('\\n\n"a:1')) | st.text()).filter(lambda text: "\\\n" not in text))
def test_whatever_a_client_escapes_for_its_form_comes_back(payload: str) -> None:
    # engine.io-client, polling-jsonp.js: first what is escaped already, then the line ends.
    field = payload.replace("\\n", "\\\n").replace("\n", "\\n")
    assert make_eio3().form_text(field) == payload
