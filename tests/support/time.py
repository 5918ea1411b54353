"""Time that passes when a test says so."""

from __future__ import annotations

from time import monotonic

import gevent

from flask_realtime.engine.clock import Clock


class FakeTime:
    """What a :class:`Clock` takes for the time, in seconds."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def clock(self) -> Clock:
        """A clock that goes by this time. Its timer is the loop's, which fires in real time: a
        test that lets the loop run for seconds would see it."""
        return Clock(gevent.get_hub().loop, time=self)

    def pass_until(self, clock: Clock, end: float, step: float = 0.25) -> None:
        """Let time pass in small steps, doing what is due."""
        while self.now < end:
            self.now = min(self.now + step, end)
            clock.run()

    def pass_by(self, clock: Clock, seconds: float, step: float = 0.25) -> None:
        self.pass_until(clock, self.now + seconds, step)


class MovedTime:
    """The real time, and what a test has let pass beside it."""

    def __init__(self) -> None:
        self._passed = 0.0

    def __call__(self) -> float:
        return monotonic() + self._passed

    def follow(self, clock: Clock) -> None:
        """Have a clock that runs already go by this time."""
        clock._time = self

    def pass_by(self, clock: Clock, seconds: float, step: float = 0.25) -> None:
        """Let time pass in small steps, doing what is due."""
        end = self._passed + seconds
        while self._passed < end:
            self._passed = min(self._passed + step, end)
            clock.run()
