"""A stop under load, seen by its clients: ``python benchmarks/drain.py [--clients N] [SERVER …]``.

Half of them are on WebSocket, half have an open poll.
"""

from __future__ import annotations

import argparse
import resource
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.load.drain import SERVERS, drain, report  # noqa: E402
from tests.load.process import Application  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=1000)
    parser.add_argument("servers", nargs="*", metavar="SERVER", help="by default all")
    chosen = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    for name in chosen.servers or SERVERS:
        with Application(*SERVERS[name]) as server:
            print(report(name, chosen.clients, drain(server, chosen.clients)), flush=True)


if __name__ == "__main__":
    main()
