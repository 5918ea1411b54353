"""A SocketIO that is attached and listens as Node's servers do; what it is given by mistake."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import pytest
from flask import Flask, current_app
from gevent import socket

from flask_realtime import SocketIO
from flask_realtime.exceptions import OptionError
from tests.support.server import watched_hub
from tests.support.waiting import wait_until
from tests.support.wire import WebSocketClient


def test_it_listens_in_the_background_and_closes() -> None:
    app, io, done = Flask("served"), SocketIO(), []
    io.on("name", lambda: current_app.name)
    with watched_hub():
        assert io.listen(app, 0, "127.0.0.1") is io
        port = io.wsgi_server.server_port
        client = WebSocketClient(port)
        client.handshake()
        client.connect()
        client.send_text('421["name"]')
        assert client.receive() == '431["served"]'
        io.close(lambda: done.append("done"))
        client.closed_with()
        client.close()
        with closing(socket.socket()) as late:
            assert late.connect_ex(("127.0.0.1", port)) != 0
        wait_until(lambda: not io.server.engine.sessions, what="the session is over")
        io.server.engine.clock.stop()
    assert done == ["done"]


def test_it_listens_once_at_a_time() -> None:
    app, io = Flask("served"), SocketIO()
    with watched_hub():
        port = io.listen(app, 0, "127.0.0.1").wsgi_server.server_port
        with pytest.raises(RuntimeError, match="listens already"):
            io.listen(app, 0, "127.0.0.1")
        io.close()
        assert io.listen(app, port, "127.0.0.1").wsgi_server.server_port == port
        io.close()


def test_attach_is_init_app() -> None:
    app = Flask(__name__)
    io = SocketIO().attach(app, path="/a")
    assert app.extensions["socketio"] is io
    assert io.server.options.path == "/a"


def test_options_may_be_a_mapping() -> None:
    io = SocketIO({"path": "/a", "ping_timeout": 5}, ping_timeout=7)
    io.init_app(Flask(__name__))
    assert (io.server.options.path, io.server.options.ping_timeout) == ("/a", 7.0)


def test_unknown_ones_in_a_mapping_are_refused() -> None:
    with pytest.raises(OptionError, match="did you mean 'path'"):
        SocketIO({"pathh": "/a"}).init_app(Flask(__name__))


@pytest.mark.parametrize("wrong", [Flask(__name__).wsgi_app, 3000, "app"])
def test_it_says_what_it_takes_and_what_takes_the_rest(wrong: Any) -> None:
    told = r"SocketIO takes a Flask application, not .*Server\(\).attach\(application\)"
    with pytest.raises(TypeError, match=told):
        SocketIO(wrong)
