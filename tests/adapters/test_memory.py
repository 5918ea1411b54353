from __future__ import annotations

from flask_realtime.adapters.adapter import Local, Selection
from flask_realtime.adapters.memory import MemoryAdapter
from flask_realtime.contracts.adapter import AdapterContract
from flask_realtime.contracts.recorder import Recorder


class TestMemoryAdapter(AdapterContract):
    def make(self, local: Local) -> MemoryAdapter:
        return MemoryAdapter(local)


def test_empty_rooms_and_sockets_that_left_cost_nothing() -> None:
    adapter = MemoryAdapter(Recorder())
    adapter.add("ann", ["red", "blue"])
    adapter.add("bob", ["red"])
    adapter.remove("ann", "blue")
    adapter.remove_all("ann")
    adapter.remove_all("bob")
    assert not adapter._rooms
    assert not adapter._joined


def test_a_socket_in_its_own_room_alone_has_no_set() -> None:
    adapter = MemoryAdapter(Recorder())
    adapter.add("ann", ())
    assert adapter._joined == {"ann": None}


def test_rooms_and_sids_are_shown_as_node_shows_them() -> None:
    adapter = MemoryAdapter(Recorder())
    adapter.add("ann", ["red", "bob"])
    adapter.add("bob", ["red"])
    adapter.add("cid", ())
    assert adapter.rooms == {
        "ann": {"ann"},
        "bob": {"ann", "bob"},
        "cid": {"cid"},
        "red": {"ann", "bob"},
    }
    assert adapter.sids == {"ann": {"ann", "red", "bob"}, "bob": {"bob", "red"}, "cid": {"cid"}}
    adapter.rooms["red"].clear()
    assert adapter.ids_in(Selection(("red",))) == ["ann", "bob"]
