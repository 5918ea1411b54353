"""The latency of a crowd, alone and beside a flood, measured in turns in one run."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import median
from typing import NamedTuple

from .floods import FLOODS
from .process import Application, Crowd, Flood, Latency

__all__ = ["CLIENTS", "FLOODS", "OPTIONS", "RATE", "Compared", "compare"]

CLIENTS = 100
RATE = 5.0
"""Questions of each client in a second."""

OPTIONS = {"ping_interval": 600}
"""Of the server: between two slices nobody in the crowd answers pings."""

NOISE = 0.005
"""What the machine's scheduling adds now and then, beside an idle server too, seconds."""


class Compared(NamedTuple):
    """The medians of the slices of both kinds; and the server's rounds, alone and beside."""

    alone: Latency
    beside: Latency
    rounds_alone: Latency
    rounds_beside: Latency

    @property
    def over(self) -> list[str]:
        """Which figures are not below twice what they are alone."""
        floor = self.alone.p99 + NOISE
        over = [] if self.beside.p50 < 2 * self.alone.p50 else ["p50"]
        return over if self.beside.p99 < max(2 * self.alone.p99, floor) else [*over, "p99"]


def compare(
    server: Application, crowd: Crowd, name: str, slices: int, seconds: float
) -> Compared:
    """Measure in turns: alone, beside the flood, alone, …"""
    if name == "never reads":  # what it does not read are broadcasts
        server.get("/broadcast?rate=50")
    crowd.measure(0.3)
    measured: list[tuple[Latency, ...]] = []
    for _ in range(slices):
        server.rounds()
        alone, rounds_alone = crowd.measure(seconds), server.rounds()
        with Flood(server.port, name, core=1):
            server.rounds()
            beside, rounds_beside = crowd.measure(seconds), server.rounds()
        server.calm_down()
        measured.append((alone, beside, rounds_alone, rounds_beside))
    server.get("/broadcast?rate=0")
    return Compared(*(_medians(kind) for kind in zip(*measured, strict=True)))


def _medians(slices: Iterable[Latency]) -> Latency:
    return Latency(*map(median, zip(*slices, strict=True)))


HEAD = (
    f"{'milliseconds':<28}{'latency, p50':^18}{'p99':^18}{'one round, p50':^18}{'p99':^18}\n"
    f"{'flood':<28}{'alone    beside':>18}{'alone    beside':>18}"
    f"{'alone    beside':>18}{'alone    beside':>18}   p50 ×"
)


def row(name: str, compared: Compared) -> str:
    """A line of the table whose head is above."""
    alone, beside, *rounds = compared
    pairs = [*zip(alone, beside, strict=True), *zip(*rounds, strict=True)]
    figures = "".join(f"{1000 * each:>9.2f}" for pair in pairs for each in pair)
    over = ", ".join(compared.over)
    return f"{name:<28}{figures}{beside.p50 / alone.p50:>8.2f}" + (over and f"  over: {over}")
