"""Clients that stop reading, or stop altogether, and do not say so."""

from __future__ import annotations

import signal

from tests.load.process import Application, Process
from tests.load.wires import read_until, text, websocket

MEMORY = 8 * 1024 * 1024
"""What the allocator may keep, bytes."""


def test_who_stops_reading_in_the_middle_of_a_broadcast_is_closed_at_the_bound() -> None:
    with Application(options={"max_outbox_size": 100_000}) as server:
        deaf, other = websocket(server.port, receive_buffer=4096), websocket(server.port)
        before = server.holds()
        server.get("/broadcast?rate=5000")  # a kilobyte each; some 2 MB wait in the kernel
        seen = 0
        while not any("left" in line for line in server.log.lines):
            seen += other.recv(65536).count(b'42["news"')
        server.get("/broadcast?rate=0")
        assert server.wait_for("^left .*")[0].endswith(" outbox full")
        assert seen > 100
        other.sendall(text('421["echo","here"]'))
        assert read_until(other, b'431["here"]')
        held = server.holds()
        assert held["sessions"] == 1
        assert held["memory"] - before["memory"] < MEMORY
        deaf.close()
        other.close()


def test_a_process_that_has_stopped_is_noticed_by_the_heartbeat() -> None:
    with Application(options={"ping_interval": 1, "ping_timeout": 1}) as server:
        with Process("-m", "tests.load.idle", str(server.port), "10") as clients:
            clients.wait_for("^ready$")
            clients.wait_for("^answered a ping$", 20)  # they would stay for ever
            assert server.holds()["sessions"] == 10
            clients.send_signal(signal.SIGSTOP)
            server.wait_for("^left ", 10)
        left = [line.split(maxsplit=2)[2] for line in server.log.lines if line.startswith("left")]
        assert left == ["ping timeout"] * 10
        held = server.holds()
        assert (held["sessions"], held["sockets"]) == (0, 0)
