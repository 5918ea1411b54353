"""What type hints say of values from clients: each with values that fit and that do not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Annotated, Any, Literal, NewType, Optional, TypedDict, Union

import pytest
from typing_extensions import NotRequired

from flask_realtime.socketio.shapes import Shapes, Unfit


@dataclass
class Point:
    x: int
    y: float = 0.5
    name: str = field(default="", kw_only=True)
    length: float = field(init=False, default=0.0)


@dataclass
class Tree:
    value: int
    children: list[Tree] = field(default_factory=list)


@dataclass
class Even:
    value: int

    def __post_init__(self) -> None:
        if self.value % 2:
            raise ValueError("the secret of oddness")


class Move(TypedDict):
    to: Point
    fast: NotRequired[bool]


class Loose(TypedDict, total=False):
    a: int


class Color(Enum):
    RED = "red"
    BLUE = 2


Id = NewType("Id", int)


@pytest.mark.parametrize(
    ("hint", "value", "kept"),
    [
        (Any, [1], [1]),
        (object, None, None),
        (None, None, None),
        (bool, True, True),
        (int, 2**70, 2**70),
        (float, 1, 1),
        (float, 1.5, 1.5),
        (str, "", ""),
        (bytes, b"x", b"x"),
        (Id, 3, 3),
        (Annotated[int, "seconds"], 3, 3),
        (Literal["a", 1, None], 1, 1),
        (Literal["a", 1, None], None, None),
        (Optional[int], None, None),  # noqa: UP045
        (int | None, 4, 4),
        (Union[int, str], "x", "x"),  # noqa: UP007
        (int | str | None, None, None),
        (list, [1, "a"], [1, "a"]),
        (list[int], [1, 2], [1, 2]),
        (Sequence[str], ["a"], ["a"]),
        (Iterable[str], [], []),
        (tuple, [1, "a"], (1, "a")),
        (tuple[int, ...], [1, 2], (1, 2)),
        (tuple[int, str], [1, "a"], (1, "a")),
        (dict, {"a": 1}, {"a": 1}),
        (dict[str, int], {"a": 1}, {"a": 1}),
        (Mapping[str, list[int]], {"a": [1]}, {"a": [1]}),
        (Point, {"x": 1}, Point(1)),
        (Point, {"x": 1, "y": 2, "name": "n"}, Point(1, 2, name="n")),
        (list[Point], [{"x": 1}], [Point(1)]),
        (Tree, {"value": 1, "children": [{"value": 2}]}, Tree(1, [Tree(2)])),
        (Move, {"to": {"x": 1}}, {"to": Point(1)}),
        (Move, {"to": {"x": 1}, "fast": True}, {"to": Point(1), "fast": True}),
        (Loose, {}, {}),
        (Even, {"value": 2}, Even(2)),
        (Color, "red", Color.RED),
        (Color, 2, Color.BLUE),
    ],
)
def test_what_fits(hint: Any, value: Any, kept: Any) -> None:
    got = Shapes().check(hint)(value)
    assert got == kept
    assert type(got) is type(kept)


@pytest.mark.parametrize(
    ("hint", "value", "why"),
    [
        (None, 0, ": expected null, got int"),
        (bool, 1, ": expected bool, got int"),
        (int, True, ": expected int, got bool"),
        (int, 1.0, ": expected int, got float"),
        (float, "1", ": expected a number, got str"),
        (float, False, ": expected a number, got bool"),
        (str, None, ": expected str, got null"),
        (bytes, "x", ": expected bytes, got str"),
        (Id, "x", ": expected int, got str"),
        (Literal["a", 1], True, ": expected one of 'a', 1, got True"),
        (Literal["a"], ["a"], ": expected one of 'a', got ['a']"),
        (Literal["a"], "b" * 99, ": expected one of 'a', got '" + "b" * 49),
        (int | None, "x", ": expected int, got str"),
        (int | str | None, [], ": expected int or str or null, got list"),
        (list[int], {}, ": expected a list, got dict"),
        (list[int], [1, "x"], "[1]: expected int, got str"),
        (tuple[int, str], [1], ": expected a list of 2, got list"),
        (tuple[int, str], [1, 2], "[1]: expected str, got int"),
        (dict[str, int], {"a": "b"}, "['a']: expected int, got str"),
        (dict[int, int], {"a": 1}, "'s key: expected int, got str"),
        (Point, [], ": expected Point, got list"),
        (Point, {}, ".x: missing"),
        (Point, {"x": 1, "z": 2}, ": unknown key 'z'"),
        (Point, {"x": 1, "length": 2.0}, ": unknown key 'length'"),
        (Point, {"x": "a"}, ".x: expected int, got str"),
        (Move, {"fast": True}, ".to: missing"),
        (Move, {"to": {"x": []}}, ".to.x: expected int, got list"),
        (Tree, {"value": 1, "children": [{"value": "x"}]}, ".children[0].value: expected int"),
        (Even, {"value": 1}, ": no valid Even"),
        (Color, "green", ": expected one of 'red', 2, got 'green'"),
        (Callable[[], None], "f", ": expected a callback, got str"),
    ],
)
def test_what_does_not_fit(hint: Any, value: Any, why: str) -> None:
    with pytest.raises(Unfit) as caught:
        Shapes().check(hint)(value)
    assert str(caught.value).startswith(why)


@pytest.mark.parametrize("hint", [set, complex, set[int], "text", 3, type[int]])
def test_what_says_nothing_of_clients(hint: Any) -> None:
    with pytest.raises(TypeError, match="says nothing about what a client sends"):
        Shapes().check(hint)


def test_a_model_of_pydantic() -> None:
    pydantic = pytest.importorskip("pydantic")
    model = pydantic.create_model("Place", x=(int, ...), names=(list[str], []))
    check = Shapes().check(model)
    assert check({"x": 1, "names": ["a"]}) == model(x=1, names=["a"])
    with pytest.raises(Unfit) as caught:
        check({"x": 1, "names": [[]]})
    assert str(caught.value) == ".names[0]: Input should be a valid string"
