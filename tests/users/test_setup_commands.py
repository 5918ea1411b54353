"""Flask's own commands stay as they are, and ours keep what developers are used to."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from importlib.metadata import entry_points

import click
import flask.cli

from tests.support.application import Client
from tests.support.http import HTTPClient
from tests.support.program import Program
from tests.support.wire import WebSocketClient

APP = """
from flask import Flask
from flask_realtime import SocketIO

app = Flask("served")
io = SocketIO(app)
io.on("version", lambda: 1)


@app.get("/fail")
def fail():
    raise ValueError("this view fails")
"""


def test_installing_adds_one_command_and_changes_none() -> None:
    ours = [
        entry
        for entry in entry_points(group="flask.commands")
        if entry.value.startswith("flask_realtime")
    ]
    assert [entry.name for entry in ours] == ["realtime"]
    group = flask.cli.FlaskGroup()
    context = click.Context(group)
    assert group.get_command(context, "realtime") is ours[0].load()
    assert group.get_command(context, "run") is flask.cli.run_command
    assert group.get_command(context, "shell") is flask.cli.shell_command
    assert group.get_command(context, "routes") is flask.cli.routes_command


def ask_version(port: int) -> str | bytes:
    with closing(WebSocketClient(port)) as wire:
        wire.handshake()
        wire.connect()
        return Client(wire).ask('421["version"]')


def test_the_reloader_reloads_the_debugger_shows_and_websockets_are_served(
    start: Callable[..., Program],
) -> None:
    command = ["-m", "flask", "--app", "program", "realtime", "run", "--port", "0"]
    program = start(APP, *command, "--reload", "--debug")
    port = program.port()
    assert ask_version(port) == "431[1]"
    with closing(HTTPClient(port)) as client:
        page = client.get("/fail").body.decode()
    assert "this view fails" in page
    assert "Werkzeug Debugger" in page
    program.file.write_text(APP.replace("lambda: 1", "lambda: 2"))
    assert ask_version(program.port()) == "431[2]"
    program.press_ctrl_c()
