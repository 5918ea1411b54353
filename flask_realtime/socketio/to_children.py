"""The adapter of a parent namespace: it has no sockets, and hands everything to its children."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, NoReturn

from ..adapters.adapter import NODE_TIMEOUT, Gathered, Kept, Returned, Selection
from ..exceptions import UsageError
from ..protocol.packet import OutgoingPacket, Packet

if TYPE_CHECKING:
    from .namespace import Namespace


class ToChildren:
    """An adapter (:class:`.Adapter`) without rooms.

    :param children: the namespaces that it stands for; the set may change.
    """

    recovers = False

    def __init__(self, children: set[Namespace]) -> None:
        self._children = children

    def broadcast(self, packet: Packet, selection: Selection) -> None:
        for child in list(self._children):
            # One each: a packet has its namespace in it.
            own = OutgoingPacket(child.name, packet.data, packet.compress, packet.json)
            child.adapter.broadcast(own, selection)

    def join(self, selection: Selection, rooms: Iterable[str]) -> None:
        rooms = list(rooms)
        for child in list(self._children):
            child.adapter.join(selection, rooms)

    def leave(self, selection: Selection, rooms: Iterable[str]) -> None:
        rooms = list(rooms)
        for child in list(self._children):
            child.adapter.leave(selection, rooms)

    def disconnect(self, selection: Selection, close: bool) -> None:
        for child in list(self._children):
            child.adapter.disconnect(selection, close)

    # What each child has for itself

    def fetch(self, selection: Selection, done: Callable[[Gathered], None]) -> NoReturn:
        raise _only_children("fetch_sockets()")

    def broadcast_with_ack(
        self,
        packet: Packet,
        selection: Selection,
        timeout: float,
        done: Callable[[Gathered], None],
    ) -> NoReturn:
        raise _only_children("waiting for answers")

    def server_side_emit(
        self,
        data: list[Any],
        timeout: float = NODE_TIMEOUT,
        done: Callable[[Gathered], None] | None = None,
    ) -> NoReturn:
        raise _only_children("server_side_emit()")

    def on(self, event: str, listener: Callable[..., Any] | None = None) -> NoReturn:
        raise _only_children("adapter.on()")

    # Nobody is here

    def start(self) -> None:
        pass

    def add(self, id: str, rooms: Iterable[str]) -> None:
        pass

    def remove(self, id: str, room: str) -> None:
        pass

    def remove_all(self, id: str) -> None:
        pass

    def rooms_of(self, id: str) -> set[str]:
        return set()

    def ids_in(self, selection: Selection) -> list[str]:
        return []

    def server_count(self) -> int:
        return 1

    def keep(self, packet: Packet, selection: Selection, only: str | None = None) -> None:
        pass

    def persist(self, kept: Kept) -> None:
        pass

    def restore(self, pid: str, offset: str | None) -> Returned | None:
        return None

    def close(self) -> None:
        pass


def _only_children(what: str) -> UsageError:
    return UsageError(
        f"{what} is not for a parent namespace, which has no clients; ask each of parent.children, "
        "or io.of(name) for one of them"
    )
