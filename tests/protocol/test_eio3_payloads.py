"""Polling bodies of Engine.IO 2 and 3, as text and binary, both ways."""

from __future__ import annotations

import pytest

from flask_realtime.exceptions import PacketError
from flask_realtime.protocol.dialect import Dialect
from flask_realtime.protocol.packet import Message, Packet, PacketType
from tests.protocol.codecs import MAX_PACKETS, feed_all, make_eio3, make_eio3_in_binary
from tests.protocol.eio3_exchanges import ONE

EIO3, BASE64 = make_eio3(), make_eio3(base64=True)
IN_BINARY = make_eio3_in_binary()
TEXT, BINARY = "text/plain; charset=UTF-8", "application/octet-stream"

# Messages and their body.
TEXTS: list[tuple[list[Message], bytes]] = [
    (["2"], b"1:2"),
    (["3probe"], b"6:3probe"),
    (["6", "1"], b"1:61:1"),
    (['0{"sid":"x"}', "40"], b'12:0{"sid":"x"}2:40'),
    (["42[1]", "42[2]", "42[3]", "42[4]", "42[5]"], b"5:42[1]5:42[2]5:42[3]5:42[4]5:42[5]"),
    (['42["1:2"]'], b'9:42["1:2"]'),
    (["4" + "x" * 32_767], b"32768:4" + b"x" * 32_767),
    ([], b"0:"),
]
# Those of a client that asked for base64; what is beyond ASCII is a namespace's name.
BASE64_TEXTS: list[tuple[list[Message], bytes]] = [
    (
        [f'451-["echo","x",{ONE}]', "b4AQI="],
        b'46:451-["echo","x",{"_placeholder":true,"num":0}]6:b4AQI=',
    ),
    (["4" + "x" * 102_399], b"102400:4" + b"x" * 102_399),
    (["40/\u00e9,"], b"5:40/\xc3\xa9,"),
    (["40/\U0001f600,", "2"], b"6:40/\xf0\x9f\x98\x80,1:2"),
]
# Long text is among them: clients 1.x lose their connection over a text body of that length.
BINARIES: list[tuple[list[Message], bytes]] = [
    (["4" + "x" * 102_399], b"\x00\x01\x00\x02\x04\x00\x00\xff4" + b"x" * 102_399),
    (
        ["4" + "x" * 32_767, "2"],
        b"\x00\x03\x02\x07\x06\x08\xff4" + b"x" * 32_767 + b"\x00\x01\xff2",
    ),
    ([b"\4\1\2"], b"\x01\x03\xff\x04\x01\x02"),
    ([b"\4"], b"\x01\x01\xff\x04"),
    (
        [f'451-["echo","x",{ONE}]', b"\4\1\2"],
        b'\x00\x04\x06\xff451-["echo","x",{"_placeholder":true,"num":0}]\x01\x03\xff\x04\x01\x02',
    ),
    ([b"\4" + b"\xff" * 102_399], b"\x01\x01\x00\x02\x04\x00\x00\xff\x04" + b"\xff" * 102_399),
    (["40/\u00e9,"], b"\x00\x06\xff40/\xc3\xa9,"),
    (["2", "40/\U0001f600,"], b"\x00\x01\xff2\x00\x08\xff40/\xf0\x9f\x98\x80,"),
]


@pytest.mark.parametrize(("messages", "body"), TEXTS)
def test_text_becomes_a_body_of_text(messages: list[Message], body: bytes) -> None:
    for dialect in (EIO3, BASE64):
        assert dialect.encode_payload(iter(messages)) == (body, TEXT)


@pytest.mark.parametrize(("messages", "body"), BASE64_TEXTS)
def test_for_a_client_that_asked_for_base64_everything_is_text(
    messages: list[Message], body: bytes
) -> None:
    assert BASE64.encode_payload(messages) == (body, TEXT)


def test_an_attachment_becomes_base64_at_last() -> None:
    assert BASE64.encode_payload([b"\4\1\2"]) == (b"6:b4AQI=", TEXT)


@pytest.mark.parametrize(("messages", "body"), BINARIES)
def test_what_a_body_of_text_cannot_carry_to_all_becomes_a_binary_one(
    messages: list[Message], body: bytes
) -> None:
    assert EIO3.encode_payload(iter(messages)) == (body, BINARY)


@pytest.mark.parametrize(
    ("messages", "body"),
    [
        (["2"], b"\x00\x01\xff2"),
        (["6", "1"], b"\x00\x01\xff6\x00\x01\xff1"),
        (['0{"sid":"x"}', "40"], b'\x00\x01\x02\xff0{"sid":"x"}\x00\x02\xff40'),
        ([], b""),
        *BINARIES,
    ],
)
def test_for_the_oldest_clients_everything_is_binary(messages: list[Message], body: bytes) -> None:
    assert IN_BINARY.encode_payload(iter(messages)) == (body, BINARY)
    assert list(IN_BINARY.decode_payload(body, BINARY)) == messages


@pytest.mark.parametrize("content_type", [TEXT, "", "text/html", "application/octet-stream; x=y"])
@pytest.mark.parametrize(("messages", "body"), TEXTS + BASE64_TEXTS)
def test_a_body_of_text_becomes_its_messages(
    messages: list[Message], body: bytes, content_type: str
) -> None:
    # Internet Explorer's XDomainRequest has no content type, and browsers add a charset to theirs.
    assert list(EIO3.decode_payload(body, content_type)) == messages


@pytest.mark.parametrize(("messages", "body"), BINARIES)
def test_a_binary_body_becomes_its_messages(messages: list[Message], body: bytes) -> None:
    assert list(EIO3.decode_payload(body, BINARY)) == messages


@pytest.mark.parametrize(
    ("body", "messages"),
    [
        (b"0:1:2", ["2"]),
        (b"1:20:", ["2"]),
        (b"001:2", ["2"]),
        (b"000000000000001:2", ["2"]),
        (b"4:4\xf0\x9f\x98\x80x1:2", ["4\U0001f600x", "2"]),
        (b"3:4\xe2\x82\xacx1:2", ["4\u20acx", "2"]),
    ],
)
def test_other_spellings_of_a_body_of_text(body: bytes, messages: list[Message]) -> None:
    assert list(EIO3.decode_payload(body, TEXT)) == messages


def test_a_long_text_is_cut_by_units() -> None:
    text = "4" + "a\u00e9\u20ac\U0001f600" * 20_000  # 5 units each, and 10 bytes
    body = f"100001:{text}1:2".encode()
    assert list(EIO3.decode_payload(body, TEXT)) == [text, "2"]


def test_a_binary_body_may_be_empty() -> None:
    assert list(EIO3.decode_payload(b"", BINARY)) == []


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b":", b"2", b":2", b"1", b"12", b"x:2", b"1x:2", b" 1:2", b"1 :2", b"+1:2", b"-1:2"),
        *(b"1.0:2", b"1e0:2", b"0x1:2", b"1_0:2", b"1:22", b"1:2x", b"1:22:", b"2:2", b"1:"),
        *(b"9007199254740993:2", b"999999999999999:2", b"1" * 100_000 + b":", b"1:2 1:2"),
        *(b"\xd9\xa1:2", b"\xc2\xb2:22", b"\xff:2", b"1:\xc3", b"1:\xed\xa0\x80"),
        *(b"1:\xf0\x9f\x98\x80", b"3:4\xf0\x9f\x98\x80\xf0\x9f\x98\x80"),
        *(b"\x00\x01\xff2", b"0000000000000001:2"),
    ],
)
def test_a_body_of_text_whose_lengths_lie_is_refused(body: bytes) -> None:
    with pytest.raises(PacketError):
        list(EIO3.decode_payload(body, TEXT))


@pytest.mark.parametrize(
    "body",
    [
        *(b"2", b"1:2", b"\0", b"\0\1", b"\0\xff", b"\0\xff2", b"\1\xff", b"\0\1\xff", b"\1\1\xff"),
        *(b"\0\2\xff2", b"\1\2\xff\4", b"\2\1\xff2", b"\xff\1\xff2", b"\0\x0a\xff2222222222"),
        *(b"\0001\xff2", b"\0\1\xff22", b"\0\1\xff2\0", b"\0\1\xff2\0\1\xff", b"\0\1\xff\xff"),
        *(b"\0\2\xff4\xc3", b"\0\3\xff4\xff\xff", b"\1" + b"\0" * 16 + b"\xff"),
        *(b"\1" + b"\x09" * 15 + b"\xff4", b"\0" + b"\x09" * 100_000, b"\0\1\2"),
    ],
)
def test_a_binary_body_whose_lengths_lie_is_refused(body: bytes) -> None:
    with pytest.raises(PacketError):
        list(EIO3.decode_payload(body, BINARY))


@pytest.mark.parametrize(("content_type", "body"), [(TEXT, b"1:2"), (BINARY, b"\0\1\xff2")])
def test_a_body_has_a_limit_of_packets(content_type: str, body: bytes) -> None:
    assert list(EIO3.decode_payload(body * MAX_PACKETS, content_type)) == ["2"] * MAX_PACKETS
    messages = EIO3.decode_payload(body * (MAX_PACKETS + 1), content_type)
    assert [next(messages) for _ in range(MAX_PACKETS)] == ["2"] * MAX_PACKETS
    with pytest.raises(PacketError):
        next(messages)


def test_empty_messages_count_for_the_limit() -> None:
    with pytest.raises(PacketError):
        list(EIO3.decode_payload(b"0:" * (MAX_PACKETS + 1), TEXT))


@pytest.mark.parametrize(
    ("content_type", "body"),
    [(TEXT, b'7:42["a"]9:42["b"]'), (BINARY, b'\0\7\xff42["a"]\0\x09\xff42["b"]')],
)
def test_packets_before_a_wrong_one_are_delivered(content_type: str, body: bytes) -> None:
    messages = EIO3.decode_payload(body, content_type)
    assert next(messages) == '42["a"]'
    with pytest.raises(PacketError):
        next(messages)


@pytest.mark.parametrize(
    ("messages", "body", "content_type"),
    [(messages, body, TEXT) for messages, body in TEXTS[:5] + BASE64_TEXTS]
    + [(messages, body, BINARY) for messages, body in BINARIES[:3] + BINARIES[4:]],
)
def test_a_body_cut_anywhere_is_refused_or_gives_its_first_messages(
    messages: list[Message], body: bytes, content_type: str
) -> None:
    for end in range(len(body)):
        read: list[Message] = []
        try:
            read.extend(EIO3.decode_payload(body[:end], content_type))
        except PacketError:
            pass
        assert len(read) < len(messages)
        assert read == messages[: len(read)]


@pytest.mark.parametrize("dialect", [EIO3, BASE64, IN_BINARY])
def test_attachments_arrive_by_polling(dialect: Dialect) -> None:
    packet = Packet(PacketType.EVENT, "/a", ["p", b"\1\2", "\u00e9", b""], 3)
    body = dialect.encode_payload(dialect.encode(packet).messages)
    assert feed_all(dialect, *dialect.decode_payload(*body)) == [packet]
