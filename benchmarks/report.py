"""What a run of the benchmarks leaves: a table, plots, and a JSON file, in ``docs/performance``."""

from __future__ import annotations

import json
import platform
import subprocess
import sys

from loads import LOADS
from peers import FLASK_SOCKETIO, NODE, ORJSON, ROOT

FOLDER = ROOT / "docs" / "performance"
RESULTS = FOLDER / "results.json"
_LIMIT = "limit of the kernel"

Results = dict[str, dict[str, dict[str, float]]]

_TITLES = {load.name: load.title for load in LOADS} | {
    "latency": "echo at half of Node's top rate, p99 in ms",
    "http-beside-1000": "HTTP hello beside 1,000 idle clients, requests/s",
    **{f"idle-{count}": f"{count:,} idle clients, KiB each" for count in (1000, 5000, 10000)},
}


def value_of(name: str, result: dict[str, float]) -> float:
    """What a table shows of a result."""
    return result["p99"] if name == "latency" else result["rate"]


def show(title: str, results: dict[str, dict[str, float]]) -> None:
    """Print the results of one load as they come."""
    print(f"\n{title}")
    for name, result in results.items():
        spread = f"{result['low']:,.0f} to {result['high']:,.0f}"
        more = [f"{result[key]:.1f} {text}" for key, text in _MORE.items() if result.get(key)]
        print(f"  {name:32} {result['rate']:>12,.1f}   ({spread})  {', '.join(more)}")
    sys.stdout.flush()


_MORE = {"us": "µs of CPU each", "p99": "ms p99", "busy": "of the load's core", "cpu": "cores"}


def last_results() -> Results:
    """Those of the last run that was written."""
    if not RESULTS.exists():
        return {}
    loads: Results = json.loads(RESULTS.read_text())["loads"]
    return loads


def compare(results: Results, last: Results) -> None:
    """Print how our ratios to Node have moved since then."""
    for name, result in results.items():
        now, before = _ratio(name, result), _ratio(name, last.get(name, {}))
        if now and before:
            print(f"{_TITLES[name]}: {now:.2f} of Node's, {before:.2f} the last time")


def _ratio(name: str, results: dict[str, dict[str, float]], to: str = NODE.name) -> float | None:
    if ORJSON.name not in results or to not in results:
        return None
    theirs = value_of(name, results[to])
    return value_of(name, results[ORJSON.name]) / theirs if theirs else None


def write(results: Results) -> None:
    """Write all of it."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    about = {
        "python": platform.python_version(),
        "node": _output("node", "--version"),
        "commit": _output("git", "rev-parse", "--short", "HEAD"),
        "kernel": platform.release().partition("-")[0],
    }
    RESULTS.write_text(json.dumps({"about": about, "loads": results}, indent=1) + "\n")
    (FOLDER / "table.rst").write_text(_table(results, about))
    plot(results)


def _output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT).stdout.strip()


def _table(results: Results, about: dict[str, str]) -> str:
    head = ["load", "Flask-Realtime", "to Node", "to Flask-SocketIO", "to the kernel's limit"]
    rows = [head]
    for name, title in _TITLES.items():
        result = results.get(name, {})
        if ORJSON.name not in result:
            continue
        ratios = (_ratio(name, result, to) for to in (NODE.name, FLASK_SOCKETIO.name, _LIMIT))
        own = value_of(name, result[ORJSON.name])
        shown = f"{own:,.0f}" if own >= 100 else f"{own:.2f}"
        rows.append([title, shown, *("" if each is None else f"{each:.2f}" for each in ratios)])
    lines = [".. list-table::", "   :header-rows: 1", ""]
    for row in rows:
        lines += [f"   {'*' if i == 0 else ' '} - {cell}".rstrip() for i, cell in enumerate(row)]
    made = "Commit {commit}, Python {python}, Node {node}, Linux {kernel}.".format(**about)
    return "\n".join([*lines, "", made, ""])


def plot(results: Results) -> None:
    """Draw bars for the loads that matter most."""
    from matplotlib import pyplot

    pyplot.rcParams["svg.hashsalt"] = "the same file for the same figures"
    chosen = [name for name in ("echo", "broadcast-1000", "polling", "connect") if name in results]
    if not chosen:
        return
    figure, axes = pyplot.subplots(len(chosen), 1, figsize=(7, 2.1 * len(chosen)), squeeze=False)
    for (axis,), name in zip(axes, chosen, strict=True):
        names = list(results[name])[::-1]
        rates = [results[name][each]["rate"] for each in names]
        colours = ["#2a6f97" if each.startswith("Flask-Realtime") else "#a9b4bd" for each in names]
        bars = axis.barh(names, rates, color=colours)
        axis.bar_label(bars, [f"{rate:,.0f}" for rate in rates], padding=3, fontsize=7)
        axis.set_title(_TITLES[name], fontsize=9, loc="left")
        axis.tick_params(labelsize=7)
        axis.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(FOLDER / "bars.svg", metadata={"Date": None})
