"""When nothing ran for a while, no client is blamed for the silence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from flask_realtime.engine.clock import STALL, Clock
from tests.support.time import FakeTime


@pytest.fixture
def time() -> FakeTime:
    return FakeTime()


@pytest.fixture
def clock(time: FakeTime) -> Iterator[Clock]:
    clock = time.clock()
    yield clock
    clock.stop()


@pytest.fixture
def fired() -> list[Any]:
    return []


def test_a_stall_moves_every_deadline(
    clock: Clock, time: FakeTime, fired: list[Any]
) -> None:
    clock.after(1.0, lambda: fired.append("first"))
    clock.after(6.0, lambda: fired.append("second"))
    clock.after_any(6.5, lambda: fired.append("third"))
    time.now += 11  # nothing ran for ten seconds more than it should
    clock.run()
    assert clock.now() == pytest.approx(time.now - 10 - STALL)
    time.pass_by(clock, 4.75)
    assert fired == ["first"]
    time.pass_by(clock, 4)
    assert fired == ["first", "second", "third"]


def test_what_was_due_in_a_stall_waits_until_what_came_meanwhile_could_be_read(
    clock: Clock, time: FakeTime, fired: list[Any]
) -> None:
    """The loop has not read its sockets yet: an answer may lie there, that cancels the deadline."""
    clock.after(20.0, lambda: fired.append("ping timeout"))
    time.now += 25
    clock.run()
    assert fired == []
    time.pass_by(clock, STALL)
    assert fired == ["ping timeout"]


def test_being_a_little_late_is_no_stall(
    clock: Clock, time: FakeTime, fired: list[Any]
) -> None:
    clock.after(1.0, lambda: fired.append(1))
    time.now += 1 + STALL
    clock.run()
    assert (fired, clock.now()) == ([1], time.now)


def test_an_idle_clock_takes_no_idle_time_for_a_stall(
    clock: Clock, time: FakeTime, fired: list[Any]
) -> None:
    clock.after(1.0, lambda: fired.append(1))
    time.now += 1
    clock.run()
    time.now += 3600
    clock.after(1.0, lambda: fired.append(2))
    time.now += 1
    clock.run()
    assert (fired, clock.now()) == ([1, 2], time.now)
