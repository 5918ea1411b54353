"""What one connection may cost: the sizes and times that the server grants its clients."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from ..exceptions import OptionError

if TYPE_CHECKING:
    from .request_parser import Request


# Where None means no bound; 0 is no body at all, or any pace.
UNBOUNDED = ("max_body_size", "min_body_rate")


@dataclass(frozen=True)
class Limits:
    """Bounds of one connection; sizes in bytes, times in seconds.

    :param max_header_size: request line and all headers together. Over it 431, or 414 where the
        request line alone is too long. (Node 16 KiB, Apache and nginx some 8 KiB per line, gevent
        8 KiB per line and 100 headers.)
    :param max_body_size: the body of one request, ``None`` without bound; over it 413.
    :param header_timeout: from the first byte of a request to the end of its headers; then 408.
    :param body_timeout: between two pieces of a body; then 408.
    :param min_body_rate: bytes per second that a body must bring while it is waited for, in all of
        its time but one ``body_timeout``; below it 408. ``None`` without bound. (Apache 500.)
    :param keep_alive_timeout: between two requests; then the connection is closed silently.
    :param send_timeout: during which the client takes nothing of a response; then it is closed.
    :raises OptionError: a value that is no positive number.
    """

    max_header_size: int = 65536
    max_body_size: int | None = None
    header_timeout: float = 30.0
    body_timeout: float = 30.0
    min_body_rate: float | None = 500.0
    keep_alive_timeout: float = 75.0
    send_timeout: float = 60.0

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name in UNBOUNDED and value in (None, 0):
                continue
            if isinstance(value, bool) or not isinstance(value, (int, float)) or value <= 0:
                raise OptionError(f"{field.name} must be a positive number, not {value!r}")

    def body_patience(self, request: Request) -> float:
        """How long to wait for the next piece of a body; less where its pace was too slow."""
        if not self.min_body_rate:
            return self.body_timeout
        spare = request.body_size / self.min_body_rate - request.body_waited
        return self.body_timeout + min(spare, 0)

    @property
    def shortest_timeout(self) -> float:
        """The least of the four times, to which the clock of the server is fitted."""
        return min(
            self.header_timeout, self.body_timeout, self.keep_alive_timeout, self.send_timeout
        )
