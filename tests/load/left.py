"""What is left of clients that have gone, counted in the server's process."""

from __future__ import annotations

import json
from time import monotonic, sleep
from typing import Any

from .process import Application

OPTIONS = {"ping_interval": 1, "ping_timeout": 1, "connect_timeout": 2, "upgrade_timeout": 2}
SETTINGS: dict[str, Any] = {"options": OPTIONS, "goodbye": 0.5, "quiet": True}
"""Of a server whose clients are lost: nothing is left for long."""


def counts(server: Application) -> dict[str, int]:
    """All that it holds but memory: sessions, sockets, rooms, deadlines, greenlets, descriptors,
    and the objects of each class."""
    held = server.holds()
    for name in ("memory", "opened", "frozen"):
        del held[name]
    objects: dict[str, int] = json.loads(server.get("/objects"))
    return held | objects


def left(server: Application, before: dict[str, int], patience: float = 30.0) -> dict[str, int]:
    """Wait until it holds what it held before; return what it still has more, or less."""
    deadline = monotonic() + patience
    while True:
        now = counts(server)
        changed = {
            name: now.get(name, 0) - before.get(name, 0)
            for name in now | before
            if now.get(name, 0) != before.get(name, 0)
        }
        if not changed or monotonic() > deadline:
            return changed
        sleep(0.1)
