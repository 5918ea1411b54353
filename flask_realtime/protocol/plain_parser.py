"""The parser of connections without Socket.IO: each message is what the application sends."""

from __future__ import annotations

from ..exceptions import EncodeError
from .packet import Message, Packet, PacketType

NAME = "message"
"""Of the events that the messages are to the layers above."""


class PlainParser:
    """Messages of Engine.IO alone, text and binary."""

    def encode(self, packet: Packet) -> tuple[Message, ...]:
        (_, data) = packet.data
        if isinstance(data, str):
            # What is no Unicode would end the connection, or be refused by its client.
            return ("4" + data.encode("utf-8", "replace").decode(),)
        if isinstance(data, bytes | bytearray | memoryview):
            return (bytes(data),)
        raise EncodeError(f"a message is text or bytes, not {type(data).__name__}")

    def decoder(self, max_size: int, max_attachments: int) -> PlainDecoder:
        return PlainDecoder()

    def older(self) -> PlainParser:
        return self


class PlainDecoder:
    """One session's messages to packets."""

    __slots__ = ()

    def feed_text(self, message: str) -> Packet:
        return Packet(PacketType.EVENT, data=[NAME, message[1:]])

    def feed_binary(self, message: bytes) -> Packet:
        return Packet(PacketType.EVENT, data=[NAME, message])
