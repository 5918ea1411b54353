"""Clients that misbehave, as fast as they can: a table, and a process that runs one of them.

``python -m tests.load.floods PORT NAME`` prints ``flooding`` when it has begun, and goes on until
it is killed. Who is closed by the server comes back.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import time
from collections.abc import Callable, Iterator
from itertools import repeat

from .wires import (
    BINARY,
    PATH,
    PING,
    PONG,
    TEXT,
    answer,
    ask,
    dial,
    frame,
    polling,
    read_until,
    request,
    text,
    upgrade,
    websocket,
)

CHUNK = 65536
BIG = 900_000  # bytes of a message that is just allowed

Flood = Callable[[int], None]
FLOODS: dict[str, Flood] = {}
_begun = False


def flood(name: str) -> Callable[[Flood], Flood]:
    def add(function: Flood) -> Flood:
        FLOODS[name] = function
        return function

    return add


def begun() -> None:
    """Say once that it has begun."""
    global _begun
    if not _begun:
        _begun = True
        print("flooding", flush=True)


def many(part: bytes, size: int = CHUNK) -> bytes:
    return part * (size // len(part) + 1)


def pour(sock: socket.socket, parts: Iterator[bytes]) -> None:
    """Write all the parts, throwing away whatever comes back meanwhile."""
    sock.setblocking(False)
    for part in parts:
        rest = memoryview(part)
        while rest:
            try:
                if not sock.recv(CHUNK):
                    raise ConnectionResetError("closed")
            except BlockingIOError:
                pass
            try:
                rest = rest[sock.send(rest) :]
            except BlockingIOError:
                time.sleep(0.0005)
        begun()


def pouring(name: str, what: Callable[[], bytes]) -> None:
    """A flood of the same bytes again and again over a WebSocket that is in the namespace."""

    def run(port: int) -> None:
        pour(websocket(port), repeat(what()))

    FLOODS[name] = run


def _numbers() -> str:
    return "42" + json.dumps(["note", list(range(100_000, 100_000 + BIG // 8))])


def _brackets() -> str:
    return '42["note",' + ",".join(["[[[]]]"] * (BIG // 8)) + "]"


pouring("events", lambda: many(text('42["note",1]')))
pouring("events with ack", lambda: many(text('421["echo",1]')))
pouring("events of nobody", lambda: many(text('42["no such event",1]')))
pouring("one event per write", lambda: text('421["echo",1]'))
pouring("900 KB of text", lambda: text('42["note","' + "x" * BIG + '"]'))
pouring("900 KB of numbers", lambda: text(_numbers()))
pouring("900 KB of brackets", lambda: text(_brackets()))
pouring("900 KB of binary", lambda: text('451-["note",{"_placeholder":true,"num":0}]')
        + frame(BINARY, bytes(BIG)))
pouring("answers nobody asked for", lambda: many(text("431[1]")))
pouring("pings", lambda: many(frame(PING)))
pouring("pings with data", lambda: many(frame(PING, b"x" * 125)))
pouring("pongs", lambda: many(frame(PONG)))
pouring("pongs of Engine.IO", lambda: many(text("3")))
pouring("namespaces joined and left", lambda: many(text("40/other,") + text("41/other,")))
pouring("rooms", lambda: text("42" + json.dumps(["join", [f"r{n}" for n in range(2000)]]))
        + text("42" + json.dumps(["leave", [f"r{n}" for n in range(2000)]])))


@flood("fragments of one byte")
def fragments(port: int) -> None:
    """One message of 900 KB, a byte per frame."""
    part = many(frame(0, b"x", fin=False))
    size = len(part) // 7

    def parts() -> Iterator[bytes]:
        while True:
            yield frame(TEXT, b'42["note","', fin=False)
            yield from repeat(part, BIG // size)
            yield frame(0, b'"]')

    pour(websocket(port), parts())


@flood("empty messages")
def empty(port: int) -> None:
    """Each is a broken packet, and closes the session."""
    while True:
        _ends(websocket(port), many(frame(TEXT), 4096))


@flood("events with ack, unread")
def unread(port: int) -> None:
    """Asks and never reads: its outbox fills up, it is closed, and comes back."""
    part = many(text('421["echo","' + "x" * 100 + '"]'))
    while True:
        sock = websocket(port, receive_buffer=4096)
        try:
            while True:
                sock.sendall(part)
                begun()
        except OSError:
            sock.close()


@flood("posts of many events")
def posts_of_many(port: int) -> None:
    sock = dial(port)
    target = polling(sock)
    body = "\x1e".join(['42["note",1]'] * 10_000).encode()
    _post(sock, target, body)


@flood("posts of one event")
def posts_of_one(port: int) -> None:
    sock = dial(port)
    _post(sock, polling(sock), b'42["note",1]')


@flood("posts of 900 KB of numbers")
def posts_of_numbers(port: int) -> None:
    sock = dial(port)
    _post(sock, polling(sock), _numbers().encode())


def _post(sock: socket.socket, target: str, body: bytes) -> None:
    while True:
        if ask(sock, "POST", target, body) != b"ok":
            raise ConnectionError("the POST was refused")
        begun()


@flood("handshakes over WebSocket")
def handshakes(port: int) -> None:
    while True:
        sock = websocket(port)
        sock.close()
        begun()


@flood("sessions over polling")
def sessions(port: int) -> None:
    sock = dial(port)
    while True:
        polling(sock, join=False)
        begun()


@flood("half upgrades")
def half_upgrades(port: int) -> None:
    """Opens the second connection of a session, probes, and goes no further."""
    sock = dial(port)
    while True:
        sid = polling(sock).partition("sid=")[2]
        second = dial(port)
        second.sendall(upgrade(sid) + text("2probe"))
        read_until(second, b"3probe")
        second.close()
        begun()


@flood("connections")
def connections(port: int) -> None:
    while True:
        dial(port).close()
        begun()


@flood("many connections at once")
def connections_at_once(port: int) -> None:
    while True:
        socks = [dial(port) for _ in range(200)]
        for sock in socks:
            sock.sendall(upgrade() + text("40"))
        for sock in socks:
            read_until(sock, b'"sid"')
        begun()
        for sock in socks:
            sock.close()


@flood("foreign sids, pipelined")
def foreign(port: int) -> None:
    """Requests for sessions that do not exist, without waiting for the answers."""
    target = f"{PATH}polling&sid=" + "x" * 20
    part = many(request("GET", target))
    while True:
        _ends(dial(port), part)


@flood("pages, pipelined")
def pages(port: int) -> None:
    part = many(request("GET", "/no/such/page"))
    while True:
        _ends(dial(port), part)


@flood("posts without a sid")
def posts_without_sid(port: int) -> None:
    sock = dial(port)
    while True:
        sock.sendall(request("POST", f"{PATH}polling", b"40"))
        answer(sock)
        begun()


def _ends(sock: socket.socket, part: bytes) -> None:
    """Pour until the server closes."""
    try:
        pour(sock, repeat(part))
    except OSError:
        begun()
    sock.close()


@flood("one byte a second")
def slow(port: int) -> None:
    """A head, a body and a frame that come byte by byte, and a client that never reads."""
    head, body, message = dial(port), dial(port), websocket(port)
    body.sendall(b"POST /socket.io/ HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n")
    message.sendall(frame(TEXT, b"x" * 1000)[:8])
    begun()
    for byte in request("GET", "/", headers=f"X: {'x' * 1000}\r\n"):
        for sock in (head, body, message):
            sock.sendall(bytes([byte]))
        time.sleep(1)


@flood("never reads")
def deaf(port: int) -> None:
    """Joins and reads nothing of what is sent to all; the server closes it, and it comes back."""
    while True:
        sock = websocket(port, receive_buffer=4096)
        begun()
        try:
            while True:
                sock.sendall(text("3"))
                time.sleep(0.1)
        except OSError:
            sock.close()


def main(port: int, name: str) -> None:
    os.nice(5)  # who measures comes first
    while True:
        try:
            FLOODS[name](port)
        except OSError:
            begun()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
