"""What an idle WebSocket client costs: ``python benchmarks/idle_clients.py [CLIENTS]``.

Starts a server in a process of its own, connects clients that join the root namespace and then say
nothing, and prints how much its resident memory has grown for each, and whether all are still
there.
"""

from __future__ import annotations

import os
import resource
import socket
import subprocess
import sys
import time
from pathlib import Path

WARM_UP = 200
"""Clients that are connected before the memory is read: what all share must not count."""

HANDSHAKE = (
    b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n"
    b"Host: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
JOIN = b"\x81\x82\x00\x00\x00\x0040"
PING = b"\x81\x012"


def serve() -> None:
    """The server's process: prints its port."""
    from flask import Flask

    from flask_realtime import SocketIO
    from flask_realtime.wsgi import WSGIServer

    app = Flask(__name__)
    io = SocketIO(app)
    io.on("echo", lambda value: value)
    server = WSGIServer(("127.0.0.1", 0), app, log=None)
    server.start()
    print(server.server_port, flush=True)
    server.serve_forever()


def connect(port: int) -> socket.socket:
    """A client that has joined the root namespace."""
    client = socket.create_connection(("127.0.0.1", port))
    client.settimeout(30)
    received = b""
    client.sendall(HANDSHAKE)
    while b'"maxPayload"' not in received:
        received += client.recv(4096)
    client.sendall(JOIN)
    while b"40{" not in received:
        received += client.recv(4096)
    return client


def memory(process: int) -> int:
    """Resident memory in KiB."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])


def is_open(client: socket.socket) -> bool:
    """Whether the server has closed it; a ping may have come."""
    client.setblocking(False)
    try:
        return client.recv(4096) == PING
    except BlockingIOError:
        return True


def main(clients: int) -> None:
    limit = clients + WARM_UP + 100
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(limit, hard), hard))
    with subprocess.Popen([sys.executable, __file__, "serve"], stdout=subprocess.PIPE) as server:
        try:
            assert server.stdout is not None
            port = int(server.stdout.readline())
            idle = [connect(port) for _ in range(WARM_UP)]
            before = memory(server.pid)
            began = time.perf_counter()
            idle += [connect(port) for _ in range(clients)]
            seconds = time.perf_counter() - began
            each = (memory(server.pid) - before) / clients
            gone = sum(not is_open(client) for client in idle)
            print(f"{clients} idle clients: {each:.2f} KiB each, {gone} of {len(idle)} lost")
            print(f"connected one after the other at {clients / seconds:.0f}/s")
        finally:
            server.terminate()


if __name__ == "__main__":
    os.environ.setdefault("PYTHONPATH", str(Path(__file__).parent.parent))
    serve() if sys.argv[1:] == ["serve"] else main(int(sys.argv[1]) if sys.argv[1:] else 5000)
