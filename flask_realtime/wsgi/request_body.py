"""``wsgi.input``: the body of a request, as far as it has arrived and on demand beyond that."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from io import BufferedReader, BytesIO, RawIOBase
from typing import IO, TYPE_CHECKING, NoReturn

from werkzeug.exceptions import default_exceptions

from ..exceptions import BodyError, HTTPError
from .request_parser import Request

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


def unreadable_body(error: HTTPError) -> BodyError:
    """What ``wsgi.input`` raises.

    It is one of Werkzeug's too: Flask answers its own kind by their code, or has the application's
    error handlers do it, and takes any other for a failure of the view, with a traceback.
    """
    unreadable = _unreadable(int(error.http_status[:3]))
    raised: BodyError = unreadable(error.http_status, str(error))
    return raised


@cache
def _unreadable(code: int) -> type:
    # A class for each code, since Flask looks for error handlers by the class.
    kinds = (BodyError, default_exceptions[code])
    return type("UnreadableBody", kinds, {"response": None, "__module__": __name__})


class EmptyBody:
    """The body of all requests without one: shared, so nothing that is done to it lasts."""

    def read(self, size: int | None = -1) -> bytes:
        return b""

    def readline(self, size: int | None = -1) -> bytes:
        return b""

    def readlines(self, hint: int | None = -1) -> list[bytes]:
        return []

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> NoReturn:
        raise StopIteration

    def close(self) -> None:
        pass


EMPTY_BODY = EmptyBody()


class ArrivingBody(RawIOBase):
    """A body that has not arrived whole: each read takes what is there, or waits for more.

    :param receive: has the parser add at least one more piece, or the end, to the request; raises
        ``BodyError``, or another ``OSError``, when that cannot be.
    """

    def __init__(self, request: Request, receive: Callable[[Request], None]) -> None:
        self._request = request
        self._receive = receive

    def readable(self) -> bool:
        return True

    def readinto(self, target: WriteableBuffer) -> int:
        request = self._request
        while not request.body:
            if request.complete:
                return 0
            self._receive(request)
        if len(request.body) > 1:
            # Chunks may be of one byte each: to take them one by one costs 4 µs a byte.
            request.body[:] = [b"".join(request.body)]
        view = memoryview(target).cast("B")
        piece = request.body[0]
        size = min(len(view), len(piece))
        view[:size] = piece[:size]
        if size < len(piece):
            request.body[0] = piece[size:]
        else:
            del request.body[0]
        return size


def open_body(
    request: Request, receive: Callable[[Request], None]
) -> IO[bytes] | EmptyBody | BufferedReader:
    """The ``wsgi.input`` of a request (PEP 3333, "Input and Error Streams")."""
    if not request.complete:
        return BufferedReader(ArrivingBody(request, receive))
    if not request.body:
        return EMPTY_BODY
    return BytesIO(b"".join(request.body))
