"""Socket.IO for Flask."""

from .adapters.adapter import Adapter
from .adapters.memory import MemoryAdapter
from .exceptions import AckTimeout, ConnectionRefusedError, Disconnected, StoreError
from .extension.context import socket
from .extension.extension import SocketIO
from .extension.flask_socketio import install_as_flask_socketio
from .extension.functions import (
    call,
    close_room,
    disconnect,
    emit,
    join_room,
    leave_room,
    rooms,
    send,
)
from .extension.namespace import Namespace
from .extension.testing import SocketIOTestClient
from .protocol.reason import Reason
from .socketio.broadcast import BroadcastOperator
from .socketio.events import Events
from .socketio.parent import ParentNamespace
from .socketio.remote import RemoteSocket
from .socketio.socket import Socket
from .socketio.terms import terms
from .standalone import Server, WSGIApp, listen
from .store.memory import MemoryStore
from .store.redis import RedisStore
from .store.store import Store

__version__ = "0.1.0"

__all__ = [
    "AckTimeout",
    "Adapter",
    "BroadcastOperator",
    "ConnectionRefusedError",
    "Disconnected",
    "Events",
    "MemoryAdapter",
    "MemoryStore",
    "Namespace",
    "ParentNamespace",
    "Reason",
    "RedisStore",
    "RemoteSocket",
    "Server",
    "Socket",
    "SocketIO",
    "SocketIOTestClient",
    "Store",
    "StoreError",
    "WSGIApp",
    "call",
    "close_room",
    "disconnect",
    "emit",
    "install_as_flask_socketio",
    "join_room",
    "leave_room",
    "listen",
    "rooms",
    "send",
    "socket",
    "terms",
]
