"""The store and the adapter of the example, as a third party would have them and test them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgpack  # type: ignore[import-untyped]
import pytest
from flask import Flask
from gevent import socket as gevent_socket

from flask_realtime import SocketIO, socket
from flask_realtime.socketio.namespace import Namespace
from tests.conftest import ROOT
from tests.support.documents import replaced
from tests.support.waiting import wait_until

EXAMPLE = ROOT / "examples" / "extending"


@pytest.fixture
def short_path() -> Iterator[Path]:
    """A folder in which the addresses of UNIX sockets are not too long."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def run_contracts(folder: Path, *args: str) -> str:
    """Run the tests that stand in a folder, as their author does; return what pytest says."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider",
         f"--rootdir={folder}", f"--basetemp={folder / 't'}", *args, "test_mine.py"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        timeout=55,
    )  # fmt: skip
    return done.stdout + done.stderr


def test_the_example_passes_the_contracts(short_path: Path) -> None:
    folder = shutil.copytree(EXAMPLE, short_path / "mine")
    said = run_contracts(folder)
    passed = re.search(r"^(\d+) passed in", said, re.MULTILINE)
    assert passed is not None and int(passed[1]) > 140, said


MISTAKES = {
    "begins_at_zero_and_returns_the_sum": ("sqlite_store.py", "return total", "return 1"),
    "nothing_else_may": ("sqlite_store.py", "check_key(key)\n        rows", "rows"),
    "answers_are_gathered": ("folder_adapter.py", "len(list(self._folder.iterdir()))", "3"),
}
"""By the test that finds them."""


def test_mistakes_fail(short_path: Path) -> None:
    folder = shutil.copytree(EXAMPLE, short_path / "mine")
    for file, right, wrong in MISTAKES.values():
        (folder / file).write_text(replaced((folder / file).read_text(), {right: wrong}))
    said = run_contracts(folder, "-k", " or ".join(MISTAKES))
    for name in MISTAKES:
        assert re.search(rf"^FAILED .*{name}", said, re.MULTILINE), said


@pytest.fixture
def adapter(monkeypatch: pytest.MonkeyPatch) -> Callable[[Namespace, str], Any]:
    monkeypatch.syspath_prepend(EXAMPLE)
    from folder_adapter import FolderAdapter  # type: ignore[import-not-found]

    return FolderAdapter  # type: ignore[no-any-return]


def test_the_adapter_joins_servers(
    adapter: Callable[[Namespace, str], Any], short_path: Path
) -> None:
    servers = []
    for name in ("one", "two"):
        app = Flask(name)
        servers.append(SocketIO(app, adapter=lambda local: adapter(local, str(short_path))))
        servers[-1].on("enter", lambda room: socket.join(room))
        servers[-1].on("answer", lambda: "x")
        servers[-1].server.start()
    clients = [io.test_client(io.sockio_mw.flask_app) for io in servers]  # type: ignore[union-attr]
    for client in clients:
        client.emit("enter", "room")
    servers[0].to("room").emit("news", b"\x00")
    assert [client.wait_for("news")["args"] for client in clients] == [[b"\x00"], [b"\x00"]]
    assert len(servers[0].fetch_sockets()) == 2
    for io in servers:
        io.close()
    assert [path for path in short_path.rglob("*") if path.is_socket()] == []


def test_a_node_that_has_died_or_hangs_is_left_out(
    adapter: Callable[[Namespace, str], Any], short_path: Path
) -> None:
    class Hanging:
        def sendto(self, data: bytes, address: str) -> None:
            raise TimeoutError

    io = SocketIO(Flask("tested"), adapter=lambda local: adapter(local, str(short_path)))
    io.server.start()
    node: Any = io.sockets.adapter
    (folder,) = short_path.iterdir()
    with gevent_socket.socket(gevent_socket.AF_UNIX, gevent_socket.SOCK_DGRAM) as dead:
        dead.bind(str(folder / "dead"))
    (folder / "hanging").touch()
    assert node.server_count() == 3
    node._send(Hanging(), b"", folder / "hanging")
    assert node.server_count() == 2
    io.emit("news")
    wait_until(lambda: node.server_count() == 1)
    io.close()


def test_what_is_no_message_is_passed_over(
    adapter: Callable[[Namespace, str], Any], short_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    io = SocketIO(Flask("tested"), adapter=lambda local: adapter(local, str(short_path)))
    told: list[Any] = []
    io.sockets.on_server_side("hello", told.append)
    io.server.start()
    node: Any = io.sockets.adapter
    message = {"uid": "other", "nsp": "/", "type": 9, "data": {"packet": ["hello", 1]}}
    with gevent_socket.socket(gevent_socket.AF_UNIX, gevent_socket.SOCK_DGRAM) as sender:
        for data in (b"", b"\xc1", msgpack.packb(5), msgpack.packb(message)):
            sender.sendto(data, str(node._own))
    wait_until(lambda: told)
    assert "0 bytes are no message" in caplog.text
    assert "a message from another node cannot be read" in caplog.text
    io.close()


def test_the_store_keeps_what_sockets_keep(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.syspath_prepend(EXAMPLE)
    from sqlite_store import SQLiteStore  # type: ignore[import-not-found]

    file = str(tmp_path / "values.db")
    app = Flask("tested")
    io = SocketIO(app, store=SQLiteStore(file), store_expiration=60)
    io.on("set", lambda value: socket.set("a", value).store_key)
    client = io.test_client(app)
    key = client.emit("set", [1], callback=True)
    assert SQLiteStore(file).all(key) == {"a": [1]}
    io.close()
