"""The tables of names in the documentation, for who comes from another server, say what is so."""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Iterator
from typing import Any

import flask
import gevent.event
import gevent.queue
import pytest
from flask import Flask

import flask_realtime
from flask_realtime import Server, SocketIO, install_as_flask_socketio, options, signals
from flask_realtime.wsgi.tls import ARGUMENTS
from tests.conftest import ROOT
from tests.support.names import check, expressions

FOLDER = ROOT / "docs" / "names"
OPTIONS = frozenset((*options.NAMES, *ARGUMENTS))


def cells(table: str, column: int) -> list[str]:
    """The expressions in a column of a table, but for lists of parameters."""
    with (FOLDER / f"{table}.csv").open(newline="") as file:
        rows = list(csv.reader(file, delimiter="|", skipinitialspace=True))
    assert {len(row) for row in rows} == {2}
    return [code for row in rows for code in expressions(row[column]) if code[0] != "("]


def wrong(codes: list[str], known: dict[str, Any]) -> dict[str, str]:
    """Those that would not work, and why not."""
    found = {}
    for code in codes:
        try:
            check(code, known, OPTIONS)
        except (AssertionError, SyntaxError, ValueError) as error:
            found[code] = str(error)
    return found


@pytest.fixture(scope="module")
def known() -> Iterator[dict[str, Any]]:
    """What the names in the tables mean: a server, its clients, and the package."""
    app = Flask("tested")
    io = SocketIO(app)
    chat = flask_realtime.Namespace("/chat")
    io.on_namespace(chat)
    io.on("id", lambda: flask_realtime.socket.id)
    client = io.test_client(app)
    there = client.emit("id", callback=True)
    install_as_flask_socketio()
    with app.test_request_context() as context:
        # What a handler finds in it.
        context.request.sid = context.request.namespace = context.request.event = None  # type: ignore
        yield {
            **vars(flask_realtime),
            **{"flask_realtime": flask_realtime, "flask_socketio": sys.modules["flask_socketio"]},
            **{"gevent": gevent, "re": re, "app": app, "request": flask.request},
            **{"io": io, "socketio": io, "server": Server(), "signals": signals},
            **{"namespace": io.of("/chat"), "chat": chat, "parent": io.of(re.compile("^/room-"))},
            **{"client": client, "socket": io.sockets.sockets[there]},
            **{"error": flask_realtime.ConnectionRefusedError()},
        }
    for name in [name for name in sys.modules if name.split(".")[0] == "flask_socketio"]:
        del sys.modules[name]


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("flask_socketio", 0),
        ("flask_socketio", 1),
        ("flask_socketio_absent", 1),
        ("socketio_4", 1),
        ("socketio_1", 1),
        ("socketio_0.9", 1),
    ],
)
def test_a_table_names_what_is_here(table: str, column: int, known: dict[str, Any]) -> None:
    assert wrong(cells(table, column), known) == {}


def test_what_is_said_to_be_missing_is_missing(known: dict[str, Any]) -> None:
    codes = cells("flask_socketio_absent", 0)
    assert wrong(codes, known).keys() == set(codes)


@pytest.mark.parametrize(
    "code",
    [
        "io.nothing",
        "io.sockets.nothing()",
        "io.to('a').nothing",
        "io.emit('x', rom='a')",
        "io.fetch_sockets(1)",
        "SocketIO(app, ping_intervall=5)",
        "nobody.emit('x')",
        "ping_intervall=5",
        "@io.nothing",
        "raise Nothing('x')",
        "io.nothing['x'] = 5",
    ],
)
def test_a_wrong_name_is_found(code: str, known: dict[str, Any]) -> None:
    assert wrong([code], known)
