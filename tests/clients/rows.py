"""The clients that are served: generations of socket.io-client, and transports of each.

``generations.json`` is the table of them, which the Node program reads too. What scenarios adapt to
is there, and which ones a generation cannot play, with the reason.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import product
from pathlib import Path
from typing import Any

import pytest

GENERATIONS: dict[str, dict[str, Any]] = json.loads(
    (Path(__file__).parent / "generations.json").read_text()
)
ROWS = [
    f"{generation}/{names}"
    for generation in GENERATIONS
    for names in GENERATIONS[generation]["transports"]
]
"""Real clients of each generation, over each transport that they have under Node."""


def facts(row: str) -> dict[str, Any]:
    """What there is to know of a row's generation."""
    return GENERATIONS[row.split("/")[0].split(" ")[0]]


def lacks(row: str) -> dict[str, str]:
    """The scenarios that the clients of a row cannot play, each with the reason."""
    missing: dict[str, str] = facts(row)["lacks"]
    return missing | facts(row)["pollingLacks"] if "polling" in row else missing


def each_row(scenarios: Iterable[str], rows: Iterable[str] = ROWS) -> pytest.MarkDecorator:
    """Parametrize a test by ``row`` and ``scenario``, but for what rows lack."""
    played = [
        (row, scenario) for row, scenario in product(rows, scenarios) if scenario not in lacks(row)
    ]
    return pytest.mark.parametrize(("row", "scenario"), played)
