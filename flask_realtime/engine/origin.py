"""Who may connect: the origin of a page, checked alike for HTTP and WebSocket.

WebSockets are not bound by the same-origin policy and carry cookies: a server that does not look
at ``Origin`` can be used by every page its users visit (RFC 6455 section 10.2).
"""

from __future__ import annotations

import logging

import gevent
from werkzeug.sansio.utils import host_is_trusted

from ..exceptions import OptionError
from ..options import AllowedOrigins
from ..protocol.request import FORBIDDEN, request_error
from ..transports.http import Headers, Request, cors_headers

log = logging.getLogger("flask_realtime.engine")

_DEFAULT_PORTS = {"http": ":80", "https": ":443"}
_PROXY_FIX = "werkzeug.proxy_fix.orig"  # which it leaves in the environ
_PROXY_HINT = (
    "; X-Forwarded-Proto was not believed: if a proxy of yours sent it, wrap app.wsgi_app in "
    "werkzeug's ProxyFix"
)
_NOT_TRUSTED = "refused a request for the host %r, which is not among the trusted_hosts"
_FOREIGN = ("cross-site", "same-site")


class Origins:
    """The origins that may connect beside the server's own.

    :param allowed: as the option ``cors_allowed_origins``.
    :param credentials: whether ``"*"`` goes together with cookies.
    :param trusted_hosts: what the request may say is our own host, None for anything.
    """

    def __init__(
        self,
        allowed: AllowedOrigins,
        credentials: bool,
        trusted_hosts: tuple[str, ...] | None = None,
    ) -> None:
        if credentials and allowed is None:
            raise OptionError("cors_credentials=True says nothing without cors_allowed_origins")
        self._allowed = allowed
        self._credentials = credentials or allowed != "*"
        self._trusted_hosts = trusted_hosts

    def check(self, request: Request) -> None:
        """Let the request pass.

        A request without ``Origin`` is no page's, or one of our own (a GET), unless the browser
        says that it comes from elsewhere (Fetch metadata).

        :raises RequestError: code 4 for a page that may not connect; the log says why.
        """
        if self._trusted_hosts is not None:
            # Else a page whose own name is made to lead here would pass for one of ours.
            if not host_is_trusted(request.host.lower(), self._trusted_hosts):
                gevent.spawn(log.warning, _NOT_TRUSTED, request.host[:200])
                raise request_error(FORBIDDEN)
        origin = request.header("origin")
        if not origin:
            site = request.header("sec-fetch-site")
            if site in _FOREIGN and self._allowed != "*":
                self._refuse(f"Sec-Fetch-Site: {site}", request)
            return
        if not self._is_allowed(_normal(origin), request):
            self._refuse(f"Origin: {origin}", request)

    def _is_allowed(self, origin: str, request: Request) -> bool:
        allowed = self._allowed
        if allowed == "*" or origin == _normal(request.own_origin):
            return True
        if allowed is None or isinstance(allowed, str):
            return False
        if callable(allowed):
            return bool(allowed(origin))
        return any(_matches(origin, pattern) for pattern in allowed)

    def _refuse(self, got: str, request: Request) -> None:
        # From a greenlet: the caller is a request, but a log's stream may block where none should.
        gevent.spawn(
            log.warning,
            "refused a connection from another site: got %r, expected %s; "
            "to allow it set cors_allowed_origins=[…]%s",
            got[:200],
            request.own_origin,
            _PROXY_HINT if _is_proxy_ignored(request) else "",
        )
        raise request_error(FORBIDDEN)

    def headers(self, request: Request) -> Headers:
        """Return the CORS headers for an allowed foreign origin; none for the own."""
        origin = request.header("origin")
        if not origin or self._allowed is None:
            return []
        normal = _normal(origin)
        if normal == _normal(request.own_origin) or not self._is_allowed(normal, request):
            return []
        return cors_headers(origin, self._credentials)


def _is_proxy_ignored(request: Request) -> bool:
    """Whether a proxy has said what the client's address bar shows, and nobody believed it."""
    return bool(request.header("x-forwarded-proto")) and _PROXY_FIX not in request.variables


def _normal(origin: str) -> str:
    """An origin in one spelling: lower case, http for ws, no default port."""
    scheme, mark, host = origin.strip().lower().partition("://")
    if not mark:
        return origin
    scheme = {"ws": "http", "wss": "https"}.get(scheme, scheme)
    return f"{scheme}://{host.removesuffix(_DEFAULT_PORTS.get(scheme, ' '))}"


def _matches(origin: str, pattern: str) -> bool:
    """Whether `origin` is `pattern`, which may have a ``*`` for its subdomains."""
    pattern = _normal(pattern)
    if "://*." not in pattern:
        return origin == pattern
    scheme, _, domain = pattern.partition("://*")
    return origin.startswith(scheme + "://") and origin.endswith(domain) and "@" not in origin
