"""All deadlines of a server: one clock, one timer of the loop.

Heartbeats and time-outs come in a handful of lengths, so each length has a queue that is ordered
by itself; odd lengths share a heap. A deadline that is not needed any more is only marked.

The clock stands still while the hub was stalled: a client is not blamed for the time in which we
could not have read its answer, and some more in which it can be read. A stall is seen by a
deadline that comes more than :data:`STALL` too late.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable
from itertools import count
from time import monotonic
from typing import Any

STALL = 1.0
"""Lateness from which on the hub counts as stalled, seconds."""

_SMALL_HEAP = 1000
"""Up to here nobody looks for cancelled deadlines."""


class Deadline:
    """Something to be done later, unless it is cancelled."""

    __slots__ = ("_action", "when")

    def __init__(self, when: float, action: Callable[[], None]) -> None:
        self.when = when
        self._action: Callable[[], None] | None = action

    def cancel(self) -> None:
        """Never do it; lets go at once of whatever it would have concerned."""
        self._action = None

    @property
    def cancelled(self) -> bool:
        return self._action is None

    def fire(self) -> None:
        action, self._action = self._action, None
        if action is not None:
            action()


class Clock:
    """The deadlines of one server.

    :param loop: the event loop of the hub, for its timer.
    :param time: what the time is, in seconds; tests pass their own.
    """

    def __init__(self, loop: Any, time: Callable[[], float] = monotonic) -> None:
        self._time = time
        self._lost = 0.0  # for how long the hub was stalled in all
        self._queues: dict[float, deque[Deadline]] = {}
        self._heap: list[tuple[float, int, Deadline]] = []
        self._heap_limit = _SMALL_HEAP
        self._number = count()  # deadlines of the same moment keep their order
        self._timer = loop.timer(0.0)
        self._next: float | None = None  # what the timer is set to

    def now(self) -> float:
        return self._time() - self._lost

    @property
    def next(self) -> float | None:
        """The time of the next deadline, or of one before it that is needed no more; None: none."""
        return self._next

    def go_by(self, time: Callable[[], float]) -> Callable[[], float]:
        """Go by another time from now on, such as one that a test lets pass; return the former."""
        before, self._time = self._time, time
        return before

    def after(self, interval: float, action: Callable[[], None]) -> Deadline:
        """Call `action` in the hub after `interval` seconds, one of a handful of lengths."""
        deadline = Deadline(self.now() + interval, action)
        queue = self._queues.get(interval)
        if queue is None:
            queue = self._queues[interval] = deque()
        queue.append(deadline)
        self._wake_at(deadline.when)
        return deadline

    def after_any(self, interval: float, action: Callable[[], None]) -> Deadline:
        """Like :meth:`after`, for lengths that the application chooses."""
        deadline = Deadline(self.now() + interval, action)
        if len(self._heap) >= self._heap_limit:
            self._shrink_heap()
        heapq.heappush(self._heap, (deadline.when, next(self._number), deadline))
        self._wake_at(deadline.when)
        return deadline

    def _shrink_heap(self) -> None:
        """Drop what is cancelled: most time-outs are long, and nearly all of them never come.

        At most as often as the heap doubles, so that it costs each deadline a constant.
        """
        self._heap = [entry for entry in self._heap if not entry[2].cancelled]
        heapq.heapify(self._heap)
        self._heap_limit = max(_SMALL_HEAP, 2 * len(self._heap))

    def run(self) -> None:
        """Do what is due. Called by the timer."""
        due, self._next = self._next, None
        if due is not None:
            self._notice_stall(due)
        try:
            self._run_due(self.now())
        finally:
            self._schedule()

    def _run_due(self, now: float) -> None:
        for queue in list(self._queues.values()):
            while queue and (queue[0].cancelled or queue[0].when <= now):
                queue.popleft().fire()
        # Not by a local name: an action may set a deadline, and with it shrink the heap.
        while self._heap and (self._heap[0][2].cancelled or self._heap[0][0] <= now):
            heapq.heappop(self._heap)[2].fire()

    def _notice_stall(self, due: float) -> None:
        late = self.now() - due
        if late > STALL:
            # Not only by the lateness: what is due now would come before the loop has read the
            # answers that lie in the kernel.
            self._lost += late + STALL

    def _schedule(self) -> None:
        times = [queue[0].when for queue in self._queues.values() if queue]
        if self._heap:
            times.append(self._heap[0][0])
        if times:
            self._wake_at(min(times))

    def _wake_at(self, when: float) -> None:
        if self._next is not None and self._next <= when:
            return
        self._next = when
        # Up to a millisecond late, so that one wake serves deadlines that lie close together.
        self._timer.stop()
        self._timer = _restarted(self._timer, max(0.0, when - self.now()) + 0.001, self.run)

    def stop(self) -> None:
        """Forget every deadline."""
        self._queues.clear()
        self._heap.clear()
        self._timer.stop()
        self._next = None


def _restarted(timer: Any, after: float, action: Callable[[], None]) -> Any:
    loop = timer.loop
    timer.close()
    timer = loop.timer(after)
    timer.start(action)
    return timer
