"""What gunicorn is told of its workers, by all places where it looks, without running them.

What a command line says counts more than ``GUNICORN_CMD_ARGS``, and that more than a configuration
file; ``WEB_CONCURRENCY`` counts where nothing else is said.
"""

from __future__ import annotations

import ast
import shlex
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

CONCURRENCY = "WEB_CONCURRENCY"
_ARGUMENTS = "GUNICORN_CMD_ARGS"
_FILE = "gunicorn.conf.py"


class GunicornSettings(NamedTuple):
    """What one place says.

    :param source: which place.
    :param worker_class: empty if that is not known without running it, None if nothing is said.
    :param workers: None if nothing is said, or not known.
    :param names_file: whether it names a configuration file, which is read and no other one.
    """

    source: str
    worker_class: str | None
    workers: int | None
    names_file: bool = False


def find_starts(folder: Path, environ: Mapping[str, str]) -> list[list[GunicornSettings]]:
    """Return what the places say, what counts most first, for each start of gunicorn that is known:
    for each in a Procfile, or for one whose command line says nothing.
    """
    environment = _from_environment(environ)
    lines = _from_procfile(folder / "Procfile")
    starts = [[line, *environment] for line in lines] if lines else [environment]
    return [_with_file(start, folder / _FILE, environ) for start in starts]


def _from_environment(environ: Mapping[str, str]) -> list[GunicornSettings]:
    arguments = environ.get(_ARGUMENTS)
    return [from_arguments(_ARGUMENTS, arguments)] if arguments else []


def _from_procfile(file: Path) -> list[GunicornSettings]:
    lines = file.read_text(errors="replace").splitlines() if file.is_file() else []
    return [from_arguments(file.name, line) for line in lines if "gunicorn" in line]


def _with_file(
    start: list[GunicornSettings], file: Path, environ: Mapping[str, str]
) -> list[GunicornSettings]:
    """Add what counts less: a configuration file, and the environment's number of workers."""
    more = []
    if any(each.names_file for each in start):
        more.append(GunicornSettings("the configuration file", "", None))
    elif file.is_file():
        more.append(_from_file(file))
    if environ.get(CONCURRENCY):
        more.append(GunicornSettings(CONCURRENCY, None, _number(environ[CONCURRENCY])))
    return [*start, *more]


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
    worker_class = next((found[name] for name in _WORKER_CLASS if name in found), None)
    workers = next((found[name] for name in _WORKERS if name in found), None)
    names_file = bool(found.keys() & _CONFIG)
    return GunicornSettings(source, worker_class, _number(workers), names_file)


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
