"""Clients that only answer pings: ``python -m tests.load.idle PORT CLIENTS``."""

from __future__ import annotations

import select
import sys

from .wires import text, websocket

PING = b"\x81\x012"


def main(port: int, clients: int) -> None:
    poll = select.epoll()
    socks = {sock.fileno(): sock for sock in (websocket(port) for _ in range(clients))}
    for number in socks:
        poll.register(number, select.EPOLLIN)
    print("ready", flush=True)
    while True:
        for number, _ in poll.poll():
            data = socks[number].recv(4096)
            if not data:
                sys.exit("the server has closed a client")
            if PING in data:
                socks[number].sendall(text("3"))
                print("answered a ping", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
