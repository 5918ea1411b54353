"""Clients that come and are lost: ``python -m tests.load.cycles PORT GENERATION WAY COUNT``.

Each has joined rooms and owes an answer when it goes, but for those that never get so far.
"""

from __future__ import annotations

import socket
import struct
import sys
from collections.abc import Callable

from .generations import GENERATIONS, Generation
from .wires import CLOSE, dial, frame, read_until, text, upgrade

_AT_ONCE = struct.pack("ii", 1, 0)

Way = Callable[[int, Generation, int], None]


def clean(port: int, generation: Generation, number: int) -> None:
    """Says goodbye, then closes the WebSocket, and waits for the answer to that."""
    sock = _busy(port, generation)
    try:
        sock.sendall(text(generation.goodbye) + frame(CLOSE, b"\x03\xe8"))
        while sock.recv(4096):
            pass
    except ConnectionError:
        pass  # after a goodbye of 0.9 the server may close first
    sock.close()


def reset(port: int, generation: Generation, number: int) -> None:
    """Its process is killed with data unread: the kernel sends a RST."""
    _cut(_busy(port, generation))


def half_upgrade(port: int, generation: Generation, number: int) -> None:
    """Opens a session over HTTP and its WebSocket, and is lost before it is in use."""
    polls, sock = dial(port), dial(port)
    target = generation.later + generation.open_session(polls)
    sock.sendall(upgrade(target=target) + text(generation.probe))
    if number % 2:
        read_until(sock, b"\r\n\r\n")
    for each in (sock, polls) if number % 3 else (polls, sock):
        _cut(each)


def refused(port: int, generation: Generation, number: int) -> None:
    """Asks for a namespace that refuses it."""
    sock = generation.websocket(port)
    sock.sendall(text(generation.into % "/refused"))
    read_until(sock, b"/refused")
    sock.close()


def mid_handshake(port: int, generation: Generation, number: int) -> None:
    """Is lost in the request, before its answer, or between that and joining."""
    sock = dial(port)
    request = upgrade(target=generation.websocket_target(sock))
    step = number % 4
    sock.sendall(request[: len(request) // 2] if step == 0 else request)
    if step > 1:
        read_until(sock, b"\r\n\r\n")
    if step > 2:
        sock.sendall(text(generation.join or generation.goodbye)[:-1])
    _cut(sock)


WAYS: dict[str, Way] = {
    "clean close": clean,
    "reset": reset,
    "half upgrade": half_upgrade,
    "refused": refused,
    "mid-handshake loss": mid_handshake,
}


def _busy(port: int, generation: Generation) -> socket.socket:
    """A client in two rooms that owes an answer."""
    sock = generation.websocket(port)
    sock.sendall(generation.ask(1, "join", ["a", "b"]) + generation.ask(2, "question"))
    read_until(sock, b"owed")
    return sock


def _cut(sock: socket.socket) -> None:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
    sock.close()


def main(port: int, generation: str, way: str, count: int) -> None:
    for number in range(count):
        WAYS[way](port, GENERATIONS[generation], number)
    print("done", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4]))
