"""Engine.IO 2 and 3 with Socket.IO 3 and 4: the clients 1.x and 2.x.

Sources: the engine.io-protocol and socket.io-protocol documents, and what the clients 1.0 to 2.5
and their servers do where they are silent.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator
from numbers import Number
from typing import Any

from ..exceptions import PacketError
from .client_side import EngineIOClientDecoder
from .eio3_decoder import EIO3Decoder, decode_twice
from .eio3_payload import OnceEncoded, decode_binary, decode_text, encode_binary, encode_text
from .engineio import EngineIO, from_base64
from .packet import EnginePacket, Message, Packet, PacketType

_BINARY = "application/octet-stream"
_MESSAGE = b"\x04"  # the type 4, as a byte
_LONGEST_TEXT = 32_768
"""Of a body, characters. Clients 1.x read it by a function call with an argument for each byte, of
which engines take 65,536 and more."""
_LINE_END = re.compile(r"(\\)?\\n")


class EIO3(EngineIO):
    """The dialect of the clients 1.x and 2.x.

    All text that is sent is ASCII (see :class:`.OlderTextParser`), but for what cannot be escaped:
    the name of a namespace. One beyond ASCII goes out as it is, by polling in a
    binary body, which all of them read alike. Clients 1.x that poll with base64, and clients 1.0 on
    WebSocket, lose their connection over it.
    """

    name = "eio3"
    protocol = 3
    server_pings = False
    joins_root = True
    public_sid = True
    sends_credentials = True
    tells_refused_events = True
    strict = False
    jsonp_callback = "___eio"

    def decoder(self) -> EIO3Decoder:
        return EIO3Decoder(self._parser.decoder(self.max_size, self.max_attachments))

    def client_decoder(self) -> EngineIOClientDecoder:
        return EngineIOClientDecoder(self._parser, _MESSAGE)

    def _binary(self, message: bytes) -> Message:
        message = _MESSAGE + message
        return _to_base64(message) if self._base64 else message

    def _unwrapped(self, message: Message) -> bytes:
        if message[:1] == _MESSAGE and isinstance(message, bytes):
            return message[1:]
        if message[:2] == "b4" and isinstance(message, str):
            return from_base64(message[2:])
        raise PacketError("binary without the type of a message")

    def as_engine_packet(self, message: Message) -> EnginePacket:
        if isinstance(message, str) and not isinstance(message, OnceEncoded):
            # Without what the session's decoder knows of its client.
            message = decode_twice(message) or message
        return super().as_engine_packet(message)

    def encode_payload(self, messages: Iterable[Message]) -> tuple[bytes, str]:
        messages = list(messages)
        texts = [text for text in messages if isinstance(text, str)]
        if self._base64:
            texts = [text if isinstance(text, str) else _to_base64(text) for text in messages]
        elif len(texts) < len(messages) or not _fits_text(texts):
            return encode_binary(messages), _BINARY
        return encode_text(texts), "text/plain; charset=UTF-8"

    def decode_payload(self, body: bytes, content_type: str) -> Iterator[Message]:
        if content_type == _BINARY:
            return decode_binary(body, self.max_packets)
        try:
            text = body.decode()
        except UnicodeDecodeError:
            raise PacketError("a polling body that is no UTF-8") from None
        return decode_text(text, self.max_packets)

    def form_text(self, field: str) -> str:
        # Browsers make each LF of a form a CRLF, so the client has made it a backslash and an "n",
        # and has put a backslash before those that were there (engine.io-client: polling-jsonp.js).
        text = field.replace("\r\n", "\n")
        text = _LINE_END.sub(lambda match: match[0] if match[1] else "\n", text)
        return text.replace("\\\\n", "\\n")

    def connect_packet(self, namespace: str, socket_id: str, pid: str | None = None) -> Packet:
        return Packet(PacketType.CONNECT, namespace)

    def refusal_packet(self, namespace: str, message: str, data: Any) -> Packet:
        if data is None:
            data = message
        elif isinstance(data, Number):
            # By itself it would be read as the packet's id; this is what newer clients get.
            data = {"message": message, "data": data}
        return Packet(PacketType.CONNECT_ERROR, namespace, data)

    def error_packet(self, namespace: str, data: Any) -> Packet:
        return self.refusal_packet(namespace, "error", data)  # both are the ERROR of Socket.IO 2

    def socket_id(self, sid: str, namespace: str, new_id: Callable[[], str]) -> str:
        return sid if namespace == "/" else f"{namespace}#{sid}"  # as clients 2.x make it


class EIO3InBinary(EIO3):
    """Of the clients that read a polling body only if it is binary: those of 1.0 to 1.3."""

    def encode_payload(self, messages: Iterable[Message]) -> tuple[bytes, str]:
        return encode_binary(messages), _BINARY


def _fits_text(texts: list[str]) -> bool:
    """Whether all clients can read these messages in a body of text."""
    return all(map(str.isascii, texts)) and sum(map(len, texts)) <= _LONGEST_TEXT


def _to_base64(message: bytes) -> str:
    return f"b{message[0]}{b64encode(message[1:]).decode()}"
