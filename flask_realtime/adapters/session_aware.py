"""The adapter of a server that is alone, for clients that lose their connection and come back.

Every event that a client may miss gets a number, which goes out with it as its offset. Who comes
back says the last one that arrived; what was meant for it and has a higher one is sent again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from itertools import takewhile
from typing import NamedTuple

from ..protocol.packet import OutgoingPacket, Packet
from .adapter import Kept, Local, Returned, Selection
from .memory import MemoryAdapter

_MAX_DIGITS = 15
_MAX_AWAY = 100_000
"""Sockets that are kept for their return, half a KiB each; who comes and goes without pause shall
not fill the memory."""


class _Sent(NamedTuple):
    """An event that may have been missed."""

    number: int
    when: float
    packet: Packet
    selection: Selection
    only: str | None  # the id of the one socket that it was sent to


class _Away(NamedTuple):
    """Somebody who may come back."""

    kept: Kept
    when: float
    entered: dict[str, int]  # by room: the number of the last event before


class SessionAwareAdapter(MemoryAdapter):
    """Rooms in this process's memory, and what those have missed who come back.

    :param duration: for how many seconds events and sockets are kept.
    :param max_packets: how many events are kept at most; who has missed more begins anew.
    :param unnoticed: for how many seconds a connection may be lost before that is noticed.
    """

    recovers = True

    def __init__(
        self,
        local: Local,
        duration: float = 120.0,
        max_packets: int = 10_000,
        unnoticed: float = 45.0,
    ) -> None:
        super().__init__(local)
        self._duration = duration
        # What is older than that has arrived at whoever may still come back.
        self._of_use = duration + unnoticed
        self._max_packets = max_packets
        self._number = 0  # of the latest event
        self._dropped: _Sent | None = None  # the latest that there was no place for
        self._sent: deque[_Sent] = deque()
        self._away: dict[str, _Away] = {}
        self._entered: dict[str, dict[str, int]] = {}
        self._sweeping = False
        self._runs = False  # else nobody can be here

    def start(self) -> None:
        self._runs = True

    def close(self) -> None:
        self._runs = False
        self._sent.clear()
        self._away.clear()

    # Rooms: from when on somebody is in one, and so may have missed something

    def add(self, id: str, rooms: Iterable[str]) -> None:
        rooms = list(rooms)
        super().add(id, rooms)
        entered = self._entered.setdefault(id, {})
        for room in (id, *rooms):
            entered.setdefault(room, self._number)

    def remove(self, id: str, room: str) -> None:
        super().remove(id, room)
        if room != id:
            self._entered.get(id, {}).pop(room, None)

    def remove_all(self, id: str) -> None:
        super().remove_all(id)
        self._entered.pop(id, None)

    # Events

    def broadcast(self, packet: Packet, selection: Selection) -> None:
        self.keep(packet, selection)
        super().broadcast(packet, selection)

    def keep(self, packet: Packet, selection: Selection, only: str | None = None) -> None:
        if packet.id is not None or not isinstance(packet, OutgoingPacket) or not self._runs:
            return
        if selection.volatile:
            # It may be missed. It says how far the client is nevertheless: clients take a text at
            # the end of any event for an offset.
            packet.offset = str(self._number)
            return
        packet.offset = str(self._number + 1)
        self._local.encode(packet)  # now, whatever becomes of its data; and a bad one is not kept
        self._number += 1
        now = self._local.now()
        self._sent.append(_Sent(self._number, now, packet, selection, only))
        if len(self._sent) > self._max_packets:
            self._dropped = self._sent.popleft()
        self._sweep_later()

    def _has_all_since(self, received: int) -> bool:
        """Whether all events are here that somebody may have missed."""
        dropped = self._dropped
        if dropped is None or dropped.number <= received:
            return True
        return self._local.now() - dropped.when > self._of_use

    # Who leaves, and comes back

    def persist(self, kept: Kept) -> None:
        if not self._runs:
            return
        entered = {room: self._entered[kept.id][room] for room in (kept.id, *kept.rooms)}
        self._away[kept.pid] = _Away(kept, self._local.now(), entered)
        if len(self._away) > _MAX_AWAY:
            del self._away[next(iter(self._away))]
        self._sweep_later()

    def restore(self, pid: str, offset: str | None) -> Returned | None:
        away = self._away.pop(pid, None)
        if away is None or self._local.now() - away.when > self._duration:
            return None
        kept = away.kept
        received = _number(offset, away.entered[kept.id])
        if received is None or received > self._number or not self._has_all_since(received):
            return None
        if kept.id in self._joined:
            return None  # somebody has this id already
        missed = [
            sent.packet
            for sent in self._since(received)
            if _was_meant(sent, kept.id, away.entered)
        ]
        self.add(kept.id, kept.rooms)
        self._entered[kept.id] = dict(away.entered)  # it may miss the same ones once more
        return Returned(kept, tuple(reversed(missed)))

    def _since(self, received: int) -> Iterator[_Sent]:
        """The events behind a number, the latest first: most have missed few of many."""
        return takewhile(lambda sent: sent.number > received, reversed(self._sent))

    # The end of what is kept

    def _sweep_later(self) -> None:
        if not self._sweeping:
            self._sweeping = True
            self._local.after(self._of_use, self._sweep)

    def _sweep(self) -> None:
        self._sweeping = False
        now = self._local.now()
        while self._sent and now - self._sent[0].when >= self._of_use:
            self._sent.popleft()
        over = [pid for pid, away in self._away.items() if now - away.when >= self._duration]
        for pid in over:
            del self._away[pid]
        if self._sent or self._away:
            self._sweep_later()


def _number(offset: str | None, otherwise: int) -> int | None:
    """Return the number that an offset stands for, None if it is none of ours."""
    if offset is None:
        return otherwise
    valid = len(offset) <= _MAX_DIGITS and offset.isascii() and offset.isdigit()
    return int(offset) if valid else None


def _was_meant(sent: _Sent, id: str, entered: dict[str, int]) -> bool:
    """Whether an event was for a socket, by the rooms that it was in."""
    if sent.only is not None:
        return sent.only == id and entered[id] < sent.number
    selection = sent.selection
    if any(entered.get(room, sent.number) < sent.number for room in selection.except_):
        return False
    rooms = (id,) if selection.rooms is None else selection.rooms
    return any(entered.get(room, sent.number) < sent.number for room in rooms)
