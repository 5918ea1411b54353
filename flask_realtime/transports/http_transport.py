"""What all transports over HTTP share: what the client says comes by POST."""

from __future__ import annotations

from abc import abstractmethod

from gevent import sleep
from gevent.event import Event

from ..exceptions import PacketError
from ..protocol.dialect import Dialect
from ..protocol.reason import Reason
from ..protocol.refusals import BAD_PACKET, EXPIRED, OVERLAP, request_error
from .http import Headers, Peer, Request, Response, respond
from .outbox import Outbox
from .transport import Transport

_YIELD_EVERY = 100
"""Packets of one body that are handled before others get their turn."""


class HTTPTransport(Transport):
    """A session's messages in the bodies of HTTP requests, in its dialect's payload format."""

    __slots__ = ("_dialect", "_posting", "_resumed")

    def __init__(self, dialect: Dialect, outbox: Outbox) -> None:
        super().__init__(outbox)
        self._dialect = dialect
        self._posting = False
        self._resumed: Event | None = None  # exists while we are paused

    @abstractmethod
    def get(self, headers: Headers, peer: Peer | None, jsonp: str | None = None) -> Response:
        """Answer a GET with what there is to say.

        :param jsonp: the index of the function that the answer calls, in the transport that has it.
        :raises RequestError: if the client may not ask now.
        """

    @property
    @abstractmethod
    def cut_off(self) -> bool:
        """Whether the session has ended, and not by the client's own wish."""

    @abstractmethod
    def _fail(self, reason: str) -> None:
        """The client broke a rule: end, and tell the listener."""

    def post(self, request: Request, headers: Headers) -> Response:
        """Take the messages of a POST; the answer says that they were taken, and waits for it.

        :raises RequestError: if they were not, or not all.
        """
        self.alive = True
        if self._posting:
            self._fail(Reason.TRANSPORT_ERROR)
            raise request_error(OVERLAP, "a second POST beside one that is not answered")
        self._posting = True
        try:
            self._receive(*self._payload(request))
        except PacketError as error:
            self._fail(Reason.PARSE_ERROR)
            raise request_error(BAD_PACKET, str(error)) from None
        finally:
            self._posting = False
        return respond(*self._dialect.posted, cors=headers)

    def _payload(self, request: Request) -> tuple[bytes, str]:
        """Return what a POST brings, and its type.

        :raises PacketError: if its envelope is not what it should be.
        """
        return request.body, request.content_type

    def _receive(self, body: bytes, content_type: str) -> None:
        for number, message in enumerate(self._dialect.decode_payload(body, content_type), 1):
            if self._resumed is not None:
                self._resumed.wait()
            if self.listener is None:
                if self.cut_off:
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
