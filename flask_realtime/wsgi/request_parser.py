"""HTTP/1 requests from bytes, by httptools; no socket, no clock.

The parser takes what one ``recv`` brought and may finish several requests at once (pipelining).
They wait in :attr:`RequestParser.requests`; an error concerns what comes after them. The last of
them may still lack a part of its body.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser

from ..exceptions import HTTPError
from .environ import build_environ
from .limits import Limits

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

MAX_LENGTH_DIGITS = 20
"""Of a Content-Length. They bound 2**64; Python refuses to read numbers of thousands of digits."""


class Request:
    """One request, from the moment when its head was complete.

    Taken from the head and not from the environ, which belongs to the application.

    :param is_head: its response has no body.
    :param http11: its response may be chunked.
    :param content_length: of its body in bytes, ``None`` for a chunked one.
    :param keep_alive: the client wants to use the connection again.
    :param upgrade: it asks for another protocol; whatever follows the head is not HTTP.
    :param expects_continue: it waits for a 100 before it sends the body.
    """

    __slots__ = (
        "body",
        "body_size",
        "body_waited",
        "complete",
        "content_length",
        "environ",
        "expects_continue",
        "http11",
        "is_head",
        "keep_alive",
        "upgrade",
    )

    def __init__(
        self,
        environ: WSGIEnvironment,
        is_head: bool,
        http11: bool,
        content_length: int | None,
        keep_alive: bool,
        upgrade: bool,
        expects_continue: bool,
    ) -> None:
        self.environ = environ
        self.is_head = is_head
        self.http11 = http11
        self.content_length = content_length
        self.keep_alive = keep_alive
        self.upgrade = upgrade
        self.expects_continue = expects_continue
        self.body: list[bytes] = []  # the pieces that nobody has read yet
        self.body_size = 0  # of all that has arrived
        self.body_waited = 0.0  # seconds, for the client to send it
        self.complete = False


class RequestParser:
    """The requests of one connection.

    :param template: the environ that all requests of this connection begin with.

    Public for its users: ``requests`` (finished heads in order, taken out by the user), ``error``
    (what stopped the parser, after these requests) and ``rest`` (bytes after an upgrade request).
    """

    __slots__ = (
        "error",
        "requests",
        "rest",
        "_headers",
        "_limits",
        "_open",
        "_parser",
        "_progress",
        "_size_in_doubt",
        "_template",
        "_unfinished",
        "_url",
    )

    def __init__(self, template: WSGIEnvironment, limits: Limits) -> None:
        self.requests: deque[Request] = deque()
        self.error: HTTPError | None = None
        self.rest = b""
        self._template = template
        self._limits = limits
        self._url = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._open: Request | None = None  # its head is complete, its body is not
        self._progress = False
        self._size_in_doubt = False
        self._unfinished = 0
        self._parser = HttpRequestParser(self)
        # Else a wrong version is a parse error like any other; on_headers_complete answers 505.
        self._parser.set_dangerous_leniencies(lenient_version=True)

    @property
    def between_requests(self) -> bool:
        """Nothing has arrived of a request that is not in the list."""
        return self._open is None and not self._unfinished

    def feed(self, data: bytes) -> None:
        """Take the next bytes; the outcome is in the attributes."""
        self._progress = False
        # The head is surely small enough if it began and ends in these bytes and they are few.
        self._size_in_doubt = self._unfinished > 0 or len(data) > self._limits.max_header_size
        try:
            self._parser.feed_data(data)
        except HttpParserUpgrade as upgrade:
            self.rest = data[upgrade.args[0] :]
        except HttpParserError as error:
            self._fail(error)
        else:
            self._count_unfinished(len(data))

    def close(self) -> None:
        """Break the cycle with the callbacks, so that no collection is needed."""
        del self._parser

    def _fail(self, error: HttpParserError) -> None:
        cause = error.__context__
        if isinstance(cause, HTTPError):
            self.error = cause
        elif self._parser.get_method() == b"PRI":
            self.error = _unsupported_version("2.0")  # the preface of RFC 9113 section 3.4
        else:
            self.error = HTTPError("400 Bad Request", str(error))

    def _count_unfinished(self, size: int) -> None:
        """Bound what httptools collects without telling: a head, a trailer, a chunk extension."""
        if self._progress:
            # How much of these bytes belongs to the next request is unknown; at most one recv.
            self._unfinished = int(bool(self._url))
            return
        self._unfinished += size
        if self._unfinished > self._limits.max_header_size:
            self.error = self._too_large()

    def _too_large(self) -> HTTPError:
        # The longest method and version are shorter than 32 bytes.
        if len(self._url) + 32 > self._limits.max_header_size:
            return HTTPError("414 URI Too Long", "the request line is too long")
        return HTTPError("431 Request Header Fields Too Large", "the headers are too large")

    # What httptools calls. An exception in there ends up as the context of an HttpParserError.

    def on_url(self, piece: bytes) -> None:
        self._url += piece

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        self._progress = True
        parser = self._parser
        method = parser.get_method()
        version = parser.get_http_version()
        if version != "1.1" and version != "1.0":
            raise _unsupported_version(version)
        if self._size_in_doubt:
            self._check_head_size(method)
        environ = build_environ(self._template, method, self._url, version, self._headers)
        upgrade = parser.should_upgrade()
        content_length: int | None = 0
        if "HTTP_TRANSFER_ENCODING" in environ or "CONTENT_LENGTH" in environ:
            content_length = self._check_framing(environ, upgrade)
        request = Request(
            environ,
            method == b"HEAD",
            version == "1.1",
            content_length,
            parser.should_keep_alive() and not upgrade,
            upgrade,
            "HTTP_EXPECT" in environ and _expects_continue(environ),
        )
        self._open = request
        self.requests.append(request)

    def on_body(self, piece: bytes) -> None:
        request = self._open
        assert request is not None  # the body comes between the head and its end
        self._progress = True
        request.body_size += len(piece)
        maximum = self._limits.max_body_size
        if maximum is not None and request.body_size > maximum:
            raise _body_too_large()
        request.body.append(piece)

    def on_message_complete(self) -> None:
        request = self._open
        assert request is not None
        self._progress = True
        request.complete = True
        self._open = None
        self._url = b""
        # With the headers go the trailers: nobody checked them, so they reach no environ.
        self._headers = []

    def _check_head_size(self, method: bytes) -> None:
        size = len(method) + len(self._url) + len("  HTTP/1.1\r\n\r\n")
        size += sum(len(name) + len(value) + len(": \r\n") for name, value in self._headers)
        if size > self._limits.max_header_size:
            raise self._too_large()

    def _check_framing(self, environ: WSGIEnvironment, upgrade: bool) -> int | None:
        """The length of the body, ``None`` if it is chunked (RFC 9112 section 6).

        What two readers could understand in two ways is refused (section 6.1); httptools itself
        refuses both headers at once, and two of Content-Length.
        """
        coding = environ.get("HTTP_TRANSFER_ENCODING")
        stated = environ.get("CONTENT_LENGTH", "0")
        if len(stated) > MAX_LENGTH_DIGITS:
            raise HTTPError("400 Bad Request", "a Content-Length of too many digits")
        length = int(stated)
        if coding is not None and environ["SERVER_PROTOCOL"] == "HTTP/1.0":
            raise HTTPError("400 Bad Request", "Transfer-Encoding in HTTP/1.0")
        if coding is not None and coding.lower() != "chunked":
            raise HTTPError("501 Not Implemented", f"Transfer-Encoding {coding!r}")
        if upgrade and (coding is not None or length):
            raise HTTPError("400 Bad Request", "an upgrade request with a body")
        maximum = self._limits.max_body_size
        if maximum is not None and length > maximum:
            raise _body_too_large()
        return length if coding is None else None


def _expects_continue(environ: WSGIEnvironment) -> bool:
    # RFC 9110 section 10.1.1: there is one expectation, and HTTP/1.0 does not know it.
    if environ["SERVER_PROTOCOL"] == "HTTP/1.0":
        return False
    if environ["HTTP_EXPECT"].lower() != "100-continue":
        raise HTTPError("417 Expectation Failed", f"Expect: {environ['HTTP_EXPECT']!r}")
    return True


def _unsupported_version(version: str) -> HTTPError:
    return HTTPError("505 HTTP Version Not Supported", f"HTTP/{version}")


def _body_too_large() -> HTTPError:
    return HTTPError("413 Content Too Large", "the body is over max_body_size")
