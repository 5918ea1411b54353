"""Engine.IO 4 and Socket.IO 5: the clients 3.x and 4.x.

An Engine.IO message is a type digit and data; type 4 carries Socket.IO:
``<type>[<attachments>-][<namespace>,][<id>][<JSON>]``. Sources: the engine.io-protocol and
socket.io-protocol documents, and what socket.io 4.8 does where they are silent.
"""

from __future__ import annotations

import binascii
import json as stdlib_json
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from ..exceptions import EncodeError, PacketError, RequestError
from .attachments import insert
from .dialect import Dialect
from .json import Codec
from .packet import Encoded, Message, Packet, PacketType

RESERVED_EVENTS = frozenset(
    ("connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener")
)
"""Event names that socket.io-parser refuses from the wire."""

SEPARATOR = "\x1e"
_MAX_DIGITS = 15
"""Longest id or count: JavaScript's numbers are exact up to 2**53, which has 16 digits."""

_ENGINE = {
    "0": PacketType.OPEN,
    "1": PacketType.CLOSE,
    "2": PacketType.PING,
    "3": PacketType.PONG,
    "5": PacketType.UPGRADE,
    "6": PacketType.NOOP,
}
_ENGINE_DIGIT = {packet_type: digit for digit, packet_type in _ENGINE.items()}
_BINARY_EVENT = 5
_BINARY = {PacketType.EVENT: _BINARY_EVENT, PacketType.ACK: 6}
# By the digit of the wire: PacketType(2) takes a third of a microsecond.
_TYPES = (*(PacketType(number) for number in range(5)), *_BINARY)


class EIO4(Dialect):
    """The dialect of the clients 3.x and 4.x.

    :param codec: the server's JSON.
    :param max_size: bytes of one packet's attachments together; also told to the client, as the
        most that one message may have.
    :param max_attachments: attachments of one packet.
    :param max_packets: messages in one polling body.
    :param base64: whether the client asked for binary as text (``b64=1``), on WebSocket too.
    """

    name = "eio4"
    protocol = 4
    server_pings = True
    joins_root = False

    def __init__(
        self,
        codec: Codec,
        max_size: int,
        max_attachments: int,
        max_packets: int,
        base64: bool = False,
    ) -> None:
        self._codec = codec
        self.max_size = max_size
        self.max_attachments = max_attachments
        self.max_packets = max_packets
        self._base64 = base64

    def decoder(self) -> EIO4Decoder:
        return EIO4Decoder(self._codec, self.max_size, self.max_attachments)

    def encode(self, packet: Packet) -> Encoded:
        known = packet._encoded
        if known is None:
            known = packet._encoded = {}
        encoded = known.get(self)
        if encoded is None:
            encoded = known[self] = self._encode(packet)
        return encoded

    def _encode(self, packet: Packet) -> Encoded:
        packet_type = packet.type
        if packet_type >= PacketType.OPEN:
            return self._encode_engine(packet)
        if packet.data is None:
            return Encoded((self._head(packet, int(packet_type), 0),))
        text, attachments = self._codec.dumps(packet.data)
        if not attachments:
            return Encoded((self._head(packet, int(packet_type), 0) + text,))
        if len(attachments) > self.max_attachments:
            # Newer clients close the connection over more than 10, and say nothing.
            raise EncodeError(
                f"{len(attachments)} attachments in one packet are over the option "
                f"max_attachments={self.max_attachments}, which clients have too; send several"
            )
        number = _BINARY.get(packet_type)
        if number is None:
            raise EncodeError(f"{packet_type.name} cannot carry binary, only events and acks can")
        head = self._head(packet, number, len(attachments))
        return Encoded((head + text, *self._binary(attachments)))

    def _encode_engine(self, packet: Packet) -> Encoded:
        data = packet.data or ""
        if packet.type == PacketType.OPEN:
            data = stdlib_json.dumps(data, separators=(",", ":"))
        return Encoded((_ENGINE_DIGIT[packet.type] + data,))

    def _head(self, packet: Packet, number: int, attachments: int) -> str:
        head = f"4{number}{attachments}-" if attachments else f"4{number}"
        if packet.namespace != "/":
            head += packet.namespace + ","
        return head if packet.id is None else f"{head}{packet.id}"

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

    def open_packet(
        self, sid: str, upgrades: Sequence[str], ping_interval: float, ping_timeout: float
    ) -> Packet:
        terms = {
            "sid": sid,
            "upgrades": list(upgrades),
            "pingInterval": round(ping_interval * 1000),
            "pingTimeout": round(ping_timeout * 1000),
            "maxPayload": self.max_size,
        }
        return Packet(PacketType.OPEN, data=terms)

    def connect_packet(self, namespace: str, socket_id: str) -> Packet:
        return Packet(PacketType.CONNECT, namespace, {"sid": socket_id})

    def refusal_packet(self, namespace: str, message: str, data: Any) -> Packet:
        refusal = {"message": message} if data is None else {"message": message, "data": data}
        return Packet(PacketType.CONNECT_ERROR, namespace, refusal)

    def socket_id(self, sid: str, namespace: str, new_id: Callable[[], str]) -> str:
        return new_id()  # not the sid: that one is the client's secret, this one is told to others

    def error_body(self, error: RequestError) -> tuple[bytes, str]:
        body = stdlib_json.dumps(
            {"code": error.code, "message": str(error)}, separators=(",", ":")
        )
        return body.encode(), "application/json"


def _to_base64(data: Message) -> str:
    return "b" + b64encode(data if isinstance(data, bytes) else data.encode()).decode()


def _from_base64(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise PacketError("invalid base64") from None


def _split(text: str) -> Iterator[Message]:
    """Cut at the separators one by one: a list of 100,000 parts would be made for nothing."""
    start = 0
    while True:
        end = text.find(SEPARATOR, start)
        message = text[start:] if end < 0 else text[start:end]
        yield _from_base64(message[1:]) if message[:1] == "b" else message
        if end < 0:
            return
        start = end + 1


class EIO4Decoder:
    """One session's messages to packets."""

    __slots__ = ("_attachments", "_codec", "_max_attachments", "_max_size", "_missing", "_packet")

    def __init__(self, codec: Codec, max_size: int, max_attachments: int) -> None:
        self._codec = codec
        self._max_size = max_size
        self._max_attachments = max_attachments
        self._packet: Packet | None = None  # waits for its attachments
        self._attachments: list[bytes] = []
        self._missing = 0

    def feed(self, message: Message) -> Packet | None:
        if isinstance(message, bytes):
            return self._feed_attachment(message)
        digit = message[:1]
        if digit == "4":
            return self._feed_socketio(message)
        if digit == "b":
            return self._feed_attachment(_from_base64(message[1:]))
        packet_type = _ENGINE.get(digit)
        if packet_type is None:
            raise PacketError("unknown Engine.IO packet type")
        return Packet(packet_type, data=message[1:] or None)

    def _feed_socketio(self, message: str) -> Packet | None:
        if self._packet is not None:
            raise PacketError("a text packet while attachments are missing")
        if message.startswith("42"):
            # The straight way of nearly every packet, an event of the root namespace: a third of
            # the time of the general way, which takes it character by character.
            at = message.find("[")
            digits = message[2:at]
            if not digits or (len(digits) <= _MAX_DIGITS and digits.isascii() and digits.isdigit()):
                data = self._codec.loads(message[at:])
                _check_event(data)
                return Packet(PacketType.EVENT, "/", data, int(digits) if digits else None)
        return self._feed_any(message)

    def _feed_any(self, message: str) -> Packet | None:
        number, count, namespace, packet_id, at = _cut(message)
        data = self._codec.loads(message[at:]) if at < len(message) else None
        packet = Packet(_TYPES[number], namespace, data, packet_id)
        _check(packet)
        if number < _BINARY_EVENT:
            return packet
        if not 0 < count <= self._max_attachments:
            raise PacketError(f"{count} attachments, 1 to {self._max_attachments} are allowed")
        self._packet, self._missing = packet, count
        return None

    def _feed_attachment(self, data: bytes) -> Packet | None:
        packet = self._packet
        if packet is None:
            raise PacketError("an attachment that belongs to no packet")
        self._attachments.append(data)
        if sum(map(len, self._attachments)) > self._max_size:
            raise PacketError(f"attachments of more than {self._max_size} bytes")
        if len(self._attachments) < self._missing:
            return None
        packet.data = insert(packet.data, self._attachments)
        self._packet, self._attachments = None, []
        return packet


def _cut(message: str) -> tuple[int, int, str, int | None, int]:
    """Return type, attachments, namespace, id, and where the JSON begins."""
    digit = message[1:2]
    if not digit or digit not in "0123456":
        raise PacketError("unknown Socket.IO packet type")
    number, at, count = int(digit), 2, 0
    if number >= _BINARY_EVENT:
        count, at = _number(message, at)
        if message[at : at + 1] != "-":
            raise PacketError("a binary packet without its number of attachments")
        at += 1
    namespace = "/"
    if message[at : at + 1] == "/":
        comma = message.find(",", at)
        end = comma if comma >= 0 else len(message)
        namespace = message[at:end]
        at = end + 1 if comma >= 0 else end
    packet_id: int | None = None
    if message[at : at + 1] in _DIGITS and at < len(message):
        packet_id, at = _number(message, at)
    return number, count, namespace, packet_id, at


_DIGITS = "0123456789"  # str.isdigit() would take digits of every script


def _number(message: str, at: int) -> tuple[int, int]:
    end = at
    while end < len(message) and message[end] in _DIGITS:
        end += 1
        if end - at > _MAX_DIGITS:
            raise PacketError("a number too long")
    if end == at:
        raise PacketError("a number is missing")
    return int(message[at:end]), end


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
