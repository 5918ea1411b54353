"""Who is where, as Socket.IO 0.9's manager showed it: made anew at each look, and read-only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from ..handshake import Handshake
from ..server import Server
from ..socket import Socket


class Overview:
    """What 0.9's ``io`` tells of its clients. Only the sockets of this process are there.

    Rooms are named as there: ``""`` is the root namespace, ``/room`` a room in it, ``/chat``
    another namespace, and ``/chat/room`` a room in that.
    """

    @property
    def _set_up(self) -> Server:
        """The server whose clients they are."""
        raise NotImplementedError

    @property
    def rooms(self) -> Mapping[str, list[str]]:
        """The ids of the sockets in each room."""
        found: dict[str, list[str]] = {}
        for socket in self._sockets():
            for name in _rooms_of(socket):
                found.setdefault(name, []).append(socket.id)
        return MappingProxyType(found)

    @property
    def room_clients(self) -> Mapping[str, dict[str, bool]]:
        """The rooms of each socket, by its id."""
        found: dict[str, dict[str, bool]] = {}
        for socket in self._sockets():  # that of a client 0.9 has the same id in each namespace
            found.setdefault(socket.id, {}).update(dict.fromkeys(_rooms_of(socket), True))
        return MappingProxyType(found)

    @property
    def connected(self) -> Mapping[str, bool]:
        """Which sockets are connected, by their ids."""
        return MappingProxyType({each.id: True for each in self._sockets() if each.connected})

    @property
    def handshaken(self) -> Mapping[str, Handshake]:
        """The handshake of each socket, by its id."""
        return MappingProxyType({socket.id: socket.handshake for socket in self._sockets()})

    def _sockets(self) -> Iterator[Socket]:
        for namespace in list(self._set_up.namespaces.values()):
            yield from list(namespace.sockets.values())


def _rooms_of(socket: Socket) -> Iterator[str]:
    namespace = socket.namespace.name if socket.namespace.name != "/" else ""
    yield namespace
    for room in socket.rooms - {socket.id}:
        yield f"{namespace}/{room}"
