"""Who stalls the hub: a thread that looks at its stack while nothing else can.

When the hub runs again, the stack is gone; so it has to be seen from outside, meanwhile. The thread
only looks. What it has seen is told by the hub, which may log.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from time import monotonic
from typing import Any

from gevent import monkey

from .clock import STALL

_FRAMES = 5
"""Innermost frames that are told: the blocking call and who called it."""

_sleep: Callable[[float], None] = monkey.get_original("time", "sleep")
_start_thread: Callable[..., int] = monkey.get_original("_thread", "start_new_thread")


class Watchdog:
    """Looks now and then whether a hub still runs.

    :param loop: the hub's event loop.
    :param thread: the id of the hub's thread.
    :param tell: called in the hub after a stall, with its length in seconds and the stack.
    :param stall: how long nothing may run until it counts, seconds.
    """

    def __init__(
        self, loop: Any, thread: int, tell: Callable[[float, str], None], stall: float = STALL
    ) -> None:
        self._loop = loop
        self._thread = thread
        self._tell = tell
        self._stall = stall
        self._asked = self._answered = 0.0
        self._stack = ""
        self._stopped = False

    def start(self) -> None:
        """Begin to look."""
        _start_thread(self._run, ())

    def stop(self) -> None:
        """Look no more; the thread ends by itself."""
        self._stopped = True

    def _run(self) -> None:
        self._ask()
        while not self._stopped:
            _sleep(self._stall / 2)
            self._look()

    def _ask(self) -> None:
        self._asked = monotonic()
        self._loop.run_callback_threadsafe(self._answer)

    def _answer(self) -> None:
        self._answered = monotonic()

    def _look(self) -> None:
        if self._answered < self._asked:
            self._stack = self._stack or self._see()
            return
        stack, self._stack = self._stack, ""
        stalled = self._answered - self._asked
        if stack and stalled > self._stall:
            self._loop.run_callback_threadsafe(self._tell, stalled, stack)
        self._ask()

    def _see(self) -> str:
        frame = sys._current_frames().get(self._thread)
        return "" if frame is None else "".join(traceback.format_stack(frame)[-_FRAMES:])
