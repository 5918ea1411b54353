"""The interface of a client generation.

A dialect is all that differs between generations; above it nobody asks which one it is. It is made
once per server, with the server's JSON codec and limits, and chosen once per session, at the
handshake.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Protocol

from ..exceptions import PacketError, RequestError
from .packet import Encoded, EnginePacket, Message, Packet, PacketType


class Decoder(Protocol):
    """One session's incoming messages, to packets; keeps what a packet has of its attachments."""

    def feed(self, message: Message) -> Packet | None:
        """Return the packet that `message` completes, or None while attachments are missing.

        :raises PacketError: if it is none; the decoder is not to be used again.
        """


class Dialect(ABC):
    """What one client generation speaks."""

    name: str
    """As a request names it, such as ``"eio4"``."""
    protocol: int
    """What ``socket.protocol`` says: the revision of Engine.IO (4, 3), or 1 for the clients before
    it, as their ``io.protocol``."""
    server_pings: bool
    """Who keeps the session alive: the server by pings, or the client by its own."""
    joins_root: bool
    """Whether a client is in the root namespace without asking for it."""
    strict: bool
    """Whether a packet that its namespace does not expect ends the session, or is passed over."""
    public_sid: bool = False
    """Whether clients know their sid as their socket id too, which others may learn."""
    sends_credentials: bool = False
    """Whether clients on a page of another origin ask for cookies, whatever the page wants: without
    leave to, the browser would keep every answer from them."""
    tells_refused_events: bool = False
    """Whether a client hears of an event that a middleware has refused (Socket.IO 1.x and 2.x)."""
    handshake_methods: tuple[str, ...] = ("GET",)
    """The methods by which a request may open a session."""
    ends_with_root: bool = False
    """Whether leaving the root namespace ends the session."""
    takes_over: bool = False
    """Whether a request goes on with the session wherever it was: a second poll in the place of the
    one that waits, and any transport without an upgrade. Else that ends the session or is refused.
    """
    recovers: bool = False
    """Whether a client that has lost its connection asks for what it has missed, by the offset of
    the last event that it has received."""
    hixie: bool = False
    """Whether a client may come by a WebSocket of before RFC 6455, which has no binary messages."""
    posted: tuple[bytes, str] = (b"ok", "text/html")
    """Body and content type that answer a POST. Not text/plain: some browsers offered that as a
    download (Engine.IO)."""
    scripts_errors: bool = False
    """Whether a JSONP request is refused by a script, or by the status of the answer."""
    jsonp_callback: str | None = None
    """The function that a JSONP answer calls, without its index; None where there is no JSONP."""

    def pings_over(self, transport: str) -> bool:
        """Whether a client on `transport` answers pings. Who does not is probed by its transport's
        own means."""
        return self.server_pings

    @abstractmethod
    def decoder(self) -> Decoder:
        """Return a new decoder, for one session."""

    @abstractmethod
    def client_decoder(self) -> Decoder:
        """Return what reads the other direction, as a client of that generation does."""

    def encode(self, packet: Packet) -> Encoded:
        """Return the packet's messages; asked twice for the same packet, the same ones.

        :raises EncodeError: if its data cannot be carried.
        """
        known = packet._encoded
        if known is None:
            known = packet._encoded = {}
        encoded = known.get(self)
        if encoded is None:
            encoded = known[self] = self._encode(packet)
            encoded.compress = packet.compress
        return encoded

    @abstractmethod
    def _encode(self, packet: Packet) -> Encoded:
        """Return the packet's messages, made now."""

    @abstractmethod
    def as_engine_packet(self, message: Message) -> EnginePacket:
        """Return what the engine sees in a message, from or to the client; it may be any."""

    @abstractmethod
    def encode_payload(self, messages: Iterable[Message]) -> tuple[bytes, str]:
        """Return a polling body that holds `messages`, and its content type."""

    @abstractmethod
    def decode_payload(self, body: bytes, content_type: str) -> Iterator[Message]:
        """Yield the messages of a polling body, one by one as they are asked for.

        :raises PacketError: when the iteration comes to something that is no message.
        """

    @abstractmethod
    def open_packet(
        self, sid: str, upgrades: Sequence[str], ping_interval: float, ping_timeout: float
    ) -> Packet:
        """Return the first packet of a session, which tells the client its terms."""

    @abstractmethod
    def connect_packet(self, namespace: str, socket_id: str, pid: str | None = None) -> Packet:
        """Return the answer to a client that has joined `namespace`.

        :param pid: by which it may come back to this socket, where the dialect ``recovers``.
        """

    @abstractmethod
    def refusal_packet(self, namespace: str, message: str, data: Any) -> Packet:
        """Return the answer to a client that may not join `namespace`; `data` may be None."""

    def error_packet(self, namespace: str, data: Any) -> Packet:
        """Return what reaches a client in `namespace` as its event ``error``."""
        return Packet(PacketType.EVENT, namespace, ["error", data])

    @abstractmethod
    def socket_id(self, sid: str, namespace: str, new_id: Callable[[], str]) -> str:
        """Return the id of a session's socket in a namespace, as its client will know it."""

    def last_word(self, reason: str) -> PacketType:
        """Return what ends a session over HTTP, which ends for `reason`; its packet has no data."""
        return PacketType.CLOSE

    def form_text(self, field: str) -> str:
        """Return the payload that a JSONP client wrote into the field ``d`` of its form.

        :raises PacketError: if it holds none.
        """
        raise PacketError(f"{self.name} has no JSONP")

    @abstractmethod
    def error_body(self, error: RequestError) -> tuple[bytes, str]:
        """Return the body and content type that answer a request which cannot be served."""

    def refusal_message(self, error: RequestError) -> str | None:
        """Return the message by which a WebSocket or a stream is refused once it is open; None
        where the status of its answer says it."""
        return None

    def error_status(self, error: RequestError) -> str:
        """Return the status line of that answer."""
        return error.http_status
