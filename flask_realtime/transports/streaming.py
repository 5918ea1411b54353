"""Messages in one response that does not end; what the client says comes by POST."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import ClassVar

from gevent.event import Event

from ..protocol.dialect import Dialect
from ..protocol.packet import Message, Packet, PacketType
from ..protocol.reason import Reason
from .http import Headers, Peer, Response, stream
from .http_transport import HTTPTransport
from .outbox import Outbox


class StreamingTransport(HTTPTransport):
    """A response in pieces, each sent at once; subclasses are the envelopes.

    The pieces are sent by the host, in the greenlet of the request, which waits there while the
    client is slow. Meanwhile messages wait in the outbox, with its bound.
    """

    __slots__ = ("_closing", "_news", "_peer", "_sending", "_waits")

    content_type: ClassVar[str]
    head: ClassVar[bytes] = b""

    def __init__(self, dialect: Dialect, outbox: Outbox) -> None:
        super().__init__(dialect, outbox)
        self._news = Event()
        self._peer: Peer | None = None
        self._waits = False  # for something to send
        self._sending = 0  # bytes in the hands of the host
        self._closing = False

    @abstractmethod
    def wrap(self, message: Message) -> bytes:
        """Return the piece of the response that carries `message`."""

    @property
    def ready(self) -> bool:
        return self._waits and not self._news.is_set()

    @property
    def cut_off(self) -> bool:
        return self._closing

    @property
    def pending(self) -> int:
        return self._sending

    def get(self, headers: Headers, peer: Peer | None, jsonp: str | None = None) -> Response:
        """Begin the response."""
        self.alive = True
        self._peer = peer
        return stream(self._pieces(), self.content_type, headers)

    def _pieces(self) -> Iterator[bytes]:
        """What the host sends; it closes us when the client does not take it."""
        if self._peer is not None:
            self._peer.watch(self._gone)
        try:
            yield self.head
            while not self._closing:
                self._wait()
                yield from self._send()
            yield from self._goodbye()
        finally:
            if self._peer is not None:
                self._peer.unwatch()
            self._closing = True
            self._closed(Reason.TRANSPORT_ERROR)

    def _wait(self) -> None:
        if self.outbox or self._closing:
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
        piece = b"".join(map(self.wrap, messages))
        self._sending = len(piece)
        yield piece
        self._sending = 0
        if not self.outbox:
            self.outbox.drained()

    def _goodbye(self) -> Iterator[bytes]:
        yield from self._send()
        said = self.listener is not None
        last = PacketType.CLOSE if said else PacketType.NOOP
        self._closed(Reason.FORCED_CLOSE)
        yield b"".join(map(self.wrap, self._dialect.encode(Packet(last)).messages))

    def _gone(self) -> None:
        """The client has closed its connection."""
        self._fail(Reason.TRANSPORT_ERROR)

    def _fail(self, reason: str) -> None:
        self._end()
        self._closed(reason)

    def flush(self) -> None:
        # The greenlet of the response goes on in the next round of the loop.
        if self.outbox:
            self._news.set()

    def probe(self) -> None:
        """Nothing: these clients answer pings."""

    def close(self, reason: str = Reason.FORCED_CLOSE) -> None:
        self._end()

    def abort(self) -> None:
        is_stuck = self._sending and not self._closing
        self.listener = None
        self._end()
        if is_stuck and self._peer is not None:
            self._peer.abort()  # the host waits for a client that does not read

    def _end(self) -> None:
        self._closing = True
        self.resume()
        self._news.set()
