"""The WSGI side: the server, WebSocket for any application, and what puts Socket.IO before one."""

from __future__ import annotations

from .server import WSGIServer
from .websocket import WebSocket, accept_websocket

__all__ = ["WSGIServer", "WebSocket", "accept_websocket"]
