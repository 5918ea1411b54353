"""Mutated examples at full size into every decoder: `make fuzz RUNS=1000000`.

Each target runs in a process of its own. The exit code is 0 if nothing was found; what was found is
written to files that say how to make a test of it.
"""

from __future__ import annotations

import argparse
import logging
import multiprocessing
import os
import resource
import signal
import sys
import traceback
from collections import Counter
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from time import perf_counter
from types import FrameType
from typing import NamedTuple, NoReturn

from .mutator import mutations
from .target import Target
from .targets import TARGETS

TOO_LONG = 5.0
"""Seconds after which one input counts as a finding."""
MAX_GROWTH = 128
"""MiB that a process may grow by."""
FINDINGS = Path(__file__).parent / "findings"
MAX_FINDINGS = 5
"""After so many a target is given up: they are likely to be one bug."""


class TooSlow(BaseException):
    """No ``Exception``: no decoder shall take it for a client's fault."""


class Finding(NamedTuple):
    """An input, and what it did."""

    data: bytes
    number: int
    text: str


class Result(NamedTuple):
    """How one target did."""

    name: str
    inputs: int
    outcomes: Counter[str]
    seconds: float
    peak: float  # MiB of the process
    findings: list[Finding]


def fuzz(name: str, target: Target, runs: int, seed: str) -> Result:
    """Run a target; stop early at many findings."""
    outcomes: Counter[str] = Counter()
    findings: list[Finding] = []
    signal.signal(signal.SIGALRM, _too_slow)
    started, before = perf_counter(), peak_memory()
    number = 0
    for number, data in enumerate(islice(mutations(target, f"{seed} {name}"), runs), 1):
        signal.setitimer(signal.ITIMER_REAL, TOO_LONG)
        try:
            outcomes[target.run(data)] += 1
        except (Exception, TooSlow):
            outcomes["FOUND"] += 1
            findings.append(Finding(data, number, traceback.format_exc()))
        if peak_memory() - before > MAX_GROWTH:
            outcomes["FOUND"] += 1
            findings.append(Finding(data, number, f"grown by more than {MAX_GROWTH} MiB\n"))
            break
        if len(findings) == MAX_FINDINGS:
            break
    signal.setitimer(signal.ITIMER_REAL, 0)
    return Result(name, number, outcomes, perf_counter() - started, peak_memory(), findings)


def _too_slow(number: int, frame: FrameType | None) -> NoReturn:
    raise TooSlow(f"one input takes more than {TOO_LONG} s")


def peak_memory() -> float:
    """MiB that this process has had at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def write_finding(folder: Path, name: str, seed: str, finding: Finding) -> Path:
    """Write a file that says all there is to know; return where it is."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name.replace(' ', '-').replace(',', '')}-{finding.number}.txt"
    data = finding.data
    file.write_text(
        f"target {name!r}, seed {seed!r}, input {finding.number}\n\n{finding.text}\n"
        "To make it a test, shorten it and add it to FOUND in tests/fuzz/found.py, then write one\n"
        "that says what should happen in the tests of the decoder:\n\n"
        f"    {name!r}: (\n        {data!r},\n    ),\n"
    )
    return file


def _work(task: tuple[str, int, str]) -> Result:
    name, runs, seed = task
    logging.disable(logging.CRITICAL)  # of each refusal
    return fuzz(name, TARGETS[name], runs, seed)


def row(result: Result) -> str:
    """A line of the table."""
    outcomes = ", ".join(f"{name} {count:,}" for name, count in result.outcomes.most_common())
    return (
        f"{result.name:30} {result.inputs:>9,} {result.seconds:7.1f} {result.peak:6.0f}  {outcomes}"
    )


def report(results: Iterable[Result], folder: Path, seed: str) -> int:
    """Print what becomes known, and write down what was found; return the exit code."""
    found = 0
    for result in results:
        print(row(result), flush=True)
        found += len(result.findings)
        for finding in result.findings:
            file = write_finding(folder, result.name, seed, finding)
            print(f"    {finding.text.strip().splitlines()[-1]}: see {file}", flush=True)
    print(f"{found} found" if found else "nothing found")
    return 1 if found else 0


def main() -> int:
    """Run as the command line says; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.run", description=__doc__)
    parser.add_argument("--runs", type=int, default=1_000_000, help="inputs for each target")
    parser.add_argument("--seed", default="1", help="another one makes other inputs")
    parser.add_argument("--only", default="", help="targets with this in their names")
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    options = parser.parse_args()
    tasks = [(name, options.runs, options.seed) for name in TARGETS if options.only in name]
    print(f"{'target':30} {'inputs':>9} {'seconds':>7} {'MiB':>6}  outcomes, seed {options.seed}")
    context = multiprocessing.get_context("spawn")
    with context.Pool(options.processes, maxtasksperchild=1) as pool:
        results = pool.imap_unordered(_work, tasks, chunksize=1)
        return report(results, FINDINGS, options.seed)


if __name__ == "__main__":
    sys.exit(main())
