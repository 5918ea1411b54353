"""Socket.IO for Flask."""

from .exceptions import AckTimeout, ConnectionRefusedError, Disconnected
from .extension.context import socket
from .extension.extension import SocketIO
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
from .protocol.reason import Reason
from .socketio.events import Events
from .socketio.namespace import Namespace
from .socketio.socket import Socket

__version__ = "0.1.0"

__all__ = [
    "AckTimeout",
    "ConnectionRefusedError",
    "Disconnected",
    "Events",
    "Namespace",
    "Reason",
    "Socket",
    "SocketIO",
    "call",
    "close_room",
    "disconnect",
    "emit",
    "join_room",
    "leave_room",
    "rooms",
    "send",
    "socket",
]
