"""The servers that the application runs under, each in a process of its own: a table."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import islice
from pathlib import Path
from typing import IO, NamedTuple

ROOT = Path(__file__).parents[2]
TIMEOUT = 20.0
"""How long a host may take to start, to stop, or to say something, seconds."""

# The second is what gunicorn says whenever connections are open at its end.
_INTENDED = re.compile(r"IntendedError|Worker graceful timeout")
_COMPLAINT = re.compile(r"Traceback|Warning|\[(WARNING|ERROR|CRITICAL)\]|Exception ignored")


class Host(NamedTuple):
    """One row: a name, and how to serve the application on a port of 127.0.0.1."""

    name: str
    command: Callable[[int], list[str]]


def _gunicorn(worker: str, port: int) -> list[str]:
    options = ["--config=tests/clients/gunicorn_conf.py", f"--bind=127.0.0.1:{port}"]
    return ["-m", "gunicorn", *options, f"--worker-class={worker}", "tests.clients.app:app"]


OWN = Host("io.run", lambda port: ["-m", "tests.clients.app", str(port)])
GUNICORN = Host("gunicorn -k gevent", partial(_gunicorn, "gevent"))
WORKER = Host("gunicorn -k Worker", partial(_gunicorn, "flask_realtime.wsgi.gunicorn.Worker"))
PYWSGI = Host("gevent.pywsgi", lambda port: ["-m", "tests.clients.serve", "pywsgi", str(port)])
GEVENT_WEBSOCKET = Host(
    "gevent-websocket",
    lambda port: ["-m", "tests.clients.serve", "gevent-websocket", str(port)],
)
GEVENT_WEBSOCKET_WORKER = Host(
    "gunicorn -k GeventWebSocketWorker",
    partial(_gunicorn, "geventwebsocket.gunicorn.workers.GeventWebSocketWorker"),
)
HOSTS = (OWN, GUNICORN, WORKER, PYWSGI, GEVENT_WEBSOCKET, GEVENT_WEBSOCKET_WORKER)


class Log:
    """What a process says, line by line, read by a thread."""

    def __init__(self, stream: IO[str]) -> None:
        self.lines: list[str] = []
        self._stream = stream
        self._ended = False
        self._changed = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        for line in self._stream:
            with self._changed:
                self.lines.append(line.rstrip("\n"))
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def wait_for(
        self, pattern: str, count: int = 1, timeout: float = TIMEOUT
    ) -> re.Match[str]:
        """Wait for the line in which `pattern` is found for the `count`-th time."""
        with self._changed:
            self._changed.wait_for(lambda: self._ended or self._find(pattern, count), timeout)
            found = self._find(pattern, count)
            assert found is not None, f"{pattern!r} was not said:\n{self}"
            return found

    def wait_for_end(self) -> None:
        self._reader.join(TIMEOUT)
        self._stream.close()

    def _find(self, pattern: str, count: int) -> re.Match[str] | None:
        matches = (found for line in self.lines if (found := re.search(pattern, line)))
        return next(islice(matches, count - 1, None), None)

    def __str__(self) -> str:
        return "\n".join(self.lines)


class Running:
    """The application under one host."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.port = 0  # the kernel chooses, once
        self.log: Log
        self._seen = 0  # lines that have been looked at

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start, and wait until it listens; later starts are on the port of the first one."""
        self._process = subprocess.Popen(
            [sys.executable, *self.host.command(self.port)],
            cwd=ROOT,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
        )
        assert self._process.stdout is not None
        self.log = Log(self._process.stdout)
        self._seen = 0
        self.port = int(self.log.wait_for(r"http://127\.0\.0\.1:(\d+)")[1])

    def stop(self) -> int:
        """Ask it to end, wait until it has; return its exit code."""
        self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(TIMEOUT)
        finally:
            self.kill()

    def restart(self) -> None:
        self.stop()
        self.check()
        self.start()

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        self.log.wait_for_end()

    def check(self) -> None:
        """Fail if it has complained since the last look."""
        lines = self.log.lines[self._seen :]
        self._seen += len(lines)
        complaints = find_complaints(lines)
        assert not complaints, f"{self.host.name} complains:\n" + "\n".join(complaints)


def find_complaints(lines: list[str]) -> list[str]:
    """Return the lines that should not be in a log, with all that follows the first one.

    The traceback of an intended error is none of them.
    """
    at = 0
    while at < len(lines):
        if "Traceback (most recent" in lines[at]:  # perhaps behind what gunicorn begins lines with
            end = _end_of_traceback(lines, at)
            if not (end < len(lines) and _INTENDED.search(lines[end])):
                return lines[at:]
            at = end
        elif _COMPLAINT.search(lines[at]) and not _INTENDED.search(lines[at]):
            return lines[at:]
        at += 1
    return []


def _end_of_traceback(lines: list[str], start: int) -> int:
    """The number of the line that names the exception."""
    end = start + 1
    while end < len(lines) and lines[end].startswith(" "):
        end += 1
    return end


@contextmanager
def running(host: Host) -> Iterator[Running]:
    """Run the application under `host`; it must have nothing to complain of until its end."""
    server = Running(host)
    server.start()
    try:
        yield server
        server.stop()
        server.check()
    finally:
        server.kill()
