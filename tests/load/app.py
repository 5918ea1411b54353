"""The server's process: an application with echoes that tells what it holds.

``python -m tests.load.app '{"run": {…}, "options": {…}, "core": 0}'`` prints its address; other
hosts import ``app`` or ``make_app``. It ends on SIGTERM.
"""

from __future__ import annotations

import gc
import json
import logging
import os
import sys
from collections import Counter
from pathlib import Path
from time import thread_time
from typing import Any

import gevent
from flask import Flask, request
from greenlet import greenlet

from flask_realtime import SocketIO, signals, socket
from flask_realtime.engine import session as session_module

SETTINGS: dict[str, Any] = json.loads(os.environ.get("LOAD_APP", "{}"))
"""Beside ``io.run``'s arguments and the options: ``core``, ``leaving``, seconds that a
``disconnect`` handler takes, ``quiet``: then it does not print who leaves, and ``goodbye``, seconds
that last words wait for their poll."""

if "goodbye" in SETTINGS:
    session_module._GOODBYE_TIMEOUT = SETTINGS["goodbye"]

BROADCAST = "x" * 1000

app = Flask(__name__)
io = SocketIO(app, **SETTINGS.get("options", {}))
_broadcasting: list[gevent.Greenlet[..., Any]] = []


@io.on("echo")
def echo(value: Any) -> Any:
    return value


@io.on("note")
def note(*values: Any) -> None:
    """Take it, and say nothing."""


@io.on("join")
def join(rooms: list[str]) -> int:
    for room in rooms:
        socket.join(room)
    return len(socket.rooms)


@io.on("leave")
def leave(rooms: list[str]) -> int:
    for room in rooms:
        socket.leave(room)
    return len(socket.rooms)


@io.on("work")
def work(seconds: float) -> str:
    """A handler that takes its time."""
    print(f"working {seconds}", flush=True)
    gevent.sleep(seconds)
    return "worked"


@io.on("question")
def question() -> None:
    """Ask back; the answer may never come."""
    socket.emit("owed", callback=lambda *answer: None)


if not SETTINGS.get("quiet"):

    @io.on("disconnect")
    def disconnect(reason: str) -> None:
        gevent.sleep(SETTINGS.get("leaving", 0.001))
        print(f"left {socket.id} {reason}", flush=True)


io.of("/other").on("echo", echo)


@io.of("/refused").on("connect")
def refuse() -> bool:
    return False


@app.get("/slow")
def slow() -> str:
    """A request that takes its time."""
    print("slow request", flush=True)
    gevent.sleep(float(request.args["seconds"]))
    return "done"


@app.get("/broadcast")
def broadcast() -> str:
    """Send to all from now on, so many times a second; 0 ends it."""
    rate = float(request.args["rate"])
    while _broadcasting:
        _broadcasting.pop().kill()
    if rate:
        _broadcasting.append(gevent.spawn(_broadcast, rate))
    return ""


def _broadcast(rate: float) -> None:
    while True:
        io.emit("news", BROADCAST)
        gevent.sleep(1 / rate)


class Rounds:
    """What the loop does between two looks at its sockets, in the processor time of this thread:
    what else the machine runs meanwhile does not count."""

    def __init__(self) -> None:
        self.lengths: list[float] = []
        self._began = thread_time()
        loop = gevent.get_hub().loop
        self._before, self._after = loop.prepare(), loop.check()
        self._before.start(self._end)
        self._after.start(self._begin)

    def _begin(self) -> None:
        self._began = thread_time()

    def _end(self) -> None:
        self.lengths.append(thread_time() - self._began)

    def quantile(self, part: float) -> float:
        """The length of the round in which this part of the time, or less, was spent."""
        left = part * sum(self.lengths)
        for length in sorted(self.lengths):
            left -= length
            if left <= 0:
                break
        return length


_rounds: list[Rounds] = []


@app.get("/rounds")
def rounds() -> list[float]:
    """Median and 99th percentile of the rounds since the last call, by the time spent in them."""
    if not _rounds:
        _rounds.append(Rounds())
    quantiles = [_rounds[0].quantile(0.5), _rounds[0].quantile(0.99)] if _rounds[0].lengths else []
    _rounds[0].lengths = []
    return quantiles or [0.0, 0.0]


_opened = 0


@signals.session_opened.connect
def count_session(sender: object, session: object) -> None:
    global _opened
    _opened += 1


@app.get("/holds")
def holds() -> dict[str, int]:
    """What this process holds at the moment."""
    gc.collect()
    server = io.server
    server.start()  # before its first client it has no clock
    clock = server.engine.clock
    return {
        "memory": int(Path("/proc/self/statm").read_text().split()[1]) * 4096,
        "opened": _opened,
        "frozen": gc.get_freeze_count(),
        "descriptors": len(os.listdir("/proc/self/fd")),
        "greenlets": sum(isinstance(each, greenlet) for each in gc.get_objects()),
        "sessions": len(server.engine.sessions),
        "sockets": sum(len(each.sockets) for each in server.namespaces.values()),
        "deadlines": sum(
            not each.cancelled for queue in clock._queues.values() for each in queue
        ),
    }


@app.get("/objects")
def objects() -> dict[str, int]:
    """How many objects of each class of the package there are: also what nobody can reach by a
    name, such as rooms, acks and outboxes of clients that have left."""
    gc.collect()
    classes = Counter(type(each) for each in gc.get_objects())
    package = io.__module__.partition(".")[0]
    return {
        f"{each.__module__}.{each.__qualname__}": count
        for each, count in classes.items()
        if str(each.__module__).startswith(package)
    } | {"rooms": sum(_rooms(each.adapter) for each in io.server.namespaces.values())}


def _rooms(adapter: Any) -> int:
    """Who is in which room, and who has been in any."""
    return sum(map(len, adapter._rooms.values())) + len(adapter._joined)


def main() -> None:
    logging.basicConfig(format="log: %(levelname)s %(message)s")
    if "core" in SETTINGS:
        os.sched_setaffinity(0, {SETTINGS["core"]})
    io.run(app, **{"port": 0, "log": None, **SETTINGS.get("run", {})})
    print("over", flush=True)


if __name__ == "__main__":
    sys.exit(main())
