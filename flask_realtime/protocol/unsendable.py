"""Why a value cannot be sent, in words that help who sent it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_TOO_DEEP = "the value is nested too deep, or contains itself"


def explain(form: str, write: Callable[[Any], object], values: Any, error: Exception) -> str:
    """Say what `form` cannot carry, and the path to it.

    :param write: raises for what cannot be written in that form.
    :param error: what it raised for `values`.
    """
    if isinstance(error, RecursionError):
        return _TOO_DEEP  # to look for the place would take seconds, level by level
    try:
        path, value = _find(write, values)
    except RecursionError:
        return _TOO_DEEP
    name = type(value).__name__
    kind = f"an {name}" if name[0] in "aeiouAEIOU" else f"a {name}"
    what = f"{path} is {kind}" if path else kind
    return f"{form} cannot carry this value: {what} ({error})"


def _find(write: Callable[[Any], object], value: Any) -> tuple[str, Any]:
    """The path to the innermost value that cannot be written, and that value."""
    if isinstance(value, dict):
        items = [(f"[{key!r}]", item) for key, item in value.items()]
    elif isinstance(value, list | tuple):
        items = [(f"[{index}]", item) for index, item in enumerate(value)]
    else:
        return "", value
    for step, item in items:
        try:
            write([item])
        except Exception:
            path, found = _find(write, item)
            return step + path, found
    return "", value
