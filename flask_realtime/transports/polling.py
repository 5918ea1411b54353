"""Messages over long polling: a GET waits for what we have to say, a POST brings what was said."""

from __future__ import annotations

from gevent import sleep
from gevent.event import Event

from ..exceptions import PacketError
from ..protocol.dialect import Dialect
from ..protocol.packet import Message, Packet, PacketType
from ..protocol.reason import Reason
from ..protocol.request import BAD_REQUEST, request_error
from .http import Headers, Peer, Request, Response, respond
from .outbox import Outbox
from .transport import Transport

_YIELD_EVERY = 100
"""Packets of one body that are handled before others get their turn."""
_UPGRADING_POLL = 0.1
"""How long a poll waits while an upgrade is probed, seconds (Node looks every 100 ms)."""


class PollingTransport(Transport):
    """A session's messages in the bodies of HTTP requests, in its dialect's payload format."""

    name = "polling"
    __slots__ = ("_closing", "_dialect", "_poll", "_posting", "_resumed", "upgrading")

    def __init__(self, dialect: Dialect, outbox: Outbox) -> None:
        super().__init__(outbox)
        self._dialect = dialect
        self._poll: Event | None = None  # set when the waiting GET is to be answered
        self._posting = False
        self._resumed: Event | None = None  # exists while we are paused
        self._closing: PacketType | None = None  # the last word, and with it the end
        self.upgrading = False

    @property
    def ready(self) -> bool:
        return self._poll is not None and not self._poll.is_set() and not self.upgrading

    @property
    def polled(self) -> bool:
        """Whether a GET waits."""
        return self._poll is not None

    def get(self, cors: Headers, peer: Peer | None) -> Response:
        """Answer a GET as soon as there is something to say.

        A second GET beside it breaks the rules: both end, and the session with them.
        """
        if self._poll is not None:
            self._fail(Reason.TRANSPORT_ERROR)
            return self.refuse(cors)
        if not self.outbox and self._closing is None:
            self._wait(peer)
        messages = self._take()
        body, content_type = self._dialect.encode_payload(messages)
        return respond(body, content_type, cors=cors)

    def _wait(self, peer: Peer | None) -> None:
        poll = self._poll = Event()
        if peer is not None:
            peer.watch(self._gone)
        try:
            poll.wait(_UPGRADING_POLL if self.upgrading else None)
        finally:
            self._poll = None
            if peer is not None:
                peer.unwatch()

    def _take(self) -> list[Message]:
        if self._closing is PacketType.NOOP:
            return self._word(PacketType.NOOP)  # what waits is another transport's by now
        messages = [message for encoded in self.outbox.take() for message in encoded.messages]
        self.outbox.drained()
        if self._closing is not None and not (messages and self.listener):
            # By itself, for the next GET: a client 4.x that finds it behind a DISCONNECT is closed
            # before it has looked at that (socket.io-client 4.8, Manager.ondecoded).
            messages += self._word(self._closing)
            self._closed(Reason.FORCED_CLOSE)
        return messages or self._word(PacketType.NOOP)

    def _word(self, packet_type: PacketType) -> list[Message]:
        return list(self._dialect.encode(Packet(packet_type)).messages)

    def _gone(self) -> None:
        """The client dropped its GET."""
        self._fail(Reason.TRANSPORT_ERROR)

    def post(self, request: Request, cors: Headers) -> Response:
        """Take the messages of a POST; the answer says that they were taken, and waits for it."""
        if self._posting:
            self._fail(Reason.TRANSPORT_ERROR)
            return self.refuse(cors)
        self._posting = True
        try:
            self._receive(request)
        except PacketError:
            self._fail(Reason.PARSE_ERROR)
            return self.refuse(cors)
        finally:
            self._posting = False
        # Not text/plain: some browsers offered that as a download (Engine.IO).
        return respond(b"ok", "text/html", cors=cors)

    def _receive(self, request: Request) -> None:
        messages = self._dialect.decode_payload(request.body, request.content_type)
        for number, message in enumerate(messages, 1):
            if self._resumed is not None:
                self._resumed.wait()
            if self.listener is None:
                return
            self.listener.receive(message)
            if number % _YIELD_EVERY == 0:
                sleep(0)

    def refuse(self, cors: Headers) -> Response:
        """Answer a request that breaks the rules of polling."""
        error = request_error(BAD_REQUEST)
        body, content_type = self._dialect.error_body(error)
        return respond(body, content_type, error.http_status, cors)

    def flush(self) -> None:
        # The greenlet of the GET goes on in the next round of the loop, with all that is there.
        if self._poll is not None:
            self._poll.set()

    def nudge(self) -> None:
        """End the waiting GET with a noop, so that the client can stop polling."""
        self.flush()

    def pause(self) -> None:
        if self._resumed is None:
            self._resumed = Event()

    def resume(self) -> None:
        resumed, self._resumed = self._resumed, None
        if resumed is not None:
            resumed.set()

    def close(self, reason: str = Reason.FORCED_CLOSE) -> None:
        self._end_with(PacketType.CLOSE)

    def abort(self) -> None:
        self.listener = None
        self._end_with(PacketType.CLOSE)

    def discard(self) -> None:
        self.listener = None
        self._end_with(PacketType.NOOP)

    def _fail(self, reason: str) -> None:
        self._end_with(PacketType.CLOSE)
        self._closed(reason)

    def _end_with(self, last: PacketType) -> None:
        """Answer the GET that waits, or the next one, with what waits and a last word."""
        if self._closing is None:
            self._closing = last
        self.resume()
        self.flush()
