"""One response: PEP 3333 on one side, the bytes of HTTP/1.1 (RFC 9112) on the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from email.utils import formatdate
from functools import lru_cache
from time import time
from typing import IO, TYPE_CHECKING

from .request_parser import Request

if TYPE_CHECKING:
    from _typeshed import OptExcInfo

# The connection is ours: what the application says about it is dropped (but for ``close``). So is a
# Transfer-Encoding, which applications pass on from answers that they fetched and decoded.
CONNECTION_HEADERS = frozenset(("connection", "keep-alive", "transfer-encoding"))

# Those that say how a response is sent.
_LOOKED_AT = CONNECTION_HEADERS | {"content-length", "date"}

# Up to here head and body are joined for one send; beyond it the copy costs more than the call.
JOINED_SIZE = 65536

# An unread request body is read and thrown away up to here, then closing is cheaper.
DRAINED_SIZE = 65536


class Response:
    """What the application answers to one request.

    :param send: sends bytes to the client; raises ``OSError`` when it has left.
    :param keep_alive: whether the connection may be used again; the attribute is false as soon as
        something in the response forbids it.
    """

    __slots__ = (
        "body_size",
        "head_sent",
        "keep_alive",
        "request",
        "status",
        "_chunked",
        "_content_length",
        "_has_date",
        "_lines",
        "_no_content",
        "_send",
    )

    def __init__(self, request: Request, send: Callable[[bytes], None], keep_alive: bool) -> None:
        self.request = request
        self.keep_alive = keep_alive
        self.head_sent = False
        self.status = ""
        self.body_size = 0
        self._send = send
        self._chunked = False

    def start_response(
        self, status: str, headers: list[tuple[str, str]], exc_info: OptExcInfo | None = None
    ) -> Callable[[bytes], None]:
        """PEP 3333's callable; nothing is sent before the first piece of the body.

        :raises ValueError: a line break in a header: it would end the head where the client likes.
        """
        if exc_info is not None:
            self._check_restart(exc_info)
        elif self.status:
            raise AssertionError("start_response was called again without exc_info")
        content_length: int | None = None
        has_date = False
        lines = ["HTTP/1.1 " + status + "\r\n"]
        for name, value in headers:
            lowered = name.lower()
            if lowered in CONNECTION_HEADERS:
                self.keep_alive = self.keep_alive and value.strip().lower() != "close"
                continue
            if lowered == "content-length":
                content_length = int(value)
            elif lowered == "date":
                has_date = True
            # Added up, since an f-string would take what is no string.
            lines.append(name + ": " + value + "\r\n")
        self._begin(status, _checked_head(lines), content_length, has_date)
        return self.write

    def start_known(self, status: str, headers: Sequence[tuple[str, str]]) -> None:
        """As :meth:`start_response`, for headers that many responses have."""
        head = _known_head(status, tuple(headers))
        if head is None:
            self.start_response(status, list(headers))
            return
        self._begin(status, head, None, has_date=False)

    def _begin(
        self, status: str, head: str, content_length: int | None, has_date: bool
    ) -> None:
        code = int(status[:3])
        self._lines = [head]
        self._content_length = content_length
        self._has_date = has_date
        self._no_content = code < 200 or code == 204 or code == 304  # RFC 9110 section 6.4.1
        self.status = status

    def _check_restart(self, exc_info: OptExcInfo) -> None:
        _, error, traceback = exc_info
        try:
            if self.head_sent and error is not None:
                raise error.with_traceback(traceback)
        finally:
            del error, traceback  # they hold this frame

    def write(self, data: bytes) -> None:
        """Send a piece of the body at once, with the head if that has not left yet.

        :raises ValueError: it is more than the Content-Length says.
        """
        if not data:
            return
        head = b"" if self.head_sent else self._open_head(None)
        if self.request.is_head or self._no_content:
            self._send_head(head)
            return
        self.body_size += len(data)
        if self._chunked:
            self._send_joined(head, b"%x\r\n%b\r\n" % (len(data), data))
            return
        if self._content_length is not None and self.body_size > self._content_length:
            raise ValueError(f"the body is longer than its Content-Length {self._content_length}")
        self._send_joined(head, data)

    def send_all(self, body: Iterable[bytes]) -> None:
        """Send what the application returned, each piece at once.

        :raises ValueError: it is not as long as the Content-Length says.
        """
        if type(body) is list and not self.head_sent and self.status:
            self._send_whole(body[0] if len(body) == 1 else b"".join(body))
            return
        for piece in body:
            self.write(piece)
            if self.head_sent and (self.request.is_head or self._no_content):
                break  # the rest would be made for nobody
        self._end()

    def _send_whole(self, data: bytes) -> None:
        head = self._open_head(len(data))
        if self.request.is_head or self._no_content:
            self._send_head(head)
            return
        if self._content_length != len(data):
            raise ValueError(f"Content-Length {self._content_length}, but {len(data)} bytes")
        self.body_size = len(data)
        self._send_joined(head, data)

    def _end(self) -> None:
        if not self.head_sent:
            self._send_whole(b"")
        elif self._chunked:
            self._send(b"0\r\n\r\n")
        elif self._content_length is None or self.request.is_head or self._no_content:
            return
        elif self.body_size < self._content_length:
            raise ValueError(
                f"the body ended at {self.body_size} bytes, its Content-Length says "
                f"{self._content_length}"
            )

    def _open_head(self, size: int | None) -> bytes:
        """The whole head; ``size`` is that of the body, where it is known."""
        if not self.status:
            raise AssertionError("the application did not call start_response")
        lines = self._lines
        request = self.request
        if self._content_length is None and not self._no_content:
            lines.append(self._frame(size))
        if not self._has_date:
            lines.append(_date(int(time())))
        if not request.complete and not _worth_draining(request):
            self.keep_alive = False
        if not self.keep_alive:
            lines.append("Connection: close\r\n")
        elif not request.http11:
            lines.append("Connection: keep-alive\r\n")
        lines.append("\r\n")
        return "".join(lines).encode("latin-1")

    def _frame(self, size: int | None) -> str:
        """The header that says where the body ends (RFC 9112 section 6.3)."""
        if size is not None:
            self._content_length = size
            return f"Content-Length: {size}\r\n"
        if self.request.http11:
            self._chunked = not self.request.is_head
            return "Transfer-Encoding: chunked\r\n"
        self.keep_alive = False  # HTTP/1.0: it ends with the connection
        return ""

    def _send_joined(self, head: bytes, data: bytes) -> None:
        if len(data) > JOINED_SIZE:
            self._send_head(head)
            self._send(data)
            return
        self._send_head(head + data)

    def _send_head(self, data: bytes) -> None:
        # Before, and not after: what failed half-way cannot be answered again.
        self.head_sent = True
        self._send(data)


class FileWrapper:
    """``wsgi.file_wrapper`` (PEP 3333): a file as an iterable of blocks."""

    def __init__(self, file: IO[bytes], block_size: int = 8192) -> None:
        self._file = file
        self._block_size = block_size

    def __iter__(self) -> Iterator[bytes]:
        return iter(lambda: self._file.read(self._block_size), b"")

    def close(self) -> None:
        close = getattr(self._file, "close", None)
        if close is not None:
            close()


def error_response(status: str, with_body: bool = True) -> bytes:
    """A whole response that the server gives by itself; the connection closes after it."""
    body = f"{status[4:]}\n"
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\n{_date(int(time()))}Connection: close\r\n\r\n"
    )
    return (head + body if with_body else head).encode("latin-1")


@lru_cache(maxsize=1)
def _date(second: int) -> str:
    return f"Date: {formatdate(second, usegmt=True)}\r\n"


@lru_cache(64)
def _known_head(status: str, headers: tuple[tuple[str, str], ...]) -> str | None:
    """Status and headers as they are sent; None if one of them has to be looked at."""
    if any(name.lower() in _LOOKED_AT for name, _ in headers):
        return None
    lines = [f"HTTP/1.1 {status}\r\n"]
    lines += [f"{name}: {value}\r\n" for name, value in headers]
    return _checked_head(lines)


def _checked_head(lines: list[str]) -> str:
    head = "".join(lines)
    if head.count("\n") != len(lines) or head.count("\r") != len(lines) or "\0" in head:
        raise ValueError("a line break or NUL in the status or a header of the response")
    return head


def _worth_draining(request: Request) -> bool:
    if request.expects_continue:
        # It was not told to go on: nobody knows whether the body will come (RFC 9110 10.1.1).
        request.expects_continue = False
        return False
    length = request.content_length
    return length is None or length - request.body_size <= DRAINED_SIZE
