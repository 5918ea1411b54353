"""Whether we are as fast as when the results in the docs were written: ``make bench-quick``.

Two minutes, so without Node: our ratios to the kernel's limit and to gevent's server, beside the
stored ones. Rates are worth nothing alone, for machines differ; ratios of one run are, though not
much more than a quarter is to be believed.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

from bench import measure
from loads import LOADS
from peers import LIMIT, ORJSON, PYWSGI_NODELAY
from results import ratio, read

_AGAINST = {
    "echo": LIMIT,
    "broadcast-100": LIMIT,
    "broadcast-1000": LIMIT,
    "http": PYWSGI_NODELAY.name,
}
_NOISE = 0.25
"""How far two runs of the same code may be apart."""


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    stored = read()["loads"]
    for load in LOADS:
        other = _AGAINST.get(load.name)
        if other is None:
            continue
        peers = tuple(peer for peer in load.peers if peer.name in (ORJSON.name, other))
        results = measure(replace(load, peers=peers), rounds=3, seconds=1.5)
        now = ratio(load.name, results, ORJSON.name, other)
        last = ratio(load.name, stored.get(load.name, {}), ORJSON.name, other)
        print(f"{load.title:40} {now or 0:6.2f} of {other}{_verdict(now, last)}", flush=True)


def _verdict(now: float | None, last: float | None) -> str:
    if now is None or last is None:
        return ""
    change = now / last - 1
    told = "as before" if abs(change) <= _NOISE else "FASTER" if change > 0 else "SLOWER"
    return f", {last:.2f} when stored: {told}"


if __name__ == "__main__":
    main()
