"""What waits to be sent to one client: the only place where outgoing messages are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gevent.event import Event

from ..protocol.packet import Encoded

if TYPE_CHECKING:
    from .transport import Transport


class Outbox:
    """The outgoing messages of one session, in order and bounded.

    :param limit: bytes that may wait. A message is refused only if something waits already, so one
        big message always passes.
    """

    __slots__ = ("_drained", "_limit", "_waiting", "size", "transport")

    transport: Transport

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.size = 0  # bytes that wait here
        # None when nothing waits: a list or deque that is kept costs each idle client 0.7 KiB.
        self._waiting: list[Encoded] | None = None
        self._drained: Event | None = None

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def put(self, encoded: Encoded, volatile: bool = False, flush: bool = True) -> bool:
        """Send `encoded`, now if possible; return whether it was taken.

        :param volatile: take it only if it can leave at once.
        :param flush: False where the caller knows that more comes, and will flush.
        :raises OverflowError: if it does not fit; nothing was taken.
        """
        if volatile and not self._let_go():
            return False
        if flush and self._waiting is None and self.transport.offer(encoded):
            return True
        if self._waiting is not None or self.transport.pending:
            self._require(encoded.size)
        if self._waiting is None:
            self._waiting = [encoded]
        else:
            self._waiting.append(encoded)
        if flush:
            self.transport.flush()
        if self._waiting is not None:  # only what stays is counted: most messages do not
            self.size += encoded.size
        return True

    def _let_go(self) -> bool:
        """Send what was only held back for more to come; return whether nothing waits then."""
        if self._waiting and self.transport.ready:
            self.transport.flush()
        return not self._waiting and self.transport.ready

    def _require(self, size: int) -> None:
        waits = self.size + self.transport.pending
        if waits + size > self._limit:
            raise OverflowError(f"{waits} bytes wait, {size} more are over {self._limit}")

    def take(self) -> list[Encoded]:
        """Return all that waits, and keep nothing."""
        taken, self._waiting = self._waiting, None
        self.size = 0
        return taken or []

    def close(self) -> None:
        """Let go of what waits, and of the transport: nothing can be sent any more."""
        self._waiting = None
        self.size = 0
        del self.transport  # it knows us too, and such a cycle would wait for the collector
        self.drained()

    def drained(self) -> None:
        """Called by the transport when nothing waits, here or there."""
        event, self._drained = self._drained, None
        if event is not None:
            event.set()

    def drain(self, timeout: float | None = None) -> bool:
        """Wait until nothing waits; False if it did not come to that within `timeout` seconds.

        Nothing waits either when the session is over.
        """
        transport = getattr(self, "transport", None)  # None when the session is over
        if transport is None or not (self._waiting or transport.pending):
            return True
        if self._drained is None:
            self._drained = Event()
        return self._drained.wait(timeout)
