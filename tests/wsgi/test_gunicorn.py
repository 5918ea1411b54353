"""Our worker of gunicorn, and what it says at its start."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.program import Program

APP = """
def app(environ, start_response):
    start_response("200 OK", [])
    return []

print("loaded")
"""


@pytest.mark.parametrize(("workers", "warnings"), [(1, 0), (3, 1)])
def test_several_workers_are_warned_of_once(
    start: Callable[..., Program], root: Path, tmp_path: Path, workers: int, warnings: int
) -> None:
    config = root / "tests" / "clients" / "gunicorn_conf.py"
    program = start(
        APP, "-m", "gunicorn", f"--config={config}", "--error-logfile=log", "--bind=127.0.0.1:0",
        f"--workers={workers}", "--worker-class=flask_realtime.wsgi.gunicorn.Worker", "program:app",
    )  # fmt: skip
    for _ in range(workers):
        program.line_with("loaded")
    program.send_signal(signal.SIGTERM)
    program.end()
    lines = (tmp_path / "log").read_text().splitlines()
    warned = [line for line in lines if "share" in line]
    assert len(warned) == warnings
    assert all("[WARNING] 3 workers" in line and "Use -w 1" in line for line in warned)
