"""The page on contexts: its table of hooks and its examples are what happens."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import flask
import pytest
from flask import Flask, current_app, g

from flask_realtime import socket
from tests.support.application import Site
from tests.support.documents import code_block, table
from tests.support.server import serving
from tests.support.waiting import wait_until

SIGNALS = (
    "request_tearing_down",
    "appcontext_tearing_down",
    "got_request_exception",
    "request_started",
    "request_finished",
    "appcontext_pushed",
    "appcontext_popped",
)
DECORATORS = (
    "teardown_request",
    "teardown_appcontext",
    "before_request",
    "after_request",
    "url_value_preprocessor",
)


@pytest.fixture
def page(root: Path) -> Path:
    return root / "docs" / "contexts.rst"


def watch_hooks(app: Flask) -> tuple[set[str], list[Any]]:
    """Hook everything; return what has run, and what has to live as long as it shall."""
    ran: set[str] = set()

    def note(name: str) -> Callable[..., Any]:
        def hook(*args: Any, **kwargs: Any) -> Any:
            ran.add(name)
            return args[0] if name == "after_request" else None

        return hook

    for name in DECORATORS:
        getattr(app, name)(note(name))
    app.errorhandler(ValueError)(note("errorhandler"))
    kept = [note(name) for name in SIGNALS]
    for name, hook in zip(SIGNALS, kept, strict=True):
        getattr(flask, name).connect(hook, app)
    return ran, kept


def test_the_hooks_that_run_are_those_of_the_table(app: Flask, site: Site, page: Path) -> None:
    _, *rows = table(page, "Hooks and events")
    told = {name.strip("`"): runs for name, runs in rows}
    assert set(told) == {*SIGNALS, *DECORATORS, "errorhandler"}
    site.io.on("works", lambda: None)
    site.io.on("fails", lambda: 1 / 0)
    site.io.on("value", lambda: int("x"))
    ran, kept = watch_hooks(app)
    client = site.client()
    assert client.ask('421["works"]') == "431[]"
    assert ran == {name for name, runs in told.items() if runs == "yes"}
    for event in ("fails", "value"):
        client.ask(f'421["{event}"]')
    assert ran == {name for name, runs in told.items() if runs != "no"}
    assert kept


def run(page: Path, containing: str, site: Site, app: Flask, **more: Any) -> None:
    """Run the example that has a text in it, for an application that is served."""
    known = {"app": app, "io": site.io, "g": g, "socket": socket, "current_app": current_app}
    exec(code_block(page, "python", containing), {**known, **more})


def test_the_example_of_a_database_closes_it_after_the_event(
    app: Flask, site: Site, page: Path, tmp_path: Path
) -> None:
    opened: list[sqlite3.Connection] = []
    file = str(tmp_path / "shop.db")
    with sqlite3.connect(file) as database:
        database.execute("CREATE TABLE orders (what)")

    class Driver:
        @staticmethod
        def connect(name: str) -> sqlite3.Connection:
            assert name == "shop.db"
            opened.append(sqlite3.connect(file))
            return opened[-1]

    run(page, "close_database", site, app, sqlite3=Driver)
    assert site.client().ask('421["count"]') == "431[0]"
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        opened[0].execute("SELECT 1")
    database.close()


def test_the_examples_of_places_and_of_a_background_task(
    app: Flask, site: Site, page: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", app.name)
    for example in ("socket.set", "start_background_task"):
        run(page, example, site, app)
    client = site.client()
    client.send('42["nickname","Ada"]', '42["report"]')
    for percent in (0, 50, 100):
        assert client.receive() == f'42["progress","Ada",{percent}]'
    wait_until(lambda: "Ada has a report" in caplog.text)
    assert site.socket(client).get("nickname") == "Ada"


def test_the_example_of_modules_works(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = root / "docs" / "quickstart.rst"
    (tmp_path / "orders.py").write_text(code_block(page, "python", "events = Events()"))
    monkeypatch.syspath_prepend(tmp_path)
    made: dict[str, Any] = {"__name__": "app"}
    exec(code_block(page, "python", "def create_app"), made)
    with serving(made["create_app"]()) as running:
        site = Site(made["io"], running)
        client = site.client("/orders")
        site.socket(client, "/orders").join("kitchen")
        assert client.ask('42/orders,["order","tea"]') == '42/orders,["ordered","tea"]'
