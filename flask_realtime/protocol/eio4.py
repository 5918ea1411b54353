"""Engine.IO 4 and Socket.IO 5: the clients 3.x and 4.x.

Sources: the engine.io-protocol and socket.io-protocol documents, and what socket.io 4.8 does where
they are silent.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from ..exceptions import PacketError
from .engineio import EngineIO, engine_packet, from_base64
from .packet import Message, Packet, PacketType
from .socketio_packet import BINARY_EVENT, MAX_DIGITS, TYPES, AttachmentDecoder, cut

RESERVED_EVENTS = frozenset(
    ("connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener")
)
"""Event names that socket.io-parser refuses from the wire."""

SEPARATOR = "\x1e"


class EIO4(EngineIO):
    """The dialect of the clients 3.x and 4.x."""

    name = "eio4"
    protocol = 4
    server_pings = True
    joins_root = False
    strict = True

    def decoder(self) -> EIO4Decoder:
        return EIO4Decoder(self._codec, self.max_size, self.max_attachments)

    def _binary(self, attachments: list[bytes]) -> Iterable[Message]:
        return map(_to_base64, attachments) if self._base64 else attachments

    def encode_payload(self, messages: Iterable[Message]) -> tuple[bytes, str]:
        texts = [text if isinstance(text, str) else _to_base64(text) for text in messages]
        return SEPARATOR.join(texts).encode(), "text/plain; charset=UTF-8"

    def decode_payload(self, body: bytes, content_type: str) -> Iterator[Message]:
        if content_type.startswith("application/octet-stream"):
            raise PacketError("Engine.IO 4 has no binary polling bodies")
        try:
            text = body.decode()
        except UnicodeDecodeError:
            raise PacketError("a polling body that is no UTF-8") from None
        if text.count(SEPARATOR) >= self.max_packets:
            raise PacketError(f"more than {self.max_packets} packets in a polling body")
        return _split(text)

    def connect_packet(self, namespace: str, socket_id: str) -> Packet:
        return Packet(PacketType.CONNECT, namespace, {"sid": socket_id})

    def refusal_packet(self, namespace: str, message: str, data: Any) -> Packet:
        refusal = {"message": message} if data is None else {"message": message, "data": data}
        return Packet(PacketType.CONNECT_ERROR, namespace, refusal)

    def socket_id(self, sid: str, namespace: str, new_id: Callable[[], str]) -> str:
        return new_id()  # not the sid: that one is the client's secret, this one is told to others


def _to_base64(data: bytes) -> str:
    return "b" + b64encode(data).decode()


def _split(text: str) -> Iterator[Message]:
    """Cut at the separators one by one: a list of 100,000 parts would be made for nothing."""
    start = 0
    while True:
        end = text.find(SEPARATOR, start)
        message = text[start:] if end < 0 else text[start:end]
        yield from_base64(message[1:]) if message[:1] == "b" else message
        if end < 0:
            return
        start = end + 1


class EIO4Decoder(AttachmentDecoder):
    """One session's messages to packets."""

    __slots__ = ()

    def feed(self, message: Message) -> Packet | None:
        if isinstance(message, bytes):
            return self._feed_attachment(message)
        digit = message[:1]
        if digit == "4":
            return self._feed_socketio(message)
        if digit == "b":
            return self._feed_attachment(from_base64(message[1:]))
        return engine_packet(message)

    def _feed_socketio(self, message: str) -> Packet | None:
        if self._packet is not None:
            raise PacketError("a text packet while attachments are missing")
        if message.startswith("42"):
            # The straight way of nearly every packet, an event of the root namespace: a third of
            # the time of the general way, which takes it character by character.
            at = message.find("[")
            digits = message[2:at]
            if not digits or (len(digits) <= MAX_DIGITS and digits.isascii() and digits.isdigit()):
                data = self._codec.loads(message[at:])
                _check_event(data)
                return Packet(PacketType.EVENT, "/", data, int(digits) if digits else None)
        return self._feed_any(message)

    def _feed_any(self, message: str) -> Packet | None:
        number, count, namespace, packet_id, at = cut(message)
        data = self._codec.loads(message[at:]) if at < len(message) else None
        packet = Packet(TYPES[number], namespace, data, packet_id)
        _check(packet)
        if number < BINARY_EVENT:
            return packet
        self._expect(packet, count)
        return None


def _check(packet: Packet) -> None:
    """Refuse what socket.io-parser calls an invalid payload, and what only a server sends."""
    packet_type, data = packet.type, packet.data
    if packet_type is PacketType.EVENT:
        _check_event(data)
    elif packet_type is PacketType.ACK:
        if packet.id is None or not isinstance(data, list):
            raise PacketError("an ACK without its id or its list")
    elif packet_type is PacketType.CONNECT:
        if data is not None and not isinstance(data, dict):
            raise PacketError("a CONNECT whose data is no object")
    elif packet_type is PacketType.DISCONNECT:
        if data is not None:
            raise PacketError("a DISCONNECT with data")
    else:
        raise PacketError("a CONNECT_ERROR from a client")


def _check_event(data: Any) -> None:
    if type(data) is not list or not data:
        raise PacketError("an EVENT whose data is no list")
    name = data[0]
    if type(name) is str:
        if name in RESERVED_EVENTS:
            raise PacketError(f"the event name {name!r} is reserved")
    elif type(name) is not int and type(name) is not float:
        raise PacketError("an EVENT without a name")
