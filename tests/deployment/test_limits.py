"""The tables of limits on the deployment page say what the code does."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from flask_realtime.options import Options
from flask_realtime.wsgi.limits import Limits
from tests.support.documents import table

NOT_LIMITS = {"compression_threshold", "cors_max_age", "ping_interval_grace"}
"""Numbers among the options that bound nothing."""


def _numbers(options: Any) -> dict[str, str]:
    values = {field.name: getattr(options, field.name) for field in fields(options)}
    return {
        name: f"{value:g}" if isinstance(value, float) else str(value)
        for name, value in values.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }


def _table(page: Path, title: str) -> dict[str, tuple[str, str]]:
    _, *rows = table(page, title)
    return {name.strip("`"): (default, unit) for name, default, unit, _ in rows}


def test_the_limits_of_the_wsgi_server_are_complete(page: Path) -> None:
    said = {name: default for name, (default, _) in _table(page, SERVER).items()}
    assert said == {**_numbers(Limits()), "max_body_size": str(Limits.max_body_size)}


def test_the_limits_of_socket_io_are_complete(page: Path) -> None:
    said = {name: default for name, (default, _) in _table(page, SOCKETIO).items()}
    options = _numbers(Options())
    assert said == {name: value for name, value in options.items() if name not in NOT_LIMITS}


SERVER, SOCKETIO = "Limits of the WSGI server", "Limits of Socket.IO"


@pytest.mark.parametrize("title", [SERVER, SOCKETIO])
def test_units_are_those_of_the_names(page: Path, title: str) -> None:
    for name, (_, unit) in _table(page, title).items():
        is_time = name.endswith(("_timeout", "_interval", "_expiration"))
        assert (unit == "seconds") == is_time, name
        assert (unit == "bytes") == name.endswith("_size"), name
