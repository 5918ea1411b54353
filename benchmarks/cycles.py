"""What is left of clients that were lost: ``python benchmarks/cycles.py [--count N] [NAME ...]``.

Of each generation so many come and go, in turn by a clean close, a reset, a half upgrade, a refused
namespace, and a loss in the middle of the handshake. After that the server must hold what it held
before, to the last object, and its memory must be the same within 5 %; else the exit code is 1.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.load.cycles import WAYS  # noqa: E402
from tests.load.generations import GENERATIONS  # noqa: E402
from tests.load.left import OPTIONS, SETTINGS, counts, left  # noqa: E402
from tests.load.process import Application, Process  # noqa: E402

TOLERANCE = 0.05
PROCESSES = 2
WARM_UP = 0.5
"""Part of the clients that come before anything is counted: what the allocator keeps for as many
as are there at a time is no leak."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100_000, help="clients of each generation")
    parser.add_argument("generations", nargs="*", metavar="GENERATION", help="by default all")
    chosen = parser.parse_args()
    good = True
    for generation in chosen.generations or GENERATIONS:
        with Application(**SETTINGS) as server:
            good &= _check(server, generation, chosen.count)
    return int(not good)


def _check(server: Application, generation: str, count: int) -> bool:
    _lose(server, generation, int(count * WARM_UP))
    server.settle(0)
    time.sleep(2 * OPTIONS["connect_timeout"])  # until deadlines that were cancelled are forgotten
    before, memory = counts(server), server.holds()["memory"]
    began = time.monotonic()
    _lose(server, generation, count)
    seconds = time.monotonic() - began
    rest = left(server, before, patience=60)
    grown = server.holds()["memory"] / memory - 1
    broken = [line for line in server.log.lines if "Traceback" in line]
    print(
        f"{generation:5} {count:,} clients in {seconds:.0f} s: left {rest or 'nothing'}; "
        f"{memory / 2**20:.1f} MiB before, {grown:+.1%}; {len(broken)} errors in the log",
        flush=True,
    )
    return not rest and abs(grown) <= TOLERANCE and not broken


def _lose(server: Application, generation: str, count: int) -> None:
    each = max(count // len(WAYS) // PROCESSES, 1)
    for way in WAYS:
        arguments = ("-m", "tests.load.cycles", str(server.port), generation, way, str(each))
        running = [Process(*arguments) for _ in range(PROCESSES)]
        for process in running:
            process.wait_for("^done$", timeout=3600)
            process.end()


if __name__ == "__main__":
    sys.exit(main())
