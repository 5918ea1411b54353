"""The plots of the results."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib import pyplot
from peers import LIMIT, NODE, ORJSON
from results import FOLDER, TITLES, Results

pyplot.rcParams.update(
    {
        "svg.hashsalt": "the same file for the same figures",
        "font.size": 8,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.titlesize": 9,
        "axes.titlelocation": "left",
        "legend.frameon": False,
    }
)
_OURS, _NODE, _OTHER, _LIMIT = "#2a6f97", "#7a9e4b", "#a9b4bd", "#e3e6e8"
_BARS = ("echo", "broadcast-1000", "polling", "connect", "http", "idle-5000")
_ECHOES = ("echo-of-10", "echo", "echo-of-1000", "echo-of-5000")
_BROADCASTS = ("broadcast-100", "broadcast-1000", "broadcast-5000")


def write(results: Results) -> None:
    """Draw all that there are figures for."""
    chosen = [name for name in _BARS if name in results]
    if chosen:
        _bars(results, chosen)
    if all(name in results for name in (*_ECHOES, *_BROADCASTS)):
        _growth(results)


def _bars(results: Results, chosen: list[str]) -> None:
    """One field for each load, a bar for each server."""
    heights = [len(results[name]) + 1.6 for name in chosen]
    size = (7, 0.21 * sum(heights))
    options: dict[str, Any] = {"squeeze": False, "height_ratios": heights}
    figure, axes = pyplot.subplots(len(chosen), 1, figsize=size, **options)
    for (axis,), name in zip(axes, chosen, strict=True):
        servers = list(results[name])[::-1]
        rates = [results[name][each]["rate"] for each in servers]
        bars = axis.barh(servers, rates, color=[_colour(each) for each in servers], height=0.7)
        form = "{:,.0f}" if max(rates) >= 1000 else "{:.1f}"
        axis.bar_label(bars, [form.format(rate) for rate in rates], padding=3, fontsize=7)
        title = TITLES[name] + (", less is better" if name.startswith("idle") else "")
        axis.set_title(title)
        axis.set_xticks([])
        axis.tick_params(length=0)
        axis.spines["bottom"].set_visible(False)
        axis.margins(x=0.12)
    _save(figure, FOLDER / "bars.svg")


def _colour(server: str) -> str:
    if server.startswith("Flask-Realtime"):
        return _OURS
    return {NODE.name: _NODE, LIMIT: _LIMIT}.get(server, _OTHER)


def _growth(results: Results) -> None:
    """What one message costs as clients grow: a flat line is what is wanted."""
    figure, axes = pyplot.subplots(1, 2, figsize=(7, 2.8))
    titles = ("one echo", "one delivery of a broadcast")
    for axis, names, title in zip(axes, (_ECHOES, _BROADCASTS), titles, strict=True):
        for server, colour in ((ORJSON.name, _OURS), (NODE.name, _NODE), (LIMIT, "#8a949c")):
            points = [results[name][server] for name in names]
            clients = [int(point["clients"]) for point in points]
            costs = [point["us"] for point in points]
            style = "--" if server == LIMIT else "-"
            axis.plot(clients, costs, style, marker="o", markersize=4, color=colour, label=server)
        axis.set_xscale("log")
        axis.set_xticks(clients, [f"{count:,}" for count in clients])
        axis.minorticks_off()
        axis.set_ylim(bottom=0)
        axis.set_title(f"{title}, µs of processor time")
        axis.set_xlabel("clients")
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="lower center", ncols=3)
    _save(figure, FOLDER / "growth.svg", bottom=0.1)


def soak(
    samples: Sequence[tuple[float, float, int, int]],
    settled: float,
    allowed: tuple[float, float],
    title: str,
    target: Path,
) -> None:
    """Memory and sessions over the time.

    :param samples: minutes, MiB, sessions that are open, sessions so far.
    :param settled: minutes after which the memory may not grow.
    :param allowed: the memory at that moment, and by which part of it it may differ at the end.
    """
    minutes, memory, open_sessions, _ = zip(*samples, strict=True)
    middle, part = allowed
    options: dict[str, Any] = {"sharex": True, "height_ratios": [3, 1]}
    figure, (above, below) = pyplot.subplots(2, 1, figsize=(7, 3.6), **options)
    band = [middle * (1 - part)] * 2, [middle * (1 + part)] * 2
    above.fill_between([settled, minutes[-1]], *band, color=_LIMIT, label=f"±{part:.0%}")
    above.plot(minutes, memory, color=_OURS, linewidth=1.2)
    above.axvline(settled, color=_OTHER, linewidth=0.8, linestyle="--")
    above.set_ylim(0, max(memory) * 1.25)
    above.set_ylabel("MiB resident")
    above.legend(loc="lower right")
    figure.suptitle(title, fontsize=8, x=0.02, ha="left")
    below.plot(minutes, open_sessions, color=_NODE, linewidth=0.8)
    below.set_ylim(bottom=0)
    below.set_ylabel("sessions")
    below.set_xlabel("minutes")
    _save(figure, target)


def _save(figure: Any, target: Path, bottom: float = 0.0) -> None:
    figure.tight_layout(rect=(0, bottom, 1, 1))
    figure.savefig(target, metadata={"Date": None})
    pyplot.close(figure)
    # Matplotlib ends lines with a blank.
    target.write_text(re.sub(r" +$", "", target.read_text(), flags=re.MULTILINE))
