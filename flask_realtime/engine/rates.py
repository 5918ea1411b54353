"""How often something may happen: buckets of tokens, and those for the handshakes of an address."""

from __future__ import annotations

from collections import OrderedDict
from ipaddress import IPv6Address

from ..options.rates import RateLimit
from ..protocol.refusals import TOO_MANY, request_error
from ..transports.http import Request
from .clock import Clock

_MAX_ADDRESSES = 10_000
"""Addresses whose handshakes are remembered: about 2 MiB."""


class Bucket:
    """What may still happen under one limit; it fills with time."""

    __slots__ = ("_left", "_when", "over")

    def __init__(self, burst: int, now: float) -> None:
        self._left = float(burst)
        self._when = now
        #: Whether the last one was too many.
        self.over = False

    def take(self, per_second: float, burst: int, now: float) -> bool:
        """Take one token, if there is one."""
        left = min(burst, self._left + (now - self._when) * per_second)
        self._when = now
        self.over = left < 1
        self._left = left if self.over else left - 1
        return not self.over


class HandshakeRate:
    """A limit for the handshakes of each address."""

    def __init__(self, limit: RateLimit) -> None:
        self.limit = limit
        self._per_second = limit.per_second
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()  # the latest used last

    def check(self, request: Request, clock: Clock) -> None:
        """Take note of a handshake.

        :raises RequestError: if it is too many.
        """
        if not request.address:
            return  # over a Unix socket, from a proxy that does not say for whom
        address = network_of(request.address)
        now = clock.now()
        bucket = self._buckets.get(address)
        if bucket is None:
            bucket = self._buckets[address] = Bucket(self.limit.burst, now)
            if len(self._buckets) > _MAX_ADDRESSES:
                self._buckets.popitem(last=False)
        else:
            self._buckets.move_to_end(address)
        if not bucket.take(self._per_second, self.limit.burst, now):
            raise request_error(TOO_MANY, f"more than {self.limit}")


def network_of(address: str) -> str:
    """Return what an address is counted as: who has one of IPv6 has a whole ``/64`` of them."""
    if ":" not in address:
        return address
    try:
        parsed = IPv6Address(address)
    except ValueError:
        return address
    mapped = parsed.ipv4_mapped
    return str(mapped) if mapped is not None else parsed.packed[:8].hex()
