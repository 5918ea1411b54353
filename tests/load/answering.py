"""Many clients that answer what the server asks, but for some who are silent: a process.

``python -m tests.load.answering PORT CLIENTS SILENT`` connects them. Each answers every event that
asks for an acknowledgement by its socket's id, and then sends the event ``answered``. The silent
ones, who are the last to connect, answer nothing but the event ``all``.
"""

from __future__ import annotations

import json
import select
import socket
import sys

from .wires import dial, read_until, text, upgrade

BATCH = 100
"""How many connect at once: fewer than a server's backlog."""


class Answerer:
    """One client, in the root namespace."""

    def __init__(self, port: int, silent: bool) -> None:
        self.sock: socket.socket = dial(port)
        self.sock.sendall(upgrade() + text("40"))
        self._silent = silent

    def join(self) -> None:
        """Wait until the server has told the socket's id."""
        data = read_until(self.sock, b"40{")
        packet = data[data.index(b"40{") + 2 :]
        self._id = json.loads(read_until(self.sock, b"}", packet))["sid"]

    def read(self) -> bool:
        """Answer what has come; return whether there may be more.

        The server's frames are short, and are asked for one at a time.
        """
        data = self.sock.recv(65536)
        packet = data[2:].decode()
        if packet.startswith("42") and not (self._silent and '"all"' not in packet):
            number = packet[2 : packet.index("[")]
            self.sock.sendall(text(f'43{number}["{self._id}"]') + text('42["answered"]'))
        return bool(data)


def main(port: int, clients: int, silent: int) -> None:
    answerers: list[Answerer] = []
    while len(answerers) < clients:
        numbers = range(len(answerers), min(len(answerers) + BATCH, clients))
        batch = [Answerer(port, number >= clients - silent) for number in numbers]
        for each in batch:
            each.join()
        answerers += batch
    by_number = {each.sock.fileno(): each for each in answerers}
    poll = select.epoll()
    for number in by_number:
        poll.register(number, select.EPOLLIN)
    while by_number:
        for number, _ in poll.poll():
            if not by_number[number].read():
                poll.unregister(number)
                del by_number[number]


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
