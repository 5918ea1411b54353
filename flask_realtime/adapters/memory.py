"""The adapter of a server that is alone."""

from __future__ import annotations

from collections.abc import Iterable

from ..protocol.packet import Packet
from .adapter import Local, Selection

# Dicts stand for ordered sets: who joined first is served first, as on Node.
_Ordered = dict[str, None]


class MemoryAdapter:
    """Rooms in this process's memory."""

    def __init__(self, local: Local) -> None:
        self._local = local
        self._rooms: dict[str, _Ordered] = {}
        # None for who is in no room but its own, which is nobody's business to store.
        self._joined: dict[str, set[str] | None] = {}

    def add(self, id: str, rooms: Iterable[str]) -> None:
        joined = self._joined.setdefault(id, None)
        for room in rooms:
            if joined is None:
                joined = self._joined[id] = set()
            joined.add(room)
            self._rooms.setdefault(room, {})[id] = None

    def remove(self, id: str, room: str) -> None:
        joined = self._joined.get(id)
        if joined is None or room not in joined:
            return
        joined.discard(room)
        members = self._rooms[room]
        del members[id]
        if not members:
            del self._rooms[room]

    def remove_all(self, id: str) -> None:
        for room in self._joined.get(id) or ():
            members = self._rooms[room]
            del members[id]
            if not members:
                del self._rooms[room]
        self._joined.pop(id, None)

    def rooms_of(self, id: str) -> set[str]:
        if id not in self._joined:
            return set()
        return {id, *(self._joined[id] or ())}

    def ids_in(self, selection: Selection) -> list[str]:
        rooms, except_ = selection.rooms, selection.except_
        if rooms is None:
            ids = list(self._joined)
        elif len(rooms) == 1:
            ids = self._members(rooms[0])
        else:
            ids = list(dict.fromkeys(id for room in rooms for id in self._members(room)))
        if not except_:
            return ids
        excepted = {id for room in except_ for id in self._members(room)}
        return [id for id in ids if id not in excepted]

    def _members(self, room: str) -> list[str]:
        members = self._rooms.get(room)
        if room not in self._joined:
            return list(members) if members else []
        # Somebody's own room, which others may have joined.
        return list({room: None, **(members or {})})

    def broadcast(self, packet: Packet, selection: Selection) -> None:
        self._local.deliver(self.ids_in(selection), packet, selection.volatile)

    def join(self, selection: Selection, rooms: Iterable[str]) -> None:
        rooms = list(rooms)
        for id in self.ids_in(selection):
            self.add(id, rooms)

    def leave(self, selection: Selection, rooms: Iterable[str]) -> None:
        rooms = list(rooms)
        for id in self.ids_in(selection):
            for room in rooms:
                self.remove(id, room)

    def disconnect(self, selection: Selection, close: bool) -> None:
        for id in self.ids_in(selection):
            self._local.disconnect(id, close)

    def close(self) -> None:
        pass
