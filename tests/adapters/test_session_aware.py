from __future__ import annotations

from collections import deque
from typing import Any

import pytest

from flask_realtime.adapters import session_aware
from flask_realtime.adapters.adapter import ALL, Adapter, Kept, Local, Selection
from flask_realtime.adapters.session_aware import SessionAwareAdapter
from flask_realtime.contracts.adapter import AdapterContract
from flask_realtime.contracts.recorder import Recorder
from flask_realtime.protocol.packet import OutgoingPacket, Packet, PacketType


class TestSessionAwareAdapter(AdapterContract):
    def make(self, local: Local) -> Adapter:
        return SessionAwareAdapter(local)


class Place:
    """An adapter with Ann in the room `red`."""

    def __init__(self, **options: Any) -> None:
        self.local = Recorder()
        self.adapter = SessionAwareAdapter(self.local, **options)
        self.adapter.start()
        self.adapter.add("ann", ["red"])

    def emit(self, name: str, selection: Selection = ALL) -> OutgoingPacket:
        packet = OutgoingPacket("/", [name])
        self.adapter.broadcast(packet, selection)
        return packet

    def lose(self) -> None:
        rooms = tuple(self.adapter.rooms_of("ann") - {"ann"})
        self.adapter.persist(Kept("ann", "pid", rooms, {}, "key"))
        self.adapter.remove_all("ann")

    def missed(self, offset: str | None) -> list[str] | None:
        returned = self.adapter.restore("pid", offset)
        return None if returned is None else [packet.data[0] for packet in returned.missed]


def test_events_are_numbered_and_encoded_before_they_are_delivered() -> None:
    place = Place()
    packets = [place.emit("one"), place.emit("two")]
    assert [packet.offset for packet in packets] == ["1", "2"]
    assert [packet.data for packet in packets] == [["one"], ["two"]]
    assert place.local.encoded == packets
    assert [each[1] for each in place.local.delivered] == packets


class _LatestFirst(deque[Any]):
    """Cannot be walked from the oldest."""

    def __iter__(self) -> Any:
        raise AssertionError("from the oldest")


def test_only_what_was_missed_is_looked_at() -> None:
    place = Place()
    for name in ("one", "two", "three"):
        place.emit(name)
    place.lose()
    place.emit("four")
    place.adapter._sent = _LatestFirst(place.adapter._sent)
    assert place.missed("2") == ["three", "four"]


def test_fleeting_ones_say_the_number_of_the_latest() -> None:
    place = Place()
    place.emit("one")
    assert place.emit("fleeting", Selection(volatile=True)).offset == "1"
    assert place.emit("two").offset == "2"


def test_other_packets_are_not_kept() -> None:
    place = Place()
    place.adapter.broadcast(Packet(PacketType.EVENT, data=["no offset can be in it"]), ALL)
    question = OutgoingPacket("/", ["question"])
    question.id = 7
    place.adapter.broadcast(question, ALL)
    assert question.offset is None
    place.lose()
    assert place.missed(None) == []


def test_who_comes_back_is_in_its_rooms_and_misses_nothing() -> None:
    place = Place()
    place.emit("one")
    place.lose()
    assert place.adapter.ids_in(ALL) == []
    place.emit("two", Selection(("red",)))
    assert place.missed("1") == ["two"]
    assert place.adapter.rooms_of("ann") == {"ann", "red"}
    place.lose()
    assert place.missed("1") == ["two"]  # it may have been lost again
    assert place.adapter.restore("pid", "1") is None


def test_who_has_left_a_room_and_entered_it_again_has_missed_what_came_since() -> None:
    place = Place()
    place.emit("one", Selection(("red",)))
    place.adapter.remove("ann", "red")
    place.emit("two", Selection(("red",)))
    place.adapter.add("ann", ["red"])
    place.adapter.remove("ann", "ann")  # nobody leaves the own one
    place.emit("three", Selection(("red",)))
    place.emit("four", Selection((), ("red",)))
    place.lose()
    assert place.missed("0") == ["three"]


def test_an_id_that_is_here_does_not_come_back() -> None:
    place = Place()
    place.adapter.persist(Kept("ann", "pid", ("red",), {}, "key"))
    assert place.missed(None) is None


@pytest.mark.parametrize("offset", ["", "x", "-1", "1.0", " 1", "²", "1" * 16, "3"])
def test_an_offset_of_somebody_else_is_none(offset: str) -> None:
    place = Place()
    place.emit("one")
    place.emit("two")
    place.lose()
    assert place.missed(offset) is None


def test_what_there_was_no_place_for_cannot_be_missed_for_ever() -> None:
    place = Place(duration=60.0, max_packets=2, unnoticed=45.0)
    place.emit("one")
    for name in ("two", "three", "four"):
        place.emit(name, Selection(("blue",)))
    place.lose()
    assert place.missed("0") is None  # it may have missed one
    place.adapter.add("ann", ["red"])
    place.local.pass_by(100)
    place.lose()
    assert place.missed("0") is None  # its connection may have been lost for so long
    place.adapter.add("ann", ["red"])
    place.local.pass_by(6)
    place.lose()
    assert place.missed("0") == []  # it was here when that was sent


def test_events_and_sockets_are_kept_for_their_time() -> None:
    place = Place(duration=60.0, unnoticed=45.0)
    place.emit("one")
    place.local.pass_by(50)
    place.lose()
    place.local.pass_by(50)
    place.emit("two")
    assert [sent.number for sent in place.adapter._sent] == [1, 2]
    assert place.missed(None) == ["one", "two"]
    place.lose()
    place.local.pass_by(61)
    assert place.missed(None) is None
    place.local.pass_by(105)
    place.local.pass_by(105)
    assert not place.adapter._sent
    assert not place.adapter._away
    assert not place.adapter._entered
    assert not place.local._later


def test_before_it_serves_nothing_is_kept() -> None:
    adapter = SessionAwareAdapter(Recorder())
    packet = OutgoingPacket("/", ["early"])
    adapter.broadcast(packet, ALL)
    assert packet.offset is None
    assert not adapter._sent


def test_what_cannot_be_encoded_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    place = Place()

    def encode(packet: Packet) -> None:
        raise TypeError("no JSON")

    monkeypatch.setattr(place.local, "encode", encode)
    with pytest.raises(TypeError):
        place.emit("bad")
    assert not place.adapter._sent
    assert not place.local.delivered
    monkeypatch.undo()
    assert place.emit("good").offset == "1"


def test_only_so_many_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_aware, "_MAX_AWAY", 3)
    place = Place()
    for number in range(5):
        place.adapter.add(f"id{number}", ())
        place.adapter.persist(Kept(f"id{number}", f"pid{number}", (), {}, ""))
        place.adapter.remove_all(f"id{number}")
    back = [place.adapter.restore(f"pid{number}", None) is not None for number in range(5)]
    assert back == [False, False, True, True, True]
