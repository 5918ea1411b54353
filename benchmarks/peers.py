"""Who is measured: how each server is started, stopped, and what it has used."""

from __future__ import annotations

import hashlib
import os
import re
import signal
import socket
import subprocess
import time
from dataclasses import dataclass, replace
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent
SERVERS = HERE / "servers"
BUILD = HERE / "load" / "build"
_LOG = BUILD / "server.log"
PYTHON = str(ROOT / ".venv/bench/bin/python")
"""Runs the servers: ours and the peers."""
SERVER_CORE, LOAD_CORE = "0", "1"
_TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Peer:
    """One server.

    :param name: in the tables.
    :param command: starts it; its first line of output is its port.
    :param redis: whether it keeps values in a Redis server of its own, on the load's core.
    """

    name: str
    command: tuple[str, ...]
    redis: bool = False

    def but(self, *more: str) -> Peer:
        """The same with more arguments."""
        return replace(self, command=(*self.command, *more))


def python(name: str, file: str) -> Peer:
    return Peer(name, (PYTHON, str(SERVERS / file)))


ORJSON = python("Flask-Realtime, orjson", "ours.py").but("json=orjson")
SIMPLEJSON = python("Flask-Realtime, simplejson", "ours.py")
NODE = Peer("Socket.IO 4.8 on Node", ("node", str(SERVERS / "node.js")))
FLASK_SOCKETIO = python("Flask-SocketIO, gevent", "flask_socketio_gevent.py")
SOCKETIO_GEVENT = python("python-socketio, gevent", "python_socketio_gevent.py")
SOCKETIO_UVICORN = python("python-socketio, uvicorn", "python_socketio_uvicorn.py")
GEVENT_WEBSOCKET = python("gevent-websocket, no Socket.IO", "gevent_websocket.py")
PYWSGI = python("gevent.pywsgi", "flask_pywsgi.py")
PYWSGI_NODELAY = python("gevent.pywsgi, TCP_NODELAY", "flask_pywsgi.py").but("nodelay")
GUNICORN = python("gunicorn -k gevent", "gunicorn_gevent.py")
LIMIT = "limit of the kernel"


def yardstick(kind: str, answer: bytes) -> Peer:
    """The limit of the kernel: the same bytes, moved by a C program that does nothing else."""
    return Peer(LIMIT, (str(BUILD / "yardstick"), kind, message_file(answer)))


def message_file(message: bytes) -> str:
    """Write a message where the programs find it."""
    path = BUILD / "messages" / hashlib.sha256(message).hexdigest()[:20]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(message)
    return str(path)


class Redis:
    """A Redis server that keeps nothing on the disk."""

    def __init__(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.url = f"redis://127.0.0.1:{port}"
        options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen(
            ["taskset", "-c", LOAD_CORE, "redis-server", *options],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if "Ready to accept connections" in line:
                return
        raise SystemExit("redis-server did not start")

    def end(self) -> None:
        self._process.terminate()
        self._process.wait()


class Running:
    """A server that runs, on a core of its own; a context manager."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer

    def __enter__(self) -> Running:
        command = self.peer.command
        if self.peer.redis:
            self._redis = Redis()
            command = (*command, f"store={self._redis.url}")
        self._process = self._start(command)
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line.strip().isdigit():
            raise SystemExit(f"{self.peer.name} did not start:\n{self.log()}")
        self.port = int(line)
        return self

    def _start(self, command: tuple[str, ...]) -> subprocess.Popen[str]:
        BUILD.mkdir(parents=True, exist_ok=True)
        with _LOG.open("wb") as log:  # some tell of every client that is cut off
            return subprocess.Popen(
                ["taskset", "-c", SERVER_CORE, *command],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
                cwd=HERE,
            )

    def start_load(self, kind: str, *arguments: str) -> subprocess.Popen[str]:
        """Put a load to it: a process on another core, which says when it begins and what came."""
        command = ["taskset", "-c", LOAD_CORE, str(BUILD / "load"), kind, str(self.port)]
        return subprocess.Popen([*command, *arguments], stdout=subprocess.PIPE, text=True)

    def log(self) -> str:
        """The end of what the server that was started last has complained about."""
        return _LOG.read_text(errors="replace")[-2000:]

    def __exit__(self, *failure: object) -> None:
        os.killpg(self._process.pid, signal.SIGTERM)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        if self.peer.redis:
            self._redis.end()

    def _processes(self) -> list[Path]:
        """Those of its session: some servers have a worker."""
        found = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[3]) == self._process.pid:
                found.append(stat.parent)
        return found

    def cpu(self) -> float:
        """Seconds of processor time used so far."""
        ticks = 0
        for process in self._processes():
            fields = (process / "stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / _TICK

    def memory(self) -> float:
        """Resident memory, in KiB."""
        total = 0
        for process in self._processes():
            match = re.search(r"VmRSS:\s+(\d+)", (process / "status").read_text())
            total += int(match[1]) if match else 0
        return float(total)

    def settled_memory(self) -> float:
        """The same, once it no longer grows."""
        last = self.memory()
        for _ in range(20):
            time.sleep(0.25)
            now = self.memory()
            if abs(now - last) < 64:
                break
            last = now
        return last
