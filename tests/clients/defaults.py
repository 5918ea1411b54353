"""An application that sets no option, for clients that set none."""

from __future__ import annotations

import sys
from typing import Any

from flask import Flask

from flask_realtime import SocketIO, socket

app = Flask(__name__)
io = SocketIO(app)


@io.on("echo")
def echo(*args: Any) -> tuple[Any, ...]:
    return args


@io.on("join")
def join(room: str) -> None:
    socket.join(room)


@io.on("to all in")
def to_all_in(room: str, *args: Any) -> None:
    io.to(room).emit("news", *args)


if __name__ == "__main__":
    io.run(app, port=int(sys.argv[1]))
