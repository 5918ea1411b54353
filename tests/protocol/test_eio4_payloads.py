"""Polling bodies of Engine.IO 4, and what else differs between generations."""

from __future__ import annotations

import pytest

from flask_realtime.exceptions import PacketError
from flask_realtime.protocol.packet import Message, Packet, PacketType
from flask_realtime.protocol.refusals import UNKNOWN_SID, request_error
from tests.protocol.codecs import MAX_PACKETS, MAX_SIZE, feed_all, make_eio4

EIO4 = make_eio4()
TEXT = "text/plain; charset=UTF-8"

# Messages and their body.
PAYLOADS: list[tuple[list[Message], bytes]] = [
    (["2"], b"2"),
    (['40{"sid":"x"}', '42["id"]'], b'40{"sid":"x"}\x1e42["id"]'),
    ([b"\1\2"], b"bAQI="),
    ([b""], b"b"),
    (
        ['451-["a",{"_placeholder":true,"num":0}]', b"\xfb\xff", "3"],
        b'451-["a",{"_placeholder":true,"num":0}]\x1eb+/8=\x1e3',
    ),
    (['42["\u00e9\U0001f600"]'], b'42["\xc3\xa9\xf0\x9f\x98\x80"]'),
]


@pytest.mark.parametrize(("messages", "body"), PAYLOADS)
def test_messages_become_a_body(messages: list[Message], body: bytes) -> None:
    assert EIO4.encode_payload(messages) == (body, TEXT)


@pytest.mark.parametrize(("messages", "body"), PAYLOADS)
def test_a_body_becomes_its_messages(messages: list[Message], body: bytes) -> None:
    assert list(EIO4.decode_payload(body, TEXT)) == messages


def test_base64_may_have_line_ends() -> None:
    """socket.io-client-java 2 ends it with one, and breaks it after 76 characters."""
    body = b"bAQID\n\x1ebAQ\nID\n"
    assert list(EIO4.decode_payload(body, TEXT)) == [b"\1\2\3", b"\1\2\3"]


def test_a_dialect_for_base64_writes_the_same_bodies() -> None:
    base64 = make_eio4(base64=True)
    encoded = base64.encode(Packet(PacketType.EVENT, data=["a", b"\1\2"]))
    assert base64.encode_payload(encoded.messages)[0].endswith(b"\x1ebAQI=")


@pytest.mark.parametrize("content_type", ["", "text/html", "application/json"])
def test_the_content_type_does_not_matter(content_type: str) -> None:
    assert list(EIO4.decode_payload(b"2", content_type)) == ["2"]


@pytest.mark.parametrize(
    "content_type", ["application/octet-stream", "application/octet-stream; charset=UTF-8"]
)
def test_binary_bodies_are_of_older_generations(content_type: str) -> None:
    with pytest.raises(PacketError):
        EIO4.decode_payload(b"2", content_type)


@pytest.mark.parametrize("body", [b"\xff", b'42["\xed\xa0\x80"]', b"2\x1e\xc3", b"\xc0\x80"])
def test_a_body_that_is_no_utf8_is_refused(body: bytes) -> None:
    with pytest.raises(PacketError):
        EIO4.decode_payload(body, TEXT)


def test_a_body_has_a_limit_of_packets() -> None:
    assert len(list(EIO4.decode_payload(b"\x1e".join([b"2"] * MAX_PACKETS), TEXT))) == MAX_PACKETS
    with pytest.raises(PacketError):
        EIO4.decode_payload(b"\x1e".join([b"2"] * (MAX_PACKETS + 1)), TEXT)


@pytest.mark.parametrize("body", [b"", b"\x1e", b"2\x1e", b"\x1e2", b"2\x1e\x1e2", b"2\x1e7\x1e2"])
def test_an_empty_or_unknown_message_in_a_body_is_refused(body: bytes) -> None:
    with pytest.raises(PacketError):
        feed_all(EIO4, *EIO4.decode_payload(body, TEXT))


def test_packets_before_a_wrong_one_are_delivered() -> None:
    messages = EIO4.decode_payload(b'42["a"]\x1ebAQI\x1e42["b"]', TEXT)
    assert next(messages) == '42["a"]'
    with pytest.raises(PacketError):
        next(messages)


def test_the_open_packet_tells_the_terms_in_milliseconds() -> None:
    packet = EIO4.open_packet("abc", ["websocket"], 25.0, 0.0204)
    assert EIO4.encode(packet).messages == (
        '0{"sid":"abc","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20,'
        f'"maxPayload":{MAX_SIZE}}}',
    )


def test_a_client_that_joined_is_told_its_socket_id() -> None:
    assert EIO4.encode(EIO4.connect_packet("/", "xyz")).messages == ('40{"sid":"xyz"}',)
    assert EIO4.encode(EIO4.connect_packet("/a", "xyz")).messages == ('40/a,{"sid":"xyz"}',)


@pytest.mark.parametrize(
    ("namespace", "data", "message"),
    [
        ("/", None, '44{"message":"no"}'),
        ("/a", None, '44/a,{"message":"no"}'),
        ("/a", {"retry": False}, '44/a,{"message":"no","data":{"retry":false}}'),
        ("/", 0, '44{"message":"no","data":0}'),
    ],
)
def test_a_refused_client_is_told_why(namespace: str, data: object, message: str) -> None:
    assert EIO4.encode(EIO4.refusal_packet(namespace, "no", data)).messages == (message,)


def test_a_socket_id_is_not_the_secret_sid() -> None:
    assert EIO4.socket_id("secret", "/", lambda: "new") == "new"


def test_errors_have_a_code_a_message_and_a_name() -> None:
    assert EIO4.error_body(request_error(UNKNOWN_SID)) == (
        b'{"code":1,"message":"Session ID unknown","name":"unknown-sid"}',
        "application/json",
    )


def test_what_the_layers_above_ask_of_the_generation() -> None:
    assert (EIO4.name, EIO4.protocol, EIO4.server_pings, EIO4.joins_root) == (
        "eio4",
        4,
        True,
        False,
    )
