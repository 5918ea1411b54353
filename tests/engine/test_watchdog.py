"""Who stalls the hub is named."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import gevent
import pytest

from flask_realtime.engine.watchdog import Watchdog
from tests.support.waiting import wait_until

STALL = 0.1


@pytest.fixture
def told() -> list[tuple[float, str]]:
    return []


@pytest.fixture
def watchdog(told: list[tuple[float, str]]) -> Iterator[Watchdog]:
    loop = gevent.get_hub().loop
    watchdog = Watchdog(loop, threading.get_ident(), lambda *stall: told.append(stall), STALL)
    watchdog.start()
    yield watchdog
    watchdog.stop()


def block_everyone(seconds: float) -> None:
    time.sleep(seconds)


def test_the_call_that_blocks_is_named(
    watchdog: Watchdog, told: list[tuple[float, str]]
) -> None:
    gevent.sleep(STALL)
    block_everyone(4 * STALL)
    wait_until(lambda: told, what="the stall is told")
    (seconds, stack), *others = told
    assert others == []
    assert STALL < seconds <= 5 * STALL
    assert "in block_everyone" in stack
    assert "time.sleep(seconds)" in stack


def test_waiting_as_gevent_does_is_no_stall(
    watchdog: Watchdog, told: list[tuple[float, str]]
) -> None:
    gevent.sleep(4 * STALL)
    assert told == []


def test_each_stall_is_told(watchdog: Watchdog, told: list[tuple[float, str]]) -> None:
    for number in (1, 2):
        # Long: on a busy machine the watchdog's thread has to wait for a processor, too.
        block_everyone(15 * STALL)
        wait_until(lambda: len(told) == number, what="this stall is told")  # noqa: B023
