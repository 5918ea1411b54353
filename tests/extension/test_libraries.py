"""Flask-Login, Flask-Session and Flask-SQLAlchemy themselves, in handlers as in views."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import flask_login
import flask_session
import pytest
from cachelib import FileSystemCache
from flask import Flask, session
from flask_login import current_user, login_user, logout_user

from flask_realtime import ConnectionRefusedError, SocketIO, disconnect
from tests.support.program import Program


class User(flask_login.UserMixin):  # type: ignore[misc]
    def __init__(self, id: str) -> None:
        self.id = id


def with_login(app: Flask) -> list[str]:
    """Add Flask-Login and its views; return whom it loads, as it does so."""
    loaded: list[str] = []

    def load(id: str) -> User:
        loaded.append(id)
        return User(id)

    flask_login.LoginManager(app).user_loader(load)
    app.add_url_rule("/login/<id>", view_func=lambda id: str(login_user(User(id))))
    app.add_url_rule("/logout", view_func=lambda: str(logout_user()), endpoint="logout")
    return loaded


def who() -> Any:
    return current_user.id if current_user.is_authenticated else None


# Flask-Login


def test_the_current_user_is_known_in_every_handler(app: Flask) -> None:
    seen: list[Any] = []
    with_login(app)
    io = SocketIO(app)

    def note(*_: Any) -> Any:
        seen.append(who())
        return seen[-1]

    def fail() -> None:
        raise ValueError

    for event in ("connect", "connection", "who", "disconnecting", "disconnect"):
        io.on(event, note)
    io.on("fail", fail)
    io.on("ask", lambda: io.emit("question", callback=note))
    io.on_error_default(note)
    browser = app.test_client()
    browser.get("/login/ada")
    client = io.test_client(app, flask_test_client=browser)
    assert client.emit("who", callback=True) == "ada"
    assert client.emit("fail", callback=True) == "ada"
    client.emit("ask")
    client.ack(client.get_received()[-1])
    client.disconnect()
    assert seen == ["ada"] * 7


def test_who_is_not_logged_in_can_be_refused(app: Flask) -> None:
    with_login(app)
    io = SocketIO(app)

    @io.on("connect")
    def connect() -> None:
        if not current_user.is_authenticated:
            raise ConnectionRefusedError("log in first")

    client = io.test_client(app)
    assert not client.is_connected()
    assert client.refused["/"]["message"] == "log in first"


def test_two_users_are_not_mixed_up(app: Flask) -> None:
    with_login(app)
    io = SocketIO(app)

    @io.on("who twice")
    def who_twice() -> list[Any]:
        before = who()
        io.sleep(0.01)
        return [before, who()]

    clients = {}
    for name in ("ada", "bob", None):
        browser = app.test_client()
        if name:
            browser.get(f"/login/{name}")
        clients[name] = io.test_client(app, flask_test_client=browser)
    for name, client in clients.items():
        assert client.emit("who twice", callback=True) == [name, name]


def test_the_user_is_loaded_anew_for_each_event(app: Flask) -> None:
    loaded = with_login(app)
    io = SocketIO(app)
    io.on("who", lambda: [who(), who()])
    browser = app.test_client()
    browser.get("/login/ada")
    client = io.test_client(app, flask_test_client=browser)
    loaded.clear()
    client.emit("who")
    client.emit("who")
    assert loaded == ["ada", "ada"]  # what changed in the database meanwhile is seen


def test_their_decorator_of_handlers_that_need_a_user(app: Flask) -> None:
    with_login(app)
    io = SocketIO(app)

    def authenticated_only(function: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*args: Any) -> Any:
            if not current_user.is_authenticated:
                return disconnect()
            return function(*args)

        return wrapped

    io.on("secret", authenticated_only(lambda: "secret"))
    stranger = io.test_client(app)
    assert stranger.emit("secret", callback=True) != "secret"
    assert not stranger.is_connected()


# Flask-Session


@pytest.fixture
def stored(app: Flask, tmp_path: Path) -> Flask:
    """The application with sessions on the server's side, in files."""
    app.config["SESSION_TYPE"] = "cachelib"
    app.config["SESSION_CACHELIB"] = FileSystemCache(str(tmp_path))
    flask_session.Session(app)
    app.add_url_rule("/get", view_func=lambda: session.get("value", "none"), endpoint="get")
    app.add_url_rule("/set/<value>", view_func=put, endpoint="put")
    return app


def put(value: str) -> str:
    session["value"] = value
    return value


@pytest.mark.parametrize("manage_session", [None, False])
def test_views_and_handlers_share_a_session_on_the_server_s_side(
    stored: Flask, manage_session: bool | None
) -> None:
    io = SocketIO(stored, manage_session=manage_session)
    io.on("get", lambda: session.get("value"))
    io.on("put", put)
    browser = stored.test_client()
    browser.get("/set/a")
    client = io.test_client(stored, flask_test_client=browser)
    assert client.emit("get", callback=True) == "a"
    client.emit("put", "b")
    assert browser.get("/get").text == "b"
    browser.get("/set/c")
    assert client.emit("get", callback=True) == "c"


def test_a_managed_one_is_a_copy_of_the_connection_s(stored: Flask) -> None:
    io = SocketIO(stored, manage_session=True)
    io.on("get", lambda: session.get("value"))
    io.on("put", put)
    browser = stored.test_client()
    browser.get("/set/a")
    client = io.test_client(stored, flask_test_client=browser)
    client.emit("put", "b")
    assert client.emit("get", callback=True) == "b"
    assert browser.get("/get").text == "a"


def test_a_login_of_a_handler_holds_for_views(stored: Flask) -> None:
    with_login(stored)
    io = SocketIO(stored)
    io.on("login", lambda id: login_user(User(id)))
    io.on("logout", lambda: logout_user())
    stored.add_url_rule("/who", view_func=lambda: str(who()), endpoint="who")
    browser = stored.test_client()
    browser.get("/set/anything")
    client = io.test_client(stored, flask_test_client=browser)
    client.emit("login", "ada")
    assert browser.get("/who").text == "ada"
    client.emit("logout")
    assert browser.get("/who").text == "None"


# Flask-SQLAlchemy. Patched, as an application with a database is: while it waits, others work.

DATABASE = """
from gevent import monkey; monkey.patch_all()

import gevent
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from gevent.pool import Group
from sqlalchemy import event
from sqlalchemy.pool import QueuePool

from flask_realtime import Namespace, SocketIO
from flask_realtime.wsgi import WSGIServer
from tests.support.wire import WebSocketClient

app = Flask("noted")
app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite:///" + __file__ + ".db"
pool = {"poolclass": QueuePool, "pool_size": 2, "max_overflow": 0, "pool_timeout": 10}
app.config["SQLALCHEMY_ENGINE_OPTIONS"] = pool
db = SQLAlchemy(app)
io = SocketIO(app)


class Note(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    text = db.Column(db.String)


class Notes(Namespace):
    def on_note(self, text):
        if text.endswith("0"):
            db.session.add(Note(text=text))
            db.session.commit()
            gevent.sleep(0)
        Note.query.count()  # takes a connection again, and says nothing of giving it back
        gevent.sleep(0)
        if text.endswith("9"):
            raise ValueError("every tenth fails")


io.on_namespace(Notes())
with app.app_context():
    db.create_all()
    engine = db.engine


@event.listens_for(engine, "connect")
def be_quick(connection, record):
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("PRAGMA journal_mode = MEMORY")


app.logger.disabled = True

server = WSGIServer(("127.0.0.1", 0), app, log=None)
server.start()


def client(number):
    wire = WebSocketClient(server.server_port)
    wire.handshake()
    wire.connect()
    wire.send_text(*(f'42{n}["note","{number} {n}"]' for n in range(50)))
    answers = {wire.receive() for _ in range(50)}
    assert len(answers) == 50, answers
    wire.leave()


Group().map(client, range(20))
assert engine.pool.checkedout() == 0
assert not db.session.registry.registry, "a session was left"
with app.app_context():
    print("noted", Note.query.count())
server.stop()
"""


def test_a_thousand_events_with_a_pool_of_two(start: Callable[..., Program]) -> None:
    program = start(DATABASE)
    assert program.line_with("noted") == "noted 100\n"
    assert program.end()[0] == 0


def test_what_a_view_wrote_is_read_by_the_next_event(start: Callable[..., Program]) -> None:
    text = DATABASE.partition("app.logger.disabled")[0] + """
io.on("texts", lambda: [note.text for note in Note.query])


@app.post("/<text>")
def write(text):
    db.session.add(Note(text=text))
    db.session.commit()
    return text


client = io.test_client(app)
assert client.emit("texts", callback=True) == []
app.test_client().post("/first")
assert client.emit("texts", callback=True) == ["first"]
print("all of it")
"""
    program = start(text)
    program.line_with("all of it")
    assert program.end() == (0, "")
