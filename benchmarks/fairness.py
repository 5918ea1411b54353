"""What others notice of a flood: ``python benchmarks/fairness.py [--seconds S] [FLOOD ...]``.

The server runs on one processor, 100 clients and the flood on another. The clients ask a few times
a second, alone and beside each flood in turn, several times; the medians of the slices are printed.
Whatever raises the p99 of the others above twice its value alone, twice in a row, fails; so does a
client that asks and never reads if it costs more memory than its bound. Then the exit code is 1.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.load.deaf import most_memory  # noqa: E402
from tests.load.fairness import CLIENTS, FLOODS, HEAD, OPTIONS, RATE, compare, row  # noqa: E402
from tests.load.process import Application, Crowd  # noqa: E402

BOUND = 4 * 2**20
"""``max_outbox_size``, bytes."""
SLACK = 2 * 2**20
"""What the allocator takes beside it."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=2.0, help="of each slice")
    parser.add_argument("--slices", type=int, default=3, help="of each flood, and as many alone")
    parser.add_argument("floods", nargs="*", metavar="FLOOD", help="by default all")
    chosen = parser.parse_args()
    print(HEAD)
    unfair = []
    server = Application(core=0, options={**OPTIONS, "max_outbox_size": BOUND}, quiet=True)
    with server, Crowd(server.port, CLIENTS, RATE, core=1) as crowd:
        for name in chosen.floods or FLOODS:
            for _ in range(2):
                compared = compare(server, crowd, name, chosen.slices, chosen.seconds)
                print(row(name, compared), flush=True)
                if "p99" not in compared.over:
                    break
            else:
                unfair.append(name)
        costs = most_memory(server)
    told = f"{costs / 2**20:.1f} MiB, {(BOUND + SLACK) / 2**20:.0f} are allowed"
    print(f"who asks and never reads costs {told}")
    print(f"unfair: {', '.join(unfair) or 'nothing'}")
    return int(bool(unfair) or costs > BOUND + SLACK)


if __name__ == "__main__":
    sys.exit(main())
