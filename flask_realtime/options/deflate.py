"""How WebSocket messages may be compressed: the options of that, and their checks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from .checks import between, flag, group

MAX_WINDOW_BITS = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class DeflateOptions:
    """How WebSocket messages may be compressed; :func:`make_deflate_options` checks them."""

    threshold: int = 1024
    """Bytes from which on a message is compressed (ws: 1024)."""
    level: int = 6
    """From 1, the fastest, to 9, the smallest (zlib: 6)."""
    mem_level: int = 5
    """From 1 to 9: a compressor takes 2 ** (window bits + 2) + 2 ** (mem_level + 9) bytes (zlib: 8;
    for JSON that makes it slower, and no smaller)."""
    server_context_takeover: bool = False
    """Whether we keep a compressor per connection, if the client agrees: smaller messages, but
    144 KiB each, and every client of a broadcast has its message compressed anew."""
    client_context_takeover: bool = False
    """Whether clients may do so: up to 40 KiB per connection here."""
    server_max_window_bits: int = MAX_WINDOW_BITS
    """From 9 to 15: how far back, 2 ** bits bytes, our compressors look."""
    client_max_window_bits: int = MAX_WINDOW_BITS
    """From 9 to 15: the same for clients; those that cannot be limited go uncompressed."""


def make_deflate_options(name: str, value: Any) -> DeflateOptions | None:
    """Return checked options, ``None`` where nothing is to be compressed.

    :param name: of the option that has this value.
    :param value: True, False, None, or a mapping of :class:`DeflateOptions`.
    :raises OptionError: for anything else, for a name that does not exist, or a bad value.
    """
    return group(DeflateOptions, _DEFLATE_CHECKS, name, value)


_DEFLATE_CHECKS: Mapping[str, Callable[[str, Any], Any]] = {
    "threshold": between(0, 2**31),
    "level": between(1, 9),
    "mem_level": between(1, 9),
    "server_context_takeover": flag,
    "client_context_takeover": flag,
    # RFC 7692 has windows of 8 bits too, for which zlib has no compressor.
    "server_max_window_bits": between(9, MAX_WINDOW_BITS),
    "client_max_window_bits": between(9, MAX_WINDOW_BITS),
}
assert set(_DEFLATE_CHECKS) == {field.name for field in fields(DeflateOptions)}
