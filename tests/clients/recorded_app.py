"""The application that clients were recorded with, and that their recordings are replayed to."""

from __future__ import annotations

from typing import Any

from flask import Flask

from flask_realtime import SocketIO, emit, socket

PING_INTERVAL = 1.0
"""Short, so that a recorded client that rests has a heartbeat, seconds."""


class Left(list[tuple[str, str]]):
    """Namespace and reason of each socket that has left."""


def make_app() -> tuple[Flask, Left]:
    """Make an application with the namespaces ``/`` and ``/chat``; both have the same events."""
    app = Flask("recorded")
    io = SocketIO(app, ping_interval=PING_INTERVAL)
    left = Left()

    def disconnect(reason: str) -> None:
        left.append((socket.namespace.name, reason))

    for name in ("/", "/chat"):
        namespace = io.of(name)
        namespace.on("disconnect", disconnect)
        namespace.on("echo", echo)
        namespace.on("say", say)
        namespace.on("ask", ask)
    return app, left


def echo(*args: Any) -> tuple[Any, ...]:
    """Is answered with what it carries."""
    return args


def say(*args: Any) -> None:
    """Comes back as another event."""
    emit("said", *args)


def ask(*args: Any) -> None:
    """Comes back as a question; what the client answers, it is told."""

    def answered(*answer: Any) -> None:
        emit("answered", *answer)

    emit("question", *args, callback=answered)
