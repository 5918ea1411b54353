"""Whether memory stays: ``python benchmarks/soak.py [--minutes M]``.

Clients of all generations come, talk and go, beside a crowd that stays. The resident memory at the
end must be what it was after the first five minutes (of shorter runs, after a quarter), within 5 %;
else the exit code is 1. The plot of a run of half an hour or more goes into ``docs/performance``,
that of a shorter one beside the load's programs.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))

import plots  # noqa: E402
from machine import commit  # noqa: E402
from peers import BUILD  # noqa: E402
from results import FOLDER  # noqa: E402

from tests.load.process import Application, Process  # noqa: E402

TOLERANCE = 0.05
COMING = 3
"""Processes whose clients come and go, one at a time each."""
STAYING = 50
SETTLED = 5.0
"""Minutes after which it may not grow any more."""
LONG = 30.0
"""Minutes from which on a run is worth showing."""
SAMPLES = 240


class Sample(NamedTuple):
    """What the server held at a moment.

    :param minutes: since the beginning.
    :param memory: resident, MiB.
    :param opened: sessions so far.
    """

    minutes: float
    memory: float
    sessions: int
    opened: int


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=2.0)
    minutes = parser.parse_args().minutes
    settled = min(SETTLED, minutes / 4)
    with Application(options={"ping_interval": 5, "ping_timeout": 10}, quiet=True) as server:
        samples = _run(server, minutes)
        server.settle(0)
        print(f"all gone {server.holds()}")
    before, end = _around(samples, settled), _around(samples, minutes)
    grown = end / before - 1
    told = f"{before:.1f} MiB after {settled:g} minutes, {end:.1f} at the end: {grown:+.1%}"
    print(f"{samples[-1].opened:,} sessions; {told}")
    target = (FOLDER if minutes >= LONG else BUILD) / "soak.svg"
    target.parent.mkdir(parents=True, exist_ok=True)
    title = f"{samples[-1].opened:,} clients in {minutes:g} minutes, commit {commit()}: {told}"
    plots.soak(samples, settled, (before, TOLERANCE), title, target)
    return int(grown > TOLERANCE)


def _run(server: Application, minutes: float) -> list[Sample]:
    clients = [
        Process("-m", "tests.load.soak", str(server.port), str(seed)) for seed in range(COMING)
    ]
    clients.append(Process("-m", "tests.load.idle", str(server.port), str(STAYING)))
    try:
        samples = list(_watch(server, minutes))
        for each in clients:
            if "Traceback" in "".join(each.log.lines):
                raise SystemExit("\n".join(each.log.lines[-20:]))
        return samples
    finally:
        for each in clients:
            each.kill()


def _watch(server: Application, minutes: float) -> list[Sample]:
    """Look at it now and then, and print a part of that."""
    began = time.monotonic()
    samples: list[Sample] = []
    while (passed := time.monotonic() - began) < 60 * minutes:
        held = server.holds()
        memory = held["memory"] / 2**20
        samples.append(Sample(passed / 60, memory, held["sessions"], held["opened"]))
        if len(samples) % (SAMPLES // 12) == 1:
            print(f"{passed / 60:5.1f} minutes: {held}", flush=True)
        time.sleep(60 * minutes / SAMPLES)
    return samples


def _around(samples: list[Sample], minutes: float) -> float:
    """The median of what it held in the ten samples up to a moment, MiB."""
    until = [each.memory for each in samples if each.minutes <= minutes]
    return statistics.median(until[-10:])


if __name__ == "__main__":
    sys.exit(main())
