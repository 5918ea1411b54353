"""WebSocket before RFC 6455: draft-hixie-thewebsocketprotocol-76 and -75, as a server sees them.

Safari 5, Chrome 6 to 13, Opera 10.7 to 12, iOS 4 and the Flash file of Socket.IO's client 0.9 speak
-76; Safari and Chrome before them -75, which has neither keys nor closing handshake. None of them
has binary messages, pings, close codes or extensions. Sections are those of -76.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import md5
from typing import NamedTuple

from flask_realtime.exceptions import EncodeError, FrameError, HandshakeError

from .deflate import Deflate
from .frames import INVALID_DATA, MESSAGE_TOO_BIG, NO_STATUS, PROTOCOL_ERROR, encode_mended

CHALLENGE_SIZE = 8
"""Bytes behind the head of a request by -76, of which no header tells."""

_DIGIT = re.compile("[0-9]")
_MAX_DIGITS = 20
"""Of a number below 2**32; Python refuses to read thousands of them."""

_TEXT, _END = 0x00, 0xFF
_CLOSE = b"\xff\x00"

_MANY_MESSAGES = 64
"""For one call; 64 KiB may be 32,768 of them, and 30 ms in which nobody else is served."""


class Greeting(NamedTuple):
    """What answers a handshake.

    :param phrase: of the status line, which -75 compares byte by byte.
    :param fields: of the head.
    :param key: for :func:`prove`; empty for -75, where nothing is proved.
    """

    phrase: str
    fields: list[tuple[str, str]]
    key: bytes


def is_hixie(headers: Mapping[str, str]) -> bool:
    """Whether a request for a WebSocket is of the time before versions had numbers.

    :param headers: by lower-case name.
    """
    return "sec-websocket-version" not in headers and "sec-websocket-key" not in headers


def greet(headers: Mapping[str, str], location: str) -> Greeting:
    """Return what answers a handshake (section 5.2).

    :param location: the URL that the client has asked for; it compares.
    :raises HandshakeError: 400 for keys that are none.
    """
    names = ("sec-websocket-key1", "sec-websocket-key2")
    key = b""
    if any(name in headers for name in names):
        key = b"".join(_number(headers.get(name, "")).to_bytes(4, "big") for name in names)
    phrase = "WebSocket Protocol Handshake" if key else "Web Socket Protocol Handshake"
    prefix = "Sec-WebSocket-" if key else "WebSocket-"
    said = {
        "Origin": headers.get("origin"),
        "Location": location,
        "Protocol": headers.get(f"{prefix}Protocol".lower()),
    }
    fields = [(prefix + name, value) for name, value in said.items() if value is not None]
    return Greeting(phrase, fields, key)


def prove(key: bytes, challenge: bytes) -> bytes:
    """Return the 16 bytes behind the response's head (section 5.2).

    :param challenge: the bytes behind the request's.
    """
    return md5(key + challenge, usedforsecurity=False).digest()


def _number(value: str) -> int:
    """What a key hides: its digits, divided by the number of its spaces."""
    digits = "".join(_DIGIT.findall(value))
    spaces = value.count(" ")
    if not digits or len(digits) > _MAX_DIGITS or not spaces:
        raise HandshakeError("400 Bad Request", "a Hixie key without digits or without spaces")
    number, rest = divmod(int(digits), spaces)
    if rest or number >= 1 << 32:
        raise HandshakeError("400 Bad Request", "a Hixie key that hides no number of 32 bits")
    return number


class HixieMessages:
    """The framing: text between 00 and FF, and FF 00 for the close (section 5.3).

    Frames of any other kind are refused: no client sends them.

    :param max_size: bytes that a message may have.
    :param closing_handshake: whether the client answers a close, as -76. By -75 our FF 00 is an
        empty frame of a kind to be skipped.
    """

    __slots__ = (
        "_max_size",
        "_rest",
        "_text",
        "closing",
        "closing_handshake",
        "more",
        "replies",
        "violation",
    )

    deflate: Deflate | None = None
    shares_frames = False
    # How long a message is shows at its end only; what one call costs is bounded by ``more``.
    appetite = 65536

    def __init__(self, max_size: int, closing_handshake: bool = True) -> None:
        self._max_size = max_size
        self.closing_handshake = closing_handshake
        self.closing: tuple[int, str] | None = None
        self.violation: FrameError | None = None
        self.replies = b""
        self.more = False
        # Half of a close, or what was kept back.
        self._rest = b""
        # A message of which a part is here.
        self._text: bytearray | None = None

    def feed(self, data: bytes) -> list[str | bytes]:
        """Take what was read; return the messages that are whole now, in order."""
        messages: list[str | bytes] = []
        if self.closing is not None or self.violation is not None:
            return messages
        if self._rest:
            data = self._rest + data
            self._rest = b""
        position = 0
        try:
            while position < len(data) and len(messages) < _MANY_MESSAGES:
                position = self._read(data, position, messages)
        except FrameError as error:
            # A new one: what was raised holds frames, and through them us and our owner.
            self.violation = FrameError(error.close_code, str(error))
            self._end()
            return messages
        self.more = position < len(data)
        if self.more:
            self._rest = data[position:]
        return messages

    def take_replies(self) -> bytes:
        """Return the close that the input calls for, once, or nothing."""
        replies = self.replies
        self.replies = b""
        return replies

    def encode(self, message: str | bytes, compress: bool = True) -> bytes:
        """Return a message as one frame. Lone surrogates, which UTF-8 has not, become U+FFFD.

        :raises EncodeError: for bytes.
        """
        if not isinstance(message, str):
            raise EncodeError("a WebSocket of Hixie's drafts carries str, not bytes")
        try:
            text = message.encode()
        except UnicodeEncodeError:
            text = encode_mended(message)
        return b"\x00%b\xff" % text  # UTF-8 has no byte FF

    def encode_ping(self) -> bytes:
        """Nothing: these drafts have no pings."""
        return b""

    def encode_close(self, code: int, reason: str = "") -> bytes:
        """Return a close, which has no place for code and reason."""
        return _CLOSE

    def _read(self, data: bytes, start: int, messages: list[str | bytes]) -> int:
        """Take one frame, or as much of it as there is; return where the next one begins."""
        text = self._text
        if text is None:
            if data[start] == _END:
                return self._read_close(data, start)
            if data[start] != _TEXT:
                raise FrameError(PROTOCOL_ERROR, f"a frame of Hixie's kind {data[start]:#04x}")
            start += 1
        end = data.find(_END, start)
        piece = data[start:] if end < 0 else data[start:end]
        size = len(piece) if text is None else len(piece) + len(text)
        if size > self._max_size:
            raise FrameError(MESSAGE_TOO_BIG, f"a message of more than {self._max_size} bytes")
        if end < 0:
            self._text = bytearray() if text is None else text
            self._text += piece
            return len(data)
        if text is not None:
            piece = bytes(text + piece)
            self._text = None
        messages.append(_decode(piece))
        return end + 1

    def _read_close(self, data: bytes, start: int) -> int:
        if start + 1 == len(data):
            self._rest = data[start:]
        elif data[start + 1]:
            raise FrameError(PROTOCOL_ERROR, "a frame with a length")
        else:
            self.closing = (NO_STATUS, "")
            self._end()
        return len(data)

    def _end(self) -> None:
        self.replies = _CLOSE
        self._rest = b""
        self._text = None
        self.more = False


def _decode(text: bytes) -> str:
    try:
        return text.decode()
    except UnicodeDecodeError as error:
        # Section 5.4 would have U+FFFD in its place: a message that nobody has sent.
        raise FrameError(INVALID_DATA, "text that is not UTF-8") from error
