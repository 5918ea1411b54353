"""One SocketIO on several applications: each request is handled with the one that it came to."""

from __future__ import annotations

import gc
import json
import weakref
from collections.abc import Iterator
from typing import Any

import flask_login
import pytest
from flask import Flask, current_app, got_request_exception, session
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from flask_realtime import SocketIO
from tests.support.application import Client
from tests.support.server import Running, serving
from tests.support.wire import WebSocketClient


class Two:
    """Two applications that share a SocketIO; the second one is below ``/second``."""

    def __init__(self) -> None:
        self.apps = Flask("first"), Flask("second")
        self.io = SocketIO()
        for app in self.apps:
            app.secret_key = f"of {app.name}"
            self.io.init_app(app)
        self.running: Running

    def client(self, number: int) -> Client:
        """A client of one of them."""
        path = ("/socket.io/", "/second/socket.io/")[number]
        client = Client(self.running.websocket(path=path))
        client.wire.connect()
        return client

    def answers(self, event: str) -> list[Any]:
        """What a client of each is answered."""
        asked = [self.client(number).ask(f'421["{event}"]') for number in (1, 0, 1)]
        answers = [json.loads(str(each).removeprefix("431")) for each in asked]
        assert answers[0] == answers[2]
        return [*answers[1], *answers[0]]


@pytest.fixture
def two() -> Iterator[Two]:
    two = Two()
    served: Any = DispatcherMiddleware(two.apps[0], {"/second": two.apps[1]})
    served.server = two.io.server
    with serving(served) as running:
        two.running = running
        yield two


def test_a_handler_finds_the_application_that_the_client_came_to(two: Two) -> None:
    seen: list[str] = []
    two.io.on("connect", lambda: seen.append(current_app.name))
    two.io.on("who", lambda: current_app.name)
    assert two.answers("who") == ["first", "second"]
    assert seen == ["second", "first", "second"]


def test_a_task_belongs_to_the_application_that_begins_it(two: Two) -> None:
    io = two.io
    io.on("who", lambda: io.start_background_task(lambda: current_app.name).get())
    assert two.answers("who") == ["first", "second"]
    assert io.start_background_task(lambda: current_app.name).get() == "second"
    with Flask("another").app_context():
        assert io.start_background_task(lambda: current_app.name).get() == "second"


def test_what_ends_and_what_fails_is_told_to_that_application(two: Two) -> None:
    seen: list[str] = []
    for app in two.apps:
        app.teardown_request(lambda error, name=app.name: seen.append(f"teardown of {name}"))
    two.apps[0].debug = True
    two.io.on("fail", lambda: 1 / 0)

    def failed(app: Flask, **_: Any) -> None:
        seen.append(f"failure of {app.name}")

    with got_request_exception.connected_to(failed):
        assert two.answers("fail") == [
            {"error": "ZeroDivisionError: division by zero"},
            {"error": "internal error"},
        ]
    assert seen[:4] == [
        "failure of second", "teardown of second", "failure of first", "teardown of first"
    ]


def test_test_clients_come_to_the_application_that_they_name() -> None:
    two = Two()
    two.io.on("who", lambda: [current_app.name, session.get("user")])
    for app in two.apps:
        browser = app.test_client()
        with browser.session_transaction() as kept:
            kept["user"] = f"Ann of {app.name}"
        client = two.io.test_client(app, flask_test_client=browser)
        answer = client.emit("who", callback=True)
        assert answer == [app.name, f"Ann of {app.name}"]


def test_applications_within_each_other_are_told_apart() -> None:
    """The outer one is the second of its SocketIO, the inner one the first of its own."""
    outer, inner = Flask("outer"), Flask("inner")
    of_outer, of_inner = SocketIO(Flask("before")), SocketIO(inner, path="/deep")
    of_outer.init_app(outer)
    of_inner.init_app(Flask("after"))
    outer.wsgi_app.wsgi_app = inner.wsgi_app  # type: ignore[attr-defined]
    seen: list[Any] = []

    @of_inner.authorization
    def allow(handshake: Any) -> bool:
        seen.append(current_app.name)
        return True

    with serving(outer) as running:
        client = WebSocketClient(running.port, path="/deep/")
        client.handshake()
        client.connect()
        client.close()
        of_inner.close()
        of_inner.server.engine.stop()
    assert seen == ["inner"]


class User(flask_login.UserMixin):  # type: ignore[misc]
    def __init__(self, id: str) -> None:
        self.id = id


def test_users_are_those_of_that_application() -> None:
    two = Two()
    browsers = []
    for app in two.apps:
        flask_login.LoginManager(app).user_loader(User)
        ann = User(f"ann of {app.name}")
        app.add_url_rule("/login", "in", lambda ann=ann: str(flask_login.login_user(ann)))
        app.add_url_rule("/logout", "out", lambda: str(flask_login.logout_user()))
        browsers.append(app.test_client())
        browsers[-1].get("/login")
    clients = [
        two.io.test_client(app, flask_test_client=browser)
        for app, browser in zip(two.apps, browsers, strict=True)
    ]
    assert [len(two.io.sockets_of(f"ann of {app.name}")) for app in two.apps] == [1, 1]
    browsers[0].get("/logout")
    assert [client.is_connected() for client in clients] == [False, True]


def test_an_application_that_is_no_more_is_not_kept() -> None:
    io = SocketIO()
    app = Flask("first")
    io.init_app(app)
    first = weakref.ref(app)
    io.init_app(Flask("second"))
    del app
    gc.collect()
    assert first() is None


def test_options_are_those_of_the_latest_and_the_log_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    io, apps = SocketIO(), [Flask(name) for name in ("first", "second", "third")]
    apps[2].config["SOCKETIO_PATH"] = "/live"
    io.init_app(apps[0])
    io.init_app(apps[1])
    assert not caplog.records
    io.init_app(apps[2])
    (record,) = caplog.records
    assert "those of <Flask 'third'> are those of all" in record.getMessage()
