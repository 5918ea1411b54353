"""All deadlines of a server: in order, cancelled, and moved when the hub was stalled."""

from __future__ import annotations

import random
import weakref
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from typing import Any

import gevent
import pytest
from gevent.event import Event
from hypothesis import given, settings
from hypothesis import strategies as st

from flask_realtime.engine.clock import Clock
from tests.support.server import watched_hub
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


def test_a_deadline_comes_when_its_time_has_come(
    clock: Clock, time: FakeTime, fired: list[Any]
) -> None:
    clock.after(1.0, lambda: fired.append(1))
    time.now += 0.999
    clock.run()
    assert fired == []
    time.now += 0.001
    clock.run()
    assert fired == [1]
    time.now += 0.9
    clock.run()
    assert fired == [1]


def test_deadlines_of_one_length_keep_their_order(
    clock: Clock, time: FakeTime, fired: list[Any]
) -> None:
    for number in range(100):
        clock.after(1.0, partial(fired.append, number))
    time.now += 1
    clock.run()
    assert fired == list(range(100))


def test_odd_lengths_keep_the_order_of_their_moments(
    clock: Clock, time: FakeTime, fired: list[Any]
) -> None:
    lengths = [index * 0.009 for index in range(100)]
    for length in random.Random(1).sample(lengths, len(lengths)):
        clock.after_any(length, partial(fired.append, length))
    time.now += 1
    clock.run()
    assert fired == lengths


def test_odd_lengths_of_the_same_moment_keep_the_order_in_which_they_were_set(
    clock: Clock, time: FakeTime, fired: list[Any]
) -> None:
    for number in range(20):
        clock.after_any(0.5, partial(fired.append, number))
    time.now += 0.5
    clock.run()
    assert fired == list(range(20))


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(st.sampled_from([0.5, 2.0, 25.0, 20.0]), st.booleans(), st.floats(0, 3)),
        min_size=1,
        max_size=30,
    )
)
def test_every_deadline_that_is_not_cancelled_comes_once_and_never_early(
    plan: list[tuple[float, bool, float]],
) -> None:
    time = FakeTime()
    clock = time.clock()
    numbers = count()
    expected: set[int] = set()
    fired: dict[int, float] = {}
    for interval, cancelled, wait in plan:
        number, due = next(numbers), time.now + interval
        after: Callable[..., Any] = clock.after if number % 2 else clock.after_any

        def act(number: int = number, due: float = due) -> None:
            assert number not in fired
            fired[number] = time.now - due

        deadline = after(interval, act)
        if cancelled:
            deadline.cancel()
        else:
            expected.add(number)
        time.pass_by(clock, wait)
    time.pass_by(clock, 30)
    clock.stop()
    assert set(fired) == expected
    assert all(-1e-6 <= late <= 0.2501 for late in fired.values())


def test_a_cancelled_deadline_never_comes(
    clock: Clock, time: FakeTime, fired: list[Any]
) -> None:
    deadlines = [clock.after(1.0, partial(fired.append, n)) for n in range(3)]
    odd = clock.after_any(0.7, lambda: fired.append("odd"))
    deadlines[1].cancel()
    odd.cancel()
    assert deadlines[1].cancelled
    assert not deadlines[0].cancelled
    time.now += 1
    clock.run()
    assert fired == [0, 2]


def test_cancelling_lets_go_of_what_it_concerned(clock: Clock) -> None:
    class Concerned:
        def act(self) -> None:
            raise AssertionError("cancelled")

    for after in (clock.after, clock.after_any):
        concerned = Concerned()
        gone = weakref.ref(concerned)
        after(10.0, concerned.act).cancel()
        del concerned
        assert gone() is None


def test_a_deadline_that_has_come_lets_go_of_what_it_concerned(
    clock: Clock, time: FakeTime
) -> None:
    class Concerned:
        def act(self) -> None:
            pass

    concerned = Concerned()
    gone = weakref.ref(concerned)
    deadline = clock.after(1.0, concerned.act)
    time.now += 1
    clock.run()
    del concerned
    assert gone() is None
    assert deadline.cancelled


def test_an_action_may_cancel_another_of_the_same_moment(
    clock: Clock, time: FakeTime, fired: list[Any]
) -> None:
    clock.after(1.0, lambda: second.cancel())
    second = clock.after(1.0, lambda: fired.append("second"))
    time.now += 1
    clock.run()
    assert fired == []


def test_an_action_may_set_new_deadlines(clock: Clock, time: FakeTime, fired: list[Any]) -> None:
    def again() -> None:
        fired.append(time.now)
        clock.after(1.0, again)
        clock.after(0.3, lambda: None)  # a length that is new while the clock goes through them

    clock.after(1.0, again)
    time.pass_by(clock, 3)
    assert fired == [1001, 1002, 1003]


def test_an_exception_in_an_action_loses_none_of_the_others(
    clock: Clock, time: FakeTime, fired: list[Any]
) -> None:
    def fail() -> None:
        raise ZeroDivisionError

    clock.after(1.0, fail)
    clock.after(1.0, lambda: fired.append("same length"))
    clock.after(0.9, lambda: fired.append("another length"))
    clock.after_any(0.8, lambda: fired.append("an odd length"))
    time.now += 1
    with pytest.raises(ZeroDivisionError):
        clock.run()
    clock.run()
    assert sorted(fired) == ["an odd length", "another length", "same length"]


def test_after_an_exception_the_timer_comes_again(fired: list[Any]) -> None:
    hub: Any = gevent.get_hub()
    clock = Clock(hub.loop)
    done = Event()
    errors: list[type[BaseException]] = []

    def fail() -> None:
        raise ZeroDivisionError

    with watched_hub():
        hub.handle_error = lambda context, type, value, tb: errors.append(type)
        clock.after(0.01, fail)
        clock.after(0.01, done.set)
        assert done.wait(5)
        clock.stop()
    assert errors == [ZeroDivisionError]


def test_the_timer_of_the_loop_wakes_the_clock_for_the_earliest_deadline() -> None:
    order: list[str] = []
    done = Event()
    clock = Clock(gevent.get_hub().loop)
    clock.after(0.06, lambda: order.append("late"))
    clock.after(0.06, done.set)
    clock.after(0.03, lambda: order.append("middle"))
    clock.after_any(0.01, lambda: order.append("early"))
    assert done.wait(5)
    assert order == ["early", "middle", "late"]
    clock.stop()


def test_a_stopped_clock_forgets_every_deadline_and_its_timer(fired: list[Any]) -> None:
    with watched_hub():
        clock = Clock(gevent.get_hub().loop)
        clock.after(60.0, lambda: fired.append(1))
        clock.after_any(50.0, lambda: fired.append(1))
        clock.stop()


def test_cancelled_deadlines_are_dropped_when_their_time_comes(
    clock: Clock, time: FakeTime
) -> None:
    for _ in range(1000):
        clock.after(2.0, lambda: None).cancel()
        clock.after_any(2.0, lambda: None).cancel()
    time.pass_by(clock, 2)
    assert not clock._heap
    assert not any(clock._queues.values())


def test_time_outs_that_are_cancelled_do_not_pile_up_until_their_time(
    clock: Clock, time: FakeTime, fired: list[Any]
) -> None:
    clock.after_any(50.0, partial(fired.append, "kept"))
    for _ in range(20_000):
        clock.after_any(60.0, lambda: None).cancel()
    assert len(clock._heap) <= 1001
    clock.after_any(40.0, partial(fired.append, "earlier"))
    time.pass_by(clock, 50)
    assert fired == ["earlier", "kept"]


def test_many_time_outs_that_are_kept_all_come(
    clock: Clock, time: FakeTime, fired: list[Any]
) -> None:
    for number in range(5000):
        clock.after_any(1.0 + number % 7, partial(fired.append, number))
    time.pass_by(clock, 8)
    assert sorted(fired) == list(range(5000))


def test_an_action_may_set_so_many_time_outs_that_the_heap_shrinks(
    clock: Clock, time: FakeTime, fired: list[Any]
) -> None:
    def many() -> None:
        for _ in range(3000):
            clock.after_any(60.0, lambda: None).cancel()

    clock.after_any(1.0, many)
    clock.after_any(1.0, partial(fired.append, "behind it"))
    time.now += 1
    clock.run()
    assert fired == ["behind it"]
