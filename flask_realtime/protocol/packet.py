"""What the dialects translate to and from: one packet for every client generation."""

from __future__ import annotations

from enum import IntEnum
from typing import Any, NamedTuple

Message = str | bytes
"""One unit as a transport carries it."""


class _EventName(str):
    """A name that is told from others of its letters by ``is``."""

    __slots__ = ()


JSON_MESSAGE = _EventName("message")
"""The name of the event that a JSON message of a client 0.9 is; whoever handles ``json`` gets it as
that."""


class EnginePacket(NamedTuple):
    """A message as the engine carries it, for who listens to those of a session.

    :param type: in the words of Engine.IO: ``message`` has a packet of Socket.IO, or one of its
        attachments; ``ping``, ``pong``, ``open``, ``close``, ``upgrade`` and ``noop`` are the
        engine's own, and ``error`` is none at all. Of a client 0.9: ``message``, ``heartbeat``,
        ``open`` and ``noop``.
    :param data: what it says; None for nothing.
    """

    type: str
    data: Message | None


NO_PACKET = EnginePacket("error", "parser error")
"""What a message is that no generation's engine knows, in the words of Engine.IO."""


class PacketType(IntEnum):
    """The packet types of Socket.IO, then those that end in the engine."""

    CONNECT = 0
    DISCONNECT = 1
    EVENT = 2
    ACK = 3
    CONNECT_ERROR = 4
    OPEN = 10
    CLOSE = 11
    PING = 12
    PONG = 13
    UPGRADE = 14
    NOOP = 15


class Encoded:
    """A packet in one dialect's form: its messages, and a place for the ready WebSocket frames.

    Everyone who is sent the packet shares it, so a broadcast is encoded and framed once.
    """

    __slots__ = ("_size", "compress", "compressed", "frame", "messages")

    def __init__(self, messages: tuple[Message, ...]) -> None:
        self.messages = messages
        #: Whether it may be compressed.
        self.compress = True
        self.frame: bytes | None = None
        #: The frames again, compressed, by the window that the receivers can take.
        self.compressed: dict[int, bytes] | None = None
        self._size = -1

    @property
    def size(self) -> int:
        """Bytes on the wire, without a transport's own envelope."""
        if self._size < 0:
            self._size = sum(map(_size, self.messages))
        return self._size


def _size(message: Message) -> int:
    if isinstance(message, bytes) or message.isascii():
        return len(message)
    return len(message.encode())


class Packet:
    """One unit of the protocol.

    :param type: what it is.
    :param namespace: the namespace's name, ``"/"`` for the root.
    :param id: the number by which an EVENT asks for its ACK, and by which an ACK answers.
    :param data: EVENT: ``[name, *args]``; ACK: ``[*args]``; CONNECT: what the client or server
        has to say, or None; CONNECT_ERROR: the refusal; PING and PONG: ``"probe"`` or None.

    ``size`` is how many bytes it came in, for who has to bound what waits; 0 if it never came.
    """

    __slots__ = ("_encoded", "data", "id", "namespace", "size", "type")

    # What nearly no packet says otherwise; OutgoingPacket has places for it.
    compress: bool = True
    json: bool = False
    offset: str | None = None

    def __init__(
        self,
        type: PacketType,
        namespace: str = "/",
        data: Any = None,
        id: int | None = None,
    ) -> None:
        self.type = type
        self.namespace = namespace
        self.data = data
        self.id = id
        self.size = 0
        self._encoded: dict[object, Encoded] | None = None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Packet):
            return NotImplemented
        return (self.type, self.namespace, self.id, self.data) == (
            other.type,
            other.namespace,
            other.id,
            other.data,
        )

    __hash__ = None  # type: ignore[assignment]  # equality is by content, which may be unhashable

    def __repr__(self) -> str:
        return f"<Packet {self.type.name} {self.namespace} id={self.id} {self.data!r}>"


class OutgoingPacket(Packet):
    """An EVENT of ours of which there is more to say.

    :param compress: whether it may be compressed.
    :param json: whether clients 0.9 get its data as JSON, where a text alone would do.

    ``offset`` is what the client shall come back with after a loss of connection, to be sent what
    it has missed; set before the packet is encoded for the first time.
    """

    __slots__ = ("compress", "json", "offset")

    def __init__(
        self, namespace: str, data: list[Any], compress: bool = True, json: bool = False
    ) -> None:
        super().__init__(PacketType.EVENT, namespace, data)
        self.compress = compress
        self.json = json
        self.offset = None


class ReceiptPacket(Packet):
    """An EVENT whose id asks for an ACK without data as soon as it has come, whatever its handler
    does; so the handler's answer is not sent. Clients 0.9 alone can ask for this.
    """

    __slots__ = ()

    def without_id(self) -> Packet:
        """Return it as an EVENT that asks for nothing more."""
        packet = Packet(self.type, self.namespace, self.data)
        packet.size = self.size
        return packet
