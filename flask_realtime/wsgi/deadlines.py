"""One timer for the deadlines of all connections.

A timer per wait would cost every request what a header costs; here a wait notes a number, and one
sweep per tick looks who is late. The time is counted in ticks of this timer and not taken from the
clock: when the hub was stalled, the clients' bytes lie unread in the kernel, and the stall must not
count as their silence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import gevent

if TYPE_CHECKING:
    from gevent._types import _TimerWatcher

# A coarser tick would be noticed by users, a finer one only wakes the process more often.
LONGEST_TICK = 1.0


class Waiting(Protocol):
    """Who may wait: its deadline in the time of :class:`Deadlines`, and how to end its wait."""

    deadline: float

    def expire(self) -> None: ...


class Deadlines:
    """Hub time, and the sweep that ends the waits which last too long.

    :param precision: how late a deadline may be noticed, in seconds.
    """

    def __init__(self, precision: float) -> None:
        self.tick = min(precision, LONGEST_TICK)
        self.now = 0.0
        self._waiting: set[Waiting] = set()
        self._timer: _TimerWatcher | None = None

    def after(self, seconds: float) -> float:
        """The deadline of a wait that begins now; never early, at most a tick late."""
        return self.now + seconds + self.tick

    def add(self, waiting: Waiting) -> None:
        """Watch over its deadline from now on."""
        self._waiting.add(waiting)
        if self._timer is None:
            self._timer = gevent.get_hub().loop.timer(self.tick, self.tick)
            self._timer.start(self._sweep)

    def discard(self, waiting: Waiting) -> None:
        """Watch no longer; without anybody to watch over, the timer stops."""
        self._waiting.discard(waiting)
        if not self._waiting and self._timer is not None:
            self._timer.close()
            self._timer = None

    def _sweep(self) -> None:
        self.now += self.tick
        # A copy, since whoever is woken may leave.
        for waiting in list(self._waiting):
            if waiting.deadline <= self.now:
                waiting.expire()
