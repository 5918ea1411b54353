"""Many clients that each ask now and then, and how long the answers take: a process.

``python -m tests.load.crowd PORT CLIENTS RATE`` connects and prints ``ready``. For each number of
seconds that it reads it asks for so long, and prints the median and the 99th percentile of the
latencies, in seconds. Between that it does not answer the server's pings.
"""

from __future__ import annotations

import heapq
import random
import select
import socket
import sys
from statistics import median, quantiles
from time import perf_counter

from .wires import frame, text, websocket

PATIENCE = 5.0
"""How long the last answers are waited for, seconds."""


class Asker:
    """One client."""

    def __init__(self, port: int) -> None:
        self.sock: socket.socket = websocket(port)
        self.sock.setblocking(False)
        self.asked: dict[bytes, float] = {}
        self._data = b""
        self._number = 0

    def ask(self, now: float) -> None:
        self._number += 1
        key = b"%d" % self._number
        packet = b'42%b["echo",%b]' % (key, key)
        self.asked[key] = now
        self.sock.send(frame(0x1, packet))

    def read(self, now: float) -> list[float]:
        """Return the latencies of the answers that have come."""
        try:
            data = self.sock.recv(65536)
        except BlockingIOError:
            return []
        if not data:
            raise ConnectionResetError("the server has closed a client of the crowd")
        data = self._data + data
        found: list[float] = []
        while (parsed := _next_frame(data)) is not None:
            payload, data = parsed
            if payload[:2] == b"43":
                found.append(now - self.asked.pop(payload[2 : payload.index(b"[")]))
            elif payload == b"2":
                self.sock.send(text("3"))
        self._data = data
        return found


def _next_frame(data: bytes) -> tuple[bytes, bytes] | None:
    if len(data) < 2:
        return None
    start, size = 2, data[1]
    if size == 126:
        start, size = 4, int.from_bytes(data[2:4], "big")
    if size == 127:
        start, size = 10, int.from_bytes(data[2:10], "big")
    if len(data) < start + size:
        return None
    return data[start : start + size], data[start + size :]


class Crowd:
    """The clients, each of which asks `rate` times a second, at a time of its own."""

    def __init__(self, port: int, clients: int, rate: float) -> None:
        self._askers = [Asker(port) for _ in range(clients)]
        self._pause = 1 / rate
        self._random = random.Random(1)
        self._poll = select.epoll()
        self._by_number = {asker.sock.fileno(): asker for asker in self._askers}
        for number in self._by_number:
            self._poll.register(number, select.EPOLLIN)

    def measure(self, seconds: float) -> list[float]:
        """Ask for so long; return the latencies."""
        latencies: list[float] = []
        now = perf_counter()
        end = now + seconds
        due = [
            (now + self._random.random() * self._pause, number)
            for number, _ in enumerate(self._askers)
        ]
        heapq.heapify(due)
        while due:
            self._read(latencies, due[0][0] - perf_counter())
            while due and due[0][0] <= perf_counter():
                when, number = heapq.heappop(due)
                self._askers[number].ask(perf_counter())
                pause = self._pause * self._random.uniform(0.8, 1.2)
                if when + pause < end:
                    heapq.heappush(due, (when + pause, number))
        while any(asker.asked for asker in self._askers) and perf_counter() < end + PATIENCE:
            self._read(latencies, 0.1)
        missing = sum(len(asker.asked) for asker in self._askers)
        return latencies + [float("inf")] * missing

    def _read(self, latencies: list[float], timeout: float) -> None:
        ready = self._poll.poll(max(0.0, timeout))
        now = perf_counter()
        for number, _ in ready:
            latencies += self._by_number[number].read(now)


def main(port: int, clients: int, rate: float) -> None:
    crowd = Crowd(port, clients, rate)
    print("ready", flush=True)
    for line in sys.stdin:
        latencies = crowd.measure(float(line))
        print("latency", median(latencies), quantiles(latencies, n=100)[-1], flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
