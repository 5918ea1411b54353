"""The parser that clients have by default: packets as text, with their binary in messages of its
own behind them (:mod:`.socketio_packet`, :mod:`.attachments`)."""

from __future__ import annotations

from typing import ClassVar

from ..exceptions import EncodeError, PacketError
from .attachments import insert
from .json import Codec
from .packet import Message, Packet, PacketType
from .socketio_packet import BINARY_EVENT, MAX_DIGITS, TYPES, WITH_BINARY, cut, head

_EVENT = PacketType.EVENT  # to ask the class for it takes a twentieth of all that an event does


class TextParser:
    """The default parser of the clients 3.x and 4.x (Socket.IO protocol 5).

    :param codec: the server's JSON.
    """

    def __init__(self, codec: Codec) -> None:
        self._codec = codec
        self._dumps = codec.dumps

    def encode(self, packet: Packet) -> tuple[Message, ...]:
        packet_type, data = packet.type, packet.data
        if data is None:
            return (head(packet, packet_type),)
        text, attachments = self._dumps(data)
        if not attachments:
            return (head(packet, packet_type) + text,)
        number = WITH_BINARY.get(packet_type)
        if number is None:
            raise EncodeError(f"{packet_type.name} cannot carry binary, only events and acks can")
        return (head(packet, number, len(attachments)) + text, *attachments)

    def decoder(self, max_size: int, max_attachments: int) -> TextDecoder:
        return TextDecoder(self._codec, max_size, max_attachments)

    def older(self) -> TextParser:
        from .older_text_parser import OlderTextParser  # which is made of this one

        return OlderTextParser(self._codec)


class TextDecoder:
    """One session's messages to packets.

    :param max_size: bytes of one packet's attachments together.
    :param max_attachments: attachments of one packet.
    """

    __slots__ = ("_codec", "_max_attachments", "_max_size", "_unfinished")

    _fewest: ClassVar[int] = 1
    """Attachments of a packet that says that it has some."""

    def __init__(self, codec: Codec, max_size: int, max_attachments: int) -> None:
        self._codec = codec
        self._max_size = max_size
        self._max_attachments = max_attachments
        self._unfinished: _Unfinished | None = None

    def feed_text(self, message: str) -> Packet | None:
        if self._unfinished is not None:
            raise PacketError("a text packet while attachments are missing")
        if message.startswith("42"):
            # The straight way of nearly every packet, an event of the root namespace: a third of
            # the time of the general way, which takes it character by character.
            at = message.find("[")
            digits = message[2:at]
            if at > 0 and (not digits or _is_number(digits)):
                data = self._codec.loads(message[at:])
                return Packet(_EVENT, "/", data, int(digits) if digits else None)
        return self._feed_any(message)

    def _feed_any(self, message: str) -> Packet | None:
        number, count, namespace, packet_id, at = cut(message)
        data = self._codec.loads(message[at:]) if at < len(message) else None
        packet = Packet(TYPES[number], namespace, data, packet_id)
        if number < BINARY_EVENT:
            return packet
        if not self._fewest <= count <= self._max_attachments:
            raise PacketError(f"{count} attachments, 1 to {self._max_attachments} are allowed")
        if not count:
            return packet
        self._unfinished = _Unfinished(packet, count)
        return None

    def feed_binary(self, message: bytes) -> Packet | None:
        unfinished = self._unfinished
        if unfinished is None:
            raise PacketError("an attachment that belongs to no packet; a client with msgpack?")
        unfinished.size += len(message)
        if unfinished.size > self._max_size:
            raise PacketError(f"attachments of more than {self._max_size} bytes")
        attachments = unfinished.attachments
        attachments.append(message)
        if len(attachments) < unfinished.count:
            return None
        self._unfinished = None
        packet = unfinished.packet
        packet.data = insert(packet.data, attachments)
        return packet


class _Unfinished:
    """A packet that waits for its attachments, of which there are `count`."""

    __slots__ = ("attachments", "count", "packet", "size")

    def __init__(self, packet: Packet, count: int) -> None:
        self.packet = packet
        self.count = count
        self.attachments: list[bytes] = []
        self.size = 0


def _is_number(digits: str) -> bool:
    return len(digits) <= MAX_DIGITS and digits.isascii() and digits.isdigit()
