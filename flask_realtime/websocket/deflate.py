"""permessage-deflate of RFC 7692: what a handshake agrees on, and the payloads of messages.

Unless both sides want it otherwise, no context is taken over from message to message: then a
connection that is idle holds nothing, and a broadcast is compressed once.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable
from functools import lru_cache
from typing import Final, NamedTuple

from flask_realtime.exceptions import FrameError
from flask_realtime.options.deflate import MAX_WINDOW_BITS, DeflateOptions

from .extensions import Offer
from .frames import INVALID_DATA, MESSAGE_TOO_BIG

NAME: Final = "permessage-deflate"

# Section 7.1: what the value of each parameter may be; where there is none it is empty.
_FORMS: Final = {
    "server_no_context_takeover": re.compile(""),
    "client_no_context_takeover": re.compile(""),
    "server_max_window_bits": re.compile("8|9|1[0-5]"),
    "client_max_window_bits": re.compile("(?:8|9|1[0-5])?"),
}
# Inflating with 8 works; deflating zlib refuses, or takes 9.
_MIN_DEFLATE_BITS: Final = 9

# 7.2.1, 7.2.2: the end of what a sync flush leaves; it does not travel.
_TAIL: Final = b"\x00\x00\xff\xff"

# Whatever follows a final block is copied, so much at most: a message may consist of final blocks.
_PIECE: Final = 16384


class Terms(NamedTuple):
    """What both sides keep to; the window of a side is of 2 ** bits bytes."""

    server_context_takeover: bool
    client_context_takeover: bool
    server_window_bits: int
    client_window_bits: int


class Agreement(NamedTuple):
    """What became of the offers.

    :param answer: the extension with its parameters, for the response.
    """

    answer: str
    deflate: Deflate


class Deflate:
    """The compression of one connection, or of all those that have the same terms and no context.

    :param options: the server's.
    """

    __slots__ = ("_compressor", "_inflater", "_options", "terms", "threshold")

    def __init__(self, options: DeflateOptions, terms: Terms) -> None:
        self.terms = terms
        #: Bytes from which on a message is compressed. An empty one never is: its turn of the
        #: compressor would leave nothing to cut the tail from.
        self.threshold = max(options.threshold, 1)
        self._options = options
        self._compressor: zlib._Compress | None = None
        self._inflater: Inflater | None = None

    def compress(self, payload: bytes) -> bytes:
        """Return the payload of a compressed message; not for an empty one."""
        compressor = self._compressor
        if compressor is None:
            # 12 to 20 µs for 1 KiB of JSON, a third of it for a new compressor. One for all
            # connections, emptied by full flushes, would save that; a failure between the two
            # calls would show one client's data to the next.
            options = self._options
            compressor = zlib.compressobj(
                options.level, zlib.DEFLATED, -self.terms.server_window_bits, options.mem_level
            )
            if self.terms.server_context_takeover:
                self._compressor = compressor
        compressed = compressor.compress(payload) + compressor.flush(zlib.Z_SYNC_FLUSH)
        return compressed[: -len(_TAIL)]

    def inflater(self) -> Inflater:
        """Return what inflates the next message; one at a time."""
        inflater = self._inflater
        if inflater is None:
            inflater = Inflater(self.terms.client_window_bits)
            if self.terms.client_context_takeover:
                self._inflater = inflater
        return inflater


class Inflater:
    """Inflates the pieces of a message as they come, and not beyond the size it is allowed."""

    __slots__ = ("_decompressor", "_window_bits")

    def __init__(self, window_bits: int) -> None:
        self._window_bits = window_bits
        self._decompressor = zlib.decompressobj(-window_bits)

    def feed(self, data: bytes, room: int) -> bytes:
        """Return what `data` inflates to.

        :param room: bytes that the message may still grow; one more is made at most.
        :raises FrameError: 1009 if it grows beyond, 1007 for what is not deflated.
        """
        pieces = []
        position = 0
        while position < len(data):
            part = data[position : position + _PIECE]
            try:
                # Never 0, which would lift the limit.
                piece = self._decompressor.decompress(part, room + 1)
            except zlib.error as error:
                raise FrameError(INVALID_DATA, f"compressed data: {error}") from error
            room -= len(piece)
            if room < 0:
                raise FrameError(MESSAGE_TOO_BIG, "message that inflates over its size")
            pieces.append(piece)
            position += len(part) - len(self._decompressor.unused_data)
            if self._decompressor.eof:
                # 7.2.1: after a final block may come others. Who ends a stream of zlib starts the
                # next one without a context.
                self._decompressor = zlib.decompressobj(-self._window_bits)
        return b"".join(pieces)

    def finish(self, room: int) -> bytes:
        """Return what is left of the message, all of whose pieces were fed; as :meth:`feed`."""
        return self.feed(_TAIL, room)


def negotiate(offers: Iterable[Offer], options: DeflateOptions) -> Agreement | None:
    """Accept the first offer that can be accepted (section 5.1), ``None`` if there is none."""
    for offer in offers:
        if offer.name != NAME:
            continue
        agreement = _accept(offer.parameters, options)
        if agreement is not None:
            return agreement
    return None


def _accept(parameters: list[tuple[str, str]], options: DeflateOptions) -> Agreement | None:
    # 7.1: an offer with an unknown, repeated or unusable parameter is declined.
    offered = dict(parameters)
    if len(offered) < len(parameters):
        return None
    if not all(name in _FORMS and _FORMS[name].fullmatch(offered[name]) for name in offered):
        return None
    client_limit = options.client_max_window_bits
    if client_limit < MAX_WINDOW_BITS and "client_max_window_bits" not in offered:
        return None  # 7.1.2.2: who does not offer it cannot be told to keep it
    terms = Terms(
        options.server_context_takeover and "server_no_context_takeover" not in offered,
        options.client_context_takeover and "client_no_context_takeover" not in offered,
        _least(options.server_max_window_bits, offered.get("server_max_window_bits")),
        _least(client_limit, offered.get("client_max_window_bits")),
    )
    if terms.server_window_bits < _MIN_DEFLATE_BITS:
        return None
    answer = _answer(terms, "server_max_window_bits" in offered)
    if terms.server_context_takeover or terms.client_context_takeover:
        return Agreement(answer, Deflate(options, terms))
    return Agreement(answer, _shared(options, terms))


def _least(limit: int, offered: str | None) -> int:
    return min(limit, int(offered)) if offered else limit


def _answer(terms: Terms, limits_server: bool) -> str:
    parts = [NAME]
    if not terms.server_context_takeover:
        parts.append("server_no_context_takeover")
    if not terms.client_context_takeover:
        parts.append("client_no_context_takeover")
    if limits_server or terms.server_window_bits < MAX_WINDOW_BITS:
        # 7.1.2.1: this parameter is accepted by saying it again.
        parts.append(f"server_max_window_bits={terms.server_window_bits}")
    if terms.client_window_bits < MAX_WINDOW_BITS:
        parts.append(f"client_max_window_bits={terms.client_window_bits}")
    return "; ".join(parts)


@lru_cache(maxsize=64)
def _shared(options: DeflateOptions, terms: Terms) -> Deflate:
    return Deflate(options, terms)
