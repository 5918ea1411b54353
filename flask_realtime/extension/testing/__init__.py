"""The test client: a client of any generation in the same process."""

from .client import SocketIOTestClient

__all__ = ["SocketIOTestClient"]
