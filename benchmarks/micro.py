"""What each part of a message's way costs, in this process: ``python benchmarks/micro.py``.

Everything is real but the kernel: a socket takes each frame at once, and gives a prepared one. The
times are shown in units of one ``json.dumps`` and ``loads`` of a small event as well, by which runs
of different machines, and of a machine that is busy, can be compared.
"""

from __future__ import annotations

import argparse
import json
import socket
import time
from collections.abc import Callable
from typing import Any

import gevent
from flask import Flask
from gevent.socket import socketpair
from loads import MASK, _frame

from flask_realtime import SocketIO
from flask_realtime.engine.admission import new_id
from flask_realtime.engine.engine import Admitted
from flask_realtime.protocol.packet import Packet, PacketType
from flask_realtime.protocol.request import parse_request
from flask_realtime.transports.http import Request
from flask_realtime.websocket.connection import Connection
from flask_realtime.websocket.messages import Messages

QUERY = {"EIO": "4", "transport": "websocket"}
VARIABLES = {"REQUEST_METHOD": "GET", "wsgi.url_scheme": "http", "HTTP_HOST": "x"}


class Kernel:
    """Stands for it: takes everything, and gives one frame per read."""

    def __init__(self) -> None:
        self.frame = b""
        self.sent = 0

    def send(self, data: bytes) -> int:
        self.sent += 1
        return len(data)

    def recv(self, size: int) -> bytes:
        return self.frame


def masked(text: str) -> bytes:
    return _frame(0x81, text.encode(), MASK)


def client(io: SocketIO, kernel: Kernel) -> Any:
    """A client's transport, joined."""
    ours, theirs = socketpair()
    connection = Connection(ours, Messages(io.server.options.max_http_buffer_size))
    connection._read, connection._send = kernel.recv, kernel.send  # type: ignore[assignment]
    engine = io.server.engine
    request = Request(VARIABLES, QUERY)
    admitted = Admitted(None, new_id(), [], request)
    engine.open_websocket(request, parse_request("", QUERY), admitted, connection)
    session = engine.sessions[admitted.sid]
    kernel.frame = masked("40")
    session.transport.readable()
    gevent.sleep(0)
    _THEIRS.append(theirs)
    return session.transport


_THEIRS: list[socket.socket] = []


def cost(what: Callable[[int], None], count: int) -> float:
    """Seconds for each, the best of seven."""
    what(max(count // 10, 1))
    best = float("inf")
    for _ in range(7):
        begun = time.perf_counter()
        what(count)
        best = min(best, time.perf_counter() - begun)
    return best / count


class Ways:
    """What is measured, each for so many times."""

    def __init__(self, clients: int) -> None:
        self.io = io = SocketIO(Flask(__name__), json="orjson")
        io.on("echo", lambda value: value)
        io.server.start(watched=False)
        self._kernel = Kernel()
        self.clients = [client(io, self._kernel) for _ in range(clients)]
        self._one = self.clients[0]
        self._dialect = self._one.listener.dialect
        self._decoder = self._dialect.decoder()
        self._sample = ["echo", {"text": "hello world", "n": 1}]

    def unit(self, count: int) -> None:
        for _ in range(count):
            json.loads(json.dumps(self._sample))

    def encode(self, count: int) -> None:
        for _ in range(count):
            self._dialect.encode(Packet(PacketType.EVENT, "/", self._sample))

    def decode(self, count: int) -> None:
        for _ in range(count):
            self._decoder.feed('420["echo",{"text":"hello world","n":1}]')

    def read(self, count: int) -> None:
        self._kernel.frame = masked('43999["nobody waits for it"]')
        for _ in range(count):
            self._one.readable()

    def switch(self, count: int) -> None:
        for _ in range(count):
            gevent.sleep(0)

    def echo(self, count: int) -> None:
        self._kernel.frame = masked('420["echo","hello world"]')
        for _ in range(count):
            self._one.readable()
            gevent.sleep(0)

    def emit(self, count: int) -> None:
        socket = next(iter(self.io.sockets.sockets.values()))
        for _ in range(count):
            socket.emit("news", "hello world")

    def broadcast(self, count: int) -> None:
        for _ in range(count // len(self.clients)):
            self.io.emit("news", "hello world")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("clients", type=int, nargs="?", default=1000, help="of the broadcast")
    count = parser.parse_args().clients
    ways = Ways(count)
    times = 20_000
    unit = cost(ways.unit, times)
    rows = {
        "encode an event": cost(ways.encode, times),
        "decode an event": cost(ways.decode, times),
        "read and decode a frame": cost(ways.read, times),
        "event, handler, answer": cost(ways.echo, times) - cost(ways.switch, times),
        "emit to one": cost(ways.emit, times),
        f"each delivery of a broadcast to {count:,}": cost(ways.broadcast, times),
    }
    for name, seconds in rows.items():
        print(f"{name:40} {seconds * 1e6:7.2f} µs {seconds / unit:7.2f}")


if __name__ == "__main__":
    main()
