"""An application with every transport on: ``python -m tests.transports.streams_app HOST PORT``."""

from __future__ import annotations

import gc
import os
import signal
import sys
from typing import Any

import gevent
from flask import Flask
from gevent.pywsgi import WSGIServer as PyWSGIServer
from greenlet import greenlet

from flask_realtime import SocketIO, emit, socket

app = Flask(__name__)
io = SocketIO(
    app,
    transports=["websocket", "htmlfile", "xhr-multipart", "xhr-polling", "jsonp-polling"],
    max_outbox_size=4_000_000,
)


@io.on("disconnect")
def disconnect(reason: str) -> None:
    print("left", socket.id, reason, flush=True)


@io.on("say")
def say(*args: Any) -> None:
    emit("said", args)


@io.on("say much")
def say_much(count: int, size: int) -> None:
    for _ in range(count):
        emit("much", "x" * size)


@io.on("go")
def go() -> None:
    socket.disconnect(close=True)


@app.get("/kept")
def kept() -> dict[str, int]:
    """How many greenlets and open files there are."""
    gc.collect()
    greenlets = [each for each in gc.get_objects() if isinstance(each, greenlet)]
    return {
        "greenlets": sum(not each.dead for each in greenlets),
        "files": len(os.listdir("/proc/self/fd")),
    }


def main(host: str, port: int) -> None:
    if host == "own":
        io.run(app, port=port)
        return
    server = PyWSGIServer(("127.0.0.1", port), app, log=None)
    gevent.signal_handler(signal.SIGTERM, server.stop)
    server.start()
    print(f"serving http://127.0.0.1:{server.server_port}", file=sys.stderr, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
