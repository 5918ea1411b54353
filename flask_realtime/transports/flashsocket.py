"""WebSocket out of a Flash file, for browsers that had none of their own."""

from __future__ import annotations

from .websocket import WebSocketTransport


class FlashSocketTransport(WebSocketTransport):
    """A WebSocket under another name, by which a client 0.7 to 0.9 asks for it."""

    name = "flashsocket"
    __slots__ = ()
