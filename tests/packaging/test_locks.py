"""The lock files of npm pin everything, and name no registry."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

FOLDERS = ["bundles", "tests", "benchmarks"]


@pytest.fixture(params=FOLDERS)
def packages(request: pytest.FixtureRequest, root: Path) -> dict[str, Any]:
    """The entries of one lock file, without the one for the folder itself."""
    lock = json.loads((root / request.param / "package-lock.json").read_text())
    return {path: entry for path, entry in lock["packages"].items() if path}


def test_every_lock_is_tested(root: Path) -> None:
    found = {path.parent.name for path in root.glob("*/package-lock.json")}
    assert found == set(FOLDERS)


def test_no_entry_has_an_address(packages: dict[str, Any]) -> None:
    assert [path for path, entry in packages.items() if "resolved" in entry] == []
    assert "://" not in json.dumps([entry.get("version") for entry in packages.values()])


def test_every_entry_has_its_hash(packages: dict[str, Any]) -> None:
    assert packages
    assert [path for path, entry in packages.items() if "integrity" not in entry] == []


@pytest.mark.parametrize("folder", FOLDERS)
def test_versions_are_exact(root: Path, folder: str) -> None:
    wanted = json.loads((root / folder / "package.json").read_text())["dependencies"]
    versions = [version.rpartition("@")[2] for version in wanted.values()]
    assert all(version.replace(".", "").isdigit() for version in versions), versions


@pytest.mark.parametrize("folder", FOLDERS)
def test_lock_follows_package_json(root: Path, folder: str) -> None:
    wanted = json.loads((root / folder / "package.json").read_text())["dependencies"]
    lock = json.loads((root / folder / "package-lock.json").read_text())
    assert lock["packages"][""]["dependencies"] == wanted
