"""``wsgi.input``: the body of a request, as far as it has arrived and on demand beyond that."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import BufferedReader, BytesIO, RawIOBase
from typing import IO, TYPE_CHECKING, NoReturn

from .request_parser import Request

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


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
