"""Flask-Realtime beside its peers: ``make bench``, or ``bench.py [--only LOAD ...]``.

Each server runs on one core, the load on another. Every round puts every server to the load in
turn, so that whatever else the machine does meets all of them; what counts is the median over the
rounds, and ratios of one run. Results go into ``docs/performance``: tables, plots, and a JSON file
with which the next run is compared.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import report
import results as kept
import targets
from loads import LOADS, Load
from peers import FLASK_SOCKETIO, NODE, ORJSON, Peer, Running
from results import BESIDE_IDLE, IDLE, LATENCY, TITLES, Result, Results

FEWEST_ROUNDS = 3
"""Of which a median, and how far they are apart, say anything."""
IDLE_SECONDS = 27.0
"""How long clients are watched that do nothing: every one is pinged meanwhile."""
WARM_UP = 0.7

Measured = Callable[[Peer], Result]


def put_to(server: Running, load: Load, seconds: float) -> Result:
    """One measurement."""
    times = [f"warmup={WARM_UP}", f"seconds={seconds}"]
    process = server.start_load(load.kind, *times, *load.arguments())
    assert process.stdout is not None
    begun = process.stdout.readline()
    before = server.cpu()
    answer = process.stdout.readline()
    used = server.cpu() - before
    if process.wait() or not begun or not answer:
        raise SystemExit(f"{load.name} on {server.peer.name} broke off\n{server.log()}")
    result: Result = json.loads(answer)
    if result["failed"]:
        raise SystemExit(f"{load.name} on {server.peer.name}: {result['failed']} refused")
    if not result["count"]:
        raise SystemExit(f"{load.name} on {server.peer.name}: nothing came")
    result["us"] = used / result["count"] * 1e6
    result["clients"] = load.clients
    return result


@contextmanager
def idle(server: Running, clients: int) -> Iterator[None]:
    """Clients that say nothing but the answers to pings."""
    process = server.start_load("idle", f"clients={clients}")
    assert process.stdout is not None
    if not process.stdout.readline():
        raise SystemExit(f"{clients} idle clients on {server.peer.name} broke off")
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def interleaved(peers: tuple[Peer, ...], measured: Measured, rounds: int) -> dict[str, Result]:
    """Measure all of them, round by round."""
    samples: dict[str, list[Result]] = {peer.name: [] for peer in peers}
    for _ in range(rounds):
        for peer in peers:
            samples[peer.name].append(measured(peer))
    return {name: kept.summary(each) for name, each in samples.items()}


def measure(load: Load, rounds: int, seconds: float) -> dict[str, Result]:
    """All servers of a load."""

    def measured(peer: Peer) -> Result:
        with Running(peer) as server:
            return put_to(server, load, seconds)

    return interleaved(load.peers, measured, rounds)


def measure_idle(peer: Peer, clients: int) -> Result:
    """KiB for each idle client, and the share of a core that they cost."""
    with Running(peer) as server:
        with idle(server, 200):  # what all share must not count
            pass
        time.sleep(0.5)
        before = server.settled_memory()
        with idle(server, clients):
            each = (server.settled_memory() - before) / clients
            used = server.cpu()
            time.sleep(IDLE_SECONDS)
            share = (server.cpu() - used) / IDLE_SECONDS
    return {"rate": each, "cpu": share, "clients": clients}


def measure_latency(
    name: str, echo: dict[str, Result], rounds: int, seconds: float
) -> dict[str, Result]:
    """Echo at a rate that each can bear: what a client waits for its answer."""
    load = next(load for load in LOADS if load.name == "echo")

    def measured(peer: Peer) -> Result:
        top = echo[NODE.name if name == "latency" else peer.name]["rate"]
        settings = {**load.settings, "rate": top / 2}
        with Running(peer) as server:
            return put_to(server, replace(load, settings=settings), seconds)

    return interleaved((ORJSON, NODE), measured, rounds)


def measure_beside_idle(rounds: int, seconds: float) -> dict[str, Result]:
    """HTTP hello through Flask while 1,000 clients are connected, where they can be."""
    load = next(load for load in LOADS if load.name == "http")

    def measured(peer: Peer) -> Result:
        with Running(peer) as server, idle(server, 1000):
            return put_to(server, load, seconds)

    return interleaved((ORJSON, FLASK_SOCKETIO), measured, rounds)


def measure_by_name(name: str, results: Results, rounds: int, seconds: float) -> dict[str, Result]:
    """Whatever it is: a load, or one of the measurements above."""
    if name in LATENCY:
        echo = results.get("echo") or kept.read()["loads"].get("echo")
        if echo is None:
            raise SystemExit(f"{name} needs the rates of echo: --only echo {name}")
        return measure_latency(name, echo, rounds, seconds)
    if name == BESIDE_IDLE:
        return measure_beside_idle(rounds, seconds)
    if name in IDLE:
        peers = (ORJSON, NODE, FLASK_SOCKETIO) if IDLE[name] <= 5000 else (ORJSON, NODE)
        # One round: memory is the same in each.
        return interleaved(peers, lambda peer: measure_idle(peer, IDLE[name]), 1)
    load = next(load for load in LOADS if load.name == name)
    return measure(load, rounds, seconds)


def run(names: list[str], rounds: int, seconds: float) -> Results:
    results: Results = {}
    wanted = {target.load for target in targets.TARGETS}
    for name in names or TITLES:
        # What decides whether a target is met is measured more often.
        more = 2 * rounds + 1 if name in wanted else rounds
        results[name] = measure_by_name(name, results, more, seconds)
        report.show(TITLES[name], results[name])
    return results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", default=[], choices=TITLES, help="names of loads")
    parser.add_argument(
        "--rounds",
        type=int,
        default=FEWEST_ROUNDS,
        help="of each load; of one with a target it is twice as many, and one",
    )
    parser.add_argument("--seconds", type=float, default=1.5, help="of each measurement")
    parser.add_argument("--write", action="store_true", help="the results into the docs")
    arguments = parser.parse_args()
    if arguments.rounds < 1:
        parser.error("--rounds is 1 at least")
    last = kept.read()["loads"]
    began = time.monotonic()
    results = run(arguments.only, arguments.rounds, arguments.seconds)
    report.show_targets(results)
    kept.compare(results, last)
    if arguments.write and arguments.rounds < FEWEST_ROUNDS:
        print(f"not written into the docs: fewer than {FEWEST_ROUNDS} rounds say too little")
    elif arguments.write:
        report.write(results)
    print(f"{(time.monotonic() - began) / 60:.1f} minutes")


if __name__ == "__main__":
    main()
