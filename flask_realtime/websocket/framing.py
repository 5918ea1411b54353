"""What a connection needs of a framing.

:class:`.messages.Messages` is the one of RFC 6455, :class:`.hixie76.HixieMessages` that before it.
"""

from __future__ import annotations

from typing import Protocol

from flask_realtime.exceptions import FrameError

from .deflate import Deflate


class Framing(Protocol):
    """How messages lie in the bytes of one connection."""

    #: Code and reason of the peer's close frame, or the rule it broke: either ends its input.
    closing: tuple[int, str] | None
    violation: FrameError | None
    #: What :meth:`take_replies` would give; never empty when the input has just ended.
    replies: bytes
    #: Whether :meth:`feed` has kept back whole messages, which it gives when it is called again.
    more: bool
    #: What compresses long messages in :meth:`encode`, ``None`` if nothing does.
    deflate: Deflate | None

    @property
    def closing_handshake(self) -> bool:
        """Whether the peer answers a close."""
        ...

    @property
    def shares_frames(self) -> bool:
        """Whether what :meth:`encode` returns is good for every connection but a compressed one."""
        ...

    @property
    def appetite(self) -> int:
        """How many bytes the next call of :meth:`feed` should bring at most."""
        ...

    def feed(self, data: bytes) -> list[str | bytes]: ...

    def take_replies(self) -> bytes: ...

    def encode(self, message: str | bytes, compress: bool = True) -> bytes: ...

    def encode_ping(self) -> bytes:
        """Return a ping frame, empty where there is none."""
        ...

    def encode_close(self, code: int, reason: str = "") -> bytes: ...
