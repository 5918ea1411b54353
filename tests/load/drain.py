"""What clients see when a server is told to stop, by plain sockets.

Half of the clients are on WebSocket, half have an open poll; an HTTP request is under way, too.
"""

from __future__ import annotations

import re
import select
import signal
import socket
from collections import Counter
from time import perf_counter
from typing import NamedTuple

from .process import Application
from .wires import CLOSE, dial, frame, polling, request, upgrade, websocket

PATIENCE = 30.0
"""How long the end of all connections is waited for, seconds."""

_GUNICORN = ("-m", "gunicorn", "--config=tests/clients/gunicorn_conf.py", "--bind=127.0.0.1:0")
SERVERS: dict[str, tuple[str, ...]] = {
    "io.run": ("-m", "tests.load.app"),
    "flask realtime run": ("-m", "flask", "--app", "tests.load.app", "realtime", "run", "-p", "0"),
    "gunicorn -k Worker": (
        *_GUNICORN,
        "--worker-class=flask_realtime.wsgi.gunicorn.Worker",
        "--worker-connections=10000",
        "--graceful-timeout=10",
        "tests.load.app:app",
    ),
}
"""The commands of the servers that tell their clients."""


class Watched:
    """A connection, and what comes over it until its end."""

    def __init__(self, sock: socket.socket, is_websocket: bool) -> None:
        sock.setblocking(False)
        self.sock = sock
        self.data = b""
        self.reset = False
        self.told: float | None = None  # when the last word came
        self._is_websocket = is_websocket
        self._answered = False

    def read(self) -> bool:
        """Take what has come; return whether that is the end."""
        try:
            piece = self.sock.recv(65536)
        except BlockingIOError:
            return False
        except ConnectionResetError:
            self.reset = True
            piece = b""
        self.data += piece
        if piece:
            self.told = perf_counter()
        if self._is_websocket and not self._answered and self.data[:1] == b"\x88":
            self._answered = True
            self.sock.send(frame(CLOSE, self.data[2:4]))
        return not piece

    @property
    def seen(self) -> str:
        """What its client was told, in words."""
        if self.reset:
            return "reset"
        if self._is_websocket:
            code = int.from_bytes(self.data[2:4], "big")
            known = self.data[:1] == b"\x88" and len(self.data) == 2 + self.data[1]
            return f"close {code}" if known else f"WebSocket: {self.data[:60]!r}"
        head, _, body = self.data.partition(b"\r\n\r\n")
        return f"{head[9:12].decode()} {body.decode()}"


class Drained(NamedTuple):
    """What was seen.

    :param seen: how many clients were told what.
    :param page: what the request that was under way was answered.
    :param newcomer: what somebody saw who came meanwhile.
    :param told: seconds until the last client was told.
    :param ended: seconds until the process had ended.
    :param left: how often which reason was given to ``disconnect`` handlers.
    :param twice: sockets whose handler ran more than once.
    """

    seen: Counter[str]
    page: str
    newcomer: str
    status: int
    told: float
    ended: float
    left: Counter[str]
    twice: int


def drain(server: Application, clients: int, number: int = signal.SIGTERM) -> Drained:
    """Connect so many clients, send the signal, and see everything through."""
    watched = [Watched(websocket(server.port), True) for _ in range(clients // 2)]
    watched += [_poll(server.port) for _ in range(clients - clients // 2)]
    page = dial(server.port)
    page.sendall(request("GET", "/slow?seconds=0.5"))
    server.wait_for("slow request")
    watched.append(Watched(page, False))
    began = perf_counter()
    server.stop(number)
    newcomer = _watch(server.port, watched)
    status = server.end()
    ended = perf_counter() - began
    left = [found for line in server.log.lines if (found := re.match("left ([^ ]+) (.*)", line))]
    return Drained(
        Counter(each.seen for each in watched[:-1]),
        watched[-1].seen,
        newcomer,
        status,
        max(each.told or float("inf") for each in watched[:-1]) - began,
        ended,
        Counter(found[2] for found in left),
        len(left) - len({found[1] for found in left}),
    )


def _poll(port: int) -> Watched:
    sock = dial(port)
    sock.sendall(request("GET", polling(sock)))
    return Watched(sock, False)


def _watch(port: int, watched: list[Watched]) -> str:
    """Read until all connections have ended; return what a newcomer saw meanwhile.

    :param watched: the last one is no client.
    """
    newcomer = ""
    poll = select.epoll()
    by_number = {each.sock.fileno(): each for each in watched}
    for number in by_number:
        poll.register(number, select.EPOLLIN)
    end = perf_counter() + PATIENCE
    while by_number and perf_counter() < end:
        for number, _ in poll.poll(0.1):
            if by_number[number].read():
                poll.unregister(number)
                by_number.pop(number).sock.close()
        if not newcomer and any(each.told for each in watched[:-1]):
            newcomer = _come(port)
    for each in by_number.values():
        each.data += b" and was not closed"
    return newcomer


def _come(port: int) -> str:
    """Try to connect while the server stops."""
    try:
        with dial(port) as sock:
            sock.sendall(upgrade())
            return sock.recv(65536)[9:12].decode() or "closed"
    except ConnectionError:
        return "refused"


def report(name: str, clients: int, drained: Drained) -> str:
    """Return a paragraph that tells it."""
    seen = ", ".join(f"{count} × {what}" for what, count in drained.seen.most_common())
    left = ", ".join(f"{count} × {reason}" for reason, count in drained.left.items())
    return (
        f"{name}, {clients} clients\n"
        f"  clients saw:        {seen}\n"
        f"  handlers ran:       {left}; {drained.twice} twice\n"
        f"  open HTTP request:  {drained.page}; newcomer: {drained.newcomer}\n"
        f"  all told after {drained.told:.2f} s, exit code {drained.status} "
        f"after {drained.ended:.2f} s"
    )

