"""Who is measured: how each server is started, stopped, and what it has used."""

from __future__ import annotations

import hashlib
import os
import re
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent
SERVERS = HERE / "servers"
BUILD = HERE / "load" / "build"
OURS = str(ROOT / ".venv/bin/python")
THEIRS = str(ROOT / ".venv/bench/bin/python")
SERVER_CORE = "0"
_TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Peer:
    """One server.

    :param name: in the tables.
    :param command: starts it; its first line of output is its port.
    """

    name: str
    command: tuple[str, ...]

    def but(self, *more: str) -> Peer:
        """The same with more arguments."""
        return Peer(self.name, (*self.command, *more))


def python(name: str, file: str, interpreter: str = THEIRS) -> Peer:
    return Peer(name, (interpreter, str(SERVERS / file)))


ORJSON = python("Flask-Realtime, orjson", "ours.py", OURS).but("json=orjson")
SIMPLEJSON = python("Flask-Realtime, simplejson", "ours.py", OURS)
NODE = Peer("Socket.IO 4.8 on Node", ("node", str(SERVERS / "node.js")))
FLASK_SOCKETIO = python("Flask-SocketIO, gevent", "flask_socketio_gevent.py")
SOCKETIO_GEVENT = python("python-socketio, gevent", "python_socketio_gevent.py")
SOCKETIO_UVICORN = python("python-socketio, uvicorn", "python_socketio_uvicorn.py")
GEVENT_WEBSOCKET = python("gevent-websocket, no Socket.IO", "gevent_websocket.py")
PYWSGI = python("gevent.pywsgi", "flask_pywsgi.py")
PYWSGI_NODELAY = python("gevent.pywsgi, TCP_NODELAY", "flask_pywsgi.py").but("nodelay")
GUNICORN = python("gunicorn -k gevent", "gunicorn_gevent.py")


def yardstick(kind: str, answer: bytes) -> Peer:
    """The limit of the kernel: the same bytes, moved by a C program that does nothing else."""
    return Peer("limit of the kernel", (str(BUILD / "yardstick"), kind, message_file(answer)))


def message_file(message: bytes) -> str:
    """Write a message where the programs find it."""
    path = BUILD / "messages" / hashlib.sha256(message).hexdigest()[:20]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(message)
    return str(path)


class Running:
    """A server that runs, on a core of its own; a context manager."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer

    def __enter__(self) -> Running:
        self._process = subprocess.Popen(
            ["taskset", "-c", SERVER_CORE, *self.peer.command],
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
            cwd=HERE,
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line.strip().isdigit():
            raise SystemExit(f"{self.peer.name} did not start: {' '.join(self.peer.command)}")
        self.port = int(line)
        return self

    def __exit__(self, *failure: object) -> None:
        os.killpg(self._process.pid, signal.SIGTERM)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

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
