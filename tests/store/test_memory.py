from __future__ import annotations

import threading

import gevent

from flask_realtime.contracts.store import StoreContract
from flask_realtime.store.memory import MemoryStore
from tests.support.time import FakeTime
from tests.support.waiting import wait_until


class TestMemoryStore(StoreContract):
    def make(self) -> MemoryStore:
        return MemoryStore()


def test_a_session_without_values_costs_nothing() -> None:
    store = MemoryStore()
    store.set("s1", "key", 1)
    store.delete("s1", "key")
    store.get("s2", "key")
    store.has("s3", "key")
    store.all("s4")
    store.delete("s5", "key")
    store.expire("s6", 0.01)
    assert not store._sessions
    assert not store._ends
    assert not store._queue


def test_the_end_comes_without_a_call() -> None:
    store = MemoryStore()
    store.set("s1", "key", 1)
    store.set("s2", "key", 1)
    store.expire("s2", 0.02)
    store.expire("s1", 0.01)
    wait_until(lambda: not store._sessions)
    assert not store._ends
    assert not store._queue
    assert store._timer is None


def test_an_end_that_comes_before_others_is_not_late() -> None:
    store = MemoryStore()
    store.set("s1", "key", 1)
    store.set("s2", "key", 1)
    store.expire("s1", 1000)
    store.expire("s2", 0.01)
    wait_until(lambda: list(store._sessions) == ["s1"])
    assert store._timer is not None
    store.close()


def test_what_is_over_is_over_before_the_timer_comes() -> None:
    time = FakeTime()
    store = MemoryStore(time=time)
    store.set("s1", "key", 1)
    store.expire("s1", 10)
    time.now += 9.9
    assert store.has("s1", "key")
    time.now += 0.1
    assert not store.has("s1", "key")
    store.set("s1", "key", 2)
    store.expire("s1", 10)
    time.now += 10
    store.set("s1", "other", 3)  # which is not dropped with those before, nor beside them
    time.now += 100
    assert store.all("s1") == {"other": 3}
    store.close()


def test_a_store_that_waits_for_an_end_keeps_no_loop_running() -> None:
    ended: list[bool] = []

    def alone() -> None:  # in a thread of its own, whose loop has nothing of other tests
        store = MemoryStore()
        store.set("s1", "key", 1)
        store.expire("s1", 1000)
        ended.append(gevent.wait(timeout=10))
        store.close()
        gevent.get_hub().destroy(destroy_loop=True)

    thread = threading.Thread(target=alone)
    thread.start()
    thread.join()
    assert ended == [True]
