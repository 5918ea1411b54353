"""The WSGI side: the server, and what puts Socket.IO in front of a WSGI application."""

from __future__ import annotations

from .server import WSGIServer

__all__ = ["WSGIServer"]
