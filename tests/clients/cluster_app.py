"""A server that is one of several processes, joined by the adapter of ``examples/extending``:

``python -m tests.clients.cluster_app NAME FOLDER``
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from flask import Flask

from flask_realtime import SocketIO

sys.path.append(str(Path(__file__).parents[2] / "examples" / "extending"))
from folder_adapter import FolderAdapter  # type: ignore[import-not-found]  # noqa: E402

_, NAME, FOLDER = sys.argv
app = Flask(__name__)
io = SocketIO(app, adapter=lambda local: FolderAdapter(local, FOLDER))


@io.on("tell others")
def tell_others(text: str) -> None:
    """Have each other process tell its clients."""
    io.server_side_emit("told", NAME, text)


@io.on_server_side("told")
def told(sender: str, text: str) -> None:
    io.local.emit("told", f"{text}, from {sender} by {NAME}")


@io.on("ask others")
def ask_others(number: int) -> list[Any]:
    """Answer by what the other processes answer."""
    return io.server_side_emit_with_ack("double", number)


@io.on("ask others, with a callback")
def ask_others_with_callback(number: int) -> None:
    io.server_side_emit("double", number, lambda error, answers: io.local.emit("answers", answers))


@io.on_server_side("double")
def double(number: int) -> dict[str, Any]:
    io.local.emit("asked", number)
    return {NAME: 2 * number}


if __name__ == "__main__":
    io.run(app, port=0)
