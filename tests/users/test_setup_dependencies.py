"""What the package needs at run time, and what it does without."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib.metadata import requires

from tests.support.program import Program
from tests.support.wire import PollingClient, WebSocketClient

BLOCKED = """
import sys


class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in BLOCKED:
            raise AssertionError("imported: " + name)


BLOCKED = {"geventwebsocket", "eventlet", "wsproto", "simple_websocket", "websockets", "socketio",
           "engineio", "flask_socketio", "gunicorn", "orjson", "redis", "msgpack"}
assert not BLOCKED & set(sys.modules)
sys.meta_path.insert(0, Blocker())

from flask import Flask
from flask_realtime import SocketIO

app = Flask("alone")
io = SocketIO(app)
io.on("echo", lambda value: value)
io.run(app, port=0)
"""


def test_flask_gevent_and_httptools_are_enough() -> None:
    needed = {
        re.split(r"[^\w-]", requirement)[0].lower()
        for requirement in requires("Flask-Realtime") or []
        if "extra ==" not in requirement
    }
    # blinker and werkzeug are Flask's own requirements, named since they are imported.
    assert needed == {"blinker", "flask", "gevent", "httptools", "simplejson", "werkzeug"}


def test_it_serves_every_transport_without_another_websocket_package(
    start: Callable[..., Program],
) -> None:
    program = start(BLOCKED)
    port = program.port()
    polling, websocket = PollingClient(port), WebSocketClient(port)
    assert polling.handshake()["upgrades"] == ["websocket"]
    polling.connect()
    upgraded = WebSocketClient(port, f"sid={polling.sid}")
    upgraded.send_text("2probe")
    assert upgraded.receive() == "3probe"
    websocket.handshake()
    websocket.connect()
    websocket.send_text('421["echo","over WebSocket"]')
    assert websocket.receive() == '431["over WebSocket"]'
    for client in (polling, websocket, upgraded):
        client.close()
