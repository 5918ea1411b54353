"""A WebSocket client's half of RFC 6455, written for the tests and as plainly as can be."""

from __future__ import annotations

from itertools import cycle

KEY = b"\x37\xfa\x21\x3d"  # the key of the examples in section 5.7


def frame(opcode: int, payload: bytes = b"", *, fin: bool = True, key: bytes = KEY) -> bytes:
    """One masked frame."""
    size = len(payload)
    if size < 126:
        length = bytes([0x80 | size])
    elif size < 65536:
        length = b"\xfe" + size.to_bytes(2, "big")
    else:
        length = b"\xff" + size.to_bytes(8, "big")
    head = bytes([opcode | (0x80 if fin else 0)])
    return head + length + key + masked(payload, key)


def masked(payload: bytes, key: bytes = KEY) -> bytes:
    if not any(key):
        return payload  # the quick way to make much data
    return bytes(byte ^ mask for byte, mask in zip(payload, cycle(key), strict=False))


def text(message: str) -> bytes:
    return frame(0x1, message.encode())


def close(code: int | None = None, reason: bytes = b"") -> bytes:
    return frame(0x8, b"" if code is None else code.to_bytes(2, "big") + reason)


def server_frame(data: bytes) -> tuple[int, bytes, bytes] | None:
    """First byte and payload of a server's frame, and what follows it; None while incomplete."""
    sizes = {126: 2, 127: 8}
    if len(data) < 2:
        return None
    extra = sizes.get(data[1], 0)
    length = int.from_bytes(data[2 : 2 + extra], "big") if extra else data[1]
    end = 2 + extra + length
    if len(data) < end:
        return None
    return data[0], data[2 + extra : end], data[end:]
