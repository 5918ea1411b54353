"""Binary beside a packet and its stand-ins (Socket.IO protocol 5, "binary event").

``["picture", b"\\x89PNG"]`` travels as ``["picture", {"_placeholder": true, "num": 0}]`` and one
binary message behind it.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from typing import Any

from ..exceptions import EncodeError, PacketError

_BINARY = (bytes, bytearray, memoryview, array)


def extract(value: Any) -> tuple[Any, list[bytes]]:
    """Return `value` with every binary replaced by a placeholder, and the binaries in order.

    :raises EncodeError: where the value is nested too deep (or contains itself), or has beside its
        binary what receivers would take for a placeholder.
    """
    attachments: list[bytes] = []

    def placeholder(data: bytes) -> dict[str, Any]:
        attachments.append(data)
        return {"_placeholder": True, "num": len(attachments) - 1}

    extracted = replace(value, placeholder)
    if attachments and _has_posing(value):
        # Relayed from a client, it would put another's binary in its place, or have all receivers
        # close their connections.
        raise EncodeError("beside binary no dict may have a key '_placeholder' that is true")
    return extracted, attachments


def _has_posing(value: Any) -> bool:
    if isinstance(value, dict):
        return bool(value.get("_placeholder")) or any(map(_has_posing, value.values()))
    return isinstance(value, list | tuple) and any(map(_has_posing, value))


def replace(value: Any, stand_in: Callable[[bytes], Any]) -> Any:
    """Return a copy of `value` with ``stand_in(binary)`` in the place of every binary.

    :raises EncodeError: where the value is nested too deep (or contains itself).
    """
    try:
        return _replace(value, stand_in)
    except RecursionError:
        raise EncodeError("the value is nested too deep, or contains itself") from None


def _replace(value: Any, stand_in: Callable[[bytes], Any]) -> Any:
    if isinstance(value, _BINARY):
        return stand_in(value if isinstance(value, bytes) else bytes(value))
    if isinstance(value, dict):
        return {key: _replace(item, stand_in) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_replace(item, stand_in) for item in value]
    return value


def insert(value: Any, attachments: list[bytes]) -> Any:
    """Put `attachments` where their placeholders stand in `value`, in place; return it.

    :raises PacketError: for a placeholder without an attachment, or one used twice or never.
    """
    unused = set(range(len(attachments)))
    try:
        value = _insert(value, attachments, unused)
    except RecursionError:
        raise PacketError("the data is nested too deep") from None
    if unused:
        raise PacketError("an attachment has no placeholder")
    return value


def _insert(value: Any, attachments: list[bytes], unused: set[int]) -> Any:
    if isinstance(value, list):
        for index, item in enumerate(value):
            value[index] = _insert(item, attachments, unused)
        return value
    if not isinstance(value, dict):
        return value
    if value.get("_placeholder") is True:
        number = value.get("num")
        if type(number) is not int or number not in unused:
            raise PacketError("a placeholder has no attachment of its own")
        unused.discard(number)
        return attachments[number]
    for key, item in value.items():
        value[key] = _insert(item, attachments, unused)
    return value
