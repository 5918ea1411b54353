from __future__ import annotations

from flask_realtime.adapters.adapter import Local
from flask_realtime.adapters.memory import MemoryAdapter
from tests.contracts.adapter import AdapterContract, Recorder


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
