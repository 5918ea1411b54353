"""The generations of clients that a server speaks to: the one table of them."""

from __future__ import annotations

from ..options import Options
from ..protocol.dialect import Dialect
from ..protocol.eio3 import EIO3, EIO3InBinary
from ..protocol.eio4 import EIO4
from ..protocol.json import make_codec
from ..protocol.packet import Packet
from ..protocol.request import ClientRequest
from ..protocol.sio09 import SIO09


class Dialects:
    """Each is made once, with the server's JSON and limits."""

    def __init__(self, options: Options) -> None:
        codec = make_codec(options.json)
        sizes = options.max_http_buffer_size, options.max_attachments, options.max_payload_packets
        older = SIO09(codec, options.max_payload_packets)
        # By name, base64 and binary.
        self._all: dict[tuple[str, bool, bool], Dialect] = {
            (older.name, False, False): older,
            (EIO3.name, False, True): EIO3InBinary(codec, *sizes),
        }
        for base64 in (False, True):
            for generation in (EIO4, EIO3):
                self._all[generation.name, base64, False] = generation(codec, *sizes, base64)
        # How many sessions speak each; those that nobody speaks cost a broadcast nothing. One is
        # always there, to find what cannot be sent.
        self._spoken: dict[Dialect, int] = {self._all[EIO4.name, False, False]: 1}

    def find(self, wanted: ClientRequest) -> Dialect:
        """Return what a request speaks."""
        return self._all[wanted.dialect, wanted.base64, wanted.binary]

    def spoken(self, dialect: Dialect) -> None:
        """A session begins that speaks it."""
        self._spoken[dialect] = self._spoken.get(dialect, 0) + 1

    def silent(self, dialect: Dialect) -> None:
        """A session ends that spoke it."""
        self._spoken[dialect] -= 1
        if not self._spoken[dialect]:
            del self._spoken[dialect]

    def encode(self, packet: Packet) -> None:
        """Encode a packet for everyone who is there, ahead of its broadcast.

        :raises EncodeError: if its data cannot be carried.
        """
        for dialect in tuple(self._spoken):  # another thread's broadcast, while a session begins
            dialect.encode(packet)
