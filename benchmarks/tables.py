"""The tables of the results, for the documentation to include."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import machine
import targets
from loads import EVERYONE
from peers import (
    FLASK_SOCKETIO,
    GEVENT_WEBSOCKET,
    GUNICORN,
    LIMIT,
    NODE,
    ORJSON,
    PYWSGI,
    PYWSGI_NODELAY,
)
from results import BESIDE_IDLE, FOLDER, IDLE, LATENCY, TITLES, Result, Results, ratio

Row = list[str]

_HTTP = ("http", BESIDE_IDLE)
_HTTP_SERVERS = [ORJSON.name, PYWSGI.name, PYWSGI_NODELAY.name, GUNICORN.name]
_HTTP_SERVERS += [FLASK_SOCKETIO.name, LIMIT]
_SERVERS = [*(peer.name for peer in EVERYONE), GEVENT_WEBSOCKET.name, LIMIT]
_RATES = [name for name in TITLES if name not in (*_HTTP, *LATENCY, *IDLE)]


def write(results: Results, about: dict[str, dict[str, str]]) -> None:
    """Write all of them."""
    made = [made_on(about)]
    rates, http = _only(results, _RATES), _only(results, _HTTP)
    tables = {
        "targets": [_targets(results)],
        "ratios": [_ratios(results)],
        "rates": [_rates(rates, _SERVERS), _rates(http, _HTTP_SERVERS)],
        "cpu": [_cpu(rates, _SERVERS), _cpu(http, _HTTP_SERVERS)],
        "latency": [_latency(results)],
        "idle": [_idle(_only(results, IDLE))],
    }
    for name, parts in tables.items():
        (FOLDER / f"{name}.txt").write_text("\n".join([*parts, *made]))


def made_on(about: dict[str, dict[str, str]]) -> str:
    """Where and of what the results are; those of an earlier commit are named."""
    runs: dict[str, list[str]] = {}
    for name, facts in about.items():
        runs.setdefault(machine.sentence(facts), []).append(name)
    if len(runs) < 2:
        return "".join(f"{run}.\n" for run in runs)
    return "".join(f"{run}: {', '.join(names)}.\n\n" for run, names in runs.items())


def _only(results: Results, names: Iterable[str]) -> Results:
    return {name: results[name] for name in names if name in results}


def _table(rows: list[Row]) -> str:
    lines = [".. list-table::", "   :header-rows: 1", ""]
    for row in rows:
        lines += [f"   {'*' if i == 0 else ' '} - {cell}".rstrip() for i, cell in enumerate(row)]
    return "\n".join([*lines, ""])


def _targets(results: Results) -> str:
    rows = [["what", "to", "wanted", "median", "from … to", "rounds that reach it", "met"]]
    for each in targets.check(results):
        wanted = f"{'≤' if each.less else '≥'} {each.wanted:g}"
        spread = f"{min(each.rounds):.2f} … {max(each.rounds):.2f}"
        times, met = f"{each.times} of {len(each.rounds)}", "yes" if each.is_met else "no"
        rows.append(
            [each.title, each.other, wanted, f"{each.reached:.2f}", spread, times, met]
        )
    return _table(rows)


def _ratios(results: Results) -> str:
    others = (NODE.name, FLASK_SOCKETIO.name, LIMIT)
    rows = [["what", ORJSON.name, *(f"to {other}" for other in others)]]
    for name in TITLES:
        servers = results.get(name, {})
        if ORJSON.name not in servers:
            continue
        own = servers[ORJSON.name]["p99" if name in LATENCY else "rate"]
        ratios = (ratio(name, servers, ORJSON.name, other) for other in others)
        shown = ["" if each is None else f"{each:.2f}" for each in ratios]
        rows.append([TITLES[name], _number(own), *shown])
    return _table(rows)


def _rates(results: Results, servers: list[str]) -> str:
    def shown(result: Result) -> str:
        spread = (result["high"] - result["low"]) / 2 / (result["rate"] or 1)
        return f"{_number(result['rate'])} ±{spread:.0%}"

    return _by_server(results, servers, shown)


def _cpu(results: Results, servers: list[str]) -> str:
    """Microseconds of the server's processor time for each."""
    return _by_server(results, servers, lambda result: f"{result['us']:.1f}")


def _by_server(results: Results, servers: list[str], shown: Callable[[Result], str]) -> str:
    present = [each for each in servers if any(each in row for row in results.values())]
    rows = [["", *present]]
    for name, by_server in results.items():
        cells = [shown(by_server[each]) if each in by_server else "" for each in present]
        rows.append([TITLES[name], *cells])
    return _table(rows)


def _latency(results: Results) -> str:
    """Milliseconds: under the load that it says, and under full load."""
    rows = [["milliseconds", "server", "rate", "p50", "p99", "max"]]
    for name, by_server in results.items():
        for server, result in by_server.items():
            if result.get("p99"):
                figures = [_number(result[key]) for key in ("rate", "p50", "p99", "max")]
                rows.append([TITLES[name].removesuffix(", p99 in ms"), server, *figures])
    return _table(rows)


def _idle(results: Results) -> str:
    rows = [["clients", "server", "KiB each", "share of a core, with heartbeats"]]
    for name, by_server in results.items():
        for server, result in by_server.items():
            cells = [f"{result['rate']:.1f}", f"{result['cpu']:.1%}"]
            rows.append([f"{IDLE[name]:,}", server, *cells])
    return _table(rows)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"
