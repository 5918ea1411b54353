"""An application that runs as a document says: by a shell's command, in a folder of its own."""

from __future__ import annotations

import os
import re
import shlex
import signal
import sys
from pathlib import Path

from gevent import subprocess

from .program import Program

APP = """\
from flask import Flask
from gevent import monkey
from flask_realtime import SocketIO, socket

app = Flask(__name__)
io = SocketIO(app, per_message_deflate=True)

@app.get("/")
def index():
    return "patched" if monkey.is_module_patched("socket") else "not patched"

@io.on("disconnect")
def disconnect(reason):
    print("left", socket.id, reason, flush=True)
"""
"""What the deployment page calls ``app.py``, but for its last lines."""


class Deployed(Program):
    """A command that runs."""

    def port(self) -> int:
        """Wait until it says where it serves."""
        found = re.search(r"https?://127\.0\.0\.1:(\d+)", self.line_with("://127.0.0.1:"))
        assert found is not None
        return int(found[1])


def deploy(line: str, folder: Path, root: Path, **environ: str) -> Deployed:
    """Run one line of a shell.

    :param line: variables, and a command without anything that only a shell understands.
    :param folder: where it runs.
    :param root: the checkout.
    :param environ: more variables.
    """
    words = shlex.split(line)
    while re.match(r"[A-Z_]+=", words[0]):
        name, _, environ[name] = words.pop(0).partition("=")
    programs = Path(sys.executable).parent
    process = subprocess.Popen(
        [str(programs / words[0]), *words[1:]],
        cwd=folder,
        env={
            "PATH": f"{programs}:{os.environ['PATH']}",
            "PYTHONPATH": f"{folder}:{root}",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONUNBUFFERED": "1",
            # Else it makes a socket in the home directory.
            "GUNICORN_CMD_ARGS": f"--config={root}/tests/clients/gunicorn_conf.py",
            **environ,
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    return Deployed(process, folder)
