"""The interface of a client generation.

A dialect is all that differs between generations; above it nobody asks which one it is. It is made
once per server, with the server's JSON codec and limits, and chosen once per session, at the
handshake.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Protocol

from ..exceptions import RequestError
from .packet import Encoded, Message, Packet


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
    protocol: int | str
    """What ``socket.protocol`` says: 4 for Engine.IO 4."""
    server_pings: bool
    """Who keeps the session alive: the server by pings, or the client by its own."""
    joins_root: bool
    """Whether a client is in the root namespace without asking for it."""

    @abstractmethod
    def decoder(self) -> Decoder:
        """Return a new decoder, for one session."""

    @abstractmethod
    def encode(self, packet: Packet) -> Encoded:
        """Return the packet's messages; asked twice for the same packet, the same ones.

        :raises EncodeError: if its data cannot be carried.
        """

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
    def connect_packet(self, namespace: str, socket_id: str) -> Packet:
        """Return the answer to a client that has joined `namespace`."""

    @abstractmethod
    def refusal_packet(self, namespace: str, message: str, data: Any) -> Packet:
        """Return the answer to a client that may not join `namespace`; `data` may be None."""

    @abstractmethod
    def socket_id(self, sid: str, namespace: str, new_id: Callable[[], str]) -> str:
        """Return the id of a session's socket in a namespace, as its client will know it."""

    @abstractmethod
    def error_body(self, error: RequestError) -> tuple[bytes, str]:
        """Return the body and content type that answer a request which cannot be served."""
