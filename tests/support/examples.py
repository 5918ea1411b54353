"""The Python examples of a page of the documentation, and how they are run.

They run in order, in one namespace that has ``app``, ``io``, ``socket`` and what those are made of.
Every name in them must be known, and every function of theirs must be called. For that there are
comments, which no reader sees:

``.. hidden``
    with code below it, which runs at its place: it prepares, or sees what the examples do.
``.. alternatives``
    above an example whose statements belong to different programs: each runs alone.
``.. fragment: why``
    above an example that cannot run here. It must be Python all the same.

An example with a caption is a module of that name.
"""

from __future__ import annotations

import ast
import builtins
import dis
import re
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

import pytest
from flask import Flask

from flask_realtime import SocketIO, socket

_MARK = re.compile(r" *\.\. (hidden|alternatives|fragment: .+)$")
_EXAMPLE = re.compile(r" *\.\. code-block:: python$")
_CAPTION = re.compile(r" +:caption: (\w+)\.py$")
_CALLED = "__called__"


@dataclass
class Example:
    """One piece of code of a page.

    :param line: of the page, where it begins; the first is 1.
    :param kind: ``"shown"``, or one of the comments.
    :param module: the name of the module that it is, empty for most.
    """

    code: str
    line: int
    kind: str
    module: str = ""


def examples(page: Path) -> list[Example]:
    """Return the examples of a page, and the hidden pieces, in their order."""
    lines = page.read_text().splitlines()
    found = []
    kind = "shown"
    for number, line in enumerate(lines):
        mark = _MARK.match(line)
        if mark is not None:
            kind = mark[1].partition(":")[0]
        if _EXAMPLE.match(line) or (mark is not None and kind == "hidden"):
            found.append(_read(lines, number, kind))
            kind = "shown"
        elif mark is None and line.strip():
            kind = "shown"
    return found


def shown_lines(page: Path) -> int:
    """Return how many lines a page has that a reader sees."""
    hidden = (each for each in examples(page) if each.kind == "hidden")
    return len(page.read_text().splitlines()) - sum(each.code.count("\n") + 3 for each in hidden)


def _read(lines: list[str], head: int, kind: str) -> Example:
    """Return what is indented below a line; options come first."""
    indent = len(lines[head]) - len(lines[head].lstrip())
    end = head + 1
    while end < len(lines) and (not lines[end].strip() or _indent(lines[end]) > indent):
        end += 1
    begin, module = head + 1, ""
    while lines[begin].strip():
        caption = _CAPTION.match(lines[begin])
        module = caption[1] if caption else module
        begin += 1
    return Example(textwrap.dedent("\n".join(lines[begin:end])), begin + 1, kind, module)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


class Page:
    """The examples of one page, being run.

    :param modules: puts those that are modules where they can be imported.
    """

    def __init__(self, file: Path, modules: pytest.MonkeyPatch) -> None:
        self._file = file
        self._modules = modules
        self._namespaces: list[dict[str, Any]] = []
        self._defined: set[str] = set()
        self._called: set[str] = set()
        self._read: list[tuple[set[str], dict[str, Any]]] = []

    def run(self) -> None:
        """Run all of them; raises what they raise.

        :raises AssertionError: if a name is unknown, or a function was not called.
        """
        namespace = self._fresh()
        namespace["io"] = SocketIO(namespace["app"])
        try:
            for example in examples(self._file):
                self._run(example, namespace)
        finally:
            for each in self._namespaces:
                _close(each)
        for names, known in self._read:  # now, since functions may use what stands below them
            unknown = names - known.keys() - set(vars(builtins))
            assert not unknown, f"unknown names: {', '.join(sorted(unknown))}"
        missed = sorted(self._defined - self._called)
        assert not missed, f"never called: {', '.join(missed)}; a hidden piece can do that"

    def _fresh(self) -> dict[str, Any]:
        app = Flask("documented")
        app.secret_key = "not a secret"
        known = {"Flask": Flask, "SocketIO": SocketIO, "socket": socket, "app": app}
        return self._kept({"__name__": "documented", **known})

    def _kept(self, namespace: dict[str, Any]) -> dict[str, Any]:
        namespace[_CALLED] = self._called.add
        self._namespaces.append(namespace)
        return namespace

    def _run(self, example: Example, namespace: dict[str, Any]) -> None:
        tree = ast.parse(example.code, str(self._file))
        if example.kind == "fragment":
            return
        ast.increment_lineno(tree, example.line - 1)
        if example.kind == "alternatives":
            for statement in tree.body:
                self._execute(ast.Module([statement], []), {**namespace, **self._fresh()})
            return
        if example.kind == "shown":
            self._watch(tree)
        if example.module:
            module = ModuleType(example.module)
            self._modules.setitem(sys.modules, example.module, module)
            namespace = self._kept(vars(module))
        self._execute(tree, namespace)

    def _watch(self, tree: ast.Module) -> None:
        """Have each function tell that it was called."""
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                name = f"{node.name} (line {node.lineno})"
                self._defined.add(name)
                call = ast.parse(f"{_CALLED}({name!r})").body
                node.body[:0] = call
        ast.fix_missing_locations(tree)

    def _execute(self, tree: ast.Module, namespace: dict[str, Any]) -> None:
        code = compile(tree, str(self._file), "exec", dont_inherit=True)
        exec(code, namespace)
        self._read.append((set(_globals(code)), namespace))


def _globals(code: CodeType) -> Iterator[str]:
    """The global names that a piece of code reads and has not given itself."""
    read = [(each.opname, each.argval) for each in dis.get_instructions(code)]
    given = {name for operation, name in read if operation == "STORE_NAME"}
    for operation, name in read:
        loads = operation in ("LOAD_GLOBAL", "LOAD_NAME")
        if loads and name not in given and not name.startswith("__"):
            yield name
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _globals(constant)


def _close(namespace: dict[str, Any]) -> None:
    for value in list(namespace.values()):
        if isinstance(value, SocketIO):
            value.close()
