"""Nothing is left of clients that were lost; ``benchmarks/cycles.py`` loses 100,000 of each
generation."""

from __future__ import annotations

from tests.load.cycles import WAYS
from tests.load.generations import GENERATIONS
from tests.load.left import SETTINGS, counts, left
from tests.load.process import Application

CYCLES = 4
"""Of each way: the ways that have variants take each several times."""


def _lose(server: Application, cycles: int) -> None:
    for generation in GENERATIONS.values():
        for way in WAYS.values():
            for number in range(cycles):
                way(server.port, generation, number)


def test_nothing_is_left_of_clients_of_any_generation_however_they_are_lost() -> None:
    with Application(**SETTINGS) as server:
        _lose(server, 1)  # what is made at the first time is no leak
        server.settle(0)
        before = counts(server)
        _lose(server, CYCLES)
        assert left(server, before) == {}
        assert not [line for line in server.log.lines if "Traceback" in line]
