"""What a value from a client has to look like, read from a type hint once.

A check takes a value and returns it, as what the hint names: a dict becomes a dataclass, a list a
tuple. What does not fit raises :class:`Unfit`, which knows the way to the part that is wrong.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from typing import (
    Annotated,
    Any,
    Literal,
    NewType,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

Check = Callable[[Any], Any]

_LONGEST = 50
"""Characters of a client's own words that it is told again."""


class Unfit(Exception):
    """A value does not look as it has to.

    :param why: what was expected.
    :param way: the steps to the value, the innermost first.
    """

    def __init__(self, why: str, *way: str) -> None:
        super().__init__(why)
        self.why = why
        self.way = list(way)

    def __str__(self) -> str:
        return f"{''.join(reversed(self.way))}: {self.why}"


def _expected(what: str, value: Any) -> Unfit:
    return Unfit(f"expected {what}, got {'null' if value is None else type(value).__name__}")


def _short(key: Any) -> str:
    return repr(key)[:_LONGEST]


def _pass(value: Any) -> Any:
    return value


def _is(kind: type | tuple[type, ...], name: str) -> Check:
    def check(value: Any) -> Any:
        # True is an int for Python, and for nobody else.
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise _expected(name, value)
        return value

    return check


def _callable(value: Any) -> Any:
    if not callable(value):  # what comes from a client never is
        raise _expected("a callback", value)
    return value


_PLAIN: Mapping[Any, Check] = {
    Any: _pass,
    object: _pass,
    None: _is(type(None), "null"),
    type(None): _is(type(None), "null"),
    bool: _is(bool, "bool"),
    int: _is(int, "int"),
    float: _is((int, float), "a number"),
    str: _is(str, "str"),
    bytes: _is(bytes, "bytes"),
}

_LISTS = (list, Sequence, Iterable)
_DICTS = (dict, Mapping)


class Shapes:
    """Makes the checks of one handler; a class that contains itself is read once."""

    def __init__(self) -> None:
        self._of_classes: dict[Any, Check] = {}

    def check(self, hint: Any) -> Check:
        """Return the check of a type hint.

        :raises TypeError: for a hint that says nothing about what a client can send.
        """
        try:
            return _PLAIN[hint]
        except (KeyError, TypeError):  # not there, or not hashable
            pass
        if isinstance(hint, NewType):
            return self.check(hint.__supertype__)
        origin, arguments = get_origin(hint), get_args(hint)
        if origin is Annotated or getattr(origin, "_name", None) in _MARKS:
            return self.check(arguments[0])
        if origin is Literal:
            return _literal(arguments)
        if origin in (Union, types.UnionType):
            return self._union(arguments)
        kind = origin or hint
        if kind is Callable:
            return _callable
        if kind in _LISTS:
            return _list(self.check(arguments[0] if arguments else Any))
        if kind is tuple:
            return self._tuple(arguments)
        if kind in _DICTS:
            return _dict(*map(self.check, arguments or (Any, Any)))
        return self._class(hint)

    def _union(self, hints: Sequence[Any]) -> Check:
        checks = [self.check(hint) for hint in hints if hint not in (None, type(None))]
        optional = len(checks) < len(hints)
        if len(checks) == 1:  # the only one says best what is wrong
            only = checks[0]
            return lambda value: None if value is None else only(value)
        names = " or ".join(map(_name, hints))

        def check(value: Any) -> Any:
            if value is None and optional:
                return None
            for each in checks:
                try:
                    return each(value)
                except Unfit:
                    continue
            raise _expected(names, value)

        return check

    def _tuple(self, hints: Sequence[Any]) -> Check:
        if not hints or (len(hints) == 2 and hints[1] is Ellipsis):
            items = _list(self.check(hints[0] if hints else Any))
            return lambda value: tuple(items(value))
        checks = [self.check(hint) for hint in hints]
        what = f"a list of {len(checks)}"

        def check(value: Any) -> Any:
            if not isinstance(value, list | tuple) or len(value) != len(checks):
                raise _expected(what, value)
            return tuple(_at(f"[{n}]", each, value[n]) for n, each in enumerate(checks))

        return check

    def _class(self, kind: Any) -> Check:
        if isinstance(kind, type):
            if kind in self._of_classes:
                return self._of_classes[kind]
            if issubclass(kind, Enum):
                return _enum(kind)
            if hasattr(kind, "model_validate"):
                return _model(kind)
            if is_dataclass(kind) or is_typeddict(kind):
                shape = self._of_classes[kind] = _Fields(kind)
                shape.read(self)
                return shape
        raise TypeError(
            f"{_name(kind)} says nothing about what a client sends; there are None, bool, int, "
            "float, str, bytes, list, tuple, dict, Literal, Optional, unions, enumerations, "
            "dataclasses, TypedDict, pydantic's models, and Any"
        )


_MARKS = ("Required", "NotRequired", "ReadOnly")


class _Fields:
    """The keys of a dict that becomes a dataclass, or is a ``TypedDict``."""

    __slots__ = ("_checks", "_kind", "_make", "_required")

    def __init__(self, kind: Any) -> None:
        self._kind = kind
        self._make = is_dataclass(kind)

    def read(self, shapes: Shapes) -> None:
        hints = get_type_hints(self._kind, include_extras=True)
        if self._make:
            taken = [field for field in fields(self._kind) if field.init]
            needed = [
                field.name
                for field in taken
                if field.default is MISSING and field.default_factory is MISSING
            ]
            hints = {field.name: hints[field.name] for field in taken}
        else:
            needed = [name for name in hints if _is_required(self._kind, name, hints[name])]
        self._required = needed
        self._checks = {name: shapes.check(hint) for name, hint in hints.items()}

    def __call__(self, value: Any) -> Any:
        if not isinstance(value, dict):
            raise _expected(_name(self._kind), value)
        for key in value:
            if key not in self._checks:
                raise Unfit(f"unknown key {_short(key)}")
        for key in self._required:
            if key not in value:
                raise Unfit("missing", f".{key}")
        found = {key: _at(f".{key}", self._checks[key], each) for key, each in value.items()}
        if not self._make:
            return found
        try:
            return self._kind(**found)
        except ValueError:  # of its __post_init__; what it says is not for the client
            raise Unfit(f"no valid {_name(self._kind)}") from None


def _is_required(kind: Any, name: str, hint: Any) -> bool:
    # Of a hint that was text when the class was made, the class itself does not know.
    mark = getattr(get_origin(hint), "_name", None)
    return mark == "Required" or (mark != "NotRequired" and name in kind.__required_keys__)


def _at(step: str, check: Check, value: Any) -> Any:
    try:
        return check(value)
    except Unfit as error:
        error.way.append(step)
        raise


def _list(check: Check) -> Check:
    def check_all(value: Any) -> Any:
        if not isinstance(value, list | tuple):
            raise _expected("a list", value)
        return [_at(f"[{number}]", check, each) for number, each in enumerate(value)]

    return check_all


def _dict(keys: Check, values: Check) -> Check:
    def check(value: Any) -> Any:
        if not isinstance(value, dict):
            raise _expected("a dict", value)
        return {
            _at("'s key", keys, key): _at(f"[{_short(key)}]", values, each)
            for key, each in value.items()
        }

    return check


def _literal(values: Sequence[Any]) -> Check:
    allowed = {(type(value), value): value for value in values}
    names = f"one of {', '.join(map(repr, values))}"

    def check(value: Any) -> Any:
        if not isinstance(value, str | int | bytes | None) or (type(value), value) not in allowed:
            raise Unfit(f"expected {names}, got {_short(value)}")
        return value

    return check


def _enum(kind: type[Enum]) -> Check:
    check = _literal([member.value for member in kind])
    return lambda value: kind(check(value))


def _model(kind: Any) -> Check:
    """A model of pydantic's, which checks by itself."""

    def check(value: Any) -> Any:
        try:
            return kind.model_validate(value)
        except ValueError as error:
            raise _first(error) from None

    return check


def _first(error: Any) -> Unfit:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    steps = [f".{step}" if isinstance(step, str) else f"[{step}]" for step in first["loc"]]
    return Unfit(first["msg"], *(step[:_LONGEST] for step in reversed(steps)))


def _name(hint: Any) -> str:
    if hint in (None, type(None)):
        return "null"
    return hint.__name__ if isinstance(hint, type) else str(hint)
