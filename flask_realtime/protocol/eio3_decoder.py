"""Messages of the clients 1.x and 2.x to packets."""

from __future__ import annotations

from ..exceptions import PacketError
from .eio3_payload import OnceEncoded, from_javascript
from .engineio import engine_packet, from_base64
from .namespace_query import split_query
from .packet import Message, Packet, PacketType
from .parser import PacketDecoder


class EIO3Decoder:
    """One session's messages to packets.

    :param packets: what the parser makes of those of Socket.IO.

    **Text encoded twice.** Clients 1.x encode text as UTF-8, take the bytes for characters, and
    send those as UTF-8 again: in polling bodies of text; clients 1.0 on WebSocket too. Nothing
    says that they do, so text beyond ASCII is looked at: if all of its characters are bytes, and
    these are UTF-8, it is taken for such. The first text that is neither proves that the session's
    client encodes once, as all 2.x do, and then no other is looked at. The proof cannot be wrong:
    whatever a client 1.x encodes twice passes, what it posts in a binary body is never looked at,
    and once on WebSocket it polls no more. There is no proof of the contrary: client 1.7 encodes
    twice while it polls, and once on WebSocket.

    What remains: a client that encodes once, while all it has sent beyond ASCII looks encoded
    twice. Each of its characters above U+007F is then part of a pair or more like ``Ã©`` (what was
    garbled before) or ``É®``: a letter of U+00C2 to U+00F4 and signs of U+0080 to U+00BF. Such a
    text is misread.
    """

    __slots__ = ("_once", "_packets")

    def __init__(self, packets: PacketDecoder) -> None:
        self._packets = packets
        self._once = False  # proven that the client encodes text once

    def feed(self, message: Message) -> Packet | None:
        if isinstance(message, bytes):
            if message[:1] != b"\x04":
                raise PacketError("binary without the type of a message")
            packet = self._packets.feed_binary(message[1:])
        else:
            if not (self._once or message.isascii() or isinstance(message, OnceEncoded)):
                message = self._decode_twice(message)
            if message.startswith("4"):
                packet = self._packets.feed_text(message)
            elif message.startswith("b4"):
                packet = self._packets.feed_binary(from_base64(message[2:]))
            else:
                return engine_packet(message)
        return None if packet is None else _accept(packet)

    def _decode_twice(self, message: str) -> str:
        decoded = decode_twice(message)
        self._once = decoded is None
        return message if decoded is None else decoded


def decode_twice(message: str) -> str | None:
    """Return what a text says if it was encoded twice; None if it cannot have been."""
    if message.isascii():
        return message
    try:
        return from_javascript(message.encode("latin-1"))
    except (UnicodeEncodeError, PacketError):
        return None


def _accept(packet: Packet) -> Packet:
    """Return the packet, or a NOOP in place of one that servers 1.x and 2.x take without effect.

    That is an event without a name, to which nobody can listen, and an error: client 2.x says so
    when it could not write an event as JSON.

    :raises PacketError: if the data is none of its type.
    """
    packet_type, data = packet.type, packet.data
    if packet_type is PacketType.CONNECT_ERROR:
        return Packet(PacketType.NOOP)
    if packet_type is PacketType.EVENT:
        if not isinstance(data, list | None):
            raise PacketError("an EVENT whose data is no list")
        if not data or type(data[0]) not in (str, int, float):
            return Packet(PacketType.NOOP)
    elif packet_type is PacketType.ACK:
        if data is None:
            packet.data = []
        elif not isinstance(data, list):
            raise PacketError("an ACK whose data is no list")
        if packet.id is None:
            raise PacketError("an ACK without its id")
    elif packet_type is PacketType.CONNECT:
        _accept_connect(packet)
    elif data is not None:
        raise PacketError("a DISCONNECT with data")
    return packet


def _accept_connect(packet: Packet) -> None:
    if not isinstance(packet.data, dict | None):
        raise PacketError("a CONNECT whose data is no object")
    if "?" in packet.namespace:
        packet.namespace, packet.data = split_query(packet.namespace)
