"""What ``flask realtime routes`` shows: who handles which event, and where that is written."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import NamedTuple

from ..socketio.events import CATCH_ALL, Subscribable
from ..socketio.handler import Function, Handler
from ..socketio.namespace import Namespace
from .extension import SocketIO


class Route(NamedTuple):
    """One handler.

    :param namespace: its name, ``*`` for all of them, or what matches the names of several.
    :param event: its name, or in parentheses what else is called there.
    :param where: file and line, of a file below the current folder without that.
    """

    namespace: str
    event: str
    handler: str
    where: str


def routes(extension: SocketIO) -> list[Route]:
    """Return all handlers of an extension, by namespace and event."""
    server = extension.server
    spaces = [there for there in server.namespaces.values() if there.parent is None]
    found = [route for there in (*spaces, *server.parents) for route in _of_namespace(there)]
    found += _events(CATCH_ALL, server.any_namespace)
    if server.any_namespace.error_handler is not None:
        found.append(_route(CATCH_ALL, "(error)", server.any_namespace.error_handler))
    return sorted(found)


def _of_namespace(there: Namespace) -> Iterator[Route]:
    for gate in there._gates():
        kind, _, shown = str(gate).removeprefix("the ").partition(" ")
        yield _named(there.name, f"({kind})", shown)
    yield from _events(there.name, there)
    if there.error_handler is not None:
        yield _route(there.name, "(error)", there.error_handler)


def _events(name: str, there: Subscribable) -> Iterator[Route]:
    for event in there.event_names():
        for function in there.listeners(event):
            yield _route(name, event, function)


def _route(namespace: str, event: str, function: Function) -> Route:
    return _named(namespace, event, str(Handler(event, function)))


def _named(namespace: str, event: str, shown: str) -> Route:
    """A route from a name with its place in parentheses."""
    name, _, where = shown.partition(" (")
    return Route(namespace, event, name, _below(where.removesuffix(")")))


def _below(where: str) -> str:
    """A place in a file as it is called from the current folder."""
    return where.removeprefix(os.path.join(os.getcwd(), ""))


def table(found: list[Route]) -> list[str]:
    """Return lines with columns that stand below each other."""
    rows = [Route("Namespace", "Event", "Handler", "Where"), *found]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    lines = []
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row[:3], widths, strict=True)]
        lines.append("  ".join((*cells, row.where)).rstrip())
    return lines
