"""Text that clients 1.x encode as UTF-8 twice, and how it is told from other text."""

from __future__ import annotations

from typing import Any

import pytest

from flask_realtime.protocol.eio3 import EIO3
from flask_realtime.protocol.packet import Packet, PacketType
from tests.protocol.codecs import make_eio3

TEXT, BINARY = "text/plain;charset=UTF-8", "application/octet-stream"

MIXED = "\u00e9\u20ac\U0001f600 \u00ff"  # é€😀 ÿ
TWICE_POSTED = (
    b'24:42["uni","\xc3\x83\xc2\xa9\xc3\xa2\xc2\x82\xc2\xac'
    b'\xc3\xb0\xc2\x9f\xc2\x98\xc2\x80 \xc3\x83\xc2\xbf"]'
)
"""What client 1.7.4 posts; its length is that of the UTF-8, and of the characters that travel."""
ONCE_POSTED = '18:42["uni","\u00e9\u20ac\U0001f600 \u00ff"]'.encode()
"""What client 2.5 posts."""


def twice(text: str) -> str:
    return text.encode().decode("latin-1")


def event(text: str) -> Packet:
    return Packet(PacketType.EVENT, data=["uni", text])


def message(text: str) -> str:
    return f'42["uni","{text}"]'


def binary_body(content: bytes) -> bytes:
    return bytes((0, *map(int, str(len(content))), 255)) + content


def post(eio3: EIO3, decoder: Any, body: bytes, content_type: str = TEXT) -> list[Packet]:
    return [decoder.feed(message) for message in eio3.decode_payload(body, content_type)]


@pytest.mark.parametrize("body", [TWICE_POSTED, ONCE_POSTED])
def test_both_kinds_of_clients_post_the_same_text(eio3: EIO3, body: bytes) -> None:
    decoder = eio3.decoder()
    for _ in range(2):
        assert post(eio3, decoder, body) == [event(MIXED)]


def test_lengths_count_a_character_of_text_encoded_twice_as_one(eio3: EIO3) -> None:
    assert post(eio3, eio3.decoder(), TWICE_POSTED + b"1:2" + TWICE_POSTED) == [
        event(MIXED),
        Packet(PacketType.PING),
        event(MIXED),
    ]


def test_every_part_of_a_packet_is_encoded_twice(eio3: EIO3) -> None:
    packet = eio3.decoder().feed(twice('42/caf\u00e9,["\u00e9","\u20ac"]'))
    assert packet == Packet(PacketType.EVENT, "/caf\u00e9", ["\u00e9", "\u20ac"])


def test_one_character_that_is_no_utf8_proves_that_a_client_encodes_once(eio3: EIO3) -> None:
    decoder = eio3.decoder()
    assert decoder.feed(message("\u00c3\u00a9 \u00e9")) == event("\u00c3\u00a9 \u00e9")
    # From now on this cannot mean é.
    assert decoder.feed(message("\u00c3\u00a9")) == event("\u00c3\u00a9")


def test_a_character_that_is_no_byte_proves_it_too(eio3: EIO3) -> None:
    decoder = eio3.decoder()
    decoder.feed(message("\u20ac"))
    assert decoder.feed(message("\u00c3\u00a9")) == event("\u00c3\u00a9")


def test_the_proof_is_of_one_session(eio3: EIO3) -> None:
    eio3.decoder().feed(message("\u20ac"))
    assert eio3.decoder().feed(message("\u00c3\u00a9")) == event("\u00e9")


def test_ascii_proves_nothing(eio3: EIO3) -> None:
    decoder = eio3.decoder()
    assert decoder.feed(message("e")) == event("e")
    assert decoder.feed(message("\u00c3\u00a9")) == event("\u00e9")


def test_client_17_encodes_once_on_websocket_after_twice_by_polling(eio3: EIO3) -> None:
    decoder = eio3.decoder()
    assert post(eio3, decoder, TWICE_POSTED) == [event(MIXED)]
    assert decoder.feed(message(MIXED)) == event(MIXED)
    assert decoder.feed(message("\u00e9")) == event("\u00e9")


def test_client_10_encodes_twice_on_websocket_too(eio3: EIO3) -> None:
    decoder = eio3.decoder()
    for text in (MIXED, "\u00e9", MIXED):
        assert decoder.feed(message(twice(text))) == event(text)


@pytest.mark.parametrize("text", ["\u00e9", "\u00c3\u00a9", MIXED])
def test_text_in_a_binary_body_is_encoded_once_and_proves_nothing(eio3: EIO3, text: str) -> None:
    decoder = eio3.decoder()
    body = binary_body(message(text).encode())
    assert post(eio3, decoder, body, BINARY) == [event(text)]
    assert post(eio3, decoder, TWICE_POSTED) == [event(MIXED)]
    assert post(eio3, decoder, body, BINARY) == [event(text)]


def test_half_a_surrogate_pair_is_read_as_where_a_browser_encodes(eio3: EIO3) -> None:
    decoder = eio3.decoder()
    half = b"\xed\xa0\xbd".decode("latin-1")  # of a smiley that was cut
    assert decoder.feed(message("a" + half)) == event("a\ufffd")
    assert decoder.feed(message(twice(MIXED))) == event(MIXED)
    body = binary_body(b'42["uni","a\xed\xa0\xbd"]')
    assert post(eio3, decoder, body, BINARY) == [event("a\ufffd")]


def test_what_remains_are_texts_that_look_encoded_twice() -> None:
    decoder = make_eio3().decoder()
    assert decoder.feed(message("CAF\u00c9\u00ae")) == event("CAF\u026e")  # meant: CAFÉ®
    assert decoder.feed(message("\u00fc")) == event("\u00fc")
    assert decoder.feed(message("CAF\u00c9\u00ae")) == event("CAF\u00c9\u00ae")
