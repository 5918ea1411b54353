"""What a fuzzer is aimed at."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple
from zlib import crc32


class Target(NamedTuple):
    """One decoder.

    :param run: takes one input and returns how that ended: ``"accepted"`` or the name of the
        decoder's own error. Whatever it raises is a finding; so it asserts what has to hold.
    :param corpus: valid inputs, and some that are nearly so.
    :param tokens: pieces that the decoder looks for.
    """

    run: Callable[[bytes], str]
    corpus: tuple[bytes, ...]
    tokens: tuple[bytes, ...] = ()


ACCEPTED = "accepted"


def cut(data: bytes) -> list[bytes]:
    """Cut an input into pieces of irregular lengths, always in the same way."""
    turn = crc32(data)
    pieces = []
    position = 0
    while position < len(data):
        turn = turn * 1103515245 + 12345 & 0xFFFFFFFF
        size = 1 + (turn >> 16) % (70 if turn & 0x1000 else 5)
        pieces.append(data[position : position + size])
        position += size
    return pieces
