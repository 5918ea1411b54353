"""What a type checker says of programs that use the package."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize(
    ("folder", "files"),
    [
        ("tests/typing", ["program.py", "listening.py"]),
        ("examples/chat", ["app.py"]),
        ("examples/extending", ["sqlite_store.py", "folder_adapter.py", "test_mine.py"]),
    ],
)
def test_mypy_is_content_with_a_program(root: Path, folder: str, files: list[str]) -> None:
    command = [
        sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(root / ".mypy_cache"),
        "--config-file", os.devnull, "--follow-imports", "silent", *files,
    ]  # fmt: skip
    done = subprocess.run(
        command,
        cwd=root / folder,
        env={**os.environ, "MYPYPATH": str(root)},
        capture_output=True,
        text=True,
        timeout=55,
    )
    assert done.stdout.startswith("Success"), done.stdout + done.stderr
