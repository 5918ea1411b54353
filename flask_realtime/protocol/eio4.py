"""Engine.IO 4 and Socket.IO 5: the clients 3.x and 4.x.

Sources: the engine.io-protocol and socket.io-protocol documents, and what socket.io 4.8 does where
they are silent.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from ..exceptions import PacketError
from .client_side import EngineIOClientDecoder
from .engineio import EngineIO, engine_packet, from_base64
from .packet import Message, Packet, PacketType
from .parser import PacketDecoder

RESERVED_EVENTS = frozenset(
    ("connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener")
)
"""Event names that socket.io-parser refuses from the wire."""

SEPARATOR = "\x1e"
_EVENT = PacketType.EVENT  # to ask the class for it takes a twentieth of all that an event does


class EIO4(EngineIO):
    """The dialect of the clients 3.x and 4.x."""

    name = "eio4"
    protocol = 4
    server_pings = True
    joins_root = False
    strict = True
    recovers = True

    def decoder(self) -> EIO4Decoder:
        return EIO4Decoder(self._parser.decoder(self.max_size, self.max_attachments))

    def client_decoder(self) -> EngineIOClientDecoder:
        return EngineIOClientDecoder(self._parser)

    def _binary(self, message: bytes) -> Message:
        return _to_base64(message) if self._base64 else message

    def _unwrapped(self, message: Message) -> bytes:
        return message if isinstance(message, bytes) else from_base64(message[1:])

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

    def connect_packet(self, namespace: str, socket_id: str, pid: str | None = None) -> Packet:
        told = {"sid": socket_id} if pid is None else {"sid": socket_id, "pid": pid}
        return Packet(PacketType.CONNECT, namespace, told)

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


class EIO4Decoder:
    """One session's messages to packets.

    :param packets: what the parser makes of those of Socket.IO.
    """

    __slots__ = ("_packets",)

    def __init__(self, packets: PacketDecoder) -> None:
        self._packets = packets

    def feed(self, message: Message) -> Packet | None:
        if isinstance(message, bytes):
            packet = self._packets.feed_binary(message)
        elif message[:1] == "4":
            packet = self._packets.feed_text(message)
        elif message[:1] == "b":
            packet = self._packets.feed_binary(from_base64(message[1:]))
        else:
            return engine_packet(message)
        if packet is not None:
            _check(packet)
        return packet


def _check(packet: Packet) -> None:
    """Refuse what socket.io-parser calls an invalid payload, and what only a server sends."""
    packet_type, data = packet.type, packet.data
    if packet_type is _EVENT:
        if type(data) is not list or not data:
            raise PacketError("an EVENT whose data is no list")
        name = data[0]
        if type(name) is str:
            if name in RESERVED_EVENTS:
                raise PacketError(f"the event name {name!r} is reserved")
        elif type(name) is not int and type(name) is not float:
            raise PacketError("an EVENT without a name")
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
