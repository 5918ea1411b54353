"""A host that cannot serve Socket.IO says so when it starts, and serves all else."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from types import ModuleType

import click
import pytest
from flask import Flask

from flask_realtime import SocketIO
from tests.clients.hosts import (
    GEVENT_WEBSOCKET_WORKER,
    GUNICORN,
    OWN,
    PYWSGI,
    WORKER,
    Host,
    Running,
)
from tests.support.http import HTTPClient
from tests.support.program import Program

COMPLAINT = "Socket.IO cannot be served by"
WORKER_COMMAND = "gunicorn -k flask_realtime.wsgi.gunicorn.Worker MODULE:APP"
RUN_COMMAND = "flask --app MODULE realtime run"
APP = """
from flask import Flask
from flask_realtime import SocketIO

app = Flask("served")
io = SocketIO(app)


@app.get("/")
def index():
    return "fine"
"""


def _gunicorn(port: int, *options: str) -> list[str]:
    options = ("--config=tests/clients/gunicorn_conf.py", f"--bind=127.0.0.1:{port}", *options)
    return ["-m", "gunicorn", *options, "tests.clients.app:app"]


def _flask(*arguments: str) -> list[str]:
    return ["-m", "flask", "--app", "tests.clients.app", *arguments]


def gunicorn(*options: str) -> Host:
    return Host(" ".join(["gunicorn", *options]), lambda port: _gunicorn(port, *options))


UNFIT = [
    (gunicorn(), WORKER_COMMAND),
    (gunicorn("-k", "gthread", "--threads=2"), WORKER_COMMAND),
    (gunicorn("-k", "sync", "--preload"), WORKER_COMMAND),
    (Host("flask run", lambda port: _flask("run", "--port", str(port))), RUN_COMMAND),
]
FIT = [
    OWN,
    GUNICORN,
    WORKER,
    GEVENT_WEBSOCKET_WORKER,
    PYWSGI,
    gunicorn("-k", "gevent", "--preload"),
    Host("flask realtime run", lambda port: _flask("realtime", "run", "--port", str(port))),
]


@pytest.fixture
def server(host: Host) -> Iterator[Running]:
    running = Running(host)
    running.start()
    try:
        yield running
    finally:
        running.stop()


def get(port: int, target: str) -> tuple[int, str]:
    with closing(HTTPClient(port)) as client:
        answer = client.get(target)
        return answer.status, answer.body.decode()


def complaints(lines: list[str]) -> list[str]:
    return [line for line in lines if COMPLAINT in line]


@pytest.mark.parametrize(("host", "instead"), UNFIT, ids=lambda value: getattr(value, "name", ""))
def test_an_unfit_host_says_at_the_start_what_to_use_instead(
    server: Running, instead: str
) -> None:
    server.log.wait_for(COMPLAINT)
    assert [line.endswith(instead) for line in complaints(server.log.lines)] == [True]
    assert get(server.port, "/tell/nobody/hello") == (200, "sent")
    status, text = get(server.port, "/socket.io/?EIO=4&transport=polling")
    assert status == 503
    assert "gunicorn -k" in text


@pytest.mark.parametrize("host", FIT, ids=lambda host: host.name)
def test_a_fit_host_offers_websockets_and_has_nothing_to_complain_of(server: Running) -> None:
    assert get(server.port, "/tell/nobody/hello") == (200, "sent")
    status, handshake = get(server.port, "/socket.io/?EIO=4&transport=polling")
    assert status == 200
    assert '"upgrades":["websocket"]' in handshake
    assert complaints(server.log.lines) == []


def test_with_its_reloader_flask_run_says_so_once_for_each_start(
    start: Callable[..., Program],
) -> None:
    program = start(APP, "-m", "flask", "--app", "program", "run", "--debug", "--port", "0")
    port = int(program.line_with("Running on").rpartition(":")[2])
    assert get(port, "/") == (200, "fine")
    program.file.write_text(APP.replace("fine", "mended"))
    program.line_with("Detected change")
    program.line_with("Debugger is active")
    assert get(port, "/") == (200, "mended")
    assert len(complaints(program.said)) == 2
    program.press_ctrl_c()


@pytest.mark.parametrize("command", ["routes", "shell", "--help"])
def test_commands_that_serve_nothing_have_nothing_to_complain_of(
    start: Callable[..., Program], command: str
) -> None:
    status, output = start(APP, "-m", "flask", "--app", "program", command).end()
    assert status == 0
    assert complaints([output]) == []


@pytest.mark.parametrize("module", ["uwsgi", "mod_wsgi"])
def test_a_host_is_known_by_the_module_that_it_makes(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, module: str
) -> None:
    made = ModuleType(module)
    made.version = (5, 0)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module, made)
    SocketIO(Flask("served"))
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert complaints([record.getMessage()])


def test_traces_of_a_host_alone_are_no_host(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The package of mod_wsgi can be imported anywhere, a child inherits gunicorn's variable, who
    tests imports its arbiter, and other programs have a command ``run`` too."""
    monkeypatch.setitem(sys.modules, "mod_wsgi", ModuleType("mod_wsgi"))
    with click.Context(click.Command("run")):
        monkeypatch.setenv("SERVER_SOFTWARE", "gunicorn/27.0")
        SocketIO(Flask("a child of gunicorn"))
        monkeypatch.delenv("SERVER_SOFTWARE")
        monkeypatch.setitem(sys.modules, "gunicorn.arbiter", ModuleType("gunicorn.arbiter"))
        SocketIO(Flask("a test"))
    assert caplog.records == []


def test_initialising_twice_complains_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, app: Flask
) -> None:
    made = ModuleType("uwsgi")
    made.version = "2.0"  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "uwsgi", made)
    SocketIO(app).init_app(app)
    assert len(caplog.records) == 1
