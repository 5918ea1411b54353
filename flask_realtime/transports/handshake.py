"""What stands for a transport between the handshake and the first real one (0.7 to 0.9)."""

from __future__ import annotations

from ..protocol.request import HANDSHAKE
from .jsonp import JSONPTransport


class HandshakeTransport(JSONPTransport):
    """Answers the handshake as if that was a poll; the session moves on with the next request."""

    name = HANDSHAKE
    __slots__ = ()

    def _envelope(self, jsonp: str | None, body: bytes, content_type: str) -> tuple[bytes, str]:
        if jsonp is None:
            return body, content_type
        return super()._envelope(jsonp, body, content_type)
