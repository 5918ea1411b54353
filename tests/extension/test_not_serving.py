"""An emit where nobody could ever be connected is refused; where somebody could, it is not."""

from __future__ import annotations

import subprocess
import sys
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gevent
import pytest
from flask import Flask
from gevent.pywsgi import WSGIServer as Pywsgi

from flask_realtime import Namespace, SocketIO
from flask_realtime.exceptions import NotServing
from flask_realtime.extension import serving as rule
from tests.support.program import Program
from tests.support.server import serving


@pytest.fixture
def io(app: Flask) -> SocketIO:
    return SocketIO(app)


EMITS: dict[str, Callable[[SocketIO], Any]] = {
    "emit": lambda io: io.emit("x"),
    "send": lambda io: io.send("x"),
    "to": lambda io: io.to("room").emit("x"),
    "of": lambda io: io.of("/chat").emit("x"),
    "server": lambda io: io.server.emit("x"),
    "volatile": lambda io: io.volatile.emit("x"),
    "ack": lambda io: io.timeout(1).emit_with_ack("x"),
    "callback": lambda io: io.timeout(1).emit("x", callback=print),
    "callback_of_each": lambda io: io.emit("x", to="room", callback=print),
}


@pytest.mark.parametrize("emit", EMITS.values(), ids=EMITS)
def test_a_script_is_told(io: SocketIO, emit: Callable[[SocketIO], Any]) -> None:
    with pytest.raises(NotServing, match="serves no clients.*in a view"):
        emit(io)
    assert io.server.engine.hub is None


def test_before_init_app_too() -> None:
    with pytest.raises(RuntimeError, match="serves no clients"):
        SocketIO().emit("x")


def test_a_class_of_handlers_too(io: SocketIO) -> None:
    chat = Namespace("/chat")
    io.on_namespace(chat)
    with pytest.raises(NotServing):
        chat.emit("x")


def test_a_view_may_emit_before_the_first_client_is_there(io: SocketIO, app: Flask) -> None:
    app.add_url_rule("/", view_func=lambda: str(io.emit("x")))
    assert app.test_client().get("/").text == "True"
    with pytest.raises(NotServing):
        io.emit("x")


def test_an_application_under_test_may(io: SocketIO, app: Flask) -> None:
    app.testing = True
    io.emit("x")


def test_with_a_queue_it_may(app: Flask) -> None:
    SocketIO(app, message_queue="redis://").emit("x")


def test_once_a_client_was_here_it_may(io: SocketIO, app: Flask) -> None:
    io.test_client(app).disconnect()
    io.emit("x")


def test_our_server_serves_before_its_first_request(io: SocketIO, app: Flask) -> None:
    with serving(app):
        io.emit("x")


def test_a_server_of_gevent_s_own_serves_before_its_first_request(
    io: SocketIO, app: Flask
) -> None:
    server = Pywsgi(("127.0.0.1", 0), app, log=None)
    with pytest.raises(NotServing):
        io.emit("x")
    server.start()
    try:
        io.emit("x")
    finally:
        server.stop()


def test_what_is_known_is_not_looked_up_again(
    io: SocketIO, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[None] = []
    monkeypatch.setattr(rule, "_serves_by_gevent", lambda: looked.append(None) or True)
    io.emit("x")
    io.emit("x")
    assert looked == [None]


@pytest.mark.parametrize(
    ("module", "version"), [("gunicorn.arbiter", None), ("uwsgi", "2"), ("mod_wsgi", (5, 0))]
)
def test_workers_of_known_hosts_may(
    io: SocketIO, monkeypatch: pytest.MonkeyPatch, module: str, version: Any
) -> None:
    monkeypatch.setitem(sys.modules, module, type("Module", (), {"version": version}))
    io.emit("x")


PROGRAM = """
from flask import Flask
from flask_realtime import SocketIO

app = Flask(__name__)
io = SocketIO(app)

@app.cli.command()
def tell():
    io.emit("news")

def early():
    print("emitted", io.emit("too early for anybody"), flush=True)
"""


def test_a_command_of_flask_s_is_told(tmp_path: Path, root: Path) -> None:
    (tmp_path / "program.py").write_text(PROGRAM)
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "program", "tell"],
        cwd=tmp_path, env={"PYTHONPATH": str(root)}, capture_output=True, text=True, timeout=30,
    )
    assert done.returncode == 1
    assert "NotServing" in done.stderr and "which a script can call by HTTP" in done.stderr


def test_our_command_is_going_to_serve(start: Callable[..., Program]) -> None:
    command = ["-m", "flask", "--app", "program", "realtime", "run", "--port", "0"]
    program = start(PROGRAM + "\nearly()\n", *command)
    program.line_with("emitted True")
    program.port()


def test_a_task_that_begins_before_io_run_may(start: Callable[..., Program]) -> None:
    program = start(PROGRAM + "\nio.start_background_task(early)\nio.run(app, port=0)\n")
    program.port()
    program.line_with("emitted True")


def test_tasks_of_a_process_that_serves_may(io: SocketIO, app: Flask) -> None:
    with serving(app):
        assert gevent.spawn(io.emit, "x").get(timeout=5) is True


def test_what_is_gone_is_no_server(io: SocketIO) -> None:
    """Servers are looked for among all objects, where a ``weakref.proxy`` may stand for nothing."""

    class Gone:
        pass

    proxy = weakref.proxy(Gone())
    with pytest.raises(NotServing):
        io.emit("news")
    assert type(proxy) is weakref.ProxyType
