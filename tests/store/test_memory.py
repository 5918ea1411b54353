from __future__ import annotations

import pytest

from flask_realtime.store.memory import MemoryStore
from tests.contracts.store import StoreContract


class TestMemoryStore(StoreContract):
    @pytest.fixture
    def store(self) -> MemoryStore:
        return MemoryStore()


def test_a_session_without_values_costs_nothing() -> None:
    store = MemoryStore()
    store.set("s1", "key", 1)
    store.delete("s1", "key")
    store.get("s2", "key")
    store.has("s3", "key")
    store.all("s4")
    store.delete("s5", "key")
    assert not store._sessions
