"""Clients of all kinds that come, talk and go: ``python -m tests.load.soak PORT SEED``.

Goes on until it is killed.
"""

from __future__ import annotations

import random
import sys

from .generations import GENERATIONS
from .polled import POLLED, htmlfile
from .wires import PATH, ask, dial, polling, read_until, request, text, upgrade, websocket

_GENERATIONS = list(GENERATIONS.values())
_POLLED = list(POLLED.values())


def over_websocket(port: int, dice: random.Random) -> None:
    """Comes, asks, joins rooms and a namespace; leaves in good manners or not."""
    generation = dice.choice(_GENERATIONS)
    sock = generation.websocket(port)
    for number in range(1, dice.randrange(2, 20)):
        sock.sendall(generation.ask(number, "echo", "x" * dice.randrange(2000)))
        read_until(sock, generation.answer(number))
    sock.sendall(generation.ask(99, "join", ["a", "b", "c"]) + generation.ask(100, "question"))
    read_until(sock, b"owed")
    sock.sendall(text(generation.into % "/other"))
    read_until(sock, b"/other")
    if dice.random() < 0.5:
        sock.sendall(text(generation.goodbye))
    sock.close()


def over_polling(port: int, dice: random.Random) -> None:
    """Posts and polls, and mostly says goodbye."""
    generation, begin = dice.choice(_POLLED)
    client = begin(port)
    for number in range(1, dice.randrange(2, 10)):
        client.post(generation.packet(number, "echo", number))
        if generation.answer(number) not in client.get():
            raise AssertionError(f"no answer to {number}")
    if dice.random() < 0.9:
        client.post(generation.goodbye)
    client.sock.close()


def over_htmlfile(port: int, dice: random.Random) -> None:
    """Is answered on an endless page."""
    generation = GENERATIONS["0.9"]
    page, posts = htmlfile(port)
    for number in range(1, dice.randrange(2, 10)):
        posts.post(generation.packet(number, "echo", number))
        read_until(page, generation.answer(number))
    page.close()
    posts.sock.close()


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


KINDS = [over_websocket, over_polling, over_htmlfile, upgraded, wrong]


def main(port: int, seed: int) -> None:
    dice = random.Random(seed)
    print("coming", flush=True)
    while True:
        try:
            dice.choice(KINDS)(port, dice)
        except ConnectionError:
            pass  # it broke a rule, or the server was full


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
