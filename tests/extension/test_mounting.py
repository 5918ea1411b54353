"""Several SocketIO on one application, and the routes beside them."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from flask_realtime import SocketIO, emit
from flask_realtime.exceptions import OptionError
from flask_realtime.options import make_options
from tests.support.http import HTTPClient
from tests.support.program import Program
from tests.support.server import Running, serving
from tests.support.wire import PollingClient, WebSocketClient

ADMIN = "/admin/socket.io"


class Two:
    """Two extensions on one application, which a test may change before they are served."""

    def __init__(self, stack: ExitStack) -> None:
        self.app = Flask("two")
        self._stack = stack

    def make(self, **options: Any) -> tuple[SocketIO, SocketIO]:
        first, second = SocketIO(self.app, **options), SocketIO(self.app, path=ADMIN, **options)
        first.on("who", lambda: "first")
        second.on("who", lambda: "second")
        return first, second

    def serve(self, first: SocketIO) -> Running:
        """Serve them; the support knows the second one only, so the first is ended here."""
        running = self._stack.enter_context(serving(self.app))
        self._stack.callback(_end, running, first)
        return running


def _end(running: Running, io: SocketIO) -> None:
    running._clients.close()
    io.close()
    engine = io.server.engine
    if engine.hub is None:  # it has had no request
        return
    for session in list(engine.sessions.values()):
        session.end("nobody comes for the goodbye")
    engine.clock.stop()
    engine._watchdog.stop()


@pytest.fixture
def two() -> Iterator[Two]:
    with ExitStack() as stack:
        yield Two(stack)


def who(running: Running, path: str, **options: Any) -> list[str]:
    """Who answers at a path, over each transport."""
    answers = []
    for kind in (WebSocketClient, PollingClient):
        client: Any = running._opened(kind(running.port, path=f"{path}/", **options))
        client.handshake()
        client.connect()
        if kind is WebSocketClient:
            client.send_text('421["who"]')
        else:
            client.send('421["who"]')
        answers.append(client.receive())
    return answers


FIRST, SECOND = ['431["first"]'] * 2, ['431["second"]'] * 2


def test_two_with_paths_of_their_own_both_serve(two: Two) -> None:
    first, second = two.make()
    running = two.serve(first)
    assert who(running, "/socket.io") == FIRST
    assert who(running, ADMIN) == SECOND
    assert (len(first.sockets.sockets), len(second.sockets.sockets)) == (2, 2)
    assert running.http().get(f"{ADMIN}/socket.io.js").status == 200
    sid = running.polling().sid
    assert running.http().get(f"{ADMIN}/?EIO=4&transport=polling&sid={sid}").status == 400


@pytest.mark.parametrize("fix_at", ["before both", "between", "after both"])
def test_both_are_behind_the_same_proxy(two: Two, fix_at: str) -> None:
    app = two.app

    def fix() -> None:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1)  # type: ignore[method-assign]

    if fix_at == "before both":
        fix()
    first = SocketIO(app)
    if fix_at == "between":
        fix()
    second = SocketIO(app, path=ADMIN)
    if fix_at == "after both":
        fix()
    first.on("who", lambda: "first")
    second.on("who", lambda: "second")
    running = two.serve(first)
    headers = {"Origin": f"https://127.0.0.1:{running.port}", "X-Forwarded-Proto": "https"}
    assert who(running, "/socket.io", headers=headers) == FIRST
    assert who(running, ADMIN, headers=headers) == SECOND


def test_a_handler_emits_by_its_own_server(two: Two) -> None:
    first, second = two.make()
    for io, name in ((first, "first"), (second, "second")):
        io.on("say", lambda name=name: emit("said", name, broadcast=True))
    running = two.serve(first)
    ours = running._opened(WebSocketClient(running.port))
    theirs = running._opened(WebSocketClient(running.port, path=f"{ADMIN}/"))
    for client in (ours, theirs):
        client.handshake()
        client.connect()
    ours.send_text('42["say"]', '421["who"]')
    assert [ours.receive(), ours.receive()] == ['42["said","first"]', '431["first"]']
    theirs.send_text('42["say"]', '421["who"]')
    assert [theirs.receive(), theirs.receive()] == ['42["said","second"]', '431["second"]']


@pytest.mark.parametrize("path", ["/socket.io", "socket.io/", "/socket.io/deep", "/socket"])
def test_two_that_would_be_in_each_other_s_way_are_refused(path: str) -> None:
    app = Flask("taken")
    first = SocketIO(app, path="/socket/socket.io" if path == "/socket" else "/socket.io")
    before = app.wsgi_app
    with pytest.raises(OptionError, match="another SocketIO of this application at '/socket"):
        SocketIO(app, path=path)
    assert app.wsgi_app is before
    assert app.extensions["socketio"] is first


def test_a_refused_one_may_be_given_another_path(two: Two) -> None:
    first, second = SocketIO(two.app), SocketIO()
    with pytest.raises(OptionError, match="path"):
        second.init_app(two.app)
    second.init_app(two.app, path=ADMIN)
    second.on("who", lambda: "second")
    assert who(two.serve(first), ADMIN) == SECOND


def test_one_may_be_initialised_twice_and_is_in_front_once() -> None:
    app = Flask("twice")
    io = SocketIO(app, ping_interval=7)
    before = app.wsgi_app
    io.init_app(app)
    assert app.wsgi_app is before
    assert io.server.options == make_options(ping_interval=7)


def test_only_the_path_and_what_is_below_it_are_taken_from_the_application(two: Two) -> None:
    first, second = two.make()
    two.app.add_url_rule("/<path:path>", view_func=lambda path: f"the view of /{path}")
    http = two.serve(first).http()
    for path in ("/socket.iox", "/socket.iox/", "/socket.i", "/admin/socket.io-x", "/admin/", "/x"):
        assert http.get(path).body == f"the view of {path}".encode()
    for path in ("/socket.io", "/socket.io/", "/socket.io/x", ADMIN, f"{ADMIN}/x"):
        refused = http.get(path)
        assert (refused.status, b"view" in refused.body) == (400, False)
    for path in ("/socket.io", "/socket.io/", ADMIN):
        assert http.get(f"{path}?EIO=4&transport=polling").status == 200


@pytest.mark.parametrize("runs", ["first", "second"])
def test_either_may_run_the_application_with_its_debugger(
    start: Callable[[str], Program], runs: str
) -> None:
    program = start(
        f"""
        from flask import Flask
        from flask_realtime import SocketIO

        app = Flask("two")
        first = SocketIO(app)
        second = SocketIO(app, path={ADMIN!r})
        app.add_url_rule("/", view_func=lambda: 1 / 0)
        {runs}.run(app, port=0, debug=True, use_reloader=False)
        """
    )
    port = program.port()
    for path in ("/socket.io/", f"{ADMIN}/"):
        client = WebSocketClient(port, path=path)
        client.handshake()
        client.connect()
        client.close()
    http = HTTPClient(port)
    assert b"<title>ZeroDivisionError" in http.get("/").body
    http.close()
    program.send_signal(signal.SIGTERM)
    assert program.end()[0] == 0
