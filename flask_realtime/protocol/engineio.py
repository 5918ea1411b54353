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
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ..exceptions import EncodeError, PacketError, RequestError
from .dialect import Dialect
from .json import Codec
from .packet import Encoded, Message, Packet, PacketType
from .socketio_packet import WITH_BINARY, head

_TYPES = {
    "0": PacketType.OPEN,
    "1": PacketType.CLOSE,
    "2": PacketType.PING,
    "3": PacketType.PONG,
    "5": PacketType.UPGRADE,
    "6": PacketType.NOOP,
}
_DIGITS = {packet_type: digit for digit, packet_type in _TYPES.items()}


class EngineIO(Dialect):
    """A dialect that is carried by Engine.IO.

    :param codec: the server's JSON.
    :param max_size: bytes of one packet's attachments together; also told to the client, as the
        most that one message may have.
    :param max_attachments: attachments of one packet.
    :param max_packets: messages in one polling body.
    :param base64: whether the client asked for binary as text (``b64=1``), on WebSocket too.
    """

    _dumps: Callable[[Any], tuple[str, list[bytes]]]

    def __init__(
        self,
        codec: Codec,
        max_size: int,
        max_attachments: int,
        max_packets: int,
        base64: bool = False,
    ) -> None:
        self._codec = codec
        self._dumps = codec.dumps
        self.max_size = max_size
        self.max_attachments = max_attachments
        self.max_packets = max_packets
        self._base64 = base64

    def _encode(self, packet: Packet) -> Encoded:
        packet_type = packet.type
        if packet_type >= PacketType.OPEN:
            return _encode_engine(packet)
        if packet.data is None:
            return Encoded((head(packet, int(packet_type), 0),))
        text, attachments = self._dumps(packet.data)
        if not attachments:
            return Encoded((head(packet, int(packet_type), 0) + text,))
        if len(attachments) > self.max_attachments:
            # Newer clients close the connection over more than 10, and say nothing.
            raise EncodeError(
                f"{len(attachments)} attachments in one packet are over the option "
                f"max_attachments={self.max_attachments}, which clients have too; send several"
            )
        number = WITH_BINARY.get(packet_type)
        if number is None:
            raise EncodeError(f"{packet_type.name} cannot carry binary, only events and acks can")
        text = head(packet, number, len(attachments)) + text
        return Encoded((text, *self._binary(attachments)))

    @abstractmethod
    def _binary(self, attachments: list[bytes]) -> Iterable[Message]:
        """Return the messages that carry `attachments`."""

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

    def error_body(self, error: RequestError) -> tuple[bytes, str]:
        # Engine.IO's servers send the first two; clients look at none of them.
        told = {"code": error.code, "message": str(error), "name": error.name}
        return stdlib_json.dumps(told, separators=(",", ":")).encode(), "application/json"


def _encode_engine(packet: Packet) -> Encoded:
    data = packet.data or ""
    if packet.type == PacketType.OPEN:
        data = stdlib_json.dumps(data, separators=(",", ":"))
    return Encoded((_DIGITS[packet.type] + data,))


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
