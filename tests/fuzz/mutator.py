"""Makes inputs out of valid ones: reproducible, and fast enough for millions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from random import Random

from .target import Target

MAX_SIZE = 100_000
"""Bytes of an input: one mutation after the other could double it again and again."""

NUMBERS = (
    *(b"0", b"1", b"-1", b"00", b"9", b"10", b"11", b"255", b"256", b"65535", b"65536", b"1e999"),
    *(b"2147483648", b"4294967296", b"9007199254740992", b"9223372036854775808"),
    *(b"18446744073709551615", b"18446744073709551616", b"9" * 20, b"0" * 30 + b"5", b"9" * 5000),
    *(b"0x10", b"+1", b"1_0", b" 1", b"ffffffff", b"7fffffffffffffff", b"\xd9\xa3", b"\xb2"),
)
INTERESTING = bytes((0, 1, 9, 10, 13, 32, 34, 44, 47, 58, 59, 61, 91, 92, 123, 127, 128, 254, 255))


def mutations(target: Target, seed: str) -> Iterator[bytes]:
    """Yield inputs without end: examples, most of them changed in one to four places."""
    random = Random(seed)
    corpus = target.corpus
    while True:
        data = random.choice(corpus)
        for _ in range(int(random.expovariate(0.7)) % 5):
            data = random.choice(MUTATIONS)(random, data, target)
        yield data[:MAX_SIZE]


def _somewhere(random: Random, data: bytes) -> int:
    return int(random.random() * (len(data) + 1))


def _range(random: Random, data: bytes) -> tuple[int, int]:
    start = _somewhere(random, data)
    return start, start + 1 + int(random.expovariate(0.2))


def flip(random: Random, data: bytes, target: Target) -> bytes:
    """Turn one bit over."""
    if not data:
        return data
    at = int(random.random() * len(data))
    return data[:at] + bytes((data[at] ^ 1 << random.getrandbits(3),)) + data[at + 1 :]


def overwrite(random: Random, data: bytes, target: Target) -> bytes:
    """Put another byte in the place of one."""
    at = _somewhere(random, data)
    byte = random.choice(INTERESTING) if random.getrandbits(1) else random.getrandbits(8)
    return data[:at] + bytes((byte,)) + data[at + 1 :]


def insert(random: Random, data: bytes, target: Target) -> bytes:
    """Insert bytes, or one of the target's tokens."""
    at = _somewhere(random, data)
    if target.tokens and random.getrandbits(2):
        piece = random.choice(target.tokens)
    else:
        piece = random.randbytes(1 + random.getrandbits(2))
    return data[:at] + piece + data[at:]


def delete(random: Random, data: bytes, target: Target) -> bytes:
    """Leave a piece out."""
    start, end = _range(random, data)
    return data[:start] + data[end:]


def splice(random: Random, data: bytes, target: Target) -> bytes:
    """Go on with the end of another example."""
    other = random.choice(target.corpus)
    return data[: _somewhere(random, data)] + other[_somewhere(random, other) :]


def append(random: Random, data: bytes, target: Target) -> bytes:
    """Let another example follow."""
    return data + random.choice(target.corpus)


def repeat(random: Random, data: bytes, target: Target) -> bytes:
    """Say a piece several times, rarely very often."""
    start, end = _range(random, data)
    times = 2 + int(random.expovariate(0.5))
    if random.random() < 0.01:
        times = 1000
    return data[:end] + data[start:end] * times + data[end:]


def truncate(random: Random, data: bytes, target: Target) -> bytes:
    """Stop early."""
    return data[: _somewhere(random, data)]


def swap_number(random: Random, data: bytes, target: Target) -> bytes:
    """Put another number in the place of the next one."""
    at = _somewhere(random, data)
    size = len(data)
    while at < size and not 48 <= data[at] <= 57:
        at += 1
    end = at
    while end < size and 48 <= data[end] <= 57:
        end += 1
    return data[:at] + random.choice(NUMBERS) + data[end:]


MUTATIONS: Sequence[Callable[[Random, bytes, Target], bytes]] = (
    *(flip, overwrite, insert, delete, splice, append, repeat, truncate, swap_number),
    insert,  # twice as often
)
