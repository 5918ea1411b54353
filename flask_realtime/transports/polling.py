"""Messages over long polling: a GET waits for what we have to say, a POST brings what was said."""

from __future__ import annotations

from gevent import with_timeout
from gevent.hub import Waiter, get_hub

from ..protocol.dialect import Dialect
from ..protocol.packet import Message, PacketType
from ..protocol.reason import Reason
from ..protocol.refusals import OVERLAP, request_error
from .http import Headers, Peer, Response, respond
from .http_transport import HTTPTransport
from .outbox import Outbox

_UPGRADING_POLL = 0.1
"""How long a poll waits while an upgrade is probed, seconds (Node looks every 100 ms)."""


class PollingTransport(HTTPTransport):
    """A GET is answered as soon as there is something to say, and the client sends the next one."""

    name = "polling"
    linger = 5.0  # networks change; Node waited a minute
    __slots__ = ("_due", "_poll", "upgrading")

    def __init__(self, dialect: Dialect, outbox: Outbox) -> None:
        super().__init__(dialect, outbox)
        # The GET that waits, and whether it goes on soon. No Event, whose waiting takes 3 µs more.
        self._poll: Waiter[None] | None = None
        self._due = False
        self.upgrading = False

    @property
    def ready(self) -> bool:
        return self._poll is not None and not self._due and not self.upgrading

    def get(self, headers: Headers, peer: Peer | None, jsonp: str | None = None) -> Response:
        """Answer a GET as soon as there is something to say.

        A second GET beside it takes its place, or breaks the rules: then both end, and the session
        with them. That depends on the generation.

        :raises RequestError: for a second one.
        """
        self.alive = True
        self._returned()
        if self._poll is not None:
            self._overlap()
        is_ours = True
        if not self.outbox and self._closing is None:
            is_ours = self._wait(peer)
        messages = self._take() if is_ours else self._word(PacketType.NOOP)
        body, content_type = self._envelope(jsonp, *self._dialect.encode_payload(messages))
        return respond(body, content_type, cors=headers)

    def _overlap(self) -> None:
        if not self._dialect.takes_over:
            self._fail(Reason.TRANSPORT_ERROR)
            raise request_error(OVERLAP, "a second poll beside one that waits")
        self._drop_poll()

    def _drop_poll(self) -> None:
        """Have the waiting GET end without what there is to say."""
        self.flush()
        self._poll = None

    def _wait(self, peer: Peer | None) -> bool:
        """Return whether it is still for this GET to say what there is."""
        poll = self._poll = Waiter()
        self._due = False
        try:
            if peer is not None:
                peer.watch(self._gone)
            if self.upgrading:
                with_timeout(_UPGRADING_POLL, poll.get, timeout_value=None)
            else:
                poll.get()
            return self._poll is poll
        finally:
            if self._poll is poll:
                self._poll = None
            if peer is not None:
                peer.unwatch()

    def _envelope(self, jsonp: str | None, body: bytes, content_type: str) -> tuple[bytes, str]:
        """Return body and type of an answer."""
        return body, content_type

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

    def _gone(self) -> None:
        super()._gone()
        self._drop_poll()

    def _wake(self) -> None:
        self.flush()

    def flush(self) -> None:
        # The greenlet of the GET goes on in the next round of the loop, with all that is there.
        if self._poll is not None and not self._due:
            self._due = True
            get_hub().loop.run_callback(self._poll.switch, None)

    def probe(self) -> None:
        # A poll that is answered makes the next one. When none waits, the next is due by itself.
        self.alive = False
        self.nudge()

    def nudge(self) -> None:
        """End the waiting GET with a noop, so that the client can stop polling."""
        self.flush()
