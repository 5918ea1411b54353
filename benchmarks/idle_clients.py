"""What an idle client costs: ``python benchmarks/idle_clients.py [CLIENTS] [TRANSPORT]``.

Starts a server in a process of its own, connects clients that join the root namespace and then say
nothing, and prints how much its resident memory has grown for each, and whether all are still
there. Clients that poll have a poll open, and those on a stream their stream; what they would send
goes by another connection, which is closed. ``all`` for TRANSPORT measures one after the other.
"""

from __future__ import annotations

import os
import re
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

WARM_UP = 200
"""Clients that are connected before the memory is read: what all share must not count."""

UPGRADE = (
    b"Upgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
)
JOIN = b"\x81\x82\x00\x00\x00\x0040"


def serve() -> None:
    """The server's process: prints its port."""
    from flask import Flask

    from flask_realtime import SocketIO
    from flask_realtime.wsgi import WSGIServer

    app = Flask(__name__)
    transports = ["websocket", "polling", "jsonp-polling", "htmlfile", "xhr-multipart"]
    # Nobody here would answer a ping, or poll again.
    io = SocketIO(app, transports=transports, ping_interval=600, ping_timeout=600)
    io.on("echo", lambda value: value)
    server = WSGIServer(("127.0.0.1", 0), app, log=None)
    server.start()
    print(server.server_port, flush=True)
    server.serve_forever()


def ask(
    client: socket.socket, target: str, headers: bytes = b"", body: bytes | None = None
) -> None:
    method = "GET" if body is None else "POST"
    length = b"" if body is None else b"Content-Length: %d\r\n" % len(body)
    head = f"{method} /socket.io/{target} HTTP/1.1\r\nHost: 127.0.0.1\r\n".encode()
    own = b"Sec-Fetch-Site: same-origin\r\n"  # as browsers say of scripts and frames
    client.sendall(head + own + headers + length + b"\r\n" + (body or b""))


def read_to(client: socket.socket, text: bytes) -> bytes:
    received = b""
    while text not in received:
        piece = client.recv(4096)
        assert piece, f"closed after {received!r}"
        received += piece
    return received


def opened(port: int) -> socket.socket:
    client = socket.create_connection(("127.0.0.1", port))
    client.settimeout(30)
    return client


def websocket(generation: int) -> Callable[[int], socket.socket]:
    """Clients of Engine.IO on a WebSocket from the beginning."""

    def connect(port: int) -> socket.socket:
        client = opened(port)
        ask(client, f"?EIO={generation}&transport=websocket", UPGRADE)
        read = read_to(client, b'"maxPayload"')
        if generation == 4:
            client.sendall(JOIN)
        if b"40" not in read.rpartition(b'"maxPayload"')[2]:
            read_to(client, b"40")
        return client

    return connect


def polling(generation: int, more: str = "") -> Callable[[int], socket.socket]:
    """Clients of Engine.IO that poll."""

    def connect(port: int) -> socket.socket:
        client = opened(port)
        target = f"?EIO={generation}&transport=polling{more}"
        ask(client, target)
        target += "&sid=" + _sid(rb'"sid\\?":\\?"([\w-]+)', read_to(client, b"maxPayload"))
        if generation == 4:
            ask(client, target, body=b"40")
            read_to(client, b"ok")
        ask(client, target)
        read_to(client, b"40")
        ask(client, target)
        return client

    return connect


def client_09(transport: str) -> Callable[[int], socket.socket]:
    """Clients 0.7 to 0.9."""

    def connect(port: int) -> socket.socket:
        client = opened(port)
        ask(client, "1/")
        target = f"1/{transport}/" + _sid(rb"\r\n([\w-]+):\d+:\d+:", read_to(client, b"websocket"))
        ask(client, target, UPGRADE if transport == "websocket" else b"")
        read_to(client, b"1::")
        if transport.endswith("polling"):
            ask(client, target)
        return client

    return connect


def _sid(pattern: bytes, text: bytes) -> str:
    found = re.search(pattern, text)
    assert found is not None, text
    return found[1].decode()


CLIENTS: dict[str, Callable[[int], socket.socket]] = {
    "websocket": websocket(4),
    "polling": polling(4),
    "eio3-websocket": websocket(3),
    "eio3-polling": polling(3),
    "eio3-jsonp": polling(3, "&j=0"),
    "0.9-websocket": client_09("websocket"),
    "0.9-xhr-polling": client_09("xhr-polling"),
    "0.9-jsonp-polling": client_09("jsonp-polling"),
    "0.9-htmlfile": client_09("htmlfile"),
    "0.9-xhr-multipart": client_09("xhr-multipart"),
}


def memory(process: int) -> int:
    """Resident memory in KiB."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])


def is_open(client: socket.socket) -> bool:
    """Whether the server has neither closed it nor answered what should wait."""
    client.setblocking(False)
    try:
        client.recv(4096)
    except BlockingIOError:
        return True
    return False


def measure(clients: int, transport: str) -> None:
    connect = CLIENTS[transport]
    with subprocess.Popen([sys.executable, __file__, "serve"], stdout=subprocess.PIPE) as server:
        try:
            assert server.stdout is not None
            port = int(server.stdout.readline())
            idle = [connect(port) for _ in range(WARM_UP)]
            before = memory(server.pid)
            began = time.perf_counter()
            idle += [connect(port) for _ in range(clients)]
            seconds = time.perf_counter() - began
            time.sleep(1)
            each = (memory(server.pid) - before) / clients
            gone = sum(not is_open(client) for client in idle)
            print(
                f"{transport:18} {clients} idle clients: {each:6.2f} KiB each, "
                f"{gone} of {len(idle)} lost, connected one after the other at "
                f"{clients / seconds:.0f}/s",
                flush=True,
            )
            for client in idle:
                client.close()
        finally:
            server.terminate()


def main(clients: int = 5000, transport: str = "websocket") -> None:
    limit = int(clients) + WARM_UP + 100
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(limit, hard), hard))
    for name in CLIENTS if transport == "all" else [transport]:
        measure(int(clients), name)


if __name__ == "__main__":
    os.environ.setdefault("PYTHONPATH", str(Path(__file__).parent.parent))
    serve() if sys.argv[1:] == ["serve"] else main(*sys.argv[1:])
