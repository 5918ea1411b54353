"""What the page for users of Flask-SocketIO says to be different here: each row, tried."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import flask
import gevent
import pytest
from flask import Flask, got_request_exception, has_app_context, has_request_context, session

from flask_realtime import Disconnected, Reason, SocketIO, emit, socket
from flask_realtime.exceptions import EventError, NotServing, OptionError
from tests.conftest import ROOT
from tests.support.documents import table
from tests.support.server import serving
from tests.support.waiting import wait_until

PAGE = ROOT / "docs" / "coming_from_flask_socketio.rst"


def in_order(io: SocketIO, app: Flask) -> None:
    seen: list[int] = []

    def slow(number: int) -> None:
        gevent.sleep(0.02 / number)
        seen.append(number)

    io.on("slow", slow)
    client = io.test_client(app)
    first = gevent.spawn(client.emit, "slow", 1)
    gevent.sleep(0)
    client.emit("slow", 2)
    first.get(timeout=5)
    assert seen == [1, 2]


def misspelt(io: SocketIO, app: Flask) -> None:
    with pytest.raises(OptionError, match="cors_allowed_origins"):
        SocketIO(Flask("other"), cors_alowed_origins="*")
    with pytest.raises(TypeError, match="rom"):
        io.emit("x", rom="a")  # type: ignore[call-arg]


def raising(io: SocketIO, app: Flask) -> None:
    app.config["PROPAGATE_EXCEPTIONS"] = False
    seen: list[Exception] = []

    def listen(sender: Flask, exception: Exception) -> None:
        seen.append(exception)

    got_request_exception.connect(listen, app)
    io.on("fails", lambda: 1 / 0)
    assert io.test_client(app).emit("fails", callback=True) == {"error": "internal error"}
    assert [type(error) for error in seen] == [ZeroDivisionError]


def parameters(io: SocketIO, app: Flask) -> None:
    calls: list[Any] = []

    @io.on("disconnect")
    def disconnect(reason: Any = None) -> None:
        calls.append(reason)
        raise TypeError("my own")

    io.on("one", lambda one: calls.append(one))
    app.config["PROPAGATE_EXCEPTIONS"] = False
    client = io.test_client(app)
    client.emit("one")
    assert calls == []
    client.disconnect()
    assert calls == [Reason.CLIENT_DISCONNECT]


def reasons(io: SocketIO, app: Flask) -> None:
    seen: list[str] = []
    io.on("disconnect", seen.append)
    io.on("leave", lambda: socket.disconnect())
    io.test_client(app).disconnect()
    io.test_client(app).emit("leave")
    assert seen == ["client namespace disconnect", "server namespace disconnect"]
    assert seen == [io.reason.CLIENT_DISCONNECT, io.reason.SERVER_DISCONNECT]


def emitting_in_connect(io: SocketIO, app: Flask) -> None:
    io.on("connect", lambda: emit("welcome"))
    client = io.test_client(app)
    assert [each["name"] for each in client.get_received()] == ["welcome"]


def sessions(io: SocketIO, app: Flask) -> None:
    io.on("count", lambda: session.setdefault("count", 1))
    assert io.manage_session is True  # for a cookie's
    app.session_interface = ServerSide()
    app.add_url_rule("/", view_func=lambda: str(session.get("count")))
    assert io.manage_session is False
    browser = app.test_client()
    io.test_client(app, flask_test_client=browser).emit("count")
    assert browser.get("/").text == "1"


class ServerSide(flask.sessions.SessionInterface):
    """One session, on the server."""

    def __init__(self) -> None:
        self.kept: dict[str, Any] = {}

    def open_session(self, app: Flask, request: flask.Request) -> Any:
        return flask.sessions.SecureCookieSession(self.kept)

    def save_session(self, app: Flask, session: Any, response: flask.Response) -> None:
        self.kept.update(session)


def tasks(io: SocketIO, app: Flask) -> None:
    contexts = io.start_background_task(lambda: (has_app_context(), has_request_context()))
    assert contexts.get(timeout=5) == (True, False)


def asking_who_has_gone(io: SocketIO, app: Flask) -> None:
    client = io.test_client(app)
    with app.test_request_context():
        asking = gevent.spawn(io.call, "x", to=client.get_sid(), timeout=60)
        gevent.sleep(0)
        client.disconnect()
        with pytest.raises(Disconnected):
            asking.get(timeout=5)


def cookies(io: SocketIO, app: Flask) -> None:
    options = SocketIO(Flask("other"), cors_allowed_origins="*").server.options
    assert not options.cors_credentials  # tests/users/test_security_cookies.py has the rest


def payloads(io: SocketIO, app: Flask) -> None:
    seen: list[int] = []
    io.on("x", seen.append)
    with serving(app) as running:
        client = running.polling()
        client.send("40", *[f'42["x",{number}]' for number in range(17)])
        wait_until(lambda: len(seen) == 17)
    assert seen == list(range(17))


def emitting_to_nobody(io: SocketIO, app: Flask) -> None:
    app.testing = False
    with pytest.raises(NotServing):
        io.emit("x")


def emitting_to_no_namespace(io: SocketIO, app: Flask) -> None:
    io.test_client(app)
    with pytest.raises(EventError, match="there is no namespace '/nowhere'"):
        io.emit("x", namespace="/nowhere")


def client_for_tests(io: SocketIO, app: Flask) -> None:
    io.on("fails", lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        io.test_client(app).emit("fails")


def queues(io: SocketIO, app: Flask) -> None:
    said: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: said.append(record.getMessage())  # type: ignore[method-assign]
    log = logging.getLogger("flask_realtime.extension")
    log.addHandler(handler)
    try:
        SocketIO(Flask("other"), message_queue="redis://")
    finally:
        log.removeHandler(handler)
    assert len(said) == 1 and "connect to nothing yet" in said[0]


# By the beginning of the row's first cell.
TRIED: dict[str, Callable[[SocketIO, Flask], None]] = {
    "An event may overtake": in_order,
    "A misspelt option": misspelt,
    "A handler that raises": raising,
    "A handler with the wrong number": parameters,
    "``reason`` is": reasons,
    "What ``connect`` emits": emitting_in_connect,
    "A connection has its own copy": sessions,
    "Background tasks": tasks,
    "``call`` waits out": asking_who_has_gone,
    "``cors_allowed_origins": cookies,
    "17 packets": payloads,
    "``emit`` in a process": emitting_to_nobody,
    "``emit`` to a namespace": emitting_to_no_namespace,
    "The test client": client_for_tests,
    "``message_queue``": queues,
}


@pytest.mark.parametrize("beginning", TRIED)
def test_a_difference_is_one(beginning: str) -> None:
    app = Flask("tested")
    app.secret_key = "not a secret"
    app.testing = True
    io = SocketIO(app)
    try:
        TRIED[beginning](io, app)
    finally:
        io.close()


def test_every_row_is_tried() -> None:
    _, *rows = table(PAGE, "Differences from Flask-SocketIO")
    assert len(rows) == len(TRIED)
    for row, beginning in zip(rows, TRIED, strict=True):
        assert row[0].startswith(beginning)
