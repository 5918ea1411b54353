"""The extension object: options, applications, and what starts when."""

from __future__ import annotations

from threading import Thread
from typing import Any

import gevent
import pytest
from flask import Flask
from gevent._hub_local import get_hub_if_exists
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from flask_realtime import SocketIO
from flask_realtime.exceptions import OptionError
from flask_realtime.options import Options
from tests.support.application import Client, Site
from tests.support.server import serving

HANDSHAKE = "/socket.io/?EIO=4&transport=polling"


def test_options_come_from_the_constructor(app: Flask) -> None:
    assert SocketIO(app, ping_interval=3).server.options.ping_interval == 3.0


def test_options_come_from_init_app(app: Flask) -> None:
    io = SocketIO()
    io.init_app(app, ping_interval=3)
    assert io.server.options.ping_interval == 3.0


def test_options_come_from_the_configuration(app: Flask) -> None:
    app.config.update(SOCKETIO_PING_INTERVAL=3, SOCKETIO_PATH="live", UNRELATED=1)
    io = SocketIO(app, path="/other")
    assert (io.server.options.ping_interval, io.server.options.path) == (3.0, "/other")


def test_without_any_the_defaults_hold(app: Flask) -> None:
    assert SocketIO(app).server.options == Options()


def test_an_option_given_twice_the_same_is_fine_and_otherwise_not(app: Flask) -> None:
    io = SocketIO(ping_interval=3, ping_timeout=4)
    with pytest.raises(OptionError, match="'ping_timeout' is 4 in SocketIO.* and 5 in init_app"):
        io.init_app(app, ping_timeout=5)
    io.init_app(app, ping_interval=3)
    assert io.server.options.ping_interval == 3


def test_flasks_trusted_hosts_are_honoured(app: Flask) -> None:
    app.config["TRUSTED_HOSTS"] = ["example.org"]
    assert SocketIO(app).server.options.trusted_hosts == ("example.org",)


@pytest.mark.parametrize("hosts", ["example.org", [""], [5]])
def test_trusted_hosts_are_a_list_of_names(app: Flask, hosts: object) -> None:
    with pytest.raises(OptionError, match="trusted_hosts is a list"):
        SocketIO(app, trusted_hosts=hosts)


@pytest.mark.parametrize("where", ["constructor", "init_app", "configuration"])
def test_an_unknown_option_is_refused_and_the_nearest_named(app: Flask, where: str) -> None:
    wrong: dict[str, Any] = {"ping_intervall": 3}
    if where == "configuration":
        app.config["SOCKETIO_PING_INTERVALL"] = 3
    with pytest.raises(OptionError, match="'ping_intervall'; did you mean 'ping_interval'"):
        if where == "constructor":
            SocketIO(app, **wrong)
        else:
            SocketIO().init_app(app, **(wrong if where == "init_app" else {}))
    assert "socketio" not in app.extensions


@pytest.mark.parametrize(
    "options", [{"json": "no such module"}, {"cors_credentials": 1}, {"ping_interval": -1}]
)
def test_options_that_cannot_work_change_nothing(app: Flask, options: dict[str, Any]) -> None:
    before = app.wsgi_app
    io = SocketIO()
    engine = io.server.engine
    with pytest.raises(OptionError):
        io.init_app(app, **options)
    assert app.wsgi_app == before
    assert "socketio" not in app.extensions
    assert io.server.options == Options()
    assert io.server.engine is engine


@pytest.mark.parametrize("app", [None, "app", object()])
def test_what_is_no_flask_application_is_refused(app: Any) -> None:
    with pytest.raises(TypeError, match="takes a Flask application"):
        SocketIO().init_app(app)


def test_options_cannot_change_while_clients_are_there(site: Site, app: Flask) -> None:
    site.client()
    with pytest.raises(OptionError, match="cannot change any more"):
        site.io.init_app(app, ping_interval=3)


def test_initialising_twice_puts_one_server_before_the_application(app: Flask) -> None:
    io = SocketIO(app)
    wrapped = app.wsgi_app
    io.init_app(app, path="/live")
    assert app.wsgi_app is wrapped
    with serving(app) as running:
        assert running.http().get("/live/?EIO=4&transport=polling").status == 200
        assert running.http().get("/socket.io/?EIO=4&transport=polling").status == 404


def test_handlers_may_be_registered_before_there_is_an_application() -> None:
    io = SocketIO()
    io.on("x", lambda: "root")
    io.on_event("y", lambda: "chat", namespace="/chat")

    def create_app() -> Flask:
        app = Flask("made")
        io.init_app(app)
        return app

    with serving(create_app()) as running:
        client = Site(io, running).client()
        client.wire.connect("/chat")
        assert client.ask('421["x"]') == '431["root"]'
        assert client.ask('42/chat,1["y"]') == '43/chat,1["chat"]'


def test_two_applications_in_one_process_know_nothing_of_each_other() -> None:
    apps = [Flask("first"), Flask("second")]
    ios = [SocketIO(app) for app in apps]
    ios[0].on("x", lambda: "first")
    ios[1].on("x", lambda: "second")
    with serving(DispatcherMiddleware(apps[0], {"/second": apps[1]})) as running:
        first = Client(running.websocket())
        second = Client(running.websocket(path="/second/socket.io/"))
        for client in (first, second):
            client.wire.connect()
        ios[1].emit("news")
        assert second.receive() == '42["news"]'
        assert first.ask('421["x"]') == '431["first"]'
        assert second.ask('421["x"]') == '431["second"]'
        _end(*ios)


def test_an_application_may_have_two_servers_on_two_paths(app: Flask) -> None:
    first, second = SocketIO(app), SocketIO(app, path="/live")
    with serving(app) as running:
        running.polling(path="/socket.io/")
        running.polling(path="/live/")
        assert [len(io.server.engine.sessions) for io in (first, second)] == [1, 1]
        _end(first)


def _end(*ios: SocketIO) -> None:
    """Of what runs beside the server that the test knows of."""
    for io in ios:
        io.close()
        for session in list(io.server.engine.sessions.values()):
            session.end("nobody comes for the goodbye")
        io.server.engine.clock.stop()


def test_the_json_of_the_application_can_be_used(app: Flask) -> None:
    class Provider(app.json_provider_class):  # type: ignore[name-defined, misc]
        @staticmethod
        def default(value: Any) -> Any:
            return f"<{type(value).__name__}>"

    app.json = Provider(app)
    io = SocketIO(app, json="flask")
    io.on("x", lambda: object())
    with serving(app) as running:
        assert Site(io, running).client().ask('421["x"]') == '431["<object>"]'


def test_the_root_namespace_is_called_sockets(app: Flask) -> None:
    io = SocketIO(app)
    assert io.sockets is io.of("/") is io.of("")
    assert io.of("chat") is io.of("/chat")
    with pytest.raises(TypeError, match="'/chat'"):
        io.of(5)  # type: ignore[arg-type]


def test_a_test_client_s_requests_start_nothing(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    app.add_url_rule("/", view_func=lambda: "page")
    io = SocketIO(app)
    answers: list[tuple[int, str]] = []
    hubs: list[Any] = []

    def ask() -> None:
        client = app.test_client()
        for path in ("/", "/socket.io/socket.io.js", HANDSHAKE, HANDSHAKE):
            answer = client.get(path)
            answers.append((answer.status_code, answer.text))
        hubs.append(get_hub_if_exists())

    thread = Thread(target=ask)  # a thread of its own has no hub unless somebody starts one
    thread.start()
    thread.join(10)
    assert hubs == [None]
    assert [status for status, _ in answers] == [200, 200, 503, 503]
    assert "gunicorn -k gevent" in answers[2][1]
    assert io.server.engine.hub is None
    assert io.server.engine._watchdog is None
    (record,) = caplog.records
    assert (record.name, record.levelname) == ("flask_realtime.wsgi", "WARNING")
    assert "io.run(app)" in record.getMessage()


def test_other_requests_start_nothing_either(app: Flask) -> None:
    app.add_url_rule("/", view_func=lambda: "page")
    io = SocketIO(app)
    with serving(app) as running:
        for path in ("/", "/socket.io/socket.io.js", "/missing"):
            running.http().get(path)
        assert io.server.engine.hub is None
        assert running.http().get(HANDSHAKE).status == 200
        assert io.server.engine.hub is gevent.get_hub()


def test_options_can_change_until_the_first_client_comes(app: Flask) -> None:
    io = SocketIO(app)
    app.test_client().get(HANDSHAKE)
    io.init_app(app, ping_interval=3)
    assert io.server.options.ping_interval == 3.0
