"""Clients of all kinds that come, talk and go: ``python -m tests.load.soak PORT SEED``.

Goes on until it is killed.
"""

from __future__ import annotations

import random
import sys

from .wires import PATH, ask, dial, polling, read_until, request, text, upgrade, websocket


def over_websocket(port: int, dice: random.Random) -> None:
    """Comes, asks, joins rooms and a namespace; leaves in good manners or not."""
    sock = websocket(port)
    for number in range(dice.randrange(1, 20)):
        sock.sendall(text(f'42{number}["echo","{"x" * dice.randrange(2000)}"]'))
        read_until(sock, f"43{number}[".encode())
    sock.sendall(text('4299["join",["a","b","c"]]'))
    read_until(sock, b"4399[")
    sock.sendall(text("40/other,"))
    read_until(sock, b"40/other")
    if dice.random() < 0.5:
        sock.sendall(text("41"))
    sock.close()


def over_polling(port: int, dice: random.Random) -> None:
    """Posts and polls, and says goodbye, so that its session ends now."""
    sock = dial(port)
    target = polling(sock)
    for number in range(dice.randrange(1, 10)):
        ask(sock, "POST", target, f'42{number}["echo",{number}]'.encode())
        ask(sock, "GET", target)
    ask(sock, "POST", target, b"1")
    sock.close()


def upgraded(port: int, dice: random.Random) -> None:
    """Goes from polling to WebSocket, or gives up in the middle."""
    polls = dial(port)
    target = polling(polls)
    sid = target.partition("sid=")[2]
    sock = dial(port)
    sock.sendall(upgrade(sid) + text("2probe"))
    read_until(sock, b"3probe")
    if dice.random() < 0.7:
        ask(polls, "GET", target)  # answered by a noop, for the upgrade
        sock.sendall(text("5") + text('421["echo",1]'))
        read_until(sock, b"431[1]")
    else:
        ask(polls, "POST", target, b"1")
    sock.close()
    polls.close()


def wrong(port: int, dice: random.Random) -> None:
    """Breaks a rule."""
    sock = dial(port)
    sock.sendall(request("GET", f"{PATH}polling&sid={'x' * 20}"))
    read_until(sock, b"}")
    sock.close()
    sock = websocket(port, join=dice.random() < 0.5)
    sock.sendall(dice.choice([text("x"), text("42"), b"\x81\x01x", text('42["note"')]))
    sock.close()


def main(port: int, seed: int) -> None:
    dice = random.Random(seed)
    kinds = [over_websocket, over_polling, upgraded, wrong]
    print("coming", flush=True)
    while True:
        try:
            dice.choice(kinds)(port, dice)
        except ConnectionError:
            pass  # it broke a rule, or the server was full


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
