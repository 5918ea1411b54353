"""Processes that are told and asked by lines, each with its log."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path
from time import monotonic, sleep
from typing import Any, NamedTuple

from tests.clients.hosts import TIMEOUT, Log

ROOT = Path(__file__).parents[2]


class Process:
    """A module of Python that runs as a program. To be used as a context.

    :param arguments: of ``python``.
    :param environ: added to the environment.
    :param core: the processor that it may run on; any, where the machine has no such one.
    """

    def __init__(
        self, *arguments: str, environ: dict[str, str] | None = None, core: int | None = None
    ) -> None:
        self._popen = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **(environ or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
        )
        if core is not None and core in os.sched_getaffinity(0):
            os.sched_setaffinity(self._popen.pid, {core})
        assert self._popen.stdout is not None
        self.log = Log(self._popen.stdout)

    @property
    def pid(self) -> int:
        return self._popen.pid

    def tell(self, line: str) -> None:
        assert self._popen.stdin is not None
        self._popen.stdin.write(line + "\n")
        self._popen.stdin.flush()

    def wait_for(self, pattern: str, count: int = 1, timeout: float = TIMEOUT) -> re.Match[str]:
        """Wait for the line in which `pattern` is found for the `count`-th time."""
        return self.log.wait_for(pattern, count, timeout)

    def send_signal(self, number: int) -> None:
        self._popen.send_signal(number)

    def end(self, timeout: float = TIMEOUT) -> int:
        """Wait until it has ended; return its status."""
        status = self._popen.wait(timeout)
        self.log.wait_for_end()
        return status

    def kill(self) -> None:
        self._popen.kill()
        self._popen.wait()
        assert self._popen.stdin is not None
        self._popen.stdin.close()
        self.log.wait_for_end()

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.kill()


class Latency(NamedTuple):
    """Median and 99th percentile, in seconds."""

    p50: float
    p99: float


class Application(Process):
    """The application of ``tests/load/app.py`` under some host.

    :param command: what runs it, by default ``io.run``.
    :param settings: see there.
    """

    def __init__(self, *command: str, core: int | None = None, **settings: Any) -> None:
        environ = {"LOAD_APP": json.dumps(settings)}
        super().__init__(*(command or ("-m", "tests.load.app")), environ=environ, core=core)
        self.port = int(self.wait_for(r"http://127\.0\.0\.1:(\d+)")[1])

    def get(self, path: str) -> bytes:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=TIMEOUT) as page:
            body: bytes = page.read()
            return body

    def holds(self) -> dict[str, int]:
        """What it holds at the moment; see ``/holds``."""
        held: dict[str, int] = json.loads(self.get("/holds"))
        return held

    def rounds(self) -> Latency:
        """How long nobody else was served at a time, since the last call; see ``/rounds``."""
        return Latency(*json.loads(self.get("/rounds")))

    def settle(self, sessions: int) -> None:
        """Wait until no more than so many sessions are left, with nothing to do for them."""
        deadline = monotonic() + 60
        while self.holds()["sessions"] > sessions:
            assert monotonic() < deadline, f"{self.holds()} although {sessions} clients are left"
            sleep(0.02)

    def calm_down(self) -> None:
        """Wait until what it was sent before has been worked off."""
        deadline = monotonic() + 20
        while True:
            before, began = self._processor_time(), monotonic()
            sleep(0.1)
            if self._processor_time() - before < 0.5 * (monotonic() - began):
                return
            assert monotonic() < deadline, "it is still busy"

    def _processor_time(self) -> float:
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self, number: int = signal.SIGTERM) -> None:
        self.send_signal(number)


class Crowd(Process):
    """The clients of ``tests/load/crowd.py``."""

    def __init__(
        self, port: int, clients: int, rate: float, core: int | None = None
    ) -> None:
        arguments = [str(each) for each in (port, clients, rate)]
        super().__init__("-m", "tests.load.crowd", *arguments, core=core)
        self.wait_for("^ready$")
        self._measured = 0

    def measure(self, seconds: float) -> Latency:
        """Ask for so long; return how long the answers took."""
        self._measured += 1
        self.tell(str(seconds))
        line = self.wait_for("^latency (.*)$", self._measured, seconds + TIMEOUT)
        return Latency(*map(float, line[1].split()))


class Flood(Process):
    """A flood of ``tests/load/floods.py``; it has begun."""

    def __init__(self, port: int, name: str, core: int | None = None) -> None:
        super().__init__("-m", "tests.load.floods", str(port), name, core=core)
        self.wait_for("^flooding$")
