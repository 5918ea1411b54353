"""The interface of an adapter, and what it sees of its namespace.

All that crosses it is plain data, so that a broadcast can also come from, or go to, another node.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from ..protocol.packet import Packet


@dataclass(frozen=True, slots=True)
class Selection:
    """Some sockets of a namespace: those in any of `rooms` (None: all of them) but for those
    in any of `except_`. A socket's id is a room that holds it alone.

    :param volatile: whether a message for them may be lost by whom it cannot reach at once.
    :param local: whether only this node's sockets are meant.
    """

    rooms: tuple[str, ...] | None = None
    except_: tuple[str, ...] = ()
    volatile: bool = False
    local: bool = False


ALL = Selection()
"""Everyone."""


class Local(Protocol):
    """What an adapter sees of its namespace on this node."""

    def deliver(self, ids: Iterable[str], packet: Packet, volatile: bool) -> None:
        """Send `packet` to the sockets of these ids; ids that are gone are passed over."""

    def disconnect(self, id: str, close: bool) -> None:
        """Send one socket away, with its whole connection if `close`."""


class Adapter(Protocol):
    """Who is in which room of one namespace, and how a broadcast gets to them."""

    def add(self, id: str, rooms: Iterable[str]) -> None:
        """Put the socket into rooms; with none it is in its own room alone."""

    def remove(self, id: str, room: str) -> None:
        """Take the socket out of a room; nothing happens if it is not in it."""

    def remove_all(self, id: str) -> None:
        """Take the socket out of every room: it has left."""

    def rooms_of(self, id: str) -> set[str]:
        """Return the rooms of a socket of this node, its own among them; empty once it has left."""

    def ids_in(self, selection: Selection) -> list[str]:
        """Return the ids of this node's sockets in the selection, each once, the first joined
        first."""

    def broadcast(self, packet: Packet, selection: Selection) -> None:
        """Send `packet` to the selection.

        :raises EncodeError: if its data cannot be carried.
        """

    def join(self, selection: Selection, rooms: Iterable[str]) -> None:
        """Put every socket of the selection into `rooms`."""

    def leave(self, selection: Selection, rooms: Iterable[str]) -> None:
        """Take every socket of the selection out of `rooms`."""

    def disconnect(self, selection: Selection, close: bool) -> None:
        """Send every socket of the selection away."""

    def close(self) -> None:
        """The server stops."""
