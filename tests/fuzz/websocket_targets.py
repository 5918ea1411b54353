"""WebSocket: frames, messages, compression, and the opening handshake."""

from __future__ import annotations

from functools import partial

from flask_realtime.exceptions import FrameError, HandshakeError
from flask_realtime.options.deflate import DeflateOptions
from flask_realtime.websocket.deflate import Deflate, Inflater, Terms, negotiate
from flask_realtime.websocket.extensions import parse_offers
from flask_realtime.websocket.handshake import accept, is_websocket
from flask_realtime.websocket.hixie76 import HixieMessages
from flask_realtime.websocket.messages import Messages
from tests.websocket.masking import close, frame

from .target import ACCEPTED, Target, cut

MAX_SIZE = 1000
NO_KEY = bytes(4)
"""A mask that leaves the payload as it is, so that mutations of it mean something."""

# Frames and messages


def read_messages(deflate: Deflate | None, data: bytes) -> str:
    """A client's bytes, whole and in pieces: the same messages, and the same end."""
    whole, pieces = Messages(MAX_SIZE, deflate), Messages(MAX_SIZE, deflate)
    messages = feed(whole, data)
    same = [message for piece in cut(data) for message in feed(pieces, piece)]
    assert messages == same
    assert whole.closing == pieces.closing
    assert (whole.violation is None) == (pieces.violation is None)
    for message in messages:
        assert len(message if isinstance(message, bytes) else message.encode()) <= MAX_SIZE
    if whole.violation is not None:
        assert whole.violation.close_code in (1002, 1007, 1009)
        assert whole.replies
        return f"FrameError {whole.violation.close_code}"
    if deflate is None:
        # Of what is not over, the replies do not depend on the pieces.
        assert whole.replies == pieces.replies
    return "closed" if whole.closing else ACCEPTED


def feed(framing: Messages, data: bytes) -> list[str | bytes]:
    """Feed it as a connection does, until it has kept nothing back."""
    messages = framing.feed(data)
    found = list(messages)
    while framing.more:
        assert len(framing._rest) <= len(data) + 130
        messages = framing.feed(b"")
        found += messages
    check_bounds(framing)
    return found


def check_bounds(framing: Messages) -> None:
    """What waits in there."""
    assert len(framing._rest) <= 130
    assert len(framing.replies) < 4096 + 2 * 127
    if framing._assembly is not None:
        assert len(framing._assembly.payload) <= MAX_SIZE
    if framing.closing or framing.violation:
        assert framing._assembly is None and not framing._rest


def read_hixie(closing_handshake: bool, data: bytes) -> str:
    """The same of a client before RFC 6455, where nothing but text and a close is a frame."""
    outcomes = []
    for pieces in ([data], cut(data)):
        framing = HixieMessages(MAX_SIZE, closing_handshake)
        messages = [message for piece in pieces for message in feed_hixie(framing, piece)]
        code = framing.violation and framing.violation.close_code
        outcomes.append((messages, framing.closing, code, framing.take_replies()))
    assert outcomes[0] == outcomes[1]
    messages, closing, code, replies = outcomes[0]
    assert (replies == b"\xff\x00") == bool(closing or code)
    again = HixieMessages(MAX_SIZE).feed(b"".join(map(framing.encode, messages[:60])))
    assert again == messages[:60]
    return f"FrameError {code}" if code else "closed" if closing else ACCEPTED


def feed_hixie(framing: HixieMessages, data: bytes) -> list[str | bytes]:
    messages = framing.feed(data)
    while framing.more:
        messages += framing.feed(b"")
    assert len(framing._rest) <= 1
    assert len(framing._text or b"") <= MAX_SIZE
    assert all(isinstance(each, str) and len(each.encode()) <= MAX_SIZE for each in messages)
    return messages


def inflate(data: bytes) -> str:
    """A message's payload, whole and in pieces, never beyond its room."""
    outcomes = []
    for pieces in ([data], cut(data)):
        inflater, room, found = Inflater(15), MAX_SIZE, b""
        try:
            for piece in pieces:
                found += inflater.feed(piece, room - len(found))
                assert len(found) <= room
            found += inflater.finish(room - len(found))
            outcomes.append(found)
        except FrameError as error:
            assert error.close_code in (1007, 1009)
            outcomes.append(None)
    whole, in_pieces = outcomes
    assert whole == in_pieces
    return "FrameError" if whole is None else ACCEPTED


# The handshake


def read_offers(data: bytes) -> str:
    """What a client offers, and the answer to it."""
    try:
        offers = parse_offers(data.decode("latin-1"))
    except HandshakeError as error:
        assert error.http_status == "400 Bad Request"
        return "HandshakeError"
    for options in OPTIONS:
        agreement = negotiate(offers, options)
        if agreement is None:
            continue
        (answer,) = parse_offers(agreement.answer)
        assert answer.name == "permessage-deflate"
        deflate = agreement.deflate
        assert 9 <= deflate.terms.server_window_bits <= 15
        assert deflate.compress(b"a" * 100)
    return ACCEPTED


def open_handshake(data: bytes) -> str:
    """Header fields by lines, the first one with method and version."""
    first, *lines = data.decode("latin-1").split("\n")
    method, _, version = first.partition(" ")
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.lower()] = value
    asks = is_websocket(headers)
    try:
        accepted = accept(method, version, headers, deflate_options=OPTIONS[0])
    except HandshakeError as error:
        assert error.http_status[:3] in ("400", "405", "426")
        return f"HandshakeError {error.http_status[:3]}"
    assert asks
    head = accepted.head
    assert head.startswith(b"HTTP/1.1 101 ") and head.endswith(b"\r\n\r\n")
    assert head.count(b"\n") == head.count(b"\r") == (5 if accepted.deflate is None else 6)
    return ACCEPTED


# The table

OPTIONS = (
    DeflateOptions(threshold=0),
    DeflateOptions(server_context_takeover=True, client_context_takeover=True),
    DeflateOptions(server_max_window_bits=9, client_max_window_bits=9),
)
NO_CONTEXT = Deflate(OPTIONS[0], Terms(False, False, 15, 15))


def compressed(payload: bytes, fin: bool = True) -> bytes:
    """A compressed text message of one frame, or its first frame."""
    return frame(0x41, NO_CONTEXT.compress(payload), fin=fin, key=NO_KEY)


def _text(payload: bytes) -> bytes:
    return frame(1, payload, key=NO_KEY)


FRAMES = (
    *(_text(b'42["a",1]'), frame(2, b"\0\1\2"), frame(9, b"ping"), frame(10), close(1000, b"bye")),
    *(_text(b"\xc3\xa9" * 100), _text(b"x" * MAX_SIZE), frame(2, bytes(300), key=NO_KEY)),
    frame(1, b"a\xe2\x82", fin=False, key=NO_KEY)
    + frame(9, b"", key=NO_KEY)
    + frame(0, b"\xac", fin=False, key=NO_KEY)
    + frame(0, b"z", key=NO_KEY),
    _text(b"") + _text(b"2") * 5 + frame(2, b"") + close(),
    frame(9, b"p" * 125, key=NO_KEY) * 40,
    b"\x81\xff" + (70_000).to_bytes(8, "big") + NO_KEY,
)
DEFLATED = (
    *(compressed(b"a" * 500), compressed(b'42["a"]'), compressed(b"a" * MAX_SIZE)),
    compressed(b"\xc3\xa9" * 50, fin=False) + frame(9, b"") + frame(0, b"", key=NO_KEY),
    compressed(b"a" * (MAX_SIZE + 1)),
    compressed(b"a" * 100_000),
    frame(0x41, b"\x03\x00" * 20, key=NO_KEY),
)
FRAME_TOKENS = (
    *(b"\x81\x80" + NO_KEY, b"\x01\x81" + NO_KEY + b"a", b"\x80\x80" + NO_KEY, b"\x89\x80abcd"),
    *(b"\xff", b"\xfe", b"\x7f", b"\x7e", b"\x88\x82" + NO_KEY + b"\x03\xe8", b"\x88\x80abcd"),
    *(b"\xc1\x80" + NO_KEY, b"\xf1", b"\x83", b"\x09\x80", b"\x81\xfe\x00\x05", b"\xed\xa0\x80"),
    *(b"\x82\xfe\xff\xff" + NO_KEY, b"\x82\xff\x80" + bytes(7) + NO_KEY, b"\x00\x00\xff\xff"),
)
HIXIE = (
    *(b"\x005:::{}\xff", b"\x00\xff", b"\x00" + b"x" * MAX_SIZE + b"\xff", b"\xff\x00"),
    *(b"\x00\xc3\xa9\xff" * 100 + b"\xff\x00", b"\x00" + b"x" * 600 + b"\xff\x00" + b"x" * 600),
    *(b"\x80\x05hello", b"\xff\x05hello", b"\x01text\xff"),
)
HIXIE_TOKENS = (
    *(b"\x00", b"\xff", b"\xff\x00", b"\x80\x80\x01", b"\xed\xa0\x80", b"\xe2\x82", b"\xac"),
)
PAYLOADS = (
    *(NO_CONTEXT.compress(payload) for payload in (b"a", b"abc" * 300, bytes(range(256)), b"\0")),
    *(NO_CONTEXT.compress(b"a" * size) for size in (MAX_SIZE, MAX_SIZE + 1, 1_000_000)),
    *(b"\x03\x00", b"\x03\x00" * 500, b"\x00", b"\x01\x00\x00\xff\xff", b""),
)
OFFERS = (
    *(b"permessage-deflate", b"permessage-deflate; client_max_window_bits, x-webkit-deflate-frame"),
    b'permessage-deflate; server_max_window_bits="10"; client_max_window_bits=9',
    b"permessage-deflate; server_no_context_takeover; client_no_context_takeover , foo;a=b",
    *(b",, permessage-deflate ,", b'a; b="\\c"; d, e', b""),
)
OFFER_TOKENS = (
    *(b";", b",", b"=", b'"', b"\\", b" ", b"\t", b"permessage-deflate", b"_bits=8", b"_bits=16"),
    *(b"; client_max_window_bits", b"; server_max_window_bits=15", b";a" * 100, b" " * 1000),
)
HANDSHAKES = (
    b"GET HTTP/1.1\nUpgrade: websocket\nConnection: keep-alive, Upgrade\n"
    b"Sec-WebSocket-Version: 13\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    b"GET HTTP/1.1\nUpgrade: h2c, WebSocket\nConnection: upgrade\nSec-WebSocket-Version: 13\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\n"
    b"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",
    b"POST HTTP/1.1\nUpgrade: websocket",
    b"GET HTTP/1.0\nUpgrade: websocket\nConnection: upgrade\nSec-WebSocket-Version: 8",
)
HANDSHAKE_TOKENS = (
    *(b"\n", b":", b",", b"\r", b"\0", b"\x80", b"\nUpgrade: websocket", b"\nSec-WebSocket-Key: "),
    *(b"Upgrade: websocket", b"AAAAAAAAAAAAAAAAAAAAAA==", b"=", b"\nSec-WebSocket-Version: 13"),
)

WEBSOCKET_TARGETS: dict[str, Target] = {
    "WebSocket frames": Target(partial(read_messages, None), FRAMES, FRAME_TOKENS),
    "WebSocket frames, compressed": Target(
        partial(read_messages, NO_CONTEXT), FRAMES + DEFLATED, FRAME_TOKENS
    ),
    "Hixie-76": Target(partial(read_hixie, True), HIXIE, HIXIE_TOKENS),
    "Hixie-75": Target(partial(read_hixie, False), HIXIE, HIXIE_TOKENS),
    "inflate": Target(inflate, PAYLOADS, FRAME_TOKENS),
    "WebSocket extensions": Target(read_offers, OFFERS, OFFER_TOKENS),
    "WebSocket handshake": Target(open_handshake, HANDSHAKES, HANDSHAKE_TOKENS + OFFER_TOKENS),
}
