"""Binary beside a packet and its stand-ins (Socket.IO protocol 5, "binary event").

``["picture", b"\\x89PNG"]`` travels as ``["picture", {"_placeholder": true, "num": 0}]`` and one
binary message behind it.
"""

from __future__ import annotations

from array import array
from typing import Any

from ..exceptions import EncodeError, PacketError

_BINARY = (bytes, bytearray, memoryview, array)


def extract(value: Any) -> tuple[Any, list[bytes]]:
    """Return `value` with every binary replaced by a placeholder, and the binaries in order.

    :raises EncodeError: where the value is nested too deep (or contains itself).
    """
    attachments: list[bytes] = []
    try:
        return _extract(value, attachments), attachments
    except RecursionError:
        raise EncodeError("the value is nested too deep, or contains itself") from None


def _extract(value: Any, attachments: list[bytes]) -> Any:
    if isinstance(value, _BINARY):
        attachments.append(value if isinstance(value, bytes) else bytes(value))
        return {"_placeholder": True, "num": len(attachments) - 1}
    if isinstance(value, dict):
        return {key: _extract(item, attachments) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_extract(item, attachments) for item in value]
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
