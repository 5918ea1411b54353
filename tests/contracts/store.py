"""What every store does."""

from __future__ import annotations

from typing import Any

import pytest

from flask_realtime.store.store import Store

VALUES: list[Any] = [None, False, 0, -1.5, "", "é😀", [], [1, [2]], {}, {"a": {"b": None}}]


class StoreContract:
    """A test class derives from it, and overrides the fixture ``store``."""

    @pytest.fixture
    def store(self) -> Store:
        raise NotImplementedError

    @pytest.mark.parametrize("value", VALUES, ids=repr)
    def test_what_was_set_is_what_get_returns(self, store: Store, value: Any) -> None:
        store.set("s1", "key", value)
        assert store.get("s1", "key", "a default") == value
        assert store.has("s1", "key")

    def test_a_missing_value_is_none_or_the_default(self, store: Store) -> None:
        assert store.get("s1", "key") is None
        assert store.get("s1", "key", 7) == 7
        assert not store.has("s1", "key")
        store.set("s1", "other", 1)
        assert store.get("s1", "key", 7) == 7

    def test_a_second_value_replaces_the_first(self, store: Store) -> None:
        store.set("s1", "key", 1)
        store.set("s1", "key", 2)
        assert store.get("s1", "key") == 2
        assert store.all("s1") == {"key": 2}

    def test_sessions_do_not_see_each_others_values(self, store: Store) -> None:
        store.set("s1", "key", 1)
        store.set("s2", "key", 2)
        assert (store.get("s1", "key"), store.get("s2", "key")) == (1, 2)
        store.delete("s1", "key")
        assert store.get("s2", "key") == 2

    def test_a_deleted_value_is_gone_and_the_others_are_not(self, store: Store) -> None:
        store.set("s1", "key", 1)
        store.set("s1", "other", 2)
        store.delete("s1", "key")
        assert not store.has("s1", "key")
        assert store.all("s1") == {"other": 2}

    def test_deleting_what_is_not_there_changes_nothing(self, store: Store) -> None:
        store.delete("s1", "key")
        store.set("s1", "other", 1)
        store.delete("s1", "key")
        assert store.all("s1") == {"other": 1}

    def test_all_of_an_unknown_session_is_empty(self, store: Store) -> None:
        assert store.all("s1") == {}

    def test_what_all_returned_is_the_callers_own(self, store: Store) -> None:
        store.set("s1", "key", 1)
        store.all("s1")["key"] = 2
        assert store.get("s1", "key") == 1

    def test_drop_forgets_one_session_and_no_other(self, store: Store) -> None:
        store.set("s1", "a", 1)
        store.set("s1", "b", 1)
        store.set("s2", "a", 2)
        store.drop("s1")
        store.drop("s1")
        assert store.all("s1") == {}
        assert store.all("s2") == {"a": 2}

    @pytest.mark.parametrize("name", ["", "a b", "a:b", "*", "é", "__class__"])
    def test_any_text_may_be_a_key(self, store: Store, name: str) -> None:
        store.set("s1", name, 1)
        assert store.all("s1") == {name: 1}
