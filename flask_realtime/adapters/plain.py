"""What of an object's fields can travel to another node."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_MAX_DEPTH = 100


def plain_part(fields: Mapping[Any, Any]) -> dict[str, Any]:
    """Return a copy of the fields that are plain data all through; the others are left out."""
    part: dict[str, Any] = {}
    for name, value in fields.items():
        try:
            part[_key(name)] = _plain(value, _MAX_DEPTH)
        except TypeError:
            continue
    return part


def _plain(value: Any, depth: int) -> Any:
    if value is None or isinstance(value, bool | bytes):
        return value
    for kind in (str, int, float):
        if isinstance(value, kind):
            return kind(value)  # of a subclass its value
    if depth == 0:
        raise TypeError("nested too deep, or in itself")
    if isinstance(value, Mapping):
        return {_key(key): _plain(item, depth - 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, depth - 1) for item in value]
    raise TypeError(f"{type(value).__name__} is no plain data")


def _key(name: Any) -> str:
    if not isinstance(name, str):
        raise TypeError("the keys of plain data are text")
    return str(name)
