"""What all transports over HTTP share: what the client says comes by POST."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

from gevent import Greenlet, sleep, spawn_later
from gevent.event import Event

from ..exceptions import PacketError
from ..protocol.dialect import Dialect
from ..protocol.packet import Message, Packet, PacketType
from ..protocol.reason import Reason
from ..protocol.refusals import BAD_PACKET, EXPIRED, OVERLAP, request_error
from .form import read_form
from .http import Headers, Peer, Request, Response, respond
from .outbox import Outbox
from .transport import Listener, Transport

_YIELD_EVERY = 100
"""Packets of one body that are handled before others get their turn."""


class HTTPTransport(Transport):
    """A session's messages in the bodies of HTTP requests, in its dialect's payload format."""

    linger: ClassVar[float]
    """How long a client 0.9 that has let go of its response may stay away, seconds."""
    __slots__ = ("_closing", "_dialect", "_ended", "_leaving", "_posting")

    def __init__(self, dialect: Dialect, outbox: Outbox) -> None:
        super().__init__(outbox)
        self._dialect = dialect
        self._closing: PacketType | None = None  # the last word, and with it the end
        self._leaving: Greenlet[[], None] | None = None  # ends us, if the client stays away
        self._posting = False
        self._ended: Event | None = None  # once a successor waits for the end of the POST

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
        if self._leaving is not None:
            self._await_return()  # anew: it is there
        self._posting = True
        before, self._post = self._post, None
        try:
            if before is not None:
                before.wait()  # the rest of it comes first
            if is_form:
                self._receive(*read_form(self._dialect, request.body))
            else:
                self._receive(request.body, request.content_type)
        except PacketError as error:
            self._broken()
            raise request_error(BAD_PACKET, str(error)) from None
        finally:
            self._posting = False
            if self._ended is not None:
                self._ended.set()
        return respond(*self._dialect.posted, cors=headers)

    def _end_of_post(self) -> Event | None:
        if self._posting:
            self._ended = Event()
            return self._ended
        return super()._end_of_post()

    def _receive(self, body: bytes, content_type: str) -> None:
        for number, message in enumerate(self._dialect.decode_payload(body, content_type), 1):
            listener = self._hearing()
            if listener is None:
                if self._closing is not PacketType.NOOP or self._successor is not None:
                    raise request_error(EXPIRED, "the session ended in the middle of a POST")
                return  # the client itself has left, and may not say more
            listener.receive(message)
            if number % _YIELD_EVERY == 0:
                sleep(0)

    def _hearing(self) -> Listener | None:
        """Wait while nothing may be delivered; return who listens then."""
        while (resumed := self._latest()._resumed) is not None:
            resumed.wait()
        return self._latest().listener

    def _latest(self) -> Transport:
        """The transport that the session is on by now."""
        transport: Transport = self
        while transport._successor is not None:
            transport = transport._successor
        return transport

    def _broken(self) -> None:
        """A POST is none of the protocol."""
        self._end_with(PacketType.CLOSE)
        listener = self._latest().listener
        if listener is not None:
            listener.closed(Reason.PARSE_ERROR)  # and that ends the transport it is on

    # The end

    def close(self, reason: str = Reason.FORCED_CLOSE) -> None:
        self._end_with(self._dialect.last_word(reason))

    @property
    def last_word(self) -> PacketType | None:
        """By what it ends, once it is to end."""
        return self._closing

    def close_like(self, other: HTTPTransport) -> None:
        """End as the transport was to end that the session was on."""
        self._closing = other.last_word

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
            self._await_return()
        else:
            self._fail(Reason.TRANSPORT_ERROR)

    def _await_return(self) -> None:
        self._returned()
        self._leaving = spawn_later(self.linger, self._stayed_away)

    def _returned(self) -> None:
        leaving, self._leaving = self._leaving, None
        if leaving is not None:
            leaving.kill(block=False)

    def _stayed_away(self) -> None:
        self._leaving = None
        self._fail(Reason.TRANSPORT_ERROR)

    def _fail(self, reason: str) -> None:
        """The client broke a rule, or is gone."""
        self._end_with(PacketType.CLOSE)
        self._closed(reason)

    def _end_with(self, last: PacketType) -> None:
        """Say what waits and a last word to whoever asks, or asks next."""
        if self._closing is None:
            self._closing = last
        self._returned()
        self.resume()
        self._wake()

    def _word(self, packet_type: PacketType) -> list[Message]:
        return list(self._dialect.encode(Packet(packet_type)).messages)
