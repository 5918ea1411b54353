"""What a run has measured, as it is kept, and the ratios in it."""

from __future__ import annotations

import json
import statistics
from typing import Any

from loads import LOADS
from peers import FLASK_SOCKETIO, LIMIT, NODE, ORJSON, ROOT

FOLDER = ROOT / "docs" / "performance"
_FILE = FOLDER / "results.json"

Result = dict[str, Any]
"""Of one server and load: medians over the rounds, and ``rounds``, what each has brought."""
Results = dict[str, dict[str, Result]]
"""By load and server."""

BESIDE_IDLE = "http-beside-1000"
IDLE = {f"idle-{count}": count for count in (1000, 5000, 10000)}
LATENCY = {
    "latency": "echo at half of Node's top rate, p99 in ms",
    "latency-own": "echo at half of the own top rate, p99 in ms",
}
TITLES = {load.name: load.title for load in LOADS} | {
    BESIDE_IDLE: "HTTP hello beside 1,000 idle clients, requests/s",
    **LATENCY,
    **{name: f"{count:,} idle clients, KiB each" for name, count in IDLE.items()},
}
"""All that is measured, in the order of the tables."""


def lower_is_better(name: str) -> bool:
    return name in LATENCY or name in IDLE


def key_of(name: str) -> str:
    """Which of the figures of a result counts."""
    return "p99" if name in LATENCY else "rate"


def summary(rounds: list[Result]) -> Result:
    """Put the rounds of one server together."""
    middle = {key: statistics.median(each[key] for each in rounds) for key in rounds[0]}
    rates = [each["rate"] for each in rounds]
    kept = [{key: each[key] for key in ("rate", "p99") if key in each} for each in rounds]
    return {**middle, "low": min(rates), "high": max(rates), "rounds": kept}


def ratios(name: str, servers: dict[str, Result], of: str, to: str) -> list[float]:
    """One server's figure to another's in the same round, for each round: what else the machine has
    done meanwhile has met both. Empty where one of them was not measured."""
    if of not in servers or to not in servers:
        return []
    key = key_of(name)
    pairs = zip(servers[of]["rounds"], servers[to]["rounds"], strict=True)
    return [ours[key] / theirs[key] for ours, theirs in pairs if theirs[key]]


def ratio(name: str, servers: dict[str, Result], of: str, to: str) -> float | None:
    """The median of these."""
    found = ratios(name, servers, of, to)
    return statistics.median(found) if found else None


def read() -> dict[str, Any]:
    """What was written last: ``loads``, and ``about`` for each of them."""
    if not _FILE.exists():
        return {"loads": {}, "about": {}}
    last: dict[str, Any] = json.loads(_FILE.read_text())
    return last


def keep(results: Results, about: dict[str, str]) -> dict[str, Any]:
    """Write them over those of the last run; what was not measured now stays as it was."""
    last = read()
    kept = {
        "loads": {**last["loads"], **results},
        "about": {**last["about"], **{name: about for name in results}},
    }
    FOLDER.mkdir(parents=True, exist_ok=True)
    _FILE.write_text(json.dumps(kept, indent=1) + "\n")
    return kept


def compare(results: Results, last: Results) -> None:
    """Print how our ratios to others have moved since then, if by more than 3 %."""
    for name, servers in results.items():
        for to in (NODE.name, FLASK_SOCKETIO.name, LIMIT):
            now = ratio(name, servers, ORJSON.name, to)
            before = ratio(name, last.get(name, {}), ORJSON.name, to)
            if now and before and abs(now / before - 1) > 0.03:
                word = "better" if (now > before) != lower_is_better(name) else "worse"
                print(f"{word:6} {TITLES[name]}: {now:.2f} of {to}, {before:.2f} the last time")
