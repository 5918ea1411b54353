"""Flask-Realtime beside its peers: ``make bench``, or ``bench.py [--only LOAD ...]``.

Each server runs on one core, the load on another. Every round puts every server to the load in
turn, so that whatever else the machine does meets all of them; what counts is the median over the
rounds, and ratios of one run. Results go into ``docs/performance``: a table, plots, and a JSON file
with which the next run is compared.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import report
from loads import LOADS, Load
from peers import BUILD, FLASK_SOCKETIO, NODE, ORJSON, Peer, Running

LOAD_CORE = "1"
Results = dict[str, dict[str, dict[str, float]]]
"""By load and server: medians of what was measured, with ``low`` and ``high`` of the rate."""


def put_to(server: Running, load: Load, seconds: float) -> dict[str, float]:
    """One measurement."""
    command = ["taskset", "-c", LOAD_CORE, str(BUILD / "load"), load.kind, str(server.port)]
    process = subprocess.Popen(
        [*command, *load.arguments(), f"seconds={seconds}"], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    begun = process.stdout.readline()
    before = server.cpu()
    answer = process.stdout.readline()
    used = server.cpu() - before
    if process.wait() or not begun or not answer:
        raise SystemExit(f"{load.name} on {server.peer.name} broke off")
    result: dict[str, float] = json.loads(answer)
    if result["failed"]:
        raise SystemExit(f"{load.name} on {server.peer.name}: {result['failed']} refused")
    result["us"] = used / max(result["count"], 1) * 1e6
    result["clients"] = load.clients
    return result


def median(samples: list[dict[str, float]]) -> dict[str, float]:
    middle = {key: statistics.median(each[key] for each in samples) for key in samples[0]}
    rates = [each["rate"] for each in samples]
    return {**middle, "low": min(rates), "high": max(rates)}


def measure(load: Load, rounds: int, seconds: float) -> dict[str, dict[str, float]]:
    """All servers of a load, interleaved."""
    samples: dict[str, list[dict[str, float]]] = {peer.name: [] for peer in load.peers}
    for _ in range(rounds):
        for peer in load.peers:
            with Running(peer) as server:
                samples[peer.name].append(put_to(server, load, seconds))
    return {name: median(each) for name, each in samples.items()}


@contextmanager
def idle(server: Running, clients: int) -> Iterator[None]:
    """Clients that say nothing but the answers to pings."""
    command = ["taskset", "-c", LOAD_CORE, str(BUILD / "load"), "idle", str(server.port)]
    process = subprocess.Popen([*command, f"clients={clients}"], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    if not process.stdout.readline():
        raise SystemExit(f"{clients} idle clients on {server.peer.name} broke off")
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def measure_idle(peer: Peer, clients: int, seconds: float) -> dict[str, float]:
    """KiB for each idle client, and the share of a core that they cost."""
    with Running(peer) as server:
        with idle(server, 200):  # what all share must not count
            pass
        time.sleep(0.5)
        before = server.settled_memory()
        with idle(server, clients):
            each = (server.settled_memory() - before) / clients
            used = server.cpu()
            time.sleep(seconds)
            share = (server.cpu() - used) / seconds
    return {"rate": each, "low": each, "high": each, "cpu": share, "clients": clients}


def measure_latency(results: Results, rounds: int, seconds: float) -> None:
    """Echo at half of Node's top rate: what a client waits for its answer."""
    if "echo" not in results:
        return
    load = next(load for load in LOADS if load.name == "echo")
    settings = {**load.settings, "rate": results["echo"][NODE.name]["rate"] / 2}
    peers = tuple(peer for peer in load.peers if peer in (ORJSON, NODE))
    results["latency"] = measure(replace(load, settings=settings, peers=peers), rounds, seconds)


def measure_beside_idle(results: Results, rounds: int, seconds: float) -> None:
    """HTTP hello through Flask while 1,000 clients are connected."""
    load = next(load for load in LOADS if load.name == "http")
    samples = []
    for _ in range(rounds):
        with Running(ORJSON) as server, idle(server, 1000):
            samples.append(put_to(server, load, seconds))
    results["http-beside-1000"] = {ORJSON.name: median(samples)}


def run(names: list[str], rounds: int, seconds: float) -> Results:
    results: Results = {}
    for load in LOADS:
        if names and load.name not in names:
            continue
        results[load.name] = measure(load, rounds, seconds)
        report.show(load.title, results[load.name])
    if not names or "latency" in names:
        measure_latency(results, rounds, seconds)
    if not names or "http" in names:
        measure_beside_idle(results, rounds, seconds)
    for clients in (1000, 5000, 10000):
        name = f"idle-{clients}"
        if names and name not in names:
            continue
        peers = (ORJSON, NODE, FLASK_SOCKETIO) if clients <= 5000 else (ORJSON, NODE)
        results[name] = {peer.name: measure_idle(peer, clients, 30) for peer in peers}
        report.show(f"{clients:,} idle clients, KiB each", results[name])
    return results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", default=[], help="names of loads")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3.0, help="of each measurement")
    parser.add_argument("--write", action="store_true", help="the results into the docs")
    arguments = parser.parse_args()
    last = report.last_results()
    results = run(arguments.only, arguments.rounds, arguments.seconds)
    report.compare(results, last)
    if arguments.write:
        report.write({**last, **results})


if __name__ == "__main__":
    main()
