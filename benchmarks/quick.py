"""Whether we are as fast as when the results in the docs were written: ``make bench-quick``.

Two minutes, so without Node: our ratios to the kernel's limit and to gevent's server, beside the
stored ones. Rates are worth nothing alone, for machines differ; ratios of one run are.
"""

from __future__ import annotations

from dataclasses import replace

import report
from bench import measure
from loads import LOADS
from peers import ORJSON, PYWSGI_NODELAY

_AGAINST = {
    "echo": "limit of the kernel",
    "broadcast-100": "limit of the kernel",
    "broadcast-1000": "limit of the kernel",
    "http": PYWSGI_NODELAY.name,
}


def main() -> None:
    stored = report.last_results()
    for load in LOADS:
        other = _AGAINST.get(load.name)
        if other is None:
            continue
        peers = tuple(peer for peer in load.peers if peer.name in (ORJSON.name, other))
        results = measure(replace(load, peers=peers), rounds=3, seconds=2)
        now = results[ORJSON.name]["rate"] / results[other]["rate"]
        print(f"{load.title:40} {now:6.2f} of {other}", end="")
        last = stored.get(load.name, {})
        if ORJSON.name in last and other in last:
            print(f", {last[ORJSON.name]['rate'] / last[other]['rate']:.2f} when stored", end="")
        print(flush=True)


if __name__ == "__main__":
    main()
