"""Rooms and broadcast, behind an interface that other nodes can stand behind."""

from .adapter import Adapter, Gathered, Kept, Local, Returned, Selection
from .cluster import ClusterAdapter
from .heartbeat import HeartbeatClusterAdapter
from .memory import MemoryAdapter
from .messages import Message
from .session_aware import SessionAwareAdapter

__all__ = [
    "Adapter",
    "ClusterAdapter",
    "Gathered",
    "HeartbeatClusterAdapter",
    "Kept",
    "Local",
    "MemoryAdapter",
    "Message",
    "Returned",
    "Selection",
    "SessionAwareAdapter",
]
