"""Messages in one response that does not end; what the client says comes by POST."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import ClassVar

from gevent.event import Event

from ..protocol.dialect import Dialect
from ..protocol.packet import Message
from ..protocol.reason import Reason
from .http import Headers, Peer, Response, respond, stream
from .http_transport import HTTPTransport
from .outbox import Outbox


class Envelope(ABC):
    """What a response looks like in which messages come one by one."""

    __slots__ = ()

    content_type: str
    head: bytes

    @abstractmethod
    def wrap(self, message: Message) -> bytes:
        """Return the piece of the response that carries `message`."""


class StreamingTransport(HTTPTransport):
    """A response in pieces, each sent at once; subclasses name the envelope.

    The pieces are sent by the host, in the greenlet of the request, which waits there while the
    client is slow. Meanwhile messages wait in the outbox, with its bound.
    """

    __slots__ = ("_envelope", "_news", "_peer", "_sending", "_waits")

    envelope: ClassVar[type[Envelope]]
    linger = 0.5  # nobody comes back to a stream: a POST may be on its way, that is all

    def __init__(self, dialect: Dialect, outbox: Outbox) -> None:
        super().__init__(dialect, outbox)
        self._envelope = self.envelope()
        self._news = Event()
        self._peer: Peer | None = None
        self._waits = False  # for something to send
        self._sending = 0  # bytes in the hands of the host

    @classmethod
    def refuse(cls, message: Message) -> Response:
        """Return a response that says `message` and ends, for a client without a session."""
        envelope = cls.envelope()
        return respond(envelope.head + envelope.wrap(message), envelope.content_type)

    @property
    def ready(self) -> bool:
        return self._waits and not self._news.is_set()

    @property
    def pending(self) -> int:
        return self._sending

    def get(self, headers: Headers, peer: Peer | None, jsonp: str | None = None) -> Response:
        """Begin the response."""
        self.alive = True
        self._peer = peer
        return stream(self._pieces(), self._envelope.content_type, headers)

    def _pieces(self) -> Iterator[bytes]:
        """What the host sends; it closes us when the client does not take it."""
        if self._peer is not None:
            self._peer.watch(self._gone)
        try:
            yield self._envelope.head
            while self._closing is None:
                self._wait()
                yield from self._send()
            yield from self._goodbye()
        finally:
            if self._peer is not None:
                self._peer.unwatch()
            self._sending = 0
            self._fail(Reason.TRANSPORT_ERROR)

    def _wait(self) -> None:
        if self.outbox or self._closing is not None:
            return
        self._waits = True
        try:
            self._news.wait()
        finally:
            self._waits = False
            self._news.clear()

    def _send(self) -> Iterator[bytes]:
        if self.listener is None:
            return  # what waits is another transport's by now
        messages = [message for encoded in self.outbox.take() for message in encoded.messages]
        if not messages:
            return
        piece = b"".join(map(self._envelope.wrap, messages))
        self._sending = len(piece)
        yield piece
        self._sending = 0
        if not self.outbox:
            self.outbox.drained()

    def _goodbye(self) -> Iterator[bytes]:
        yield from self._send()
        assert self._closing is not None
        self._closed(Reason.FORCED_CLOSE)
        yield b"".join(map(self._envelope.wrap, self._word(self._closing)))

    def _wake(self) -> None:
        self._news.set()

    def flush(self) -> None:
        # The greenlet of the response goes on in the next round of the loop.
        if self.outbox:
            self._news.set()

    def probe(self) -> None:
        """Nothing: these clients answer pings."""

    def abort(self) -> None:
        super().abort()
        self._let_go()

    def discard(self) -> None:
        super().discard()
        self._let_go()

    def _let_go(self) -> None:
        if self._sending and self._peer is not None:
            self._peer.abort()  # the host waits for a client that does not read
