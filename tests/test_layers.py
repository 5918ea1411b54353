"""Who may import whom: the contracts of pyproject.toml hold, and each of them can break."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

FOLDERS = ("extension", "wsgi", "socketio", "engine", "adapters", "store", "transports",
           "protocol", "websocket", "options")  # fmt: skip

ALLOWED = {
    "__init__.py": "from flask_realtime.extension import app",
    "signals.py": "import blinker",
    "options/table.py": "from flask_realtime import exceptions",
    "exceptions.py": "",
    "extension/app.py": "import flask\nfrom flask_realtime import wsgi, socketio, options",
    "engine/engine.py": "import gevent\nfrom flask_realtime.transports import polling",
    "transports/polling.py": "from flask_realtime.protocol import packet",
    "protocol/packet.py": "import json\nfrom flask_realtime import exceptions",
    "websocket/__init__.py": "from flask_realtime.websocket import connection, frames",
    "websocket/frames.py": "from flask_realtime.websocket import deflate",
    "websocket/deflate.py": "import zlib",
    "websocket/connection.py": (
        "import gevent\nimport socket\nimport ssl\nfrom flask_realtime.websocket import frames"
    ),
}

FORBIDDEN = [
    ("protocol/packet.py", "from flask_realtime.transports import polling"),
    ("protocol/packet.py", "import flask_realtime"),
    ("protocol/packet.py", "import flask_realtime.websocket.connection"),
    ("transports/polling.py", "from flask_realtime.engine import engine"),
    ("engine/engine.py", "from flask_realtime import adapters"),
    ("store/memory.py", "from flask_realtime import adapters"),
    ("wsgi/server.py", "from flask_realtime import socketio"),
    ("socketio/server.py", "from flask_realtime import wsgi"),
    ("socketio/server.py", "def late():\n    import flask"),
    ("options/table.py", "from flask_realtime import protocol"),
    ("signals.py", "import flask"),
    ("scopes.py", "from flask_realtime import engine"),
    ("options/checks.py", "from flask_realtime import scopes"),
    ("standalone.py", "from flask_realtime import extension"),
    ("exceptions.py", "from flask_realtime import options"),
    ("protocol/packet.py", "import time"),
    ("protocol/packet.py", "from gevent import socket"),
    ("websocket/frames.py", "import socket"),
    ("websocket/frames.py", "from time import monotonic"),
    ("websocket/frames.py", "from flask_realtime.websocket import connection"),
    ("websocket/connection.py", "import flask"),
    ("unplaced.py", ""),
    (
        "transports/polling.py",
        "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n"
        "    from flask_realtime.engine import engine",
    ),
]


def check(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter where the package `flask_realtime` and a `pyproject.toml` lie."""
    run = "from importlinter.cli import lint_imports_command as run; run()"
    return subprocess.run(
        [sys.executable, "-c", run, "--no-cache", "--no-logo"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "PYTHONWARNINGS": ""},
        capture_output=True,
        text=True,
        timeout=50,
    )


@pytest.fixture
def package(tmp_path: Path, root: Path) -> Path:
    """A small package under the real contracts, which keeps them."""
    shutil.copy(root / "pyproject.toml", tmp_path)
    package = tmp_path / "flask_realtime"
    for folder in FOLDERS:
        (package / folder).mkdir(parents=True)
        (package / folder / "__init__.py").touch()
    for name, source in ALLOWED.items():
        (package / name).write_text(source)
    return package


def test_the_package_keeps_its_layers(root: Path) -> None:
    result = check(root)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "0 broken" in result.stdout


def test_what_is_allowed(package: Path) -> None:
    result = check(package.parent)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "4 kept, 0 broken" in result.stdout


@pytest.mark.parametrize(("file", "source"), FORBIDDEN)
def test_what_is_forbidden(package: Path, file: str, source: str) -> None:
    existing = ALLOWED.get(file, "")
    (package / file).write_text(f"{existing}\n{source}\n")
    result = check(package.parent)
    assert result.returncode == 1, result.stdout + result.stderr
    assert "BROKEN" in result.stdout
