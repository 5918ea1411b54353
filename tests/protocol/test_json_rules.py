"""The rules of protocol/json.py, which hold for every module."""

from __future__ import annotations

import json
import math
from array import array
from decimal import Decimal
from enum import IntEnum
from typing import Any, NamedTuple

import pytest

from flask_realtime.exceptions import EncodeError, PacketError
from flask_realtime.protocol.json import Codec
from tests.protocol.codecs import CODECS


class Point(NamedTuple):
    x: Any
    y: Any


class Colour(IntEnum):
    RED = 1


class Name(str):
    """A str with a repr of its own, as enums have."""

    def __repr__(self) -> str:
        return "<Name>"


class Fruit(Name):
    __str__ = Name.__repr__


def refuse(name: str) -> Any:
    raise AssertionError(f"{name} is no JSON")


def strict(text: str) -> Any:
    """The value of `text` as the standard reads it, with nothing beyond it."""
    return json.loads(text, parse_constant=refuse)


@pytest.mark.parametrize(
    ("values", "read"),
    [
        (
            ["a", None, True, 1, -1.5, "\u00e9\U0001f600"],
            ["a", None, True, 1, -1.5, "\u00e9\U0001f600"],
        ),
        ([(1, (2,))], [[1, [2]]]),
        ([Point(1, (2,))], [[1, [2]]]),
        ([Colour.RED, Fruit("kiwi")], [1, "kiwi"]),
        ([{1: "a", 2: "b"}], [{"1": "a", "2": "b"}]),
        ([{True: 1}], [{"true": 1}]),
        ([{None: 1}], [{"null": 1}]),
        ([{1.5: 1}], [{"1.5": 1}]),
        ([{Colour.RED: 1}], [{"1": 1}]),
        ([{Name("k"): 1}], [{"k": 1}]),
        (['\x00\x1e\x1f"\\/\u2028\u2029\x7f'], ['\x00\x1e\x1f"\\/\u2028\u2029\x7f']),
        ([[], {}, ""], [[], {}, ""]),
        ({"sid": "x"}, {"sid": "x"}),
        ([2**53, -(2**63)], [2**53, -(2**63)]),
        ([1e300, 5e-324, -0.0], [1e300, 5e-324, -0.0]),
    ],
)
def test_what_python_has_is_written_as_json(codec: Codec, values: Any, read: Any) -> None:
    text, attachments = codec.dumps(values)
    assert strict(text) == read
    assert attachments == []
    assert "\x1e" not in text  # would cut a polling body


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("kind", [float, Decimal])
def test_nan_and_infinities_are_never_written(codec: Codec, number: float, kind: Any) -> None:
    value = kind(number)
    for values in (
        [value],
        [{"a": [value]}],
        [b"x", value],
        {"a": value},
        [{value: 1}],
        [Point(value, 1)],
    ):
        try:
            text, _ = codec.dumps(values)
        except EncodeError:
            continue
        strict(text)


@pytest.mark.parametrize("codec", [CODECS["simplejson"], CODECS["orjson"]])
def test_simplejson_and_orjson_write_null_for_them(codec: Codec) -> None:
    assert codec.dumps([math.nan, math.inf, {"a": -math.inf}])[0] == '[null,null,{"a":null}]'


def test_simplejson_writes_decimals_as_the_numbers_they_are() -> None:
    values = [Decimal("1.10"), Decimal("12345678901234567890.1"), Decimal("1E+3"), Decimal("NaN")]
    assert CODECS["simplejson"].dumps(values)[0] == "[1.10,12345678901234567890.1,1E+3,null]"


def test_a_decimal_is_no_key() -> None:
    with pytest.raises(EncodeError, match=r"\[0\] is a dict"):
        CODECS["simplejson"].dumps([{Decimal("1.10"): 1}])


@pytest.mark.parametrize("name", ["orjson", "stdlib"])
def test_the_others_refuse_decimals(name: str) -> None:
    with pytest.raises(EncodeError, match=r"\[0\] is a Decimal"):
        CODECS[name].dumps([Decimal("1.10")])


@pytest.mark.parametrize("name", ["simplejson", "stdlib", "flask"])
@pytest.mark.parametrize("text", ["\ud800", "a\udfffb", "\u00e9\udc80"])
def test_a_lone_surrogate_goes_out_escaped(name: str, text: str) -> None:
    written, _ = CODECS[name].dumps([text, {text: b"x"}])
    written.encode()
    assert strict(written)[0] == text


def test_two_lone_surrogates_that_make_a_pair_arrive_as_one_character() -> None:
    assert strict(CODECS["simplejson"].dumps(["\ud83d\ude00"])[0]) == ["\U0001f600"]


def test_orjson_refuses_a_lone_surrogate() -> None:
    with pytest.raises(EncodeError, match=r"\[1\]\['a'\] is a str"):
        CODECS["orjson"].dumps(["x", {"a": "\ud800"}])


@pytest.mark.parametrize(
    "binary", [b"ab", bytearray(b"ab"), memoryview(b"axb")[::2], array("B", b"ab")]
)
def test_binary_of_every_kind_is_taken_out(codec: Codec, binary: Any) -> None:
    text, attachments = codec.dumps(["a", {"b": (binary, 1)}])
    assert strict(text) == ["a", {"b": [{"_placeholder": True, "num": 0}, 1]}]
    assert attachments == [b"ab"] and type(attachments[0]) is bytes


def test_the_values_themselves_are_not_changed(codec: Codec) -> None:
    values = ["a", {"b": [b"x"]}, (1,)]
    codec.dumps(values)
    assert values == ["a", {"b": [b"x"]}, (1,)]


class Thing:
    pass


@pytest.mark.parametrize(
    ("values", "path"),
    [
        (["a", {1}], r"\[1\] is a set"),
        (["a", {"b": [0, Thing()]}], r"\[1\]\['b'\]\[1\] is a Thing"),
        (["a", b"x", {"b": {1}}], r"\[2\]\['b'\] is a set"),
        ([(1, {2: Thing()})], r"\[0\]\[1\]\[2\] is a Thing"),
        ({"message": "x", "data": Thing()}, r"\['data'\] is a Thing"),
        ([iter(())], r"\[0\] is a tuple_iterator"),
        (["a", {(1, 2): 3}], r"\[1\] is a dict"),
        (["a", {b"k": 3}], r"\[1\] is a dict"),
        (["a", {"x": {b"k": b"v"}}], r"\[1\]\['x'\] is a dict"),
        ([1j], r"\[0\] is a complex"),
        (["a", ["b", 10**5000]], r"\[1\]\[1\] is an int"),
        (object(), "value: an object"),
    ],
)
def test_the_error_names_the_path_to_what_cannot_be_written(
    codec: Codec, values: Any, path: str
) -> None:
    with pytest.raises(EncodeError, match=path):
        codec.dumps(values)


def looped_list() -> Any:
    value: list[Any] = ["a"]
    value.append(value)
    return value


def looped_dict() -> Any:
    value: dict[str, Any] = {"a": b"x"}
    value["b"] = [value]
    return [value]


def deep_list() -> Any:
    value: list[Any] = []
    for _ in range(100_000):
        value = [value]
    return value


@pytest.mark.parametrize("make", [looped_list, looped_dict, deep_list])
def test_a_value_without_end_is_refused(codec: Codec, make: Any) -> None:
    with pytest.raises(EncodeError, match="nested too deep, or contains itself"):
        codec.dumps(make())


@pytest.mark.parametrize("depth", range(100, 2000, 100))
def test_at_every_depth_it_is_written_or_refused(codec: Codec, depth: int) -> None:
    value: list[Any] = [Thing()]
    for _ in range(depth):
        value = [value]
    with pytest.raises(EncodeError):
        codec.dumps(value)


@pytest.mark.parametrize(
    "text",
    ["", " ", "[", "]", "[1]x", "[1][2]", "[01]", "[1,]", '{"a"}', "{1:2}", "['a']", "[\u0661]"]
    + ["nul", "NaN", "[NaN]", '{"a":Infinity}', "[-Infinity]", '["NaN",NaN]', "[" * 100_000]
    + ["[" + "9" * 5000 + "]", '["\n"]', '["\\x"]', '["\\u12"]', "[1e]", "[.5]", "[+1]", "/**/[]"],
)
def test_what_is_no_json_is_a_packet_error(codec: Codec, text: str) -> None:
    with pytest.raises(PacketError):
        codec.loads(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('["a",1,-1.5,true,null,{"b":[]}]', ["a", 1, -1.5, True, None, {"b": []}]),
        (' [1 , {"a" : 2}]\n', [1, {"a": 2}]),
        ('["NaN","Infinity",{"-Infinity":"NaN"}]', ["NaN", "Infinity", {"-Infinity": "NaN"}]),
        ('["\\u00e9\u00e9\\ud83d\\ude00\U0001f600"]', ["\u00e9\u00e9\U0001f600\U0001f600"]),
        ('"a"', "a"),
        ("1", 1),
        ("null", None),
        ("[9007199254740993]", [9007199254740993]),
    ],
)
def test_json_is_read(codec: Codec, text: str, value: Any) -> None:
    assert codec.loads(text) == value
