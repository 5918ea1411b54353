"""Python expressions of the documentation, held against the package: does what they name exist?"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterable, Mapping
from typing import Any

_LITERAL = re.compile(r"``(.+?)``")
_OPTION = re.compile(r"\w+=")


def expressions(cell: str) -> list[str]:
    """What stands between double backquotes in a cell of a table."""
    return _LITERAL.findall(cell)


def check(code: str, known: Mapping[str, Any], options: Iterable[str] = ()) -> None:
    """See whether an expression, a decorator or an option would be taken.

    What is called in the middle of a chain is called; what is called at its end is held against
    its signature. Names among arguments stand for whatever the reader has.

    :param code: ``io.to("a").emit("x", text)``, ``@io.on("x")``, ``ping_timeout=20``.
    :param known: what names mean.
    :param options: what may be given where any keyword is taken.
    :raises AssertionError: if it would not; it says why.
    """
    if _OPTION.match(code):
        code = f"any_keyword({code})"
        known = {"any_keyword": lambda **options: None}
    node = ast.parse(code.removeprefix("@")).body[0]
    if isinstance(node, ast.Raise):
        _look(node.exc, known, options)
    elif isinstance(node, ast.Assign):
        _look(node.targets[0], known, options)
    else:
        assert isinstance(node, ast.Expr), code
        _look(node.value, known, options)


def _look(node: ast.expr | None, known: Mapping[str, Any], options: Iterable[str]) -> None:
    """Check an expression, whose last call is not made."""
    if isinstance(node, ast.Call):
        _bind(_value(node.func, known), node, options)
    elif node is not None and not isinstance(node, ast.Constant):
        _value(node, known)


def _bind(function: Any, call: ast.Call, options: Iterable[str]) -> None:
    signature = inspect.signature(function)
    keywords = {each.arg: None for each in call.keywords if each.arg is not None}
    try:
        bound = signature.bind(*[None] * len(call.args), **keywords)
    except TypeError as error:
        raise AssertionError(f"{ast.unparse(call)}: {error}") from None
    for parameter in signature.parameters.values():
        if parameter.kind is parameter.VAR_KEYWORD:
            unknown = bound.arguments.get(parameter.name, {}).keys() - set(options)
            assert not unknown, f"{ast.unparse(call)}: unknown {', '.join(unknown)}"


def _value(node: ast.expr, known: Mapping[str, Any]) -> Any:
    if isinstance(node, ast.Name):
        assert node.id in known, f"unknown name: {node.id}"
        return known[node.id]
    if isinstance(node, ast.Attribute):
        owner = _value(node.value, known)
        assert hasattr(owner, node.attr), f"{ast.unparse(node)}: {owner!r} has none"
        return getattr(owner, node.attr)
    if isinstance(node, ast.Subscript):
        return _value(node.value, known)
    if isinstance(node, ast.Call):
        return _value(node.func, known)(*map(ast.literal_eval, node.args))
    return ast.literal_eval(node)
