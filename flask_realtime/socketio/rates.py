"""Whether a client may send one event more: a bucket of tokens for each limit that it has met."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..engine.rates import Bucket
from ..options.rates import RateLimit

if TYPE_CHECKING:
    from .acks import Answer
    from .socket import Socket

OVER_LIMIT = {"error": "rate limit"}
"""What a client is told whose event is too many."""


class Rate:
    """A limit for each client: of all its events, or of those of one handler.

    The buckets belong to the connection: who leaves a namespace and joins again finds them as they
    were.

    :param what: whose limit it is, for the log.
    """

    __slots__ = ("_burst", "_per_second", "limit", "what")

    def __init__(self, limit: RateLimit, what: str) -> None:
        self.limit = limit
        self.what = what
        self._per_second = limit.per_second
        self._burst = limit.burst

    def admits(self, socket: Socket, event: str, answer: Answer) -> bool:
        """Whether one event more is allowed; one that is not is seen to here."""
        buckets = socket.client.buckets
        if buckets is None:
            buckets = socket.client.buckets = {}
        now = socket.engine.clock.now()
        bucket = buckets.get(self)
        if bucket is None:
            bucket = buckets[self] = Bucket(self._burst, now)
        was_over = bucket.over
        if bucket.take(self._per_second, self._burst, now):
            return True
        socket.server.over_limit(socket, event, self, begins=not was_over)
        if self.limit.on_limit == "error":
            answer.fail(OVER_LIMIT)
        elif self.limit.on_limit == "disconnect":
            socket.disconnect(close=True)
        return False


def make_rate(limit: RateLimit | None) -> Rate | None:
    """Return what holds all events of each client to a limit."""
    return None if limit is None else Rate(limit, "the option rate_limit")
