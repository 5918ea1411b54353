"""What others notice of a client that floods, measured in turns, alone and beside it.

A ratio of two measurements of one run: the short version of ``benchmarks/fairness.py``, which has
more kinds of floods. What makes it hold has tests of its own, which measure nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.load.fairness import OPTIONS, Compared, compare
from tests.load.process import Application, Crowd

FLOODS = (
    "events",
    "900 KB of text",
    "pings",
    "fragments of one byte",
    "posts of many events",
    "foreign sids, pipelined",
    "handshakes over WebSocket",
    "never reads",
    "one byte a second",
)

SECONDS = 0.3

TRIES = 3
"""A flood that holds up others does so each time; what else the machine has to do does not."""

NOISE = 0.010
"""Where two processors are shared with other tests, a process that has much to do is stopped for a
few milliseconds now and then, and one that has little to do is not."""


@pytest.fixture(scope="module")
def server() -> Iterator[Application]:
    with Application(core=0, options=OPTIONS, quiet=True) as server:
        yield server


@pytest.fixture(scope="module")
def crowd(server: Application) -> Iterator[Crowd]:
    with Crowd(server.port, 50, 5.0) as crowd:
        yield crowd


@pytest.mark.parametrize("flood", FLOODS)
def test_a_flood_does_not_hold_up_the_answers_of_others(
    server: Application, crowd: Crowd, flood: str
) -> None:
    tries: list[Compared] = []
    while len(tries) < TRIES:
        measured = compare(server, crowd, flood, 1, SECONDS)
        alone, beside = measured.alone.p50, measured.beside.p50
        if beside < max(2 * alone, alone + NOISE):
            return
        tries.append(measured)
    pytest.fail(f"each time it did: {tries}")
