from __future__ import annotations

from array import array
from collections import namedtuple
from typing import Any

import pytest

from flask_realtime.exceptions import EncodeError, PacketError
from flask_realtime.protocol.attachments import extract, insert, replace

Point = namedtuple("Point", "x y")


def stand_in(number: int) -> dict[str, Any]:
    return {"_placeholder": True, "num": number}


@pytest.mark.parametrize(
    ("value", "plain", "attachments"),
    [
        (["a", 1, None], ["a", 1, None], []),
        (b"x", stand_in(0), [b"x"]),
        (["a", b"x", b"x"], ["a", stand_in(0), stand_in(1)], [b"x", b"x"]),
        ({"b": b"1", "a": [b"2"]}, {"b": stand_in(0), "a": [stand_in(1)]}, [b"1", b"2"]),
        ((1, (b"x",)), [1, [stand_in(0)]], [b"x"]),
        (Point(b"x", 2), [stand_in(0), 2], [b"x"]),
        (bytearray(b"ab"), stand_in(0), [b"ab"]),
        (memoryview(b"abc")[::2], stand_in(0), [b"ac"]),
        (array("B", [1, 2]), stand_in(0), [b"\1\2"]),
        ({1: b"x"}, {1: stand_in(0)}, [b"x"]),
        ("b\x00", "b\x00", []),
    ],
)
def test_binary_is_replaced_in_the_order_it_stands(
    value: Any, plain: Any, attachments: list[bytes]
) -> None:
    assert extract(value) == (plain, attachments)


def test_attachments_are_bytes_and_keep_what_they_were() -> None:
    changing = bytearray(b"ab")
    _, (attachment,) = extract([changing])
    changing[0] = 0
    assert type(attachment) is bytes and attachment == b"ab"


def test_the_value_itself_is_not_changed() -> None:
    value = {"a": [b"x"]}
    extract(value)
    assert value == {"a": [b"x"]}


def test_a_value_that_contains_itself_is_refused() -> None:
    value: list[Any] = [b"x"]
    value.append(value)
    with pytest.raises(EncodeError, match="contains itself"):
        extract(value)


def test_attachments_come_back_in_place() -> None:
    value = ["a", {"b": [stand_in(1)]}, stand_in(0)]
    assert insert(value, [b"0", b"1"]) is value
    assert value == ["a", {"b": [b"1"]}, b"0"]


def test_a_stand_in_alone_is_the_attachment() -> None:
    assert insert(stand_in(0), [b"x"]) == b"x"


@pytest.mark.parametrize("key", ["_placeholder", "num"])
def test_an_ordinary_object_may_use_one_of_the_names(key: str) -> None:
    assert insert([{key: 0}, stand_in(0)], [b"x"]) == [{key: 0}, b"x"]


@pytest.mark.parametrize("number", [-1, 1, 0.0, True, False, "0", None, [0], {}, 10**9])
def test_a_stand_in_without_attachment_is_refused(number: Any) -> None:
    with pytest.raises(PacketError):
        insert([{"_placeholder": True, "num": number}], [b"x"])


def test_each_attachment_is_used_once() -> None:
    with pytest.raises(PacketError):
        insert([stand_in(0), stand_in(0)], [b"x"])
    with pytest.raises(PacketError):
        insert([stand_in(0)], [b"x", b"y"])


def test_data_nested_too_deep_is_refused() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(PacketError):
        insert(deep, [b"x"])
    with pytest.raises(EncodeError):
        extract(deep)


def test_anything_may_stand_in_for_binary() -> None:
    value = {"a": [b"xy", (bytearray(b"z"), "b")]}
    assert replace(value, len) == {"a": [2, [1, "b"]]}
    assert value == {"a": [b"xy", (bytearray(b"z"), "b")]}
