"""The turn: who is served next, by which worker."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import gevent
import pytest
from gevent import getcurrent
from gevent.event import AsyncResult, Event

from flask_realtime.socketio import turn as module
from flask_realtime.socketio.turn import QUANTUM, Turn
from tests.support.server import watched_hub
from tests.support.waiting import wait_until


class Client:
    """Work: a list of functions, each called in its turn."""

    def __init__(self, turn: Turn, *work: Callable[[], Any]) -> None:
        self.queued = self.working = False
        self.turn = turn
        self.left = list(work)
        self.quanta: list[int] = []
        self.workers: set[Any] = set()
        self.interruptions = 0

    def add(self) -> Client:
        self.turn.add(self)
        return self

    def work(self, quantum: int) -> bool:
        self.quanta.append(quantum)
        self.workers.add(getcurrent())
        for _ in range(quantum):
            if self.left:
                self.left.pop(0)()
        return bool(self.left)

    def interrupted(self) -> None:
        self.interruptions += 1


@pytest.fixture
def turn() -> Iterator[Turn]:
    with watched_hub():
        yield Turn(gevent.get_hub())


def _nothing() -> None:
    pass


def test_clients_are_served_a_quantum_each_in_turn(turn: Turn) -> None:
    order: list[str] = []
    first = Client(turn, *[lambda: order.append("first")] * (QUANTUM + 1)).add()
    second = Client(turn, lambda: order.append("second")).add()
    wait_until(lambda: not (first.left or second.left))
    assert order == ["first"] * QUANTUM + ["second", "first"]
    assert first.quanta == [QUANTUM, QUANTUM]
    assert not (first.queued or first.working or second.queued or second.working)


def test_nothing_runs_before_the_caller_waits(turn: Turn) -> None:
    client = Client(turn, _nothing).add()
    assert client.queued
    assert client.left


def test_adding_twice_is_adding_once(turn: Turn) -> None:
    client = Client(turn, _nothing).add().add()
    wait_until(lambda: not client.queued)
    assert client.quanta == [QUANTUM]


def test_one_worker_serves_all_who_do_not_wait(turn: Turn) -> None:
    clients = [Client(turn, _nothing).add() for _ in range(200)]
    wait_until(lambda: not any(client.left for client in clients))
    again = Client(turn, _nothing).add()
    wait_until(lambda: not again.left)
    workers = set().union(*(client.workers for client in [*clients, again]))
    assert len(workers) == 1
    assert turn._idle == list(workers)


def test_who_waits_keeps_its_worker_and_the_next_one_serves_the_others(turn: Turn) -> None:
    go_on = Event()
    waiting = Client(turn, go_on.wait, _nothing).add()
    other = Client(turn, _nothing).add()
    wait_until(lambda: not other.left)
    assert waiting.working
    assert waiting.interruptions == 1
    assert other.interruptions == 0
    assert waiting.workers.isdisjoint(other.workers)
    go_on.set()
    wait_until(lambda: not waiting.working)
    assert not waiting.left


def test_who_is_being_worked_is_not_worked_twice(turn: Turn) -> None:
    go_on = Event()
    client = Client(turn, go_on.wait).add()
    wait_until(lambda: client.working)
    client.add()
    assert not client.queued
    go_on.set()
    wait_until(lambda: not client.working)
    assert client.quanta == [QUANTUM]


def test_what_is_left_after_a_wait_gets_another_turn(turn: Turn) -> None:
    go_on = Event()
    client = Client(turn, go_on.wait, *[_nothing] * (3 * QUANTUM)).add()
    wait_until(lambda: client.working)
    go_on.set()
    wait_until(lambda: not client.left)
    assert len(client.quanta) == 4


def test_waiting_twice_interrupts_once_per_quantum(turn: Turn) -> None:
    client = Client(turn, lambda: gevent.sleep(0), lambda: gevent.sleep(0)).add()
    wait_until(lambda: not client.left)
    assert client.interruptions == 1


def test_no_more_workers_are_kept_than_may_idle(
    turn: Turn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_IDLE_WORKERS", 3)
    go_on = Event()
    clients = [Client(turn, go_on.wait).add() for _ in range(10)]
    wait_until(lambda: all(client.working for client in clients))
    go_on.set()
    wait_until(lambda: not any(client.working for client in clients))
    assert len(turn._idle) == 3
    workers = set().union(*(client.workers for client in clients))
    assert len(workers) == 10
    assert sum(worker.dead for worker in workers) == 7


def test_the_loop_looks_at_its_sockets_between_rounds(
    turn: Turn, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A callback that re-arms itself would run many times before the loop polls again.
    monkeypatch.setattr(module, "_ROUND", 2)
    order: list[str] = []
    clients = [Client(turn, *[lambda: order.append("event")] * 40).add() for _ in range(2)]
    timer = gevent.get_hub().loop.timer(0.0)
    timer.start(lambda: order.append("loop"), update=False)
    wait_until(lambda: not any(client.left for client in clients))
    timer.close()
    assert order.index("loop") <= 3 * 2 * QUANTUM


def test_an_error_of_our_own_costs_nobody_the_turn(turn: Turn) -> None:
    hub: Any = gevent.get_hub()
    seen: list[Any] = []
    watched, hub.handle_error = hub.handle_error, lambda context, *error: seen.append(error[0])

    def fail() -> None:
        raise ZeroDivisionError

    try:
        failing = Client(turn, fail, _nothing).add()
        other = Client(turn, _nothing).add()
        wait_until(lambda: not (failing.left or other.left))
    finally:
        hub.handle_error = watched
    assert seen == [ZeroDivisionError]


def test_an_error_while_interrupting_costs_nobody_the_turn(turn: Turn) -> None:
    hub: Any = gevent.get_hub()
    seen: list[Any] = []
    watched, hub.handle_error = hub.handle_error, lambda context, *error: seen.append(error[0])
    go_on = Event()
    waiting = Client(turn, go_on.wait)
    # As if sending what was held back had failed.
    waiting.interrupted = lambda: 1 / 0  # type: ignore[assignment, method-assign, return-value]
    try:
        waiting.add()
        other = Client(turn, _nothing).add()
        wait_until(lambda: not other.left)
    finally:
        hub.handle_error = watched
    assert seen == [ZeroDivisionError]
    go_on.set()
    wait_until(lambda: not waiting.working)


def test_it_is_settled_when_nobody_is_left(turn: Turn) -> None:
    assert turn.settled
    client = Client(turn, *[_nothing] * (QUANTUM + 1)).add()
    assert not turn.settled
    wait_until(lambda: turn.settled)
    assert not client.left


def test_it_is_not_settled_while_a_handler_waits(turn: Turn) -> None:
    go_on, again = Event(), Event()
    client = Client(turn, lambda: (go_on.wait(), again.wait())).add()
    wait_until(lambda: client.working)
    for event in (go_on, again):
        assert len(turn.unfinished) == 1
        event.set()
    wait_until(lambda: turn.settled)
    assert not (client.working or turn.unfinished)


def test_it_is_settled_while_a_handler_waits_for_a_client(turn: Turn) -> None:
    answer: AsyncResult[str] = AsyncResult()
    answers: list[str] = []
    client = Client(turn, lambda: answers.append(turn.await_answer(answer))).add()
    wait_until(lambda: turn.settled)
    assert client.working
    answer.set("yes")
    wait_until(lambda: not client.working)
    assert (answers, turn.settled) == (["yes"], True)


def test_who_waits_for_a_client_elsewhere_is_no_handler(turn: Turn) -> None:
    """A task that asks does not hide a handler that waits for something else."""
    answer: AsyncResult[str] = AsyncResult()
    go_on = Event()
    task = gevent.spawn(turn.await_answer, answer)
    client = Client(turn, go_on.wait).add()
    wait_until(lambda: client.working)
    assert not turn.settled
    go_on.set()
    wait_until(lambda: turn.settled)
    answer.set("yes")
    assert task.get() == "yes"


def test_a_handler_beside_the_turn(turn: Turn) -> None:
    go_on = Event()

    def handle() -> None:
        turn.begin()
        try:
            go_on.wait()
        finally:
            turn.end()

    task = gevent.spawn(handle)
    wait_until(lambda: not turn.settled)
    go_on.set()
    task.join()
    assert turn.settled


def test_what_is_no_failure_of_a_handler_is_taken_by_who_wants_it(turn: Turn) -> None:
    taken: list[BaseException] = []

    def fail() -> None:
        raise GeneratorExit

    turn.crashed = lambda error: not taken.append(error)
    Client(turn, fail).add()
    wait_until(lambda: taken)
    assert type(taken[0]) is GeneratorExit
