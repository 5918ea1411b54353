"""Programs in processes of their own."""

from __future__ import annotations

import os
import signal
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from gevent import Timeout, subprocess


class Program:
    """A Python program that runs, at the head of its own group of processes.

    :param file: its source, which may be written anew while it runs.
    """

    def __init__(self, process: subprocess.Popen[str], file: Path) -> None:
        self._process = process
        self.file = file
        #: The lines that were waited for, and those before them.
        self.said: list[str] = []

    def line_with(self, text: str) -> str:
        """Wait for a line that has `text` in it."""
        seen = ""
        with Timeout(20, AssertionError(f"no {text!r}")):
            while (line := self._process.stdout.readline()) != "":
                self.said.append(line)
                if text in line:
                    return str(line)
                seen += line
        raise AssertionError(f"no {text!r} in:\n{seen}")

    def port(self) -> int:
        """Wait until ``io.run`` says where it serves."""
        return int(self.line_with("Flask-Realtime on").rpartition(":")[2])

    def send_signal(self, number: int) -> None:
        self._process.send_signal(number)

    def press_ctrl_c(self) -> None:
        """Send SIGINT to it and to its children, as a terminal does."""
        os.killpg(self._process.pid, signal.SIGINT)

    def end(self) -> tuple[int, str]:
        """Wait for the end; return the status and what it still said."""
        with Timeout(20, AssertionError("it does not end")):
            rest = self._process.stdout.read()
            return self._process.wait(), rest

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._process.stdout.close()


@pytest.fixture
def start(tmp_path: Path, root: Path) -> Iterator[Callable[..., Program]]:
    """Starts a program from its text, by itself or as the module ``program`` of a command."""
    with ExitStack() as stack:

        def run(text: str, *command: str) -> Program:
            file = tmp_path / "program.py"
            file.write_text(textwrap.dedent(text))
            process = subprocess.Popen(
                [sys.executable, "-u", *(command or [str(file)])],
                env={"PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"},
                cwd=tmp_path,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
                preexec_fn=_heed_ctrl_c,
            )
            program = Program(process, file)
            stack.callback(program.kill)
            return program

        yield run


def _heed_ctrl_c() -> None:
    """A shell has its background jobs ignore SIGINT, and they hand that on to all they start."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
