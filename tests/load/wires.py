"""What clients under load write, as bytes that are made once, and their plain sockets.

No gevent and nothing of the code under test: these run in processes of their own, and have to be
faster than the server.
"""

from __future__ import annotations

import json
import socket
from urllib.parse import quote

TEXT, BINARY, CLOSE, PING, PONG = 0x1, 0x2, 0x8, 0x9, 0xA
TIMEOUT = 20.0
"""How long a client waits for anything, seconds."""

PATH = "/socket.io/?EIO=4&transport="


def frame(opcode: int, payload: bytes = b"", fin: bool = True) -> bytes:
    """A client's frame, masked with zeros, which is the quickest way to mask."""
    size = len(payload)
    if size < 126:
        length = bytes([0x80 | size])
    elif size < 65536:
        length = b"\xfe" + size.to_bytes(2, "big")
    else:
        length = b"\xff" + size.to_bytes(8, "big")
    return bytes([opcode | (0x80 if fin else 0)]) + length + bytes(4) + payload


def text(message: str) -> bytes:
    return frame(TEXT, message.encode())


def request(method: str, target: str, body: bytes | None = None, headers: str = "") -> bytes:
    """An HTTP request."""
    length = "" if body is None else f"Content-Length: {len(body)}\r\n"
    head = f"{method} {target} HTTP/1.1\r\nHost: 127.0.0.1\r\n{length}{headers}\r\n"
    return head.encode() + (body or b"")


def upgrade(sid: str = "", target: str = "") -> bytes:
    """The opening handshake of a WebSocket, of a new session or of one on polling.

    :param target: another than that of clients 3.x and 4.x.
    """
    headers = (
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    )
    target = target or f"{PATH}websocket" + (f"&sid={quote(sid)}" if sid else "")
    return request("GET", target, headers=headers)


def dial(port: int, receive_buffer: int | None = None) -> socket.socket:
    """A TCP connection."""
    sock = socket.socket()
    if receive_buffer is not None:  # before the connect: the window is made from it
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    sock.settimeout(TIMEOUT)
    try:
        sock.connect(("127.0.0.1", port))
    except OSError:
        sock.close()
        raise
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def read_until(sock: socket.socket, mark: bytes, data: bytes = b"") -> bytes:
    """Everything up to the read that brings `mark`."""
    while mark not in data:
        piece = sock.recv(65536)
        if not piece:
            raise ConnectionResetError(f"closed after {data!r}")
        data += piece
    return data


def websocket(port: int, join: bool = True, receive_buffer: int | None = None) -> socket.socket:
    """A session over WebSocket, in the root namespace if it shall join."""
    sock = dial(port, receive_buffer)
    sock.sendall(upgrade())
    read_until(sock, b'"maxPayload"')
    if join:
        sock.sendall(text("40"))
        read_until(sock, b'40{"sid"')
    return sock


def answer(sock: socket.socket) -> tuple[int, bytes]:
    """Status and body of the next response; nothing may follow it."""
    data = read_until(sock, b"\r\n\r\n")
    head, _, body = data.partition(b"\r\n\r\n")
    size = 0
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            size = int(line.partition(b":")[2])
    while len(body) < size:
        piece = sock.recv(65536)
        if not piece:
            raise ConnectionResetError(f"cut off after {len(body)} of {size} bytes")
        body += piece
    return int(head.split(b" ", 2)[1]), body


def ask(sock: socket.socket, method: str, target: str, body: bytes | None = None) -> bytes:
    """The body of the response to a request, which must be 200."""
    sock.sendall(request(method, target, body))
    status, answered = answer(sock)
    if status != 200:
        raise ConnectionError(f"{status} {answered!r}")
    return answered


def polling(sock: socket.socket, join: bool = True) -> str:
    """Open a session over polling; return the target of its requests."""
    opened = ask(sock, "GET", PATH + "polling")
    target = f"{PATH}polling&sid=" + json.loads(opened[1:])["sid"]
    if join:
        ask(sock, "POST", target, b"40")
        ask(sock, "GET", target)
    return target
