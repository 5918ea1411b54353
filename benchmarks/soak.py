"""Whether memory stays: ``python benchmarks/soak.py [--minutes M]``.

Clients of all kinds come, talk and go, beside a crowd that stays. The resident memory at the end
must be that after the first quarter, within 5 %; else the exit code is 1.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.load.process import Application, Process  # noqa: E402

TOLERANCE = 0.05
COMING = 3
"""Processes whose clients come and go, one at a time each."""
STAYING = 50


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=2.0)
    seconds = 60 * parser.parse_args().minutes
    with Application(options={"ping_interval": 5, "ping_timeout": 10}, quiet=True) as server:
        clients = [
            Process("-m", "tests.load.soak", str(server.port), str(seed)) for seed in range(COMING)
        ]
        clients.append(Process("-m", "tests.load.idle", str(server.port), str(STAYING)))
        try:
            quarter = _watch(server, seconds / 4)
            end = _watch(server, seconds * 3 / 4)
        finally:
            for each in clients:
                each.kill()
        server.settle(0)
        print(f"all gone {server.holds()}")
    grown = end / quarter - 1
    print(f"{quarter / 2**20:.1f} MiB after a quarter, {end / 2**20:.1f} at the end: {grown:+.1%}")
    return int(grown > TOLERANCE)


def _watch(server: Application, seconds: float) -> int:
    """Print what the server holds now and then, for so long; return its memory at the end."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        time.sleep(min(left, seconds / 5))
        held = server.holds()
        print(f"{left:5.0f} s left in this part: {held}", flush=True)
    return held["memory"]


if __name__ == "__main__":
    sys.exit(main())
