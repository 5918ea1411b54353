"""One client that never reads, in a broadcast to all: ``python benchmarks/stalled.py``.

Deliveries are timed without it and beside it, in turns, twice: by short messages, of which its
outbox takes all, and the others must not wait longer; then by long ones, until it is closed. What
it costs of the server's memory must stay within ``max_outbox_size``. Else the exit code is 1.
"""

from __future__ import annotations

import argparse
import json
import socket
import statistics
import sys
import time
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))

from loads import broadcast_of  # noqa: E402
from peers import ORJSON, Running  # noqa: E402

from tests.load.wires import text, websocket  # noqa: E402

SHORT, LONG = 1024, 16 * 1024
"""Bytes of each message. The long ones are 160 MB for 10,000 clients: what these wait is then what
the load's own core takes to read them, and no two slices alone are the same."""
CAP = 1024 * 1024
SLACK = 2 * 1024
"""What the allocator may keep beside it, KiB."""
FACTOR = 1.25
"""How far p99 may be from what it is alone: two slices alone differ, too."""
_IN_ADVANCE = 3584 * 1024
"""Bytes asked for before and not read: they fill the kernel's buffers, and a part of the cap."""
_CHUNK = 64 * 1024


class Slice(NamedTuple):
    """What one measurement has shown.

    :param rate: deliveries per second.
    :param p99: from the emit to one of the deliveries, milliseconds.
    :param memory: the most that the server had, KiB.
    """

    rate: float
    p50: float
    p99: float
    memory: float


class Compared(NamedTuple):
    """What all slices of one size have shown.

    :param closed: how many of the clients that never read were closed.
    """

    alone: Slice
    beside: Slice
    closed: int

    @property
    def longer(self) -> float:
        return self.beside.p99 / self.alone.p99

    @property
    def costs(self) -> float:
        return self.beside.memory - self.alone.memory


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=10_000)
    parser.add_argument("--short", type=int, default=6, help="slices of each kind, 3 s each")
    parser.add_argument("--long", type=int, default=2, help="slices of each kind, 15 s each")
    chosen = parser.parse_args()
    short = _compare(SHORT, chosen.clients, 3.0, chosen.short)
    print(
        f"p99 alone {short.alone.p99:.0f} ms, beside a client that never reads "
        f"{short.beside.p99:.0f} ({short.longer:.2f} times)",
        flush=True,
    )
    long = _compare(LONG, chosen.clients, 15.0, chosen.long)
    costs = max(short.costs, long.costs)
    print(
        f"it cost {costs:,.0f} KiB of {CAP // 1024:,}, "
        f"and was closed {long.closed} times of {chosen.long}"
    )
    is_fair = short.longer <= FACTOR and short.closed == 0  # else it was not there all the time
    is_bounded = costs <= CAP / 1024 + SLACK and long.closed == chosen.long
    print("ok" if is_fair and is_bounded else "NOT as it has to be")
    return int(not (is_fair and is_bounded))


def _compare(size: int, clients: int, seconds: float, slices: int) -> Compared:
    alone, beside, closed = [], [], 0
    with Running(ORJSON.but(f"max_outbox_size={CAP}")) as server:
        _broadcast(server, size, clients, 1, "first")  # what is made then counts for neither
        for _ in range(slices):
            alone.append(_broadcast(server, size, clients, seconds, "alone"))
            deaf = _deaf(server.port)
            beside.append(_broadcast(server, size, clients, seconds, "beside"))
            closed += _is_closed(deaf)
    return Compared(_medians(alone), _medians(beside), closed)


def _deaf(port: int) -> socket.socket:
    """A client that asks for much and reads nothing."""
    sock = websocket(port, receive_buffer=4096)
    for _ in range(_IN_ADVANCE // _CHUNK):
        sock.sendall(text(f'421["echo","{"x" * _CHUNK}"]'))
    return sock


def _is_closed(deaf: socket.socket) -> bool:
    """Whether the server has closed it; its last bytes need not have come."""
    with deaf:
        try:
            for _ in range(1000):
                deaf.sendall(text("3"))
                time.sleep(0.001)
        except OSError:
            return True
        return False


def _broadcast(server: Running, size: int, clients: int, seconds: float, who: str) -> Slice:
    load = broadcast_of("x" * size, clients)
    process = server.start_load(load.kind, *load.arguments(), f"seconds={seconds}")
    assert process.stdout is not None
    begun = process.stdout.readline()
    memory = 0.0
    while process.poll() is None:
        memory = max(memory, server.memory())
        time.sleep(0.2)
    answer = process.stdout.readline()
    if not begun or not answer:
        raise SystemExit("the load broke off")
    result = json.loads(answer)
    found = Slice(result["rate"], result["p50"], result["p99"], memory)
    print(f"  {who:6}", end="")
    print("  {:,.0f} deliveries/s, p50 {:.0f} ms, p99 {:.0f} ms, {:,.0f} KiB".format(*found))
    sys.stdout.flush()
    return found


def _medians(slices: list[Slice]) -> Slice:
    return Slice(*map(statistics.median, zip(*slices, strict=True)))


if __name__ == "__main__":
    sys.exit(main())
