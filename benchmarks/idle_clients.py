"""What an idle client costs: ``python benchmarks/idle_clients.py [CLIENTS] [TRANSPORT]``.

Starts a server in a process of its own, connects clients that join the root namespace and then say
nothing, and prints how much its resident memory has grown for each, and whether all are still
there. Clients that poll have a poll open, and those on a stream their stream; what they would send
goes by another connection, which is closed. ``all`` for TRANSPORT measures one after the other.

``websocket-deflate`` are clients that have sent a compressed message, and got one: there must not
be left more than :data:`DEFLATE` of that for each, else the exit code is 1.
"""

from __future__ import annotations

import os
import re
import resource
import socket
import subprocess
import sys
import time
import zlib
from collections.abc import Callable
from pathlib import Path

DEFLATE = 1.0
"""KiB that a client on WebSocket may cost more where messages are compressed."""

WARM_UP = 200
"""Clients that are connected before the memory is read: what all share must not count."""

UPGRADE = (
    b"Upgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
)
JOIN = b"\x81\x82\x00\x00\x00\x0040"


EXTENSION = b"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"


def serve(transport: str) -> None:
    """The server's process: prints its port."""
    from flask import Flask

    from flask_realtime import SocketIO
    from flask_realtime.wsgi import WSGIServer

    app = Flask(__name__)
    transports = ["websocket", "polling", "jsonp-polling", "htmlfile", "xhr-multipart"]
    # Nobody here would answer a ping, or poll again.
    deflate = transport.endswith("deflate")
    options = {"ping_interval": 600, "ping_timeout": 600, "per_message_deflate": deflate}
    io = SocketIO(app, transports=transports, **options)
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


def deflated(port: int) -> socket.socket:
    """A client whose message was compressed, and its answer, too."""
    client = opened(port)
    ask(client, "?EIO=4&transport=websocket", UPGRADE + EXTENSION)
    assert b"permessage-deflate" in read_to(client, b'"maxPayload"')
    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    event = packer.compress(b'420["echo","%b"]' % (b"hello, " * 1000))
    event = (event + packer.flush(zlib.Z_SYNC_FLUSH))[:-4]
    assert len(event) < 126
    client.sendall(JOIN + b"\xc1" + bytes([0x80 | len(event)]) + bytes(4) + event)
    answer = read_to(client, b"\xc1").rpartition(b"\xc1")[2]
    while len(answer) < 1 + answer[0]:
        answer += client.recv(4096)
    assert b"hello" in zlib.decompressobj(-15).decompress(answer[1:])
    return client


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
    "websocket-deflate": deflated,
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


def measure(clients: int, transport: str) -> float:
    """KiB for each of them."""
    connect = CLIENTS[transport]
    command = [sys.executable, __file__, "serve", transport]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as server:
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
    return each


def main(clients: int | str = 5000, transport: str = "websocket") -> int:
    limit = int(clients) + WARM_UP + 100
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(limit, hard), hard))
    names = list(CLIENTS) if transport == "all" else [transport]
    if transport == "websocket-deflate":
        names.insert(0, "websocket")  # to compare it with
    each = {name: measure(int(clients), name) for name in names}
    if "websocket-deflate" not in each:
        return 0
    more = each["websocket-deflate"] - each["websocket"]
    print(f"compression costs {more:.2f} KiB for each client, {DEFLATE} are allowed")
    return int(more > DEFLATE)


if __name__ == "__main__":
    os.environ.setdefault("PYTHONPATH", str(Path(__file__).parent.parent))
    if sys.argv[1:2] == ["serve"]:
        serve(sys.argv[2])
    else:
        sys.exit(main(*sys.argv[1:]))
