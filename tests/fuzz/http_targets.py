"""HTTP: requests, however they are cut, and their bodies."""

from __future__ import annotations

import re
from functools import partial
from io import BytesIO
from typing import Any

from httptools import HttpParserError

from flask_realtime.exceptions import HTTPError
from flask_realtime.wsgi.limits import Limits
from flask_realtime.wsgi.middleware import _read_body
from flask_realtime.wsgi.request_parser import RequestParser

from .target import ACCEPTED, Target, cut

# Requests


class Strict(RequestParser):
    """Lets out what went wrong in a callback, instead of taking it for a bad request."""

    __slots__ = ()

    def _fail(self, error: HttpParserError) -> None:
        cause = error.__context__
        if cause is not None and not isinstance(cause, HTTPError):
            raise cause
        super()._fail(error)


def parse(pieces: list[bytes], limits: Limits) -> RequestParser:
    """Feed a parser as a connection does: until an error, or an upgrade."""
    parser = Strict({"SCRIPT_NAME": ""}, limits)
    for number, piece in enumerate(pieces):
        parser.feed(piece)
        if parser.error is not None:
            break
        if parser.requests and parser.requests[-1].upgrade and parser.requests[-1].complete:
            parser.rest += b"".join(pieces[number + 1 :])
            break
    return parser


def described(parser: RequestParser) -> Any:
    """Everything that a parser found, in a form that can be compared."""
    found = [
        (
            request.environ,
            (request.is_head, request.http11, request.content_length, request.keep_alive),
            (request.upgrade, request.expects_continue, request.complete),
            # What a refused piece took along depends on the pieces.
            b"".join(request.body) if request.complete else None,
        )
        for request in parser.requests
    ]
    return found, parser.error and parser.error.http_status, parser.rest


def read_requests(limits: Limits, data: bytes) -> str:
    """A stream of requests, whole and in pieces: the same requests, and the same error."""
    whole, pieces = parse([data], limits), parse(cut(data), limits)
    for parser in (whole, pieces):
        for request in parser.requests:
            check_request(request, limits)
    # What httptools collects without telling is counted by the piece: what comes whole may go over
    # the bound before the end that shows it to be something else.
    if not _is_over(whole) and not _is_over(pieces):
        assert described(whole) == described(pieces)
    error = whole.error
    whole.close()
    pieces.close()
    return ACCEPTED if error is None else f"HTTPError {error.http_status[:3]}"


def _is_over(parser: RequestParser) -> bool:
    return parser.error is not None and parser.error.http_status[:3] in ("414", "431")


def check_request(request: Any, limits: Limits) -> None:
    """What no request may be, whatever was sent."""
    environ = request.environ
    if limits.max_body_size is not None:
        assert sum(map(len, request.body)) <= limits.max_body_size
    assert sum(len(value) for key, value in environ.items() if key.startswith("HTTP_")) <= (
        limits.max_header_size
    )
    assert environ["SERVER_PROTOCOL"] in ("HTTP/1.0", "HTTP/1.1")
    # Only the path is decoded, and may hold anything that was said by %00.
    said = [value for key, value in environ.items() if key != "PATH_INFO"]
    assert not any(mark in value for value in said for mark in "\r\n\0")


def read_chunks(data: bytes) -> str:
    """A chunked body. Whoever is before us may read it in one way only: that of RFC 9112."""
    parser = parse(cut(CHUNKED + data), SMALL)
    (request,) = list(parser.requests)[:1] or [None]
    assert request is not None
    if request.complete:
        body, rest = reference_chunks(data)
        assert body == b"".join(request.body)
        assert rest is not None
    error = parser.error
    parser.close()
    if error is not None:
        return f"HTTPError {error.http_status[:3]}"
    return ACCEPTED if request.complete else "unfinished"


_CHUNK_HEAD = re.compile(rb"([0-9A-Fa-f]+)[ \t]*(?:;[^\r\n]*)?\r\n")
_TRAILERS = re.compile(rb"(?:[^\r\n:]+:[^\r\n]*\r\n)*\r\n")


def reference_chunks(data: bytes) -> tuple[bytes, bytes | None]:
    """Return a chunked body and what follows it, ``None`` if it is not whole (section 7.1)."""
    body, position = b"", 0
    while True:
        head = _CHUNK_HEAD.match(data, position)
        if head is None:
            return body, None
        size, position = int(head[1], 16), head.end()
        if not size:
            trailers = _TRAILERS.match(data, position)
            return body, None if trailers is None else data[trailers.end() :]
        if data[position + size : position + size + 2] != b"\r\n":
            return body, None
        body += data[position : position + size]
        position += size + 2


def read_body(data: bytes) -> str:
    """A body and its stated length, as any host may hand it on."""
    stated, _, body = data.partition(b"\n")
    environ = {"CONTENT_LENGTH": stated.decode("latin-1"), "wsgi.input": BytesIO(body)}
    try:
        found = _read_body(environ, 1000)
    except HTTPError as error:
        return f"HTTPError {error.http_status[:3]}"
    assert len(found) <= 1000
    return ACCEPTED


# The table

SMALL = Limits(max_header_size=300, max_body_size=1000)
HOST = b"Host: example.com\r\n"
CHUNKED = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
WEBSOCKET = (
    b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
REQUESTS = (
    b"GET /socket.io/?EIO=4&transport=polling&t=a%20b HTTP/1.1\r\n" + HOST + b"\r\n",
    b"POST /p HTTP/1.1\r\n" + HOST + b"Content-Length: 5\r\n\r\nhello",
    b"GET /p HTTP/1.1\r\n" + HOST + b"Cookie: a=b\r\nCookie: c=d\r\n\r\n",
    CHUNKED + b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: v\r\n\r\n",
    b"HEAD http://user@other:81/a/../b?c#d HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    b"GET /w HTTP/1.1\r\n" + HOST + WEBSOCKET + b"\x81\x80abcd",
    b"OPTIONS * HTTP/1.1\r\n" + HOST + b"Expect: 100-continue\r\nContent-Length: 1\r\n\r\nx",
    b"CONNECT example.com:443 HTTP/1.1\r\n" + HOST + b"\r\n",
    b"GET / HTTP/1.1\r\n" + HOST + b"X-Forwarded-For: 1.2.3.4\r\nX_Y: z\r\n\r\n" * 2,
)
REQUEST_TOKENS = (
    *(b"\r\n", b"\n", b"\r", b"\r\n\r\n", b"\r\n ", b"\0", b"\x80", b"\t", b" ", b":"),
    *(b"%", b"%zz", b"#", b"?", b"*", b"http://", b"PRI ", b"HTTP/2.0", b"HTTP/0.9"),
    *(b"Host: b\r\n", b"Cookie: a\r\n", b"Expect: x\r\n", b"X: " + b"y" * 300 + b"\r\n"),
    *(b"Content-Length: 3\r\n", b"Content_Length: 9\r\n"),
    b"Content-Length: " + b"0" * 5000 + b"5\r\n",
    *(b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding : chunked\r\n"),
    b"Transfer-Encoding: gzip, chunked\r\n",
    *(b"Connection: close\r\n", b"Connection: upgrade\r\nUpgrade: x\r\n"),
    *(b"0\r\n\r\n", b"ffffffffffffffff\r\n"),
)
CHUNKS = (
    b"5\r\nhello\r\n0\r\n\r\n",
    b"1;a=b\r\nx\r\n0\r\nA: b\r\n\r\n",
    b"00A\r\n0123456789\r\n0\r\n\r\n",
    b"3e8\r\n" + b"x" * 1000 + b"\r\n0\r\n\r\n",
    b"3e9\r\n" + b"x" * 1001 + b"\r\n0\r\n\r\n",
    b"1\r\na\r\n" * 50 + b"0\r\n\r\n",
    b"0\r\n\r\nGET / HTTP/1.1\r\n\r\n",
)
BODIES = (
    *(b"5\nhello", b"\n", b"0\n", b"9\nshort"),
    *(b"%d\n" % size + b"x" * size for size in (1000, 1001)),
)

HTTP_TARGETS: dict[str, Target] = {
    "HTTP requests": Target(partial(read_requests, Limits()), REQUESTS, REQUEST_TOKENS),
    "HTTP requests, small limits": Target(partial(read_requests, SMALL), REQUESTS, REQUEST_TOKENS),
    "chunked bodies": Target(read_chunks, CHUNKS, REQUEST_TOKENS),
    "POST bodies": Target(read_body, BODIES, REQUEST_TOKENS),
}
