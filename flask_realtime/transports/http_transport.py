"""What all transports over HTTP share: what the client says comes by POST."""

from __future__ import annotations

from abc import abstractmethod

from gevent import sleep, spawn_later
from gevent.event import Event

from ..exceptions import PacketError
from ..protocol.dialect import Dialect
from ..protocol.packet import Message, Packet, PacketType
from ..protocol.reason import Reason
from ..protocol.refusals import BAD_PACKET, EXPIRED, OVERLAP, request_error
from .form import read_form
from .http import Headers, Peer, Request, Response, respond
from .outbox import Outbox
from .transport import Transport

_YIELD_EVERY = 100
"""Packets of one body that are handled before others get their turn."""

_LINGER = 0.5
"""How long a client 0.9 that has let go of its response may still be heard, seconds."""


class HTTPTransport(Transport):
    """A session's messages in the bodies of HTTP requests, in its dialect's payload format."""

    __slots__ = ("_closing", "_dialect", "_left", "_posting", "_resumed")

    def __init__(self, dialect: Dialect, outbox: Outbox) -> None:
        super().__init__(outbox)
        self._dialect = dialect
        self._closing: PacketType | None = None  # the last word, and with it the end
        self._left = False  # without a word, and did not come back
        self._posting = False
        self._resumed: Event | None = None  # exists while we are paused

    @abstractmethod
    def get(self, headers: Headers, peer: Peer | None, jsonp: str | None = None) -> Response:
        """Answer a GET with what there is to say.

        :param jsonp: the index of the function that the answer calls, in the transport that has it.
        :raises RequestError: if the client may not ask now.
        """

    @abstractmethod
    def _wake(self) -> None:
        """Have what waits for something to say go on."""

    def post(self, request: Request, headers: Headers, is_form: bool = False) -> Response:
        """Take the messages of a POST; the answer says that they were taken, and waits for it.

        :param is_form: whether they are in a form.
        :raises RequestError: if they were not, or not all.
        """
        self.alive = True
        if self._posting:
            self._fail(Reason.TRANSPORT_ERROR)
            raise request_error(OVERLAP, "a second POST beside one that is not answered")
        self._posting = True
        try:
            if is_form:
                self._receive(*read_form(self._dialect, request.body))
            else:
                self._receive(request.body, request.content_type)
        except PacketError as error:
            self._fail(Reason.PARSE_ERROR)
            raise request_error(BAD_PACKET, str(error)) from None
        finally:
            self._posting = False
        return respond(*self._dialect.posted, cors=headers)

    def _receive(self, body: bytes, content_type: str) -> None:
        for number, message in enumerate(self._dialect.decode_payload(body, content_type), 1):
            if self._resumed is not None:
                self._resumed.wait()
            if self.listener is None:
                if self._closing is not PacketType.NOOP:
                    raise request_error(EXPIRED, "the session ended in the middle of a POST")
                return  # the client itself has left, and may not say more
            self.listener.receive(message)
            if number % _YIELD_EVERY == 0:
                sleep(0)

    def pause(self) -> None:
        if self._resumed is None:
            self._resumed = Event()

    def resume(self) -> None:
        resumed, self._resumed = self._resumed, None
        if resumed is not None:
            resumed.set()

    # The end

    def close(self, reason: str = Reason.FORCED_CLOSE) -> None:
        self._end_with(self._dialect.last_word(reason))

    def close_like(self, other: HTTPTransport) -> None:
        """End as the transport was to end that the session was on."""
        self._closing = other._closing

    def abort(self) -> None:
        self.listener = None
        self._end_with(PacketType.CLOSE)

    def discard(self) -> None:
        self.listener = None
        self._end_with(PacketType.NOOP)

    def _gone(self) -> None:
        """The client has let go of its response.

        Clients 0.9 do so at once when they leave, while a POST of their last messages is on its way
        by another connection. Newer ones wait until that is done.
        """
        if self._dialect.takes_over:
            self._left = True
            spawn_later(_LINGER, self._stayed_away)
        else:
            self._fail(Reason.TRANSPORT_ERROR)

    def _stayed_away(self) -> None:
        if self._left:
            self._fail(Reason.TRANSPORT_ERROR)

    def _fail(self, reason: str) -> None:
        """The client broke a rule, or is gone."""
        self._end_with(PacketType.CLOSE)
        self._closed(reason)

    def _end_with(self, last: PacketType) -> None:
        """Say what waits and a last word to whoever asks, or asks next."""
        if self._closing is None:
            self._closing = last
        self.resume()
        self._wake()

    def _word(self, packet_type: PacketType) -> list[Message]:
        return list(self._dialect.encode(Packet(packet_type)).messages)
