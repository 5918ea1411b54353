"""From a request to its session: the handshake, the lookup, who may connect, the shutdown."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from typing import Any

import gevent
from blinker import Signal
from gevent.hub import get_hub

from .. import signals
from ..exceptions import RequestError
from ..options import Options
from ..protocol.dialect import Dialect
from ..protocol.eio4 import EIO4
from ..protocol.json import make_codec
from ..protocol.reason import Reason
from ..protocol.request import (
    BAD_METHOD,
    BAD_REQUEST,
    UNKNOWN_SID,
    UNKNOWN_TRANSPORT,
    ClientRequest,
    request_error,
)
from ..transports.http import Headers, Peer, Request, Response, preflight, respond
from ..transports.outbox import Outbox
from ..transports.polling import PollingTransport
from ..transports.websocket import WebSocketTransport
from ..websocket.connection import Connection
from .clock import Clock
from .origin import Origins
from .session import Session, SessionClient
from .upgrade import Upgrade

log = logging.getLogger("flask_realtime.engine")

_OWNER = "00"
"""Which worker a sid belongs to, in its first two characters: there is one."""


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
        self._make_client = make_client
        self._origins = Origins(options.cors_allowed_origins, options.cors_credentials)
        self._dialects = _make_dialects(options)
        self._stopping = False

    def start(self) -> None:
        """Belong to the hub of this thread, from the first request on."""
        if self.hub is None:
            self.hub = get_hub()
            self.clock = Clock(self.hub.loop)
            self.clock.stalled = self._stalled

    # Requests

    def cors(self, request: Request) -> Headers:
        """Return the headers by which the request's page may read the answer."""
        return self._origins.headers(request)

    def check(self, request: Request, wanted: ClientRequest) -> Session | None:
        """Return the session that a request belongs to, None for a new one.

        The order is that of Engine.IO's servers.

        :raises RequestError: if there is none such, or the request may not use it.
        """
        if wanted.transport not in self.options.transports:
            raise request_error(UNKNOWN_TRANSPORT)
        self._origins.check(request)
        if wanted.sid is not None:
            return self._find_for(wanted, wanted.sid)
        if request.method != "GET":
            raise request_error(BAD_METHOD)
        if self._stopping:
            raise RequestError(BAD_REQUEST, "Server shutting down", "503 Service Unavailable")
        return None

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
        session = self.check(request, wanted)
        if wanted.transport != PollingTransport.name:
            raise request_error(BAD_REQUEST)  # a WebSocket without its handshake
        if session is None:
            session = self._open_polling(request, wanted)
        transport = session.transport
        assert isinstance(transport, PollingTransport)
        if request.method == "GET":
            return transport.get(self.cors(request), peer)
        if request.method == "POST":
            return transport.post(request, self.cors(request))
        raise request_error(BAD_METHOD)

    def _open_polling(self, request: Request, wanted: ClientRequest) -> Session:
        session = self._make_session(request, wanted)
        session.open(PollingTransport(session.dialect, session.outbox), self._upgrades())
        return session

    def _upgrades(self) -> list[str]:
        if not self.options.allow_upgrades:
            return []
        return [name for name in self.options.transports if name == WebSocketTransport.name]

    def open_websocket(
        self, request: Request, wanted: ClientRequest, connection: Connection
    ) -> None:
        """Begin or go on with a session over a WebSocket whose handshake is done.

        :raises RequestError: as :meth:`check`, which the caller did before the handshake.
        """
        session = self.check(request, wanted)
        if session is None:
            session = self._make_session(request, wanted)
            transport = WebSocketTransport(connection, session.outbox)
            session.open(transport, [])
            transport.start()
            return
        transport = WebSocketTransport(connection, Outbox(self.options.max_outbox_size))
        polling = session.transport
        if not isinstance(polling, PollingTransport) or session.upgrade or not self._upgrades():
            transport.close()  # a second WebSocket leaves the session as it is
            return
        Upgrade(self, session, polling, transport)
        transport.start()

    def _make_session(self, request: Request, wanted: ClientRequest) -> Session:
        dialect = self._dialects[wanted.dialect, wanted.base64]
        session = Session(self, _new_sid(), dialect, request.plain())
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

    def _stalled(self, seconds: float) -> None:
        gevent.spawn(
            log.warning,
            "nothing ran for %.1f s: something blocked the event loop; time-outs were moved",
            seconds,
        )

    # The end

    def close(self) -> None:
        """Take no new sessions, and end those that are there. In the hub's thread."""
        if self.hub is None or self._stopping:
            return
        self._stopping = True
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


def new_id() -> str:
    """Return 20 random characters of ``[A-Za-z0-9_-]``: 120 bits."""
    return secrets.token_urlsafe(15)


def _new_sid() -> str:
    return _OWNER + new_id()[:18]
