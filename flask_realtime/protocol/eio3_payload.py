"""Polling bodies of Engine.IO 2 and 3: a length before each message.

As text ``<length>:<message>``, with lengths in UTF-16 code units. With binary: a byte 0 for text or
1 for binary, the digits of the length as bytes 0 to 9, a byte 255, then the message; there the
lengths are in bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ..exceptions import PacketError
from .packet import Message
from .socketio_packet import MAX_DIGITS
from .utf16 import cut, length

_TEXT, _BINARY = 0, 1
_END = 0xFF  # behind the digits


class OnceEncoded(str):
    """Text of a binary body, in which every client encodes text as UTF-8 once."""

    __slots__ = ()


def encode_text(texts: Sequence[str]) -> bytes:
    """Return the body of `texts`."""
    return ("".join(f"{length(text)}:{text}" for text in texts) or "0:").encode()


def encode_binary(messages: Iterable[Message]) -> bytes:
    """Return the body of `messages`."""
    body = bytearray()
    for message in messages:
        if isinstance(message, str):
            kind, content = _TEXT, message.encode()
        else:
            kind, content = _BINARY, message
        body += bytes((kind, *map(int, str(len(content))), _END))
        body += content
    return bytes(body)


def decode_text(text: str, max_packets: int) -> Iterator[str]:
    """Yield the messages of a body, one by one as they are asked for.

    :raises PacketError: when the iteration comes to a break, or to more than `max_packets`.
    """
    at = 0
    for _ in range(max_packets):
        colon = text.find(":", at, at + MAX_DIGITS + 1)
        digits = text[at : max(colon, at)]
        if not (digits.isascii() and digits.isdigit()):
            raise PacketError("a message without its length")
        message = cut(text, colon + 1, int(digits))
        at = colon + 1 + len(message)
        if message:  # "0:" is a body without any
            yield message
        if at == len(text):
            return
    raise PacketError(f"more than {max_packets} packets in a polling body")


def decode_binary(body: bytes, max_packets: int) -> Iterator[Message]:
    """Yield the messages of a body, one by one as they are asked for.

    :raises PacketError: when the iteration comes to a break, or to more than `max_packets`.
    """
    at = 0
    for _ in range(max_packets):
        if at == len(body):
            return
        end = body.find(_END, at + 1, at + 2 + MAX_DIGITS)
        digits = body[at + 1 : max(end, at)]
        if not digits or max(digits) > 9 or body[at] not in (_TEXT, _BINARY):
            raise PacketError("a message without its kind and length")
        kind, start = body[at], end + 1
        at = start + int("".join(map(str, digits)))
        if at > len(body):
            raise PacketError("a length beyond the end of the body")
        content = body[start:at]
        yield content if kind == _BINARY else OnceEncoded(from_javascript(content))
    if at < len(body):
        raise PacketError(f"more than {max_packets} packets in a polling body")


def from_javascript(data: bytes) -> str:
    """Return the text of UTF-8 as the clients' own encoders write it.

    They write half a surrogate pair like any other character, which is no UTF-8; it becomes U+FFFD,
    as where a browser encodes.

    :raises PacketError: if it is not even that.
    """
    try:
        return data.decode()
    except UnicodeDecodeError:
        pass
    try:
        text = data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        raise PacketError("text that is no UTF-8") from None
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
