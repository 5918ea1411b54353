"""The Node program with the real clients, as Python sees it."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

PROGRAM = Path(__file__).parent / "client.js"

Steps = Mapping[str, Callable[[], object]]


class Node:
    """One Node process, which plays a scenario at a time.

    :param command: the path of Node.js.
    :param certificate: of an authority that it is to believe beside those it knows.
    """

    def __init__(self, command: str, certificate: Path | None = None) -> None:
        self._process = subprocess.Popen(
            [command, str(PROGRAM)],
            env={**os.environ, "NODE_EXTRA_CA_CERTS": str(certificate or "")},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def scenarios(self) -> list[str]:
        """The names of all that it can play."""
        self._say({"list": True})
        names: list[str] = self._hear()["done"]
        return names

    def play(self, scenario: str, url: str, rows: Iterable[str], steps: Steps | None = None) -> Any:
        """Play a scenario with clients of `rows`; return its result.

        :param rows: generation and transports, such as ``"4/polling+websocket"``.
        :param steps: what to do when the scenario asks for it.
        """
        self._say({"url": url, "scenario": scenario, "rows": list(rows)})
        while True:
            heard = self._hear()
            if "step" not in heard:
                assert "failed" not in heard, f"{scenario!r} failed:\n{heard['failed']}"
                return heard["done"]
            assert steps is not None
            self._say({"did": steps[heard["step"]]()})

    def _say(self, message: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(message, default=str) + "\n")
        self._process.stdin.flush()

    def _hear(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, f"Node has ended with {self._process.wait()}"
        heard: dict[str, Any] = json.loads(line)
        return heard

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()
