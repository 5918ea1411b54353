"""What every store does."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from time import monotonic
from typing import Any

import gevent
import pytest

from ..exceptions import EncodeError, UsageError
from ..store.store import Store

VALUES: list[Any] = [
    None, False, True, 0, -1.5, 1e300, 2**62, "", "é😀", "\ud800", "null", "5", [], [1, [2]], {},
    {"a": {"b": None}}, {"é": ["\u2028"]},
]  # fmt: skip
# Values that come back otherwise, as JSON has them.
AS_JSON: list[tuple[Any, Any]] = [((1, 2), [1, 2]), ({1: (2,)}, {"1": [2]}), (math.nan, None)]
NOT_JSON: list[tuple[Any, str]] = [
    (..., "ellipsis"),
    (b"x", "binary"),
    ({"a": [1, b"x"]}, r"\['a'\]\[1\]"),
    ({"a": [{2}]}, r"\['a'\]\[0\]"),
]
NO_NUMBERS: list[Any] = [None, True, "5", "", [1], {}, "nan", "0x10"]
NO_AMOUNTS: list[Any] = [None, True, "1", [], math.nan, math.inf, -math.inf, 2**63]

_SOON = 0.05
_TIMEOUT = 10.0


class StoreContract:
    """A test class derives from it, and overrides ``make``."""

    def make(self) -> Store:
        """Return a new store, without values."""
        raise NotImplementedError

    @pytest.fixture
    def store(self) -> Iterator[Store]:
        store = self.make()
        yield store
        store.close()

    # Values

    @pytest.mark.parametrize("value", VALUES, ids=ascii)
    def test_what_was_set_is_what_get_returns(self, store: Store, value: Any) -> None:
        store.set("s1", "key", value)
        for got in (store.get("s1", "key", "a default"), store.all("s1")["key"]):
            assert got == value
            assert type(got) is type(value)
        assert store.has("s1", "key")

    @pytest.mark.parametrize(("value", "expected"), AS_JSON, ids=ascii)
    def test_a_value_comes_back_as_json_has_it(
        self, store: Store, value: Any, expected: Any
    ) -> None:
        store.set("s1", "key", value)
        assert store.get("s1", "key", "a default") == expected

    @pytest.mark.parametrize(("value", "told"), NOT_JSON, ids=ascii)
    def test_what_json_cannot_carry_is_refused_and_changes_nothing(
        self, store: Store, value: Any, told: str
    ) -> None:
        store.set("s1", "name", 1)
        with pytest.raises(EncodeError, match=rf"'name'.*{told}"):
            store.set("s1", "name", value)
        assert store.all("s1") == {"name": 1}

    def test_a_value_that_contains_itself_is_refused(self, store: Store) -> None:
        value: list[Any] = []
        value.append(value)
        with pytest.raises(EncodeError, match="contains itself"):
            store.set("s1", "key", value)

    def test_what_was_given_and_what_was_returned_are_the_callers_own(self, store: Store) -> None:
        given = {"list": [1]}
        store.set("s1", "key", given)
        given["list"].append(2)
        store.get("s1", "key")["list"].append(3)
        store.all("s1")["key"]["list"].append(4)
        store.all("s1")["other"] = 5
        assert store.all("s1") == {"key": {"list": [1]}}

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
        assert store.delete("s1", "key") is True
        assert not store.has("s1", "key")
        assert store.all("s1") == {"other": 2}

    def test_deleting_what_is_not_there_changes_nothing(self, store: Store) -> None:
        assert store.delete("s1", "key") is False
        store.set("s1", "other", 1)
        assert store.delete("s1", "key") is False
        assert store.all("s1") == {"other": 1}

    def test_all_of_an_unknown_session_is_empty(self, store: Store) -> None:
        assert store.all("s1") == {}

    def test_drop_forgets_one_session_and_no_other(self, store: Store) -> None:
        store.set("s1", "a", 1)
        store.set("s1", "b", 1)
        store.set("s2", "a", 2)
        store.drop("s1")
        store.drop("s1")
        assert store.all("s1") == {}
        assert store.all("s2") == {"a": 2}

    @pytest.mark.parametrize("name", ["", "a b", "a:b", "*", "é", "\ud800", "__class__"], ids=ascii)
    def test_any_text_may_be_a_key(self, store: Store, name: str) -> None:
        store.set("s1", name, 1)
        assert store.all("s1") == {name: 1}
        assert store.get("s1", name) == 1
        assert store.has("s1", name)

    @pytest.mark.parametrize("key", [None, 5, b"key", ("a",)], ids=ascii)
    def test_nothing_else_may(self, store: Store, key: Any) -> None:
        calls: list[Callable[[], Any]] = [
            lambda: store.set("s1", key, 1),
            lambda: store.get("s1", key),
            lambda: store.has("s1", key),
            lambda: store.delete("s1", key),
            lambda: store.increment("s1", key),
        ]
        for call in calls:
            with pytest.raises(EncodeError, match="keys that are text"):
                call()

    # Numbers

    def test_increment_begins_at_zero_and_returns_the_sum(self, store: Store) -> None:
        assert store.increment("s1", "n") == 1
        assert store.increment("s1", "n", 41) == 42
        assert store.increment("s1", "n", -2) == 40
        assert store.get("s1", "n") == 40
        assert store.increment("s2", "n", 0.5) == 0.5

    @pytest.mark.parametrize(
        ("before", "amount", "expected"),
        [
            (1, 0.5, 1.5),
            (0.1, 0.2, 0.1 + 0.2),
            (1.5, 1.5, 3.0),
            (1e300, 1e299, 1e300 + 1e299),
            (-0.1, 1e-20, -0.1 + 1e-20),
            (2**53, 1, 2**53 + 1),
            (2**63 - 2, 1, 2**63 - 1),
            (-(2**63) + 1, -1, -(2**63)),
        ],
    )
    def test_sums_are_pythons(
        self, store: Store, before: float, amount: float, expected: float
    ) -> None:
        store.set("s1", "n", before)
        total = store.increment("s1", "n", amount)
        assert total == expected
        assert type(total) is type(expected)
        assert store.get("s1", "n") == expected

    @pytest.mark.parametrize("value", NO_NUMBERS, ids=ascii)
    def test_what_is_no_number_is_not_added_to(self, store: Store, value: Any) -> None:
        store.set("s1", "n", value)
        with pytest.raises(UsageError, match="'n' is no number"):
            store.increment("s1", "n")
        assert store.get("s1", "n") == value

    @pytest.mark.parametrize("amount", NO_AMOUNTS, ids=ascii)
    def test_what_is_no_number_is_not_added(self, store: Store, amount: Any) -> None:
        with pytest.raises(UsageError, match="takes a finite number"):
            store.increment("s1", "n", amount)
        assert not store.has("s1", "n")

    @pytest.mark.parametrize(("before", "amount"), [(2**63 - 1, 1), (1.7e308, 1.7e308)])
    def test_a_sum_that_is_too_large_is_refused(
        self, store: Store, before: float, amount: float
    ) -> None:
        store.set("s1", "n", before)
        with pytest.raises(UsageError, match="'n' would be too large"):
            store.increment("s1", "n", amount)
        assert store.get("s1", "n") == before

    def test_no_addition_is_lost_and_no_two_get_the_same_sum(self, store: Store) -> None:
        def add() -> list[Any]:
            return [store.increment("s1", "n") for _ in range(10)]

        adding = [gevent.spawn(add) for _ in range(50)]
        sums = [total for one in adding for total in one.get()]
        assert sorted(sums) == list(range(1, 501))
        assert store.get("s1", "n") == 500

    # The end

    def test_expired_values_are_gone_and_others_are_not(self, store: Store) -> None:
        store.set("s1", "key", 1)
        store.set("s2", "key", 2)
        begin = monotonic()
        store.expire("s1", _SOON)
        wait_until(lambda: not store.has("s1", "key"))
        assert monotonic() - begin > _SOON * 0.9, "it has ended too early"
        assert store.all("s1") == {}
        assert store.all("s2") == {"key": 2}

    def test_until_then_they_are_there_and_may_change(self, store: Store) -> None:
        store.set("s1", "key", 1)
        store.expire("s1", 60)
        store.set("s1", "key", 2)
        store.increment("s1", "n")
        assert store.all("s1") == {"key": 2, "n": 1}

    def test_what_changes_meanwhile_ends_with_the_rest(self, store: Store) -> None:
        store.set("s1", "key", 1)
        store.expire("s1", _SOON)
        store.set("s1", "other", 2)
        store.increment("s1", "n")
        wait_until(lambda: not store.all("s1"))

    @pytest.mark.parametrize("seconds", [None, 60])
    def test_the_latest_word_counts(self, store: Store, seconds: float | None) -> None:
        store.set("s1", "key", 1)
        store.set("s2", "key", 2)
        store.expire("s1", _SOON)
        store.expire("s1", seconds)
        store.expire("s2", 60)
        store.expire("s2", _SOON)
        wait_until(lambda: not store.has("s2", "key"))
        assert store.has("s1", "key")

    def test_what_comes_after_the_end_is_new(self, store: Store) -> None:
        store.set("s1", "key", 1)
        store.expire("s1", _SOON)
        store.drop("s1")
        store.set("s1", "key", 2)
        store.set("s2", "key", 1)
        store.expire("s2", 2 * _SOON)
        wait_until(lambda: not store.has("s2", "key"))
        assert store.get("s1", "key") == 2

    def test_where_nothing_is_kept_nothing_ends(self, store: Store) -> None:
        store.expire("s1", _SOON)
        store.expire("s1", None)
        store.set("s2", "key", 1)
        store.expire("s2", 2 * _SOON)
        store.set("s1", "key", 1)
        wait_until(lambda: not store.has("s2", "key"))
        assert store.has("s1", "key")

    def test_close_may_come_twice_and_drops_no_value(self, store: Store) -> None:
        store.set("s1", "key", 1)
        store.close()
        store.close()
        assert store.get("s1", "key") == 1


def wait_until(condition: Callable[[], Any]) -> None:
    """Let others run until something holds."""
    deadline = monotonic() + _TIMEOUT
    while not condition():
        assert monotonic() < deadline, "it does not come true"
        gevent.sleep(0.005)
