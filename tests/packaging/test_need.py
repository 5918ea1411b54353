"""The script by which make asks for what Debian's packages bring."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A `PATH` on which there is a shell, and no package manager."""
    for command in ("sh", "id"):
        (tmp_path / command).symlink_to(shutil.which(command) or command)
    return tmp_path


def need(root: Path, path: Path, *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [root / ".ci" / "need", *args],
        env={"PATH": str(path)},
        capture_output=True,
        text=True,
        timeout=30,
    )


def test_what_is_there_is_not_installed(root: Path, path: Path) -> None:
    result = need(root, path, "command -v sh", "dash")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_what_cannot_be_installed_is_named_with_the_command(root: Path, path: Path) -> None:
    result = need(root, path, "command -v npm", "nodejs", "npm")
    assert result.returncode == 1
    assert result.stderr == (
        "Missing: nodejs npm. Install it with:  "
        "sudo apt-get install --yes --no-install-recommends nodejs npm\n"
    )


def test_what_is_missing_is_installed_where_that_is_allowed(root: Path, path: Path) -> None:
    for name, script in {
        "apt-get": 'echo "$@" >> "${0%/*}/calls"; : > "${0%/*}/npm"; /bin/chmod +x "${0%/*}/npm"',
        "id": "echo 0",
    }.items():
        (path / name).unlink(missing_ok=True)
        (path / name).write_text(f"#!/bin/sh\n{script}\n")
        (path / name).chmod(0o755)
    result = need(root, path, "command -v npm", "nodejs", "npm")
    assert result.returncode == 0, result.stderr
    calls = (path / "calls").read_text()
    assert calls == "install --yes --no-install-recommends nodejs npm\n"
