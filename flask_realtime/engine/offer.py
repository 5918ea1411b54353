"""The WebSocket that polling clients are offered, and those who poll on all the same.

A client that does not get its WebSocket through polls on without a word to anybody. So the first
one that stays is told of, with the probable cause, once. Nothing waits for that: whoever is pinged
is looked at.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import gevent

from ..options import Options
from ..protocol.dialect import Dialect
from ..protocol.request import BY_UPGRADE
from ..transports.http import Request
from ..transports.polling import PollingTransport
from ..transports.websocket import WebSocketTransport

if TYPE_CHECKING:
    from .session import Session

log = logging.getLogger("flask_realtime.engine")

PATIENCE = 60.0
"""How long a client may poll until that is odd, seconds."""

_NGINX = (
    "In nginx it takes proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; "
    'proxy_set_header Connection "upgrade";'
)
_STAYS = (
    "a client (%s, %s) has polled for %.0f s although it was offered a WebSocket. Either it was "
    "told to poll only, by its option transports, or its WebSocket does not get through: most "
    "often a proxy drops the headers Upgrade and Connection. Look in its browser for what became "
    "of the request with transport=websocket. %s This is said once."
)
_TOO_OLD = (
    "a client (%s, %s) has polled for %.0f s and was offered no WebSocket, since its requests come "
    "in %s, and a WebSocket takes HTTP/1.1: most often that is a proxy's choice. %s This is said "
    "once."
)


class Offer:
    """What one server offers its polling clients."""

    def __init__(self, options: Options) -> None:
        self._transports = options.transports
        self.made = options.allow_upgrades and WebSocketTransport.name in options.transports
        self._told = not self.made  # who does not want WebSockets misses none

    def names(self, request: Request, dialect: Dialect) -> list[str]:
        """Return the transports to which a session may go on that begins with `request`."""
        if dialect.takes_over:
            return [
                name
                for name in self._transports
                if name not in BY_UPGRADE or _can_upgrade(request)
            ]
        return [WebSocketTransport.name] if self.made and _can_upgrade(request) else []

    def look_at(self, session: Session, polled: float) -> None:
        """See whether a session polls that should not. In the hub.

        :param polled: for how long it is there, seconds.
        """
        if self._told or polled <= PATIENCE or session.upgrade is not None:
            return
        if session.transport.name != PollingTransport.name:
            return
        self._told = True
        request = session.request
        who = _who(request)
        if _can_upgrade(request):
            gevent.spawn(log.warning, _STAYS, *who, polled, _NGINX)  # the hub may not wait
        else:
            protocol = request.variables.get("SERVER_PROTOCOL")
            gevent.spawn(log.warning, _TOO_OLD, *who, polled, protocol, _NGINX)


def _can_upgrade(request: Request) -> bool:
    # RFC 6455, 4.1; the connections of other versions have no Upgrade, HTTP/2 streams no socket.
    return request.variables.get("SERVER_PROTOCOL") == "HTTP/1.1"


def _who(request: Request) -> tuple[str, str]:
    agent = request.header("user-agent")
    return request.address or "a Unix socket", repr(agent[:100]) if agent else "no User-Agent"
