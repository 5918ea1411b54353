"""Whether a session's client is still there: pings, and what stands for an answer to them.

Clients that are not pinged ping us, and are probed nevertheless: the timers of a hidden page may be
a minute late, by which they would be taken for dead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from ..protocol.dialect import Dialect
from ..protocol.packet import Packet, PacketType
from ..protocol.reason import Reason
from ..transports.transport import Transport
from .clock import Deadline
from .pace import Times, times
from .states import SessionState

if TYPE_CHECKING:
    from .engine import Engine
    from .session import Session


class Heartbeat:
    """The part of a session that sees to it."""

    __slots__ = ("_deadline", "_unanswered")

    _deadline: Deadline | None  # of the next ping, or of its answer
    _unanswered: bool  # a ping
    _engine: Engine
    _paused: Deadline | None
    dialect: Dialect
    state: SessionState
    transport: Transport

    @property
    def age(self) -> float:
        """How long ago the session began, in seconds."""
        raise NotImplementedError

    def send(self, packet: Packet) -> bool:
        """Send a packet."""
        raise NotImplementedError

    def end(self, reason: str) -> None:
        """End the session now."""
        raise NotImplementedError

    @property
    def _times(self) -> Times:
        return times(self._engine.options, self.dialect, self.transport.name)

    @property
    def _answers_by_polling(self) -> bool:
        """Whether it is a client 0.9 that polls: nothing else than its next poll answers."""
        return self.dialect.takes_over and not self.dialect.pings_over(self.transport.name)

    def _next_ping(self, passed: float = 0.0) -> None:
        """Ping when `ping_interval` is over, of which some seconds have passed."""
        if self._deadline is not None:
            self._deadline.cancel()
        self._unanswered = False
        interval, timeout = self._times
        if self._paused is not None and not self.dialect.server_pings:
            # Its pings are not read, and it leaves when nothing comes within the time-out.
            interval = min(interval, timeout / 2)
        if passed < interval:
            self._deadline = self._engine.clock.after(interval - passed, self._ping)
        else:
            self._ping()

    def _ping(self) -> None:
        if self.state is not SessionState.OPEN:
            return
        self._engine.offer.look_at(cast("Session", self), self.age)
        self._send_ping()
        if self._paused is not None:
            self._next_ping()
            return
        self._unanswered = True
        interval, timeout = self._times
        if interval < timeout and self._answers_by_polling:
            self._deadline = self._engine.clock.after(interval, self._look)
        else:
            self._deadline = self._engine.clock.after(timeout, self._not_answered)

    def _send_ping(self) -> None:
        if self.dialect.pings_over(self.transport.name):
            self.send(Packet(PacketType.PING))
        elif self._paused is not None:
            self.send(Packet(PacketType.NOOP))
        else:
            self.transport.probe()

    def _answered(self) -> None:
        if self._unanswered:
            self._next_ping()

    def _look(self) -> None:
        """A poll is to be ended when the interval is over, however long its client may be away."""
        interval, timeout = self._times
        if self.transport.alive:
            self._next_ping(passed=interval)
        else:
            self._deadline = self._engine.clock.after(timeout - interval, self._not_answered)

    def _not_answered(self) -> None:
        if self.transport.alive and not self.dialect.pings_over(self.transport.name):
            # At the latest now: clients 0.9 leave when nothing has come for interval and time-out.
            self._next_ping(passed=self._times[1])
        else:
            self.end(Reason.PING_TIMEOUT)
