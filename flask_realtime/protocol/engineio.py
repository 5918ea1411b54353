"""What the dialects on Engine.IO have in common, clients 1.x to 4.x.

An Engine.IO message is a type digit and data; type 4 carries Socket.IO. Sources: the
engine.io-protocol and socket.io-protocol documents, and what Node's servers do where they are
silent.
"""

from __future__ import annotations

import binascii
import json as stdlib_json
from abc import abstractmethod
from base64 import b64decode
from collections.abc import Sequence
from functools import lru_cache

from ..exceptions import EncodeError, PacketError, RequestError
from .dialect import Dialect
from .packet import NO_PACKET, Encoded, EnginePacket, Message, Packet, PacketType
from .parser import Parser

_TYPES = {
    "0": PacketType.OPEN,
    "1": PacketType.CLOSE,
    "2": PacketType.PING,
    "3": PacketType.PONG,
    "5": PacketType.UPGRADE,
    "6": PacketType.NOOP,
}
_DIGITS = {packet_type: digit for digit, packet_type in _TYPES.items()}
_NAMES = {"4": "message", **{digit: type.name.lower() for digit, type in _TYPES.items()}}


_FIRST_OF_ENGINE = PacketType.OPEN


class EngineIO(Dialect):
    """A dialect that is carried by Engine.IO.

    :param parser: what its packets look like.
    :param max_size: bytes of one packet's attachments together; also told to the client, as the
        most that one message may have.
    :param max_attachments: attachments of one packet.
    :param max_packets: messages in one polling body.
    :param base64: whether the client asked for binary as text (``b64=1``), on WebSocket too.
    """

    def __init__(
        self,
        parser: Parser,
        max_size: int,
        max_attachments: int,
        max_packets: int,
        base64: bool = False,
    ) -> None:
        self._parser = parser
        self.max_size = max_size
        self.max_attachments = max_attachments
        self.max_packets = max_packets
        self._base64 = base64

    def _encode(self, packet: Packet) -> Encoded:
        if packet.type >= _FIRST_OF_ENGINE:
            return _encode_engine(packet)
        if packet.offset is not None and self.recovers:
            data = [*packet.data, packet.offset]
            packet = Packet(packet.type, packet.namespace, data, packet.id)
        messages = self._parser.encode(packet)
        if len(messages) == 1 and isinstance(messages[0], str):
            return Encoded(messages)
        if len(messages) - 1 > self.max_attachments:
            # Newer clients close the connection over more than 10, and say nothing.
            raise EncodeError(
                f"{len(messages) - 1} attachments in one packet are over the option "
                f"max_attachments={self.max_attachments}, which clients have too; send several"
            )
        return Encoded(tuple(map(self._carry, messages)))

    def as_engine_packet(self, message: Message) -> EnginePacket:
        try:
            if isinstance(message, bytes) or message[:1] == "b":
                return EnginePacket("message", self._unwrapped(message))
        except PacketError:
            return NO_PACKET
        name = _NAMES.get(message[:1])
        if name is None:
            return NO_PACKET
        return EnginePacket(name, message[1:] or ("" if name == "message" else None))

    @abstractmethod
    def _unwrapped(self, message: Message) -> bytes:
        """Return what a binary message says, which may be base64.

        :raises PacketError: if it is none.
        """

    def _carry(self, message: Message) -> Message:
        return message if isinstance(message, str) else self._binary(message)

    @abstractmethod
    def _binary(self, message: bytes) -> Message:
        """Return what carries a message of the parser that is binary."""

    def open_packet(
        self, sid: str, upgrades: Sequence[str], ping_interval: float, ping_timeout: float
    ) -> Packet:
        interval, timeout = round(ping_interval * 1000), round(ping_timeout * 1000)
        terms = _terms(tuple(upgrades), interval, timeout, self.max_size)
        # A sid has nothing that needs to be escaped.
        return Packet(PacketType.OPEN, data=f'{{"sid":"{sid}",{terms}')

    def error_body(self, error: RequestError) -> tuple[bytes, str]:
        # Engine.IO's servers send the first two; clients look at none of them.
        told = {"code": error.code, "message": str(error), "name": error.name}
        return _dumps(told).encode(), "application/json"


@lru_cache(64)
def _terms(upgrades: tuple[str, ...], interval: int, timeout: int, max_size: int) -> str:
    """The end of the document that opens a session: the same for nearly all clients."""
    terms = {
        "upgrades": upgrades,
        "pingInterval": interval,
        "pingTimeout": timeout,
        "maxPayload": max_size,
    }
    return _dumps(terms).removeprefix("{")


def _dumps(value: object) -> str:
    return stdlib_json.dumps(value, separators=(",", ":"))


def _encode_engine(packet: Packet) -> Encoded:
    return Encoded((_DIGITS[packet.type] + (packet.data or ""),))


def engine_packet(message: str) -> Packet:
    """Return the packet of a message that does not carry Socket.IO.

    :raises PacketError: if its type is unknown.
    """
    packet_type = _TYPES.get(message[:1])
    if packet_type is None:
        raise PacketError("unknown Engine.IO packet type")
    return Packet(packet_type, data=message[1:] or None)


def from_base64(text: str) -> bytes:
    """Return what `text` stands for; it may have line ends (socket.io-client-java 2 sends them).

    :raises PacketError: if it is no base64.
    """
    try:
        return b64decode(text.replace("\n", ""), validate=True)
    except (binascii.Error, ValueError):
        raise PacketError("invalid base64") from None
