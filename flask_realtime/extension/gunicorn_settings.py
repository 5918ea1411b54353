"""What gunicorn is told of its workers in the places it reads itself, without running them."""

from __future__ import annotations

import ast
import shlex
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

CONCURRENCY = "WEB_CONCURRENCY"


class GunicornSettings(NamedTuple):
    """What one place says.

    :param source: which place.
    :param worker_class: empty if that is not known without running it, None if nothing is said.
    :param workers: None if nothing is said, or not known.
    """

    source: str
    worker_class: str | None
    workers: int | None


def find_settings(folder: Path, environ: Mapping[str, str]) -> Iterator[GunicornSettings]:
    """Yield what the places say that there are: a configuration file, a Procfile, the environment.
    """
    file = folder / "gunicorn.conf.py"
    if file.is_file():
        yield _from_file(file)
    procfile = folder / "Procfile"
    if procfile.is_file():
        for line in procfile.read_text(errors="replace").splitlines():
            if "gunicorn" in line:
                yield from_arguments("Procfile", line)
    if environ.get("GUNICORN_CMD_ARGS"):
        yield from_arguments("GUNICORN_CMD_ARGS", environ["GUNICORN_CMD_ARGS"])
    if environ.get(CONCURRENCY):
        yield GunicornSettings(CONCURRENCY, None, _number(environ[CONCURRENCY]))


def _from_file(file: Path) -> GunicornSettings:
    try:
        statements = ast.parse(file.read_bytes()).body  # bytes: it may name its encoding
    except (SyntaxError, ValueError):
        return GunicornSettings(file.name, "", None)  # gunicorn says so itself
    values = dict(_assigned(statements))
    name = values.get("worker_class")
    if name is not None and not isinstance(name, str):
        name = ""
    return GunicornSettings(file.name, name, _number(values.get("workers")))


def _assigned(statements: Iterable[ast.stmt]) -> Iterator[tuple[str, Any]]:
    """Yield names with their values; an ``ast.expr`` for what would have to be computed."""
    for statement in statements:
        if isinstance(statement, ast.Assign):
            targets = statement.targets
        elif isinstance(statement, ast.AnnAssign):
            targets = [statement.target]
        else:
            continue
        value = statement.value
        for target in targets:
            if isinstance(target, ast.Name):
                yield target.id, value.value if isinstance(value, ast.Constant) else value


_WORKER_CLASS = ("-k", "--worker-class")
_WORKERS = ("-w", "--workers")
_CONFIG = ("-c", "--config")


def from_arguments(source: str, line: str) -> GunicornSettings:
    """Return what a command line says."""
    found: dict[str, str] = {}
    words = iter(_words(line))
    for word in words:
        name, equals, value = word.partition("=")
        short = word[:2]
        if name in (*_WORKER_CLASS, *_WORKERS, *_CONFIG):
            found[name] = value if equals else next(words, "")
        elif short in ("-k", "-w", "-c"):
            found[short] = word[2:]
    # A file that it names may set one.
    unsaid = "" if found.keys() & _CONFIG else None
    worker_class = next((found[name] for name in _WORKER_CLASS if name in found), unsaid)
    workers = next((found[name] for name in _WORKERS if name in found), None)
    return GunicornSettings(source, worker_class, _number(workers))


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError:  # an open quote: the shell says so itself
        return line.split()


def _number(value: Any) -> int | None:
    try:
        return int(value)
    except (TypeError, ValueError):
        return None
