"""What others notice of a flood: ``python benchmarks/fairness.py [--seconds S] [FLOOD ...]``.

The server runs on one processor, 100 clients and the flood on another. The clients ask a few times
a second, alone and beside each flood in turn, several times; the medians of the slices are printed.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.load.fairness import CLIENTS, FLOODS, HEAD, OPTIONS, RATE, compare, row  # noqa: E402
from tests.load.process import Application, Crowd  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=2.0, help="of each slice")
    parser.add_argument("--slices", type=int, default=3, help="of each flood, and as many alone")
    parser.add_argument("floods", nargs="*", metavar="FLOOD", help="by default all")
    chosen = parser.parse_args()
    print(HEAD)
    server = Application(core=0, options=OPTIONS, quiet=True)
    with server, Crowd(server.port, CLIENTS, RATE, core=1) as crowd:
        for name in chosen.floods or FLOODS:
            compared = compare(server, crowd, name, chosen.slices, chosen.seconds)
            print(row(name, compared), flush=True)


if __name__ == "__main__":
    main()
