"""One client that never reads, in a broadcast to all: ``python benchmarks/stalled.py``.

Deliveries are timed without it and beside it, in turns. What it costs of the server's memory must
stay within ``max_outbox_size``, until it is closed, and the others must not wait longer; else the
exit code is 1.
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

SIZE = 16 * 1024
"""Bytes of each message."""
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


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=15.0, help="of each slice")
    parser.add_argument("--slices", type=int, default=3, help="of each kind")
    chosen = parser.parse_args()
    alone, beside, closed = [], [], []
    with Running(ORJSON.but(f"max_outbox_size={CAP}")) as server:
        _broadcast(server, chosen.clients, 1)  # what is made at the first time counts for neither
        for _ in range(chosen.slices):
            alone.append(_broadcast(server, chosen.clients, chosen.seconds))
            deaf = _deaf(server.port)
            beside.append(_broadcast(server, chosen.clients, chosen.seconds))
            closed.append(_is_closed(deaf))
    return int(not _check(alone, beside, closed))


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


def _broadcast(server: Running, clients: int, seconds: float) -> Slice:
    load = broadcast_of("x" * SIZE, clients)
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
    print("  {:,.0f} deliveries/s, p50 {:.0f} ms, p99 {:.0f} ms, {:,.0f} KiB".format(*found))
    sys.stdout.flush()
    return found


def _check(alone: list[Slice], beside: list[Slice], closed: list[bool]) -> bool:
    before, after = _medians(alone), _medians(beside)
    costs = after.memory - before.memory
    longer = after.p99 / before.p99
    print(
        f"alone {before.p99:.0f} ms p99, beside a client that never reads {after.p99:.0f} "
        f"({longer:.2f} times); it cost {costs:,.0f} KiB of {CAP // 1024:,}, "
        f"and was closed {sum(closed)} times of {len(closed)}"
    )
    return longer <= FACTOR and costs <= CAP / 1024 + SLACK and all(closed)


def _medians(slices: list[Slice]) -> Slice:
    return Slice(*map(statistics.median, zip(*slices, strict=True)))


if __name__ == "__main__":
    sys.exit(main())
