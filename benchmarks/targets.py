"""What this project wants to reach, as ratios to others in one run, and whether it does."""

from __future__ import annotations

import statistics
from typing import NamedTuple

from peers import FLASK_SOCKETIO, GUNICORN, LIMIT, NODE, ORJSON, SIMPLEJSON
from results import TITLES, Results, lower_is_better, ratios


class Target(NamedTuple):
    """One of them.

    :param wanted: by the name of the other server: at least, or where less is better at most.
    """

    title: str
    load: str
    wanted: dict[str, float]
    ours: str = ORJSON.name


TARGETS = [
    Target("echo with ack, orjson", "echo", {NODE.name: 1.1, FLASK_SOCKETIO.name: 10}),
    Target(
        "echo with ack, simplejson",
        "echo",
        {NODE.name: 1.0, FLASK_SOCKETIO.name: 10},
        SIMPLEJSON.name,
    ),
    Target(
        "broadcast to 1,000",
        "broadcast-1000",
        {NODE.name: 1.6, FLASK_SOCKETIO.name: 4.5, LIMIT: 0.7},
    ),
    Target(
        "broadcast to 100",
        "broadcast-100",
        {NODE.name: 1.25, FLASK_SOCKETIO.name: 4, LIMIT: 0.75},
    ),
    Target("polling echo", "polling", {NODE.name: 1.6, FLASK_SOCKETIO.name: 25}),
    Target("connects", "connect", {NODE.name: 3, FLASK_SOCKETIO.name: 6}),
    Target(
        "memory of 5,000 idle clients, less is better",
        "idle-5000",
        {NODE.name: 0.3, FLASK_SOCKETIO.name: 0.1},
    ),
    Target("p99 latency at half of Node's rate, less is better", "latency", {NODE.name: 1.0}),
    Target("HTTP hello through Flask", "http", {GUNICORN.name: 1.5}),
]
assert all(each.load in TITLES for each in TARGETS)


class Met(NamedTuple):
    """A target beside what was measured.

    :param rounds: what each has reached.
    """

    title: str
    other: str
    wanted: float
    rounds: list[float]
    less: bool  # is better

    @property
    def reached(self) -> float:
        return statistics.median(self.rounds)

    @property
    def is_met(self) -> bool:
        return self._meets(self.reached)

    @property
    def times(self) -> int:
        """In how many rounds."""
        return sum(map(self._meets, self.rounds))

    def _meets(self, reached: float) -> bool:
        return reached <= self.wanted if self.less else reached >= self.wanted


def check(results: Results) -> list[Met]:
    """All targets of the loads that were measured."""
    found = []
    for target in TARGETS:
        for other, wanted in target.wanted.items():
            rounds = ratios(target.load, results.get(target.load, {}), target.ours, other)
            if rounds:
                less = lower_is_better(target.load)
                found.append(Met(target.title, other, wanted, rounds, less))
    return found
