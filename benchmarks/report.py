"""What a run of the benchmarks leaves: lines while it runs, tables, plots and JSON at its end."""

from __future__ import annotations

import sys

import machine
import plots
import tables
import targets
from results import Result, Results, keep

_MORE = {"us": "µs of CPU each", "p99": "ms p99", "busy": "of the load's core", "cpu": "cores"}


def show(title: str, servers: dict[str, Result]) -> None:
    """Print the results of one load as they come."""
    print(f"\n{title}")
    for name, result in servers.items():
        spread = f"{result['low']:,.0f} to {result['high']:,.0f}"
        more = [f"{result[key]:.2f} {text}" for key, text in _MORE.items() if result.get(key)]
        print(f"  {name:32} {result['rate']:>12,.1f}   ({spread})  {', '.join(more)}")
    sys.stdout.flush()


def show_targets(results: Results) -> None:
    """Print which targets are met."""
    print()
    for each in targets.check(results):
        met = "met " if each.is_met else "MISS"
        wanted = f"wanted {each.wanted:g}, in {each.times} of {len(each.rounds)} rounds"
        print(f"{met} {each.title}: {each.reached:.2f} of {each.other}, {wanted}")


def write(results: Results) -> None:
    """Write everything into the documentation."""
    kept = keep(results, machine.about())
    tables.write(kept["loads"], kept["about"])
    plots.write(kept["loads"])
