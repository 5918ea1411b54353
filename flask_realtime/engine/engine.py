"""From a request to its session: the handshake, the lookup, who may connect, the shutdown."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, NamedTuple

import gevent
from blinker import Signal
from gevent import monkey
from gevent.hub import get_hub

from .. import signals
from ..exceptions import ProtocolError, RequestError
from ..options import Options
from ..protocol.packet import Packet
from ..protocol.reason import Reason
from ..protocol.refusals import (
    BAD_METHOD,
    STOPPING,
    UNKNOWN_TRANSPORT,
    WRONG_TRANSPORT,
    refused_by,
    request_error,
)
from ..protocol.request import ClientRequest
from ..scopes import traced
from ..transports.flashsocket import FlashSocketTransport
from ..transports.htmlfile import HTMLFileTransport
from ..transports.http import Headers, Peer, Request, Response, preflight, respond
from ..transports.jsonp import refuse_by_script
from ..transports.outbox import Outbox
from ..transports.polling import PollingTransport
from ..transports.websocket import WebSocketTransport
from ..transports.xhr_multipart import XHRMultipartTransport
from ..websocket.connection import Connection
from .admission import allow, cookie_headers, make_sid
from .clock import Clock
from .dialects import Dialects
from .exchange import Exchange
from .listening import Listening
from .offer import Offer
from .origin import Origins
from .rates import HandshakeRate
from .refusal_log import RefusalLog
from .session import Session, SessionClient
from .sessions import Sessions
from .states import SessionState
from .traced import TracedSession
from .upgrade import Upgrade
from .watchdog import Watchdog

log = logging.getLogger("flask_realtime.engine")

# The thread's, also where the standard library is patched and greenlets pass for threads.
_thread_id: Callable[[], int] = monkey.get_original("_thread", "get_ident")


_WEBSOCKETS = {kind.name: kind for kind in (WebSocketTransport, FlashSocketTransport)}
_STREAMS = {kind.name: kind for kind in (HTMLFileTransport, XHRMultipartTransport)}
_SCRIPTED = (HTMLFileTransport.name,)
"""Transports that are frames of a page."""


class Admitted(NamedTuple):
    """A request that has been let in.

    :param session: the one that it belongs to, None for a new one.
    :param sid: that session's.
    :param headers: what its answer carries, such as a cookie.
    :param request: it, as the application may see it.
    :param refusal: what its WebSocket is told before it is closed, None where it may stay.
    """

    session: Session | None
    sid: str
    headers: Headers
    request: Request
    refusal: str | None = None


class Engine(Listening):
    """The sessions of one server.

    Nothing is started, and no random state made, before the first request: a process may import,
    configure and fork before it serves.

    :param make_client: makes the layer above, for each session.
    """

    def __init__(self, options: Options, make_client: Callable[[Session], SessionClient]) -> None:
        self.hub: Any = None  # the one whose thread owns the sessions, once we serve
        self.clock: Clock
        self._thread: int | None = None
        self._watchdog: Watchdog | None = None
        super().__init__()
        self._make_client = make_client
        #: Asks the layer above whether a session may begin: raises a :exc:`RequestError` if not.
        self.authorize: Callable[[Request], None] | None = None
        self._stopping = False
        self.configure(options)

    def configure(self, options: Options) -> None:
        """Take other options. Once we serve, those of sizes, packets and sids stay as they were.

        :raises OptionError: if they do not go together.
        """
        self._origins = Origins(
            options.cors_allowed_origins, options.cors_credentials, options.trusted_hosts
        )
        self.options = options
        self.offer = Offer(options)
        if self.hub is None:
            self.sessions = Sessions(own_sids=options.generate_id is None)
            self.dialects = Dialects(options)
            limit = options.handshake_rate_limit
            self._handshakes = None if limit is None else HandshakeRate(limit)
            self._refusals = RefusalLog(options.max_http_buffer_size)

    def bind(self, make_client: Callable[[Session], SessionClient]) -> None:
        """Have another layer above, before the first request."""
        self._make_client = make_client

    def start(self, watched: bool = True) -> None:
        """Belong to the hub of this thread, from the first request on.

        :param watched: False where the hub runs now and then only, as in a test.
        """
        if self.hub is None:
            self.hub = get_hub()
            self._thread = _thread_id()
            self.clock = Clock(self.hub.loop)
            if watched:
                self.watch()

    def watch(self) -> None:
        """Tell of what holds the hub up, from now on: a host serves."""
        if self._watchdog is None and self._thread is not None:
            self._watch(self._thread)

    def reopen(self) -> None:
        """Take sessions again after :meth:`close`: a host has started that had not yet."""
        if self._stopping and self._thread is not None:
            self._stopping = False
            if self._watchdog is not None:
                self._watch(self._thread)

    def _watch(self, thread: int) -> None:
        self._watchdog = Watchdog(self.hub.loop, thread, self._stalled)
        self._watchdog.start()

    @property
    def elsewhere(self) -> bool:
        """Whether this is another OS thread than the one that serves."""
        return self._thread is not None and _thread_id() != self._thread

    # Requests

    def cors(self, request: Request, wanted: ClientRequest) -> Headers:
        """Return the headers by which the request's page may read the answer."""
        return self._origins.headers(request, self.dialects.find(wanted).sends_credentials)

    def admit(self, request: Request, wanted: ClientRequest) -> Admitted:
        """Let a request in: to the session that it belongs to, or to a new one.

        The order is that of Engine.IO's servers. The application may be asked, and may wait.

        :raises RequestError: if there is no such session, or the request may not use it.
        """
        if wanted.transport and wanted.transport not in self.options.transports:
            raise request_error(UNKNOWN_TRANSPORT, f"{wanted.transport[:20]!r}")
        self.dialects.check(wanted)
        is_script = _is_script(wanted)
        self._origins.check(request, is_script)
        if wanted.sid is not None:
            session = self.find_for(request, wanted)
            headers = self.add_headers((), request, begins=False)
            return Admitted(session, wanted.sid, headers, request)
        if request.method not in self.dialects.find(wanted).handshake_methods:
            raise request_error(BAD_METHOD, f"{request.method[:20]!r}, where GET opens a session")
        if self._handshakes is not None:
            self._handshakes.check(request, self.clock)
        seen = self._origins.as_seen(request, is_script)
        allow(self.options, seen)
        if self.authorize is not None:
            self.authorize(seen)
        if self._stopping:
            raise request_error(STOPPING)
        sid = make_sid(self.options, seen, self.sessions)
        headers = cookie_headers(self.options.cookie, sid)
        headers = self.add_headers(headers, seen, begins=True)
        return Admitted(None, sid, headers, seen)

    def admit_websocket(self, request: Request, wanted: ClientRequest) -> Admitted:
        """Let in a request for a WebSocket, as :meth:`admit`, be it to be refused on that.

        :raises RequestError: where the status of the answer refuses it.
        """
        try:
            return self.admit(request, wanted)
        except RequestError as error:
            refusal = self.dialects.find(wanted).refusal_message(error)
            if refusal is None:
                raise
            self.tell(error, request, wanted.sid)
            self.tell_refused(error, request)
            return Admitted(None, wanted.sid or "", [], request, refusal)

    def find_for(self, request: Request, wanted: ClientRequest) -> Session:
        """Return the session that a request names, if it may use it.

        :raises RequestError: if there is none, or it is another page's.
        """
        assert wanted.sid is not None
        session = self.sessions.find_for(wanted, wanted.sid)
        if session.dialect.public_sid:
            self._origins.check_same(request, session.request, _is_script(wanted))
        return session

    def takes_hixie(self, wanted: ClientRequest) -> bool:
        """Whether a client may come by a WebSocket of before RFC 6455."""
        return self.dialects.find(wanted).hixie

    def handle(
        self,
        request: Request,
        wanted: ClientRequest,
        peer: Peer | None,
        read: Callable[[], bytes],
    ) -> Response:
        """Answer an HTTP request; a GET waits.

        :param read: reads the body, or raises an :exc:`HTTPError`. Only the body of a session's
            own POST is read.
        :raises RequestError: if it cannot be served.
        """
        if request.method == "OPTIONS":
            self._origins.check(request)
            options = self.options
            cors = self.cors(request, wanted)
            return preflight(cors, options.cors_allowed_headers, options.cors_max_age)
        admitted = self.admit(request, wanted)
        return Exchange(self, request, wanted, peer, read).answer(admitted)

    def open_websocket(
        self,
        request: Request,
        wanted: ClientRequest,
        admitted: Admitted,
        connection: Connection,
    ) -> None:
        """Begin or go on with a session over a WebSocket whose handshake is done.

        :param admitted: what :meth:`admit_websocket` returned before the handshake.
        """
        if admitted.refusal is not None:
            connection.write(connection.framing.encode(admitted.refusal))
            connection.close()
            return
        kind = _WEBSOCKETS[wanted.transport]
        session = admitted.session
        if session is None:
            session = self.make_session(admitted.request, wanted, admitted.sid)
            transport = kind(connection, session.outbox)
            session.open(transport, [])
        elif session.dialect.takes_over and self._may_move(session):
            transport = kind(connection, session.outbox)
            session.move(transport)
        elif isinstance(session.transport, PollingTransport) and self._may_upgrade(session):
            transport = kind(connection, Outbox(self.options.max_outbox_size))
            Upgrade(self, session, session.transport, transport)
        else:
            connection.close()  # a second WebSocket leaves the session as it is
            self.tell(request_error(WRONG_TRANSPORT, "a second WebSocket"), request, session.sid)
            return
        transport.start()

    def _may_move(self, session: Session) -> bool:
        """Whether a session may go on over a WebSocket at once."""
        return session.state is SessionState.OPEN and not session.transport.kept

    def _may_upgrade(self, session: Session) -> bool:
        """Whether a session on polling may go on over another WebSocket."""
        is_open = session.state is SessionState.OPEN  # else the next poll takes its goodbye
        can = not session.dialect.takes_over and self.offer.made
        return can and is_open and session.upgrade is None

    def make_session(self, request: Request, wanted: ClientRequest, sid: str) -> Session:
        """Return a new session, for a transport to open."""
        dialect = self.dialects.find(wanted)
        kind = TracedSession if traced() else Session
        session = kind(self, sid, dialect, request.plain())
        session.client = self._make_client(session)
        self.sessions[session.sid] = session
        self.dialects.spoken(dialect)
        self.notify(signals.session_opened, session=session)
        self.tell_connection(session)
        return session

    def refuse(self, request: Request, wanted: ClientRequest, error: ProtocolError) -> Response:
        """Return the answer to a request that cannot be served, in its client's words; log it."""
        error = refused_by(error)
        self.tell(error, request, wanted.sid)
        self.tell_refused(error, request)
        dialect = self.dialects.find(wanted)
        body, content_type = dialect.error_body(error)
        if wanted.jsonp is not None and dialect.scripts_errors:
            return refuse_by_script(dialect, wanted, body)
        message = dialect.refusal_message(error)
        if wanted.transport in _STREAMS and message is not None:
            return _STREAMS[wanted.transport].refuse(message)
        return respond(body, content_type, dialect.error_status(error))

    def tell(self, error: ProtocolError, request: Request, sid: str | None) -> None:
        """Log a refusal, unless there are many of its kind."""
        if sid is not None and sid in self.sessions:
            sid = f"{sid[:6]}…"  # it is a secret still
        self._refusals.tell(self.clock, refused_by(error), request, sid)

    # For sessions

    def encode(self, packet: Packet) -> None:
        """Encode a packet ahead of its broadcast.

        :raises EncodeError: if its data cannot be carried.
        """
        self.dialects.encode(packet)

    def forget(self, session: Session) -> None:
        """Drop a session that is over."""
        if self.sessions.forget(session.sid):
            self.dialects.silent(session.dialect)

    def post(self, action: Callable[..., object], *args: Any) -> None:
        """Do `action` in the hub, soon. May be called from any thread."""
        self.hub.loop.run_callback_threadsafe(action, *args)

    def notify(self, signal: Signal, **values: Any) -> None:
        """Send a signal from a greenlet of its own: who listens may wait, and the hub may not."""
        if signal.receivers:
            gevent.spawn(signal.send, self, **values)

    def _stalled(self, seconds: float, stack: str) -> None:
        gevent.spawn(
            log.warning,
            "nothing else ran for %.1f s, no client was served: a call blocked the whole process. "
            "Use what gevent offers, or patch the standard library first. It was here:\n%s",
            seconds,
            stack,
        )

    # The end

    def close_those_of(self, host: str) -> None:
        """End the sessions that began at a host, which stops while others go on."""
        for session in list(self.sessions.values()):
            if session.request.served_by == host:
                session.close(Reason.SERVER_SHUTTING_DOWN)

    def close(self) -> None:
        """Take no new sessions, and end those that are there. In the hub's thread."""
        if self.hub is None or self._stopping:
            return
        self._stopping = True
        if self._watchdog is not None:
            self._watchdog.stop()
        if signals.server_stopping.receivers:
            signals.server_stopping.send(self)
        for session in list(self.sessions.values()):
            session.close(Reason.SERVER_SHUTTING_DOWN)
        self._refusals.close()

    def stop(self) -> None:
        """Let go of the loop, after :meth:`close`: another engine takes its place."""
        for session in list(self.sessions.values()):
            session.end("nobody comes for the goodbye")
        self.clock.stop()


def _is_script(wanted: ClientRequest) -> bool:
    """Whether a page of any origin could make the request, and run what it brings."""
    return wanted.transport in _SCRIPTED or wanted.jsonp is not None
