"""One HTTP request of a session that has been let in: its transport, and the answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ..exceptions import HTTPError
from ..protocol.reason import Reason
from ..protocol.refusals import (
    BAD_HANDSHAKE,
    BAD_METHOD,
    TOO_LARGE,
    WRONG_TRANSPORT,
    refused_by,
    request_error,
)
from ..protocol.request import HANDSHAKE, ClientRequest
from ..transports.compression import compress
from ..transports.handshake import HandshakeTransport
from ..transports.htmlfile import HTMLFileTransport
from ..transports.http import Headers, Peer, Request, Response, respond
from ..transports.http_transport import HTTPTransport
from ..transports.jsonp import JSONPTransport
from ..transports.polling import PollingTransport
from ..transports.streaming import StreamingTransport
from ..transports.transport import Transport
from ..transports.xhr_multipart import XHRMultipartTransport
from .states import SessionState

if TYPE_CHECKING:
    from .engine import Admitted, Engine
    from .session import Session

_TRANSPORTS: dict[str, type[HTTPTransport]] = {
    transport.name: transport
    for transport in (
        HandshakeTransport,
        PollingTransport,
        JSONPTransport,
        HTMLFileTransport,
        XHRMultipartTransport,
    )
}


class Exchange:
    """A request and what it takes to answer it.

    :param read: reads the body, or raises an :exc:`HTTPError`.
    """

    def __init__(
        self,
        engine: Engine,
        request: Request,
        wanted: ClientRequest,
        peer: Peer | None,
        read: Callable[[], bytes],
    ) -> None:
        self._engine = engine
        self._request = request
        self._wanted = wanted
        self._peer = peer
        self._read = read

    def answer(self, admitted: Admitted) -> Response:
        """Return the answer; a GET waits.

        :raises RequestError: if there is none but a refusal.
        """
        session, method = admitted.session, self._request.method
        headers = (*admitted.headers, *self._engine.cors(self._request, self._wanted))
        if self._wanted.leaves and session is not None:
            return _leave(session, headers)
        kind = self._kind()
        if session is None:
            session = self._open(admitted, kind)
        elif method == "POST":
            if session.transport.name == HANDSHAKE:
                _move(session, kind)  # it says something before it listens
            return self._post(session, headers)
        elif method != "GET":
            raise request_error(BAD_METHOD, f"{method[:20]!r}, where GET and POST are known")
        elif self._goes_elsewhere(session.transport):
            _move(session, kind)
        transport = session.transport
        assert isinstance(transport, HTTPTransport)
        return self._compressed(transport.get(headers, self._peer, self._wanted.jsonp))

    def _open(self, admitted: Admitted, kind: type[HTTPTransport]) -> Session:
        engine = self._engine
        session = engine.make_session(admitted.request, self._wanted, admitted.sid)
        transport = kind(session.dialect, session.outbox)
        session.open(transport, engine.offer.names(self._request, session.dialect))
        return session

    def _kind(self) -> type[HTTPTransport]:
        """Return which transport the request is for.

        :raises RequestError: for a WebSocket, which takes another kind of request.
        """
        name = self._wanted.transport
        kind = _TRANSPORTS.get(name)
        if kind is None:
            raise request_error(BAD_HANDSHAKE, f"transport={name} without Upgrade: websocket")
        return kind

    def _goes_elsewhere(self, transport: Transport) -> bool:
        """Whether a GET needs another transport than the session has. A stream has one only."""
        is_stream = isinstance(transport, StreamingTransport)
        return is_stream or transport.name != self._wanted.transport

    def _post(self, session: Session, headers: Headers) -> Response:
        self._request.body = self._read_body(session)
        # Again: it may be over meanwhile, or have gone on to a WebSocket.
        session = self._engine.find_for(self._request, self._wanted)
        transport = session.transport
        if not isinstance(transport, HTTPTransport):
            raise request_error(WRONG_TRANSPORT, f"a POST for a session on {transport.name}")
        return transport.post(self._request, headers, is_form=self._wanted.jsonp is not None)

    def _read_body(self, session: Session) -> bytes:
        try:
            return self._read()
        except HTTPError as error:
            if refused_by(error).name == TOO_LARGE.name:
                session.end(Reason.TRANSPORT_ERROR)  # what it wanted to say is lost
            raise

    def _compressed(self, response: Response) -> Response:
        options = self._engine.options
        if not options.http_compression:
            return response
        return compress(response, self._request, options.compression_threshold)


def _leave(session: Session, headers: Headers) -> Response:
    """A client 0.7 to 0.9 says in its last moment that its page is being closed.

    Who speaks on a WebSocket has no need to: it closes by itself. So somebody else says it, who
    knows the socket id.
    """
    if not session.transport.kept:
        session.close(Reason.TRANSPORT_CLOSE)
    return respond(b"", "text/plain; charset=UTF-8", cors=headers)


def _move(session: Session, kind: type[HTTPTransport]) -> None:
    """A client 0.7 to 0.9 goes on over another transport than before."""
    before = session.transport
    is_open = session.state is SessionState.OPEN
    if not is_open and not isinstance(before, HTTPTransport):
        raise request_error(WRONG_TRANSPORT, "the session ends on its WebSocket")
    if before.kept:
        raise request_error(WRONG_TRANSPORT, f"its client uses the session on {before.name}")
    transport = kind(session.dialect, session.outbox)
    if not is_open and isinstance(before, HTTPTransport):
        transport.close_like(before)
    session.move(transport)
