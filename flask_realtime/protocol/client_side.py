"""What the server sends, read as its clients read it: for clients that are in this process.

A server never gets some of these packets, and its own decoders refuse them. What a client sends is
written by the dialect itself: an event, an answer and a goodbye are the same in both directions.
"""

from __future__ import annotations

from .engineio import engine_packet
from .packet import Message, Packet, PacketType
from .parser import Parser
from .sio09_decoder import SIO09Decoder

_UNBOUNDED = 1 << 62  # the server is trusted
_REASONS_09 = {
    "0": "transport not supported",
    "1": "client not handshaken",
    "2": "unauthorized",
}


class EngineIOClientDecoder:
    """The messages of one session to a client 1.x to 4.x.

    :param parser: what its packets look like.
    :param binary: the first byte of each binary message.
    """

    __slots__ = ("_binary", "_packets")

    def __init__(self, parser: Parser, binary: bytes = b"") -> None:
        self._packets = parser.decoder(_UNBOUNDED, _UNBOUNDED)
        self._binary = binary

    def feed(self, message: Message) -> Packet | None:
        if isinstance(message, bytes):
            return self._packets.feed_binary(message.removeprefix(self._binary))
        if message.startswith("4"):
            return self._packets.feed_text(message)
        return engine_packet(message)


class SIO09ClientDecoder(SIO09Decoder):
    """The messages to a client 0.7 to 0.9."""

    __slots__ = ()

    def feed(self, message: Message) -> Packet:
        if isinstance(message, str) and message.startswith("7:"):
            return _error(message)
        packet = super().feed(message)
        if packet.type is PacketType.PONG:  # the same message both ways
            return Packet(PacketType.PING)
        return packet


def _error(message: str) -> Packet:
    """Read ``7::<namespace>:<reason>[+<advice>]``."""
    _, _, namespace, rest = message.split(":", 3)
    reason, _, advice = rest.partition("+")
    if advice:
        return Packet(PacketType.CLOSE)  # the session is no more, and it is to begin anew
    text = _REASONS_09.get(reason, reason)
    return Packet(PacketType.CONNECT_ERROR, namespace or "/", {"message": text})
