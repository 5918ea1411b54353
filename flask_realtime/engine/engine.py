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
from ..exceptions import RequestError
from ..options import Options
from ..protocol.dialect import Dialect
from ..protocol.eio4 import EIO4
from ..protocol.json import make_codec
from ..protocol.packet import Packet
from ..protocol.reason import Reason
from ..protocol.request import (
    BAD_METHOD,
    BAD_REQUEST,
    UNKNOWN_SID,
    UNKNOWN_TRANSPORT,
    ClientRequest,
    request_error,
)
from ..transports.compression import compress
from ..transports.http import Headers, Peer, Request, Response, preflight, respond
from ..transports.outbox import Outbox
from ..transports.polling import PollingTransport
from ..transports.websocket import WebSocketTransport
from ..websocket.connection import Connection
from .admission import allow, cookie_headers, make_sid
from .clock import Clock
from .origin import Origins
from .session import Session, SessionClient
from .states import SessionState
from .upgrade import Upgrade
from .watchdog import Watchdog

log = logging.getLogger("flask_realtime.engine")

# The thread's, also where the standard library is patched and greenlets pass for threads.
_thread_id: Callable[[], int] = monkey.get_original("_thread", "get_ident")


class Admitted(NamedTuple):
    """A request that has been let in.

    :param session: the one that it belongs to, None for a new one.
    :param sid: that session's.
    :param headers: what its answer carries, such as a cookie.
    """

    session: Session | None
    sid: str
    headers: Headers


class Engine:
    """The sessions of one server.

    Nothing is started, and no random state made, before the first request: a process may import,
    configure and fork before it serves.

    :param make_client: makes the layer above, for each session.
    """

    def __init__(self, options: Options, make_client: Callable[[Session], SessionClient]) -> None:
        self.options = options
        self.sessions: dict[str, Session] = {}
        self.hub: Any = None  # the one whose thread owns the sessions, once we serve
        self.clock: Clock
        self._thread: int | None = None
        self._make_client = make_client
        self._origins = Origins(
            options.cors_allowed_origins, options.cors_credentials, options.trusted_hosts
        )
        self._dialects = _make_dialects(options)
        self._stopping = False

    def start(self) -> None:
        """Belong to the hub of this thread, from the first request on."""
        if self.hub is None:
            self.hub = get_hub()
            self._thread = _thread_id()
            self.clock = Clock(self.hub.loop)
            self._watch(self._thread)

    def reopen(self) -> None:
        """Take sessions again after :meth:`close`: a host has started that had not yet."""
        if self._stopping and self._thread is not None:
            self._stopping = False
            self._watch(self._thread)

    def _watch(self, thread: int) -> None:
        self._watchdog = Watchdog(self.hub.loop, thread, self._stalled)
        self._watchdog.start()

    @property
    def elsewhere(self) -> bool:
        """Whether this is another OS thread than the one that serves."""
        return self._thread is not None and _thread_id() != self._thread

    # Requests

    def cors(self, request: Request) -> Headers:
        """Return the headers by which the request's page may read the answer."""
        return self._origins.headers(request)

    def admit(self, request: Request, wanted: ClientRequest) -> Admitted:
        """Let a request in: to the session that it belongs to, or to a new one.

        The order is that of Engine.IO's servers. The application may be asked, and may wait.

        :raises RequestError: if there is no such session, or the request may not use it.
        """
        if wanted.transport not in self.options.transports:
            raise request_error(UNKNOWN_TRANSPORT)
        self._origins.check(request)
        if wanted.sid is not None:
            return Admitted(self._find_for(wanted, wanted.sid), wanted.sid, [])
        if request.method != "GET":
            raise request_error(BAD_METHOD)
        allow(self.options, request)
        if self._stopping:
            raise RequestError(BAD_REQUEST, "Server shutting down", "503 Service Unavailable")
        sid = make_sid(self.options, request, self.sessions)
        return Admitted(None, sid, cookie_headers(self.options.cookie, sid))

    def find(self, sid: str) -> Session:
        """Return the session of that name.

        :raises RequestError: code 1 if there is none.
        """
        session = self.sessions.get(sid)
        if session is None:
            raise request_error(UNKNOWN_SID)
        return session

    def _find_for(self, wanted: ClientRequest, sid: str) -> Session:
        session = self.find(sid)
        is_upgrade = wanted.transport == WebSocketTransport.name
        if not is_upgrade and session.transport.name != wanted.transport:
            raise request_error(BAD_REQUEST)
        if session.dialect.name != wanted.dialect:
            raise request_error(BAD_REQUEST)
        return session

    def handle(self, request: Request, wanted: ClientRequest, peer: Peer | None) -> Response:
        """Answer a polling request; a GET waits.

        :raises RequestError: if it cannot be served.
        """
        if request.method == "OPTIONS":
            self._origins.check(request)
            return preflight(self.cors(request))
        session, sid, headers = self.admit(request, wanted)
        if wanted.transport != PollingTransport.name:
            raise request_error(BAD_REQUEST)  # a WebSocket without its handshake
        if session is None:
            session = self._make_session(request, wanted, sid)
            session.open(PollingTransport(session.dialect, session.outbox), self._upgrades())
        transport = session.transport
        assert isinstance(transport, PollingTransport)
        headers = headers + self.cors(request)
        if request.method == "GET":
            return self._compressed(request, transport.get(headers, peer))
        if request.method == "POST":
            return transport.post(request, headers)
        raise request_error(BAD_METHOD)

    def _compressed(self, request: Request, response: Response) -> Response:
        if not self.options.http_compression:
            return response
        threshold = self.options.compression_threshold
        return compress(response, request.header("accept-encoding"), threshold)

    def _upgrades(self) -> list[str]:
        if not self.options.allow_upgrades:
            return []
        return [name for name in self.options.transports if name == WebSocketTransport.name]

    def open_websocket(
        self,
        request: Request,
        wanted: ClientRequest,
        admitted: Admitted,
        connection: Connection,
    ) -> None:
        """Begin or go on with a session over a WebSocket whose handshake is done.

        :param admitted: what :meth:`admit` returned before the handshake.
        """
        session = admitted.session
        if session is None:
            session = self._make_session(request, wanted, admitted.sid)
            transport = WebSocketTransport(connection, session.outbox)
            session.open(transport, [])
            transport.start()
            return
        polling = session.transport
        if not isinstance(polling, PollingTransport) or not self._may_upgrade(session):
            connection.close()  # a second WebSocket leaves the session as it is
            return
        transport = WebSocketTransport(connection, Outbox(self.options.max_outbox_size))
        Upgrade(self, session, polling, transport)
        transport.start()

    def _may_upgrade(self, session: Session) -> bool:
        """Whether a session on polling may go on over another WebSocket."""
        is_open = session.state is SessionState.OPEN  # else the next poll takes its goodbye
        return is_open and session.upgrade is None and bool(self._upgrades())

    def _make_session(self, request: Request, wanted: ClientRequest, sid: str) -> Session:
        dialect = self._dialects[wanted.dialect, wanted.base64]
        session = Session(self, sid, dialect, request.plain())
        session.client = self._make_client(session)
        self.sessions[session.sid] = session
        self.notify(signals.session_opened, session=session)
        return session

    def error_response(self, wanted: ClientRequest | None, error: RequestError) -> Response:
        """Return the answer to a request that cannot be served, in its client's words."""
        key = (wanted.dialect, wanted.base64) if wanted else ("eio4", False)
        body, content_type = self._dialects[key].error_body(error)
        return respond(body, content_type, error.http_status)

    # For sessions

    def encode(self, packet: Packet) -> None:
        """Encode a packet for every dialect ahead of its broadcast.

        :raises EncodeError: if its data cannot be carried.
        """
        for dialect in self._dialects.values():
            dialect.encode(packet)

    def forget(self, sid: str) -> None:
        """Drop a session that is over."""
        self.sessions.pop(sid, None)

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

    def close(self) -> None:
        """Take no new sessions, and end those that are there. In the hub's thread."""
        if self.hub is None or self._stopping:
            return
        self._stopping = True
        self._watchdog.stop()
        if signals.server_stopping.receivers:
            signals.server_stopping.send(self)
        for session in list(self.sessions.values()):
            session.close(Reason.SERVER_SHUTTING_DOWN)


def _make_dialects(options: Options) -> dict[tuple[str, bool], Dialect]:
    codec = make_codec(options.json)
    return {
        ("eio4", base64): EIO4(
            codec,
            options.max_http_buffer_size,
            options.max_attachments,
            options.max_payload_packets,
            base64,
        )
        for base64 in (False, True)
    }
