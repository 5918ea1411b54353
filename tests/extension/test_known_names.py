"""What programs for Flask-SocketIO look at: attributes of the extension, and ``io.server``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import gevent
import pytest
from flask import Flask, current_app, request, session
from flask import json as flask_json

import flask_realtime
from flask_realtime import Namespace, SocketIO, install_as_flask_socketio
from flask_realtime.exceptions import OptionError, UsageError
from tests.support.waiting import wait_until


@pytest.fixture
def io(app: Flask) -> SocketIO:
    return SocketIO(app)


def sid_of(io: SocketIO, namespace: str = "/") -> str:
    """The id of who joined last."""
    return list(io.of(namespace).sockets)[-1]


# Attributes of the extension


def test_the_options_that_were_given(app: Flask) -> None:
    app.config["SOCKETIO_PING_TIMEOUT"] = 7
    io = SocketIO(ping_interval=5)
    assert io.server_options == {"ping_interval": 5}
    io.init_app(app, allow_upgrades=False)
    assert io.server_options == {
        "ping_timeout": 7, "ping_interval": 5, "allow_upgrades": False
    }


def test_the_handlers_that_are_registered(io: SocketIO) -> None:
    def handler() -> None: ...

    def error(exception: Exception) -> None: ...

    io.on("a", handler)
    io.on("b", handler, namespace="/x")
    io.on_error("/x")(error)
    assert io.handlers == [("a", handler, "/"), ("b", handler, "/x")]
    assert io.exception_handlers == {"/x": error}
    assert io.default_exception_handler is None
    io.on_error_default(error)
    assert io.default_exception_handler is error
    io.default_exception_handler = None
    assert io.server.any_namespace.error_handler is None


def test_error_handlers_are_functions(io: SocketIO) -> None:
    with pytest.raises(ValueError, match="is a function"):
        io.on_error("/x")(5)  # type: ignore[type-var]
    with pytest.raises(ValueError, match="is a function"):
        io.on_error_default("x")  # type: ignore[type-var]


def test_how_handlers_run(io: SocketIO) -> None:
    assert io.async_mode == io.server.async_mode == "gevent"
    assert io.wsgi_server is None


def test_what_is_in_front_of_the_application(io: SocketIO, app: Flask) -> None:
    there = io.sockio_mw
    assert there is not None and there is app.wsgi_app
    assert (there.flask_app, there.engineio_app) == (app, io.server)
    seen: list[Any] = []
    inner = there.wsgi_app

    def between(environ: dict[str, Any], start_response: Any) -> Any:
        seen.append(environ["flask.app"])
        return inner(environ, start_response)

    there.wsgi_app = between
    app.add_url_rule("/", view_func=lambda: "page")
    assert app.test_client().get("/").text == "page"
    assert seen == [app]


def test_whether_a_connection_has_its_own_session(io: SocketIO, app: Flask) -> None:
    assert io.manage_session is True
    io.manage_session = False
    assert io.manage_session is False
    assert SocketIO(Flask("other"), manage_session=False).manage_session is False
    assert SocketIO().manage_session is True


# request


def test_request_knows_the_event(io: SocketIO, app: Flask) -> None:
    seen: list[Any] = []

    def note(*_: Any) -> None:
        seen.append((request.event, request.namespace, request.transport))
        assert request.sid == request.socket.id

    for event in ("connect", "x", "*", "disconnect"):
        io.on(event, note)
    client = io.test_client(app, auth={"a": 1})
    client.emit("x", 1, [2])
    client.emit("unknown", 3)
    client.disconnect()
    assert [each[0] for each in seen] == [
        {"message": "connect", "args": ({"a": 1},)},
        {"message": "x", "args": (1, [2])},
        {"message": "unknown", "args": (3,)},
        {"message": "disconnect", "args": (io.reason.CLIENT_DISCONNECT,)},
    ]
    assert {each[1:] for each in seen} == {("/", "testing")}


def test_the_event_is_the_one_that_is_handled_now(io: SocketIO, app: Flask) -> None:
    seen: list[Any] = []

    def outer() -> None:
        with app.app_context():
            seen.append(request.event["message"])
        gevent.sleep(0)
        seen.append(request.event["message"])

    io.on("outer", outer)
    io.on("fail", lambda what: 1 / 0)
    io.on_error_default(lambda error: seen.append(request.event))
    client = io.test_client(app)
    client.emit("outer")
    client.emit("fail", "what")
    assert seen == ["outer", "outer", {"message": "fail", "args": ("what",)}]


def test_nothing_of_an_event_is_kept_when_it_is_over(io: SocketIO, app: Flask) -> None:
    io.on("x", lambda big: None)
    client = io.test_client(app)
    client.emit("x", ["a big one"])
    (socket,) = io.of("/").sockets.values()
    assert "a big one" not in repr(list(socket.context.values()))


# io.server


def test_the_server_sends_with_python_socketio_s_parameters(io: SocketIO, app: Flask) -> None:
    first, second = io.test_client(app), io.test_client(app)
    a, b = io.of("/").sockets
    io.server.emit("all", {"x": 1})
    io.server.emit("one", to=a)
    io.server.emit("other", room=b)
    io.server.emit("but", skip_sid=a)
    io.server.send("message", to=a)
    assert [each["name"] for each in first.get_received()] == ["all", "one", "message"]
    assert [each["name"] for each in second.get_received()] == ["all", "other", "but"]


def test_rooms_by_id_on_the_server(io: SocketIO, app: Flask) -> None:
    io.test_client(app)
    sid = sid_of(io)
    io.server.enter_room(sid, "a", namespace="/")
    io.server.enter_room(sid, 5)
    assert io.server.rooms(sid) == sorted(["5", "a", sid])
    io.server.leave_room(sid, 5)
    io.server.close_room("a")
    assert io.server.rooms(sid) == [sid]


def test_a_client_by_its_id_on_the_server(io: SocketIO, app: Flask) -> None:
    seen: list[str] = []
    io.on("use session", lambda: session.setdefault("a", 1))
    io.on("disconnect", lambda: seen.append("left"))
    client = io.test_client(app, headers={"X-Name": "Ada"})
    sid = sid_of(io)
    environ = io.server.get_environ(sid)
    assert environ is not None and environ["HTTP_X_NAME"] == "Ada"
    assert "saved_session" not in environ
    client.emit("use session")
    assert io.server.environ[client.eio_sid]["saved_session"] == {"a": 1}
    assert io.server.environ[client.eio_sid]["flask.app"] is app
    assert io.server.transport(sid) == "testing"
    io.server.save_session(sid, {"x": 1})
    with io.server.session(sid) as kept:
        kept["y"] = 2
    assert io.server.get_session(sid) == {"x": 1, "y": 2}
    io.server.disconnect(sid)
    wait_until(lambda: seen == ["left"])
    assert io.server.get_environ(sid) is None
    assert io.server.rooms(sid) == []
    io.server.disconnect(sid)
    with pytest.raises(UsageError, match="no socket"):
        io.server.get_session(sid)


def test_the_manager_knows_who_is_where(io: SocketIO, app: Flask) -> None:
    io.of("/chat")
    first, second = io.test_client(app), io.test_client(app)
    a, b = io.of("/").sockets
    manager = io.server.manager
    manager.enter_room(a, "/", "room")
    everyone = {a: first.eio_sid, b: second.eio_sid}
    alone = {room: {room: everyone[room]} for room in everyone}
    here = {a: first.eio_sid}
    assert manager.rooms == {"/": {None: everyone, "room": here, **alone}, "/chat": {}}
    assert manager.get_namespaces() == ["/", "/chat"]
    assert list(manager.get_participants("/", "room")) == [(a, first.eio_sid)]
    assert dict(manager.get_participants("/", None)) == everyone
    assert manager.get_rooms(a, "/") == sorted([a, "room"])
    assert manager.is_connected(a, "/") and not manager.is_connected(a, "/chat")
    assert manager.sid_from_eio_sid(second.eio_sid, "/") == b
    assert manager.eio_sid_from_sid(b, "/") == second.eio_sid
    assert manager.sid_from_eio_sid("unknown", "/") is None
    manager.close_room("room", "/")
    manager.leave_room(a, "/", "never there")
    assert list(manager.get_participants("/", "room")) == []


def test_the_engine_knows_the_sessions(app: Flask) -> None:
    io = SocketIO(app, ping_interval=7)
    first, second = io.test_client(app), io.test_client(app)
    eio = io.server.eio
    assert set(eio.sockets) == {first.eio_sid, second.eio_sid}
    assert (eio.ping_interval, eio.allow_upgrades) == (7, True)
    assert len(eio.generate_id()) == 20
    eio.disconnect(first.eio_sid)
    wait_until(lambda: not first.is_connected())
    assert second.is_connected()
    eio.disconnect()
    wait_until(lambda: not second.is_connected())
    eio.disconnect("unknown")


def test_tasks_of_the_server_have_no_context(io: SocketIO) -> None:
    from flask import has_app_context

    assert io.server.start_background_task(has_app_context).get(timeout=5) is False
    io.server.sleep(0)


@pytest.mark.parametrize(
    ("owner", "name", "advice"),
    [
        (lambda io: io.server, "instrument", "admin UI"),
        (lambda io: io.server, "packet_class", "serializer"),
        (lambda io: io.server, "unheard_of", "documentation"),
        (lambda io: io.server.manager, "pre_connect", "by themselves"),
        (lambda io: io.server.eio, "create_queue", "gevent.queue"),
    ],
)
def test_what_is_not_there_says_what_to_use(
    io: SocketIO, owner: Any, name: str, advice: str
) -> None:
    with pytest.raises(AttributeError, match=f"{name}.*{advice}"):
        getattr(owner(io), name)


def test_the_server_stops_as_the_extension_does(io: SocketIO, app: Flask) -> None:
    client = io.test_client(app)
    io.server.shutdown()
    assert not client.is_connected()


# Options


def test_flask_s_json_module_is_the_application_s(app: Flask) -> None:
    io = SocketIO(app, json=flask_json)
    assert io.server.options.json is app.json


@pytest.mark.parametrize("given", ["constructor", "init_app", "config"])
def test_a_message_queue_is_accepted_with_one_warning(
    app: Flask, caplog: pytest.LogCaptureFixture, given: str
) -> None:
    options = {"message_queue": "redis://", "channel": "chat"}
    if given == "config":
        app.config["SOCKETIO_MESSAGE_QUEUE"] = "redis://"
    io = SocketIO(**options if given == "constructor" else {})
    io.init_app(app, **options if given == "init_app" else {})
    io.init_app(app)
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "connect to nothing yet" in caplog.text
    assert io.has_queue == (given != "init_app")


def test_a_queue_alone_makes_an_emitter_without_an_application() -> None:
    io = SocketIO(message_queue="redis://")
    assert io.has_queue
    io.emit("x", {"to": "nobody"})
    with pytest.raises(TypeError, match="takes a Flask application"):
        SocketIO().init_app(None)


def test_a_client_manager_is_accepted_too(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    assert SocketIO(app, client_manager=object()).has_queue
    assert "connect to nothing yet" in caplog.text


def test_a_channel_alone_is_no_queue(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    assert not SocketIO(app, channel="chat").has_queue
    assert caplog.text == ""


# init_app again


def test_init_app_again_begins_anew_with_its_options(app: Flask) -> None:
    io = SocketIO(app, ping_interval=5, cookie="a")
    io.on("x", lambda: "here")
    io.on("disconnect", lambda reason: None)
    before = io.test_client(app)
    io.init_app(app, ping_interval=7)
    assert not before.is_connected()
    options = io.server.options
    assert options.ping_interval == 7
    assert options.cookie is not None and options.cookie["key"] == "a"
    assert io.test_client(app).emit("x", callback=True) == "here"
    assert io.sockio_mw is app.wsgi_app


def test_init_app_again_for_another_application_too(caplog: pytest.LogCaptureFixture) -> None:
    io = SocketIO()
    io.on("name", lambda: current_app.name)
    for name in ("one", "two"):
        app = Flask(name)
        app.testing = True
        io.init_app(app)
        assert io.test_client(app).emit("name", callback=True) == name
    assert caplog.text == ""
    io.init_app(Flask("three"))
    io.init_app(Flask("four"))
    assert caplog.text == ""


def test_init_app_again_refuses_bad_options_and_changes_nothing(app: Flask) -> None:
    io = SocketIO(app, ping_interval=5)
    client = io.test_client(app)
    with pytest.raises(OptionError):
        io.init_app(app, ping_intervall=7)
    assert client.is_connected() and io.server.options.ping_interval == 5


# Under the name of Flask-SocketIO


@pytest.fixture
def installed() -> Iterator[None]:
    install_as_flask_socketio()
    yield
    for name in ("flask_socketio", "flask_socketio.namespace", "flask_socketio.test_client"):
        del sys.modules[name]


@pytest.mark.usefixtures("installed")
def test_it_is_found_as_flask_socketio() -> None:
    from flask_socketio import SocketIO as Found  # type: ignore[import-not-found]
    from flask_socketio import emit, join_room, namespace
    from flask_socketio.namespace import Namespace as FoundNamespace  # type: ignore
    from flask_socketio.test_client import SocketIOTestClient  # type: ignore

    assert Found is SocketIO and FoundNamespace is Namespace is namespace.Namespace
    assert (emit, join_room) == (flask_realtime.emit, flask_realtime.join_room)
    assert SocketIOTestClient is flask_realtime.SocketIOTestClient
    install_as_flask_socketio()  # twice does no harm


def test_it_cannot_take_the_place_of_flask_socketio_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "flask_socketio", object())
    with pytest.raises(UsageError, match="imported already"):
        install_as_flask_socketio()
