"""Lengths as JavaScript counts them: in UTF-16 code units, two for a character beyond U+FFFF.

The old generations cut their polling bodies by such lengths (a string's ``length`` there).
"""

from __future__ import annotations

from ..exceptions import PacketError


def length(text: str) -> int:
    """Return how many code units `text` has."""
    if text.isascii():
        return len(text)
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def cut(text: str, start: int, units: int) -> str:
    """Return the part of `text` that begins at the index `start` and has `units` code units.

    :raises PacketError: if the text is too short, or a character would be cut in two.
    """
    part = text[start : start + units]  # as many characters have at least as many units
    if part.isascii():
        missing = units - len(part)
    else:
        encoded = part.encode("utf-16-le")
        missing = units - len(encoded) // 2
        try:
            part = encoded[: 2 * units].decode("utf-16-le")
        except UnicodeDecodeError:
            raise PacketError("a length that ends within a character") from None
    if missing > 0:
        raise PacketError("a length beyond the end of the body")
    return part
