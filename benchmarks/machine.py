"""Where and of what a result is: the commit, the versions, the shape of the machine."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from pathlib import Path

from peers import PYTHON, ROOT


def about() -> dict[str, str]:
    """What stands beside the figures."""
    return {
        "commit": commit(),
        "python": _output(PYTHON, "--version").removeprefix("Python "),
        "node": _output("node", "--version").removeprefix("v"),
        "kernel": platform.release().partition("-")[0],
        "cores": str(os.cpu_count()),
        "processor": _processor(),
    }


def sentence(facts: dict[str, str]) -> str:
    """The same in words."""
    text = (
        "Commit {commit}, Python {python}, Node {node}, Linux {kernel}, {cores} cores ({processor})"
    )
    return text.format(**{"cores": "?", "processor": "unknown", **facts})


def commit() -> str:
    """The commit, and whether what is measured was changed since."""
    changed = _output("git", "status", "--porcelain", "--", "flask_realtime", "benchmarks")
    return _output("git", "rev-parse", "--short", "HEAD") + (" with changes" if changed else "")


def _output(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    except FileNotFoundError:
        return ""
    return done.stdout.strip()


def _processor() -> str:
    try:
        found = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    except OSError:
        return "unknown"
    return found[1].strip() if found else platform.machine()
