"""`examples/legacy/app.py`, with what its tests ask a server for. Started by itself.

The environment's ORIGINS are those of other servers' pages that may connect.
"""

from __future__ import annotations

import os
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import gevent
from gevent.event import AsyncResult

sys.path.insert(0, str(Path(__file__).parents[2] / "examples" / "legacy"))

from app import app, io  # noqa: E402

from flask_realtime import socket  # noqa: E402

reasons: defaultdict[str, AsyncResult[str]] = defaultdict(AsyncResult)


@app.get("/reason/<name>")
def reason(name: str) -> str:
    """Why the socket of this name has left; waits until it does."""
    return str(reasons[name].get(timeout=10))


def echo(*args: Any) -> tuple[Any, ...]:
    return args


def put(key: str, value: Any) -> None:
    socket.set(key, value)


def get(key: str) -> Any:
    return socket.get(key)


for namespace in (io.sockets, io.of("/chat")):
    namespace.on("echo", echo)
    namespace.on("put", put)
    namespace.on("get", get)


@io.on("disconnect")
def disconnect(reason: str) -> None:
    reasons[str(socket.get("name"))].set(reason)


@io.on("who")
def who() -> tuple[int, str]:
    return socket.protocol, socket.conn.transport.name


@io.on("binary")
def binary() -> bytes:
    return b"\x00\x01\xff"


@io.on("send back")
def send_back(text: str) -> None:
    socket.send(text)


@io.on("go away")
def go_away() -> None:
    socket.disconnect()


@io.on("to all")
def to_all(text: str) -> None:
    io.emit("news", text)


@io.on("count slowly")
def count_slowly(count: int) -> None:
    """Let the loop turn in between, so that a poll is answered and the next one not yet here."""
    for number in range(count):
        socket.emit("number", number)
        gevent.sleep(0.0005)


@io.on("ask")
def ask(question: Any) -> Any:
    return socket.call("question", question, timeout=10)


if __name__ == "__main__":
    if "ORIGINS" in os.environ:
        io.init_app(app, cors_allowed_origins=os.environ["ORIGINS"])
    io.run(app, os.environ["HOST"], int(os.environ["PORT"]))
