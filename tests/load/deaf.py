"""A client that asks and never reads: what it costs the server until it is closed."""

from __future__ import annotations

from pathlib import Path

from .process import Application
from .wires import text, websocket

_SIZE = 16 * 1024
"""Bytes of each answer: none of them is shared with another client."""


def most_memory(server: Application) -> int:
    """The most by which the server's memory grows for it, bytes."""
    before = most = _resident(server)
    question = text(f'421["echo","{"x" * _SIZE}"]')
    with websocket(server.port, receive_buffer=4096) as sock:
        try:
            while True:
                sock.sendall(question)
                most = max(most, _resident(server))
        except ConnectionError:
            return most - before


def _resident(server: Application) -> int:
    return int(Path(f"/proc/{server.pid}/statm").read_text().split()[1]) * 4096
