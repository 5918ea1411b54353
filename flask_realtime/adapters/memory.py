"""The adapter of a server that is alone."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any

from ..protocol.packet import Packet
from ..scopes import short, tell
from .adapter import NODE_TIMEOUT, Gathered, Kept, Local, Returned, Selection
from .gathering import Gathering, answer_of
from .room_events import Listener, RoomEvents, check_event

log = logging.getLogger("flask_realtime.adapter")

# Dicts stand for ordered sets: who joined first is served first, as on Node.
_Ordered = dict[str, None]

_NOWHERE: set[str] = set()
"""The rooms of who is not here."""


class MemoryAdapter:
    """Rooms in this process's memory.

    Adapters that reach other nodes derive from it, since each knows the rooms of its own sockets.
    """

    recovers = False

    def __init__(self, local: Local) -> None:
        self._local = local
        self._rooms: dict[str, _Ordered] = {}
        # None for who is in no room but its own, which is nobody's business to store.
        self._joined: dict[str, set[str] | None] = {}
        #: Who listens to rooms; None while nobody does, and then it costs nothing.
        self.room_events: RoomEvents | None = None

    def start(self) -> None:
        pass

    def close(self) -> None:
        pass

    # Who is in which room

    def add(self, id: str, rooms: Iterable[str]) -> None:
        if id not in self._joined:
            self._joined[id] = None
            if self.room_events is not None:
                self.room_events.joined(self._local, id, id, id not in self._rooms)
        for room in rooms:
            self._enter(id, room)

    def _enter(self, id: str, room: str) -> None:
        joined = self._joined[id]
        if joined is None:
            joined = self._joined[id] = set()
        elif room in joined:
            return
        joined.add(room)
        members = self._rooms.setdefault(room, {})
        members[id] = None
        if log.isEnabledFor(logging.DEBUG):
            tell(log, "%s joins %r of %s", short(id), room, self._local.name)
        if self.room_events is not None and room != id:
            is_first = len(members) == 1 and room not in self._joined
            self.room_events.joined(self._local, room, id, is_first)

    def remove(self, id: str, room: str) -> None:
        joined = self._joined.get(id)
        if joined is None or room not in joined:
            return
        joined.discard(room)
        self._leave(id, room)

    def _leave(self, id: str, room: str) -> None:
        members = self._rooms[room]
        del members[id]
        if log.isEnabledFor(logging.DEBUG):
            tell(log, "%s leaves %r of %s", short(id), room, self._local.name)
        if not members:
            del self._rooms[room]
        if self.room_events is not None and room != id:
            was_last = not members and room not in self._joined
            self.room_events.left(self._local, room, id, was_last)

    def remove_all(self, id: str) -> None:
        if id not in self._joined:
            return
        for room in self._joined[id] or ():
            self._leave(id, room)
        del self._joined[id]
        if self.room_events is not None:
            self.room_events.left(self._local, id, id, id not in self._rooms)

    def rooms_of(self, id: str) -> set[str]:
        joined = self._joined.get(id, _NOWHERE)  # one look: another thread may ask
        return set() if joined is _NOWHERE else {id, *(joined or ())}

    @property
    def rooms(self) -> dict[str, set[str]]:
        """A copy of who is in which room, as Node's adapters show it: the ids by room, those in
        which somebody is alone with the own id among them."""
        return {
            room: set(self._members(room)) for room in dict.fromkeys((*self._joined, *self._rooms))
        }

    @property
    def sids(self) -> dict[str, set[str]]:
        """The same from the other side: the rooms by id."""
        return {id: self.rooms_of(id) for id in self._joined}

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

    def on(self, event: str, listener: Listener | None = None) -> Callable[..., Any]:
        if listener is None:
            check_event(event)  # now, since a decorator without parentheses is never called
            return lambda function: self.on(event, function)
        if self.room_events is None:
            self.room_events = RoomEvents()
        self.room_events.add(event, listener)
        return listener

    # What a selection gets, and is asked

    def broadcast(self, packet: Packet, selection: Selection) -> None:
        self._local.deliver(self.ids_in(selection), packet, selection.volatile)

    def broadcast_with_ack(
        self,
        packet: Packet,
        selection: Selection,
        timeout: float,
        done: Callable[[Gathered], None],
    ) -> None:
        gathering = Gathering(0, done)
        self._ask(packet, selection, gathering)
        gathering.begin(self._local, timeout)

    def _ask(self, packet: Packet, selection: Selection, gathering: Gathering) -> None:
        """Ask this node's sockets."""
        ids = self._local.here(self.ids_in(selection))
        gathering.expect(ids)

        def answered(id: str, values: list[Any] | None) -> None:
            if values is None:
                gathering.lose(id)
            else:
                gathering.answer(id, answer_of(values))

        stop = self._local.deliver_with_ack(ids, packet, selection.volatile, answered)
        gathering.at_end.append(stop)

    def fetch(self, selection: Selection, done: Callable[[Gathered], None]) -> None:
        done(Gathered())

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
            self._local.send_away(id, close)

    def server_side_emit(
        self,
        data: list[Any],
        timeout: float = NODE_TIMEOUT,
        done: Callable[[Gathered], None] | None = None,
    ) -> None:
        if done is not None:
            done(Gathered())

    def server_count(self) -> int:
        return 1

    # For clients that return: nothing, see session_aware.py

    def keep(self, packet: Packet, selection: Selection, only: str | None = None) -> None:
        pass

    def persist(self, kept: Kept) -> None:
        pass

    def restore(self, pid: str, offset: str | None) -> Returned | None:
        return None
