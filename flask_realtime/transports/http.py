"""Requests and responses as plain values, and the headers that every answer of ours carries."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple, Protocol

from .variables import Variables

Headers = Sequence[tuple[str, str]]

NO_CONTENT = "204 No Content"

# The variable that tells apart the hosts of one process.
SERVED_BY = "flask_realtime.served_by"


class Request:
    """One HTTP request as plain data: it could be sent to another process.

    :param variables: its meta-variables as RFC 3875 names them (``REQUEST_METHOD``, ``PATH_INFO``,
        ``HTTP_ORIGIN``, …), with ``wsgi.url_scheme``.
    :param query: the first value of each key of the query string.
    :param body: the whole body.

    ``handshake`` is what the layer above has made of it, once it was asked for.
    """

    __slots__ = ("body", "handshake", "query", "variables")

    def __init__(
        self, variables: Mapping[str, Any], query: Mapping[str, str], body: bytes = b""
    ) -> None:
        self.variables = variables
        self.query = query
        self.body = body
        self.handshake: Any = None

    def plain(self) -> Request:
        """Return a copy to keep: without the body, and without what is the host's own."""
        plain = Request(Variables(self.variables), self.query)
        plain.handshake = self.handshake
        return plain

    @property
    def served_by(self) -> str:
        """The name of the host that has accepted its connection."""
        return str(self.variables.get(SERVED_BY, ""))

    @property
    def method(self) -> str:
        return str(self.variables["REQUEST_METHOD"])

    @property
    def content_type(self) -> str:
        return str(self.variables.get("CONTENT_TYPE", ""))

    @property
    def address(self) -> str:
        """The peer's address; empty over a Unix socket."""
        return str(self.variables.get("REMOTE_ADDR", ""))

    @property
    def secure(self) -> bool:
        return self.variables.get("wsgi.url_scheme") == "https"

    @property
    def own_origin(self) -> str:
        """Scheme and host under which the client reached us, as an ``Origin`` would say it."""
        return f"{self.variables.get('wsgi.url_scheme', 'http')}://{self.host}".lower()

    @property
    def host(self) -> str:
        host = self.variables.get("HTTP_HOST")
        if host:
            return str(host)
        return f"{self.variables.get('SERVER_NAME')}:{self.variables.get('SERVER_PORT')}"

    def header(self, name: str, default: str = "") -> str:
        """Return the header `name`, given in lower case."""
        return str(self.variables.get(_variable(name), default))

    @property
    def headers(self) -> dict[str, str]:
        """All headers, by lower-case name."""
        headers = {
            name[5:].replace("_", "-").lower(): str(value)
            for name, value in self.variables.items()
            if name.startswith("HTTP_")
        }
        for name in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            if self.variables.get(name):
                headers[name.replace("_", "-").lower()] = str(self.variables[name])
        return headers


@lru_cache(64)
def _variable(header: str) -> str:
    """The meta-variable of a header: a request asks for four of them, always the same."""
    return "HTTP_" + header.upper().replace("-", "_")


class Response(NamedTuple):
    """What answers a request.

    :param status: such as ``"200 OK"``.
    :param headers: without a Content-Length: who sends a whole body adds that.
    :param body: the whole of it, or its pieces, each to be sent at once.
    """

    status: str
    headers: Headers
    body: bytes | Iterator[bytes]


class Peer(Protocol):
    """The connection of a request that waits: says when the client is gone."""

    def watch(self, gone: Callable[[], None]) -> None:
        """Call `gone` in the hub, once, if the client closes its connection."""

    def unwatch(self) -> None:
        """Stop watching."""

    def abort(self) -> None:
        """Break the connection off, whatever its host is doing with it."""


def respond(
    body: bytes, content_type: str, status: str = "200 OK", cors: Headers = ()
) -> Response:
    """Return a response with the headers that all of ours have.

    Nothing of ours may be cached, guessed at (``nosniff``), or held back by a proxy (nginx reads
    ``X-Accel-Buffering``).
    """
    headers = _headers(content_type)
    return Response(status, (*headers, *cors) if cors else headers, body)


def stream(pieces: Iterator[bytes], content_type: str, cors: Headers) -> Response:
    """Return a response without a known end, with the headers that all of ours have."""
    return Response("200 OK", (*_headers(content_type), *cors), pieces)


_ALWAYS = (
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Accel-Buffering", "no"),
)


@lru_cache(64)
def _headers(content_type: str) -> Headers:
    return (("Content-Type", content_type), *_ALWAYS)


def cors_headers(origin: str, credentials: bool) -> Headers:
    """Return the headers by which a page of an allowed foreign `origin` may read the answer.

    The origin is named: ``*`` would not work together with credentials (Fetch standard, 3.2.5).
    """
    headers = (("Access-Control-Allow-Origin", origin), ("Vary", "Origin"))
    if credentials:
        return (*headers, ("Access-Control-Allow-Credentials", "true"))
    return headers


def preflight(cors: Headers, names: Iterable[str] = (), max_age: float = 600.0) -> Response:
    """Answer ``OPTIONS``: what a page of an allowed origin may send (Fetch standard, 3.2.4).

    :param names: headers that it may send beside ``Content-Type``.
    :param max_age: how long its browser may keep the answer, seconds.
    """
    allowed = [
        ("Access-Control-Allow-Methods", "GET,POST"),
        ("Access-Control-Allow-Headers", ",".join(("Content-Type", *names))),
        ("Access-Control-Max-Age", str(int(max_age))),
    ]
    return Response(NO_CONTENT, (*_ALWAYS, *cors, *(allowed if cors else ())), b"")
