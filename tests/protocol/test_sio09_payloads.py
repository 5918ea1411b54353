"""Polling bodies of Socket.IO protocol 1: their framing, and the forms of JSONP clients."""

from __future__ import annotations

import json

import pytest

from flask_realtime.exceptions import PacketError
from flask_realtime.protocol.packet import Message
from tests.protocol.codecs import MAX_PACKETS
from tests.protocol.sio09_exchanges import make_sio09

SIO09 = make_sio09()
TEXT = "text/plain; charset=UTF-8"
EVENT = '5:::{"name":"a","args":[1]}'

# Messages and their body. U+FFFD is EF BF BD.
PAYLOADS: list[tuple[list[Message], bytes]] = [
    ([], b""),
    (["1::"], b"1::"),
    (["3:::\ufffd1\ufffdx"], b"3:::\xef\xbf\xbd1\xef\xbf\xbdx"),
    (["1::", "2::"], b"\xef\xbf\xbd3\xef\xbf\xbd1::\xef\xbf\xbd3\xef\xbf\xbd2::"),
    (
        [EVENT, "3:::\ufffd"],
        f"\ufffd27\ufffd{EVENT}\ufffd5\ufffd3:::\ufffd".encode(),
    ),
    (
        ["3:::\u00e9", "3:::\U0001f600", "3:::x\U0001f600\u20ac"],  # é is one unit, 😀 is two
        "\ufffd5\ufffd3:::\u00e9\ufffd6\ufffd3:::\U0001f600\ufffd8\ufffd3:::x\U0001f600\u20ac".encode(),
    ),
    (
        ["3:::" + "\U0001f600" * 1000, "3:::" + "x" * 100_000],
        ("\ufffd2004\ufffd3:::" + "\U0001f600" * 1000).encode()
        + ("\ufffd100004\ufffd3:::" + "x" * 100_000).encode(),
    ),
]


@pytest.mark.parametrize(("messages", "body"), PAYLOADS)
def test_messages_become_a_body(messages: list[Message], body: bytes) -> None:
    assert SIO09.encode_payload(messages) == (body, TEXT)
    assert SIO09.encode_payload(iter(messages)) == (body, TEXT)


@pytest.mark.parametrize(("messages", "body"), PAYLOADS)
def test_a_body_becomes_its_messages(messages: list[Message], body: bytes) -> None:
    assert list(SIO09.decode_payload(body, TEXT)) == messages


@pytest.mark.parametrize(("messages", "body"), PAYLOADS)
def test_a_body_cut_short_is_an_error_or_one_message(messages: list[Message], body: bytes) -> None:
    text = body.decode()
    for end in range(1, min(len(text), 100)):
        short = text[:end].encode()
        if len(messages) == 1:
            assert list(SIO09.decode_payload(short, TEXT)) == [text[:end]]
            continue
        whole: list[Message] = []
        try:
            whole.extend(SIO09.decode_payload(short, TEXT))
        except PacketError:
            continue
        assert whole == messages[: len(whole)]  # cut between two


@pytest.mark.parametrize("content_type", ["", "text/html", "application/octet-stream"])
def test_the_content_type_does_not_matter(content_type: str) -> None:
    assert list(SIO09.decode_payload(b"2::", content_type)) == ["2::"]


def test_one_message_may_be_framed_and_an_empty_one_too() -> None:
    assert list(SIO09.decode_payload("\ufffd3\ufffd2::".encode(), TEXT)) == ["2::"]
    assert list(SIO09.decode_payload("\ufffd0\ufffd\ufffd3\ufffd2::".encode(), TEXT)) == ["", "2::"]


@pytest.mark.parametrize(
    "body",
    [
        "\ufffd",
        "\ufffd\ufffd",
        "\ufffd\ufffd2::",
        "\ufffd3",
        "\ufffd3:2::",
        "\ufffd3\ufffd",
        "\ufffd4\ufffd2::",
        "\ufffd2\ufffd2::",
        "\ufffd-3\ufffd2::",
        "\ufffd+3\ufffd2::",
        "\ufffd 3\ufffd2::",
        "\ufffd3.0\ufffd2::",
        "\ufffd\u0663\ufffd2::",
        "\ufffd\u00b3\ufffd2::",
        "\ufffd1e1\ufffd2::",
        "\ufffd0000000000000003\ufffd2::",
        "\ufffd999999999999999\ufffd2::",
        "\ufffd" + "9" * 100_000 + "\ufffd2::",
        "\ufffd" + "9" * 100_000,
        "\ufffd3\ufffd2::x",
        "\ufffd3\ufffd2::2::",
        "\ufffd3\ufffd2::\ufffd",
        "\ufffd3\ufffd2::\ufffd4\ufffd2::",
        "\ufffd5\ufffd3:::\U0001f600",  # half of it
        "\ufffd7\ufffd3:::\U0001f600",
    ],
)
def test_broken_framing_is_an_error(body: str) -> None:
    with pytest.raises(PacketError) as caught:
        list(SIO09.decode_payload(body.encode(), TEXT))
    assert len(str(caught.value)) < 100


def test_messages_before_a_break_are_delivered() -> None:
    messages = SIO09.decode_payload("\ufffd3\ufffd2::\ufffd9\ufffd2::".encode(), TEXT)
    assert next(messages) == "2::"
    with pytest.raises(PacketError):
        next(messages)


@pytest.mark.parametrize("body", [b"\xff", b"3:::\xed\xa0\x80", b"2::\xc3", b"\xef\xbf"])
def test_a_body_that_is_no_utf8_is_refused(body: bytes) -> None:
    with pytest.raises(PacketError):
        SIO09.decode_payload(body, TEXT)


def test_a_body_has_a_limit_of_packets() -> None:
    frame = "\ufffd3\ufffd2::".encode()
    assert len(list(SIO09.decode_payload(frame * MAX_PACKETS, TEXT))) == MAX_PACKETS
    messages = SIO09.decode_payload(frame * (MAX_PACKETS + 1), TEXT)
    for _ in range(MAX_PACKETS):
        next(messages)
    with pytest.raises(PacketError):
        next(messages)


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("", ""),
        ('""', ""),
        ('"2::"', "2::"),
        (json.dumps(EVENT), EVENT),
        ('"\\ufffd3\\ufffd2::\\ufffd3\\ufffd2::"', "\ufffd3\ufffd2::\ufffd3\ufffd2::"),
        ('"3:::a\\r\\nb"', "3:::a\r\nb"),
        ('"3:::\u00e9\\ud83d\\ude00"', "3:::\u00e9\U0001f600"),
        ('"3:::\\ud83d"', "3:::\ufffd"),
        ('"3:::\\udc00x"', "3:::\ufffdx"),
        ("2::", "2::"),
        (EVENT, EVENT),
        ('3:::"a"', '3:::"a"'),
        ("3:::a\r\nb\nc", "3:::a\nb\nc"),
        ("\ufffd3\ufffd2::", "\ufffd3\ufffd2::"),
    ],
)
def test_a_form_holds_a_payload_as_json_or_as_it_is(field: str, text: str) -> None:
    assert SIO09.form_text(field) == text


@pytest.mark.parametrize("field", ['"', '"2::', '"2::"x', '"a" "b"', '"\\x"', '"\n"', '"\\u12"'])
def test_a_form_with_half_a_string_is_an_error(field: str) -> None:
    with pytest.raises(PacketError):
        SIO09.form_text(field)
