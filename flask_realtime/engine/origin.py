"""Who may connect: the origin of a page, checked alike for HTTP and WebSocket.

WebSockets are not bound by the same-origin policy and carry cookies: a server that does not look
at ``Origin`` can be used by every page its users visit (RFC 6455 section 10.2).
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import gevent
from werkzeug.sansio.utils import host_is_trusted

from ..options.checks import AllowedOrigins
from ..protocol.refusals import BAD_HOST, BAD_ORIGIN, request_error
from ..transports.http import Headers, Request, cors_headers
from .origin_rules import make_rule, normal

log = logging.getLogger("flask_realtime.engine")

_PROXY_FIX = "werkzeug.proxy_fix.orig"  # which it leaves in the environ
_PROXY_HINT = (
    "; X-Forwarded-Proto was not believed: if a proxy of yours sent it, wrap app.wsgi_app in "
    "werkzeug's ProxyFix"
)
_FOREIGN = ("cross-site", "same-site")
_OWN_SITES = ("same-origin", "none")  # none: typed into the address bar
_MAX_SHOWN = 5
"""Of the origins that are set, in a line of the log."""
_NOBODY = "null"  # as browsers call an origin that they do not tell
_CREDENTIALS = ("HTTP_COOKIE", "HTTP_AUTHORIZATION", "AUTH_TYPE", "REMOTE_USER")
"""What a browser adds by itself (Fetch standard, 2.2.2), and what hosts make of it."""


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
        self._allowed = allowed
        self._rule = None if allowed is None or isinstance(allowed, str) else make_rule(allowed)
        self._credentials = credentials or allowed != "*"
        self._trusted_hosts = trusted_hosts
        self._warned = False

    def check(self, request: Request, is_script: bool = False) -> None:
        """Let the request pass.

        A request without ``Origin`` is no page's, or one of our own (a GET), unless the browser
        says that it comes from elsewhere (Fetch metadata).

        :raises RequestError: code 4 for a page that may not connect; it says why.
        """
        if self._trusted_hosts is not None:
            # Else a page whose own name is made to lead here would pass for one of ours.
            if not host_is_trusted(request.host.lower(), self._trusted_hosts):
                raise request_error(BAD_HOST, f"got {'Host: ' + request.host[:200]!r}")
        # Each request asks: request.header() takes five times as long as this.
        origin = request.variables.get("HTTP_ORIGIN", "")
        if not origin:
            site = request.variables.get("HTTP_SEC_FETCH_SITE", "")
            if is_script:
                self._check_script(request)
            elif site in _FOREIGN and self._allowed != "*":
                self._refuse(f"Sec-Fetch-Site: {site}", "", request)
            return
        if not self._is_allowed(normal(origin), request):
            self._refuse(f"Origin: {origin}", origin, request)

    def _check_script(self, request: Request) -> None:
        """A script or a frame may be any page's, and comes without ``Origin``: it has to show that
        it is not, by Fetch metadata or, from older browsers, by its ``Referer``.
        """
        if self._allowed == "*" or request.header("sec-fetch-site") in _OWN_SITES:
            return
        origin = _referring(request)
        if not origin:
            self._refuse("a script's request without Referer or Sec-Fetch-Site", "", request)
        if not self._is_allowed(normal(origin), request):
            self._refuse(f"Referer: {origin}", origin, request)

    def check_same(self, request: Request, handshake: Request, is_script: bool = False) -> None:
        """See to it that a session goes on from the page that has begun it.

        Clients of older generations show their sid as socket id, so that others may know it.

        :raises RequestError: code 4 if it comes from another origin.
        """
        page, first = _page(request, is_script), _page(handshake, _began_as_script(handshake))
        if page != first:
            raise request_error(BAD_ORIGIN, f"got {page[:200]!r}, began as {first[:200]!r}")

    def _is_allowed(self, origin: str, request: Request) -> bool:
        if self._allowed == "*" or origin in (normal(request.own_origin), request.host):
            return True
        return self._rule is not None and self._rule(origin, request.variables)

    def _refuse(self, got: str, origin: str, request: Request) -> None:
        """Refuse a request.

        :param origin: empty if it does not tell its own.
        """
        expected = f"{request.own_origin[:200]!r} by {_source(request)}{self._others()}"
        hint = _PROXY_HINT if _is_proxy_ignored(request) else ""
        advice = self._advice(normal(origin)[:100])
        raise request_error(BAD_ORIGIN, f"got {got[:200]!r}, expected {expected}{hint}; {advice}")

    def _others(self) -> str:
        """The origins that are set, for the log."""
        if not isinstance(self._allowed, tuple) or not self._allowed:
            return ""
        more = len(self._allowed) - _MAX_SHOWN
        shown = ", ".join(f"{each!r}" for each in self._allowed[:_MAX_SHOWN])
        return f", or of cors_allowed_origins: {shown}" + (f" and {more} more" if more > 0 else "")

    def _advice(self, origin: str) -> str:
        if not origin:
            return "it does not tell its origin, and cors_allowed_origins='*' alone would allow it"
        if callable(self._allowed):
            return f"the function cors_allowed_origins did not take {origin!r}"
        if self._allowed:
            return f"to allow it add {origin!r} to those"
        return f"to allow it set cors_allowed_origins=[{origin!r}]"

    def as_seen(self, request: Request, is_script: bool = False) -> Request:
        """Return the request as the application may see it.

        Under ``"*"`` every page may connect, and a browser sends the cookies for our site along.
        CORS hides the answer to such a request from the page, but a WebSocket has no CORS: the page
        would act in its visitor's name. So what comes from another site comes without credentials,
        unless ``cors_credentials`` is given too.
        """
        if self._credentials or _is_own(request, is_script):
            return request
        variables: Mapping[str, Any] = request.variables
        if any(name in variables for name in _CREDENTIALS):
            self._warn(request)
            variables = {
                name: value for name, value in variables.items() if name not in _CREDENTIALS
            }
        return Request(variables, request.query, request.body)

    def _warn(self, request: Request) -> None:
        if self._warned:
            return
        self._warned = True
        # From a greenlet: the caller is a request, but a log's stream may block where none should.
        gevent.spawn(
            log.warning,
            "a page of another site, %r, has connected with cookies; with cors_allowed_origins='*' "
            "the application does not see them: name the origins that may use them, or set "
            "cors_credentials=True%s",
            request.header("origin")[:200],
            _PROXY_HINT if _is_proxy_ignored(request) else "",
        )

    def headers(self, request: Request, credentials: bool = False) -> Headers:
        """Return the CORS headers for an allowed foreign origin; none for the own.

        :param credentials: whether its client sends cookies unasked, for which the browser wants
            leave. Under ``"*"`` the application does not see them all the same.
        """
        origin = request.variables.get("HTTP_ORIGIN", "")
        if not origin or self._allowed is None:
            return ()
        asking = normal(origin)
        if asking == normal(request.own_origin) or not self._is_allowed(asking, request):
            return ()
        return cors_headers(origin, self._credentials or credentials)


def _is_own(request: Request, is_script: bool) -> bool:
    """Whether a request is of one of our own pages, or of no page at all."""
    site = request.header("sec-fetch-site")
    if site and not request.header("origin"):
        return site not in _FOREIGN
    return _page(request, is_script) == normal(request.own_origin)


def _page(request: Request, is_script: bool) -> str:
    """The origin of the page that makes a request; our own, where nothing says otherwise.

    One page's requests may have an ``Origin`` (a POST, a WebSocket) and may have none (a GET of its
    own origin, a script). What any page can make, keeping its ``Referer`` back, is nobody's.
    """
    origin = request.header("origin") or _referring(request)
    if not origin:
        site = request.header("sec-fetch-site")
        is_nobodys = site in _FOREIGN or (is_script and not site)
        return _NOBODY if is_nobodys else normal(request.own_origin)
    if origin == request.host:  # the client 0.9 for Node has no scheme there; browsers do
        return normal(request.own_origin)
    return normal(origin)


def _began_as_script(handshake: Request) -> bool:
    return "jsonp" in handshake.query or "j" in handshake.query


def _referring(request: Request) -> str:
    try:
        parts = urlsplit(request.header("referer"))
    except ValueError:
        return _NOBODY
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


def _source(request: Request) -> str:
    """Where our own origin is taken from."""
    if _PROXY_FIX in request.variables:
        return "what the proxy has said in X-Forwarded-*, and the header Host"
    return "the connection and its header Host"


def _is_proxy_ignored(request: Request) -> bool:
    """Whether a proxy has said what the client's address bar shows, and nobody believed it."""
    return bool(request.header("x-forwarded-proto")) and _PROXY_FIX not in request.variables
