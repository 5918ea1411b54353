"""The checklist of what Socket.IO's documents promise: each test that it names is there."""

from __future__ import annotations

import ast
import re
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # pytest's own need

ROOT = Path(__file__).parents[2]
KEYS = {"what", "tests", "scenarios", "differs", "open"}


def read() -> list[dict[str, Any]]:
    text = (Path(__file__).parent / "checklist.toml").read_text()
    promises: list[dict[str, Any]] = tomllib.loads(text)["promise"]
    return promises


PROMISES = read()


@cache
def functions_of(file: str) -> set[str]:
    """The names of a module's functions, without importing it; none if it is not there."""
    path = ROOT / file
    if not path.is_file():
        return set()
    body = ast.parse(path.read_text()).body
    return {statement.name for statement in body if isinstance(statement, ast.FunctionDef)}


def is_there(test: str) -> bool:
    file, _, name = test.partition("::")
    return name.startswith("test_") and name in functions_of(file)


@cache
def scenarios() -> set[str]:
    folder = ROOT / "tests" / "clients" / "scenarios"
    texts = [file.read_text() for file in folder.glob("*.js")]
    return {name for text in texts for name in re.findall(r'^  async "(.+)"\(', text, re.M)}


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise["what"])
def test_a_promise_is_held_by_tests_that_are_there(promise: dict[str, Any]) -> None:
    assert promise.keys() <= KEYS
    assert promise["tests"]
    assert [each for each in promise["tests"] if not is_there(each)] == []
    assert set(promise.get("scenarios", ())) <= scenarios()
    if "scenarios" in promise:
        assert any(each.startswith("tests/clients/") for each in promise["tests"])


def test_each_promise_stands_there_once() -> None:
    names = [promise["what"] for promise in PROMISES]
    assert len(names) == len(set(names)) == 105


def test_a_test_that_is_not_there_is_found() -> None:
    here = "tests/seeds/test_checklist.py::"
    assert is_there(here + "test_a_test_that_is_not_there_is_found")
    assert not is_there(here + "test_that_nobody_wrote")
    assert not is_there(here + "is_there")
    assert not is_there("tests/seeds/test_nothing.py::test_a_promise")
