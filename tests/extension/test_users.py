"""Users as addressees: by Flask-Login itself, or by a function of the application."""

from __future__ import annotations

from typing import Any

import flask_login
import pytest
from flask import Flask, request
from flask_login import current_user, login_user, logout_user

from flask_realtime import (
    ConnectionRefusedError,
    Server,
    SocketIO,
    SocketIOTestClient,
    join_room,
    leave_room,
    socket,
)
from flask_realtime.exceptions import EventError


class User(flask_login.UserMixin):  # type: ignore[misc]
    def __init__(self, id: str) -> None:
        self.id = id


class Home:
    """An application that has Flask-Login, and whoever visits it."""

    def __init__(self, app: Flask, **options: Any) -> None:
        self.app = app
        self.io = SocketIO(app, **options)
        flask_login.LoginManager(app).user_loader(User)
        app.add_url_rule("/login/<id>", view_func=lambda id: str(login_user(User(id))))
        app.add_url_rule("/logout", view_func=lambda: str(logout_user()), endpoint="logout")

    def browser(self, user: str | None) -> Any:
        browser = self.app.test_client()
        if user:
            browser.get(f"/login/{user}")
        return browser

    def tab(self, browser: Any, namespace: str = "/") -> SocketIOTestClient:
        return self.io.test_client(self.app, namespace, flask_test_client=browser)

    def visit(self, user: str | None, namespace: str = "/") -> SocketIOTestClient:
        return self.tab(self.browser(user), namespace)


@pytest.fixture
def home(app: Flask) -> Home:
    return Home(app)


def names(client: SocketIOTestClient, namespace: str = "/") -> list[Any]:
    return [event["name"] for event in client.get_received(namespace)]


# Flask-Login


def test_all_tabs_of_a_user_are_reached_and_nobody_else(home: Home) -> None:
    browser = home.browser("ada")
    tabs = [home.tab(browser), home.tab(browser), home.visit("ada")]
    others = [home.visit("bob"), home.visit(None)]
    home.io.to_user("ada").emit("news")
    assert [names(tab) for tab in tabs] == [["news"]] * 3
    assert [names(tab) for tab in others] == [[], []]
    home.io.to_user("ada", "bob").emit("more")
    home.io.to_user(["bob"]).emit("more")
    home.io.to_user().emit("nothing")
    assert [names(tab) for tab in (*tabs, *others)] == [["more"]] * 3 + [["more"] * 2, []]


def test_a_handler_reaches_the_other_tabs(home: Home) -> None:
    home.io.on("share", lambda: socket.to_user(socket.user_id).emit("shared"))
    first, second = home.visit("ada"), home.visit("ada")
    first.emit("share")
    assert (names(first), names(second)) == ([], ["shared"])


def test_the_user_is_known_in_all_handlers_of_a_socket(home: Home) -> None:
    seen: list[Any] = []
    for event in ("connect", "connection", "disconnecting", "disconnect"):
        home.io.on(event, lambda *_: seen.append(socket.user_id))
    home.visit("ada").disconnect()
    home.visit(None).disconnect()
    assert seen == ["ada"] * 4 + [None] * 4


def test_who_logs_out_is_sent_away_from_everywhere(home: Home) -> None:
    home.io.of("/chat")
    browser, other = home.browser("ada"), home.visit("bob")
    tabs = [home.tab(browser), home.tab(browser, "/chat"), home.visit("ada")]
    browser.get("/logout")
    assert not any(tab.is_connected() or tab.is_connected("/chat") for tab in tabs)
    assert other.is_connected()
    stranger = home.tab(browser)
    home.io.to_user("ada").emit("secret")
    assert names(stranger) == []


def test_who_was_nobody_may_log_out(home: Home) -> None:
    browser = home.browser(None)
    tab = home.tab(browser)
    browser.get("/logout")
    assert tab.is_connected()


def test_flask_login_may_come_later_than_the_extension_or_earlier(app: Flask) -> None:
    flask_login.LoginManager(app).user_loader(User)
    io = SocketIO(app)
    app.add_url_rule("/login/<id>", view_func=lambda id: str(login_user(User(id))))
    browser = app.test_client()
    browser.get("/login/ada")
    io.test_client(app, flask_test_client=browser)
    assert len(io.sockets_of("ada")) == 1


def test_a_logout_concerns_its_own_application(home: Home) -> None:
    tab = home.visit("ada")
    other = Home(Flask("other"))
    other.app.secret_key = "not a secret"
    browser = other.browser("ada")
    browser.get("/logout")
    assert tab.is_connected()


# A function of the application


@pytest.fixture
def io(app: Flask) -> SocketIO:
    """Who says a name is that user."""
    io = SocketIO(app)

    @io.user_loader
    def load(socket: Any) -> Any:
        return None if socket.auth is None else socket.auth["name"]

    return io


def come(io: SocketIO, name: Any, namespace: str = "/") -> SocketIOTestClient:
    auth = None if name is None else {"name": name}
    return io.test_client(io.sockio_mw.flask_app, namespace, auth=auth)  # type: ignore[union-attr]


def test_the_sockets_of_a_user_are_found_in_all_namespaces(io: SocketIO) -> None:
    io.of("/chat")
    for namespace in ("/", "/chat"):
        come(io, 7, namespace)
        come(io, 8, namespace)
        come(io, None, namespace)
    found = io.sockets_of(7)
    assert sorted(each.namespace.name for each in found) == ["/", "/chat"]
    assert {each.id for each in found} == {each.id for each in io.sockets_of("7")}
    assert io.sockets_of(9) == []


def test_a_user_is_sent_away(io: SocketIO) -> None:
    io.of("/chat")
    ada, bob = come(io, "ada", "/chat"), come(io, "bob", "/chat")
    io.disconnect_user("ada")
    assert not ada.is_connected("/chat")
    assert bob.is_connected("/chat")
    assert io.sockets_of("ada") == []


def test_a_loader_without_parameters_has_the_contexts_of_a_handler(io: SocketIO) -> None:
    io.user_loader(lambda: request.args.get("user"))
    client = io.test_client(io.sockio_mw.flask_app, query_string="user=ada")  # type: ignore[union-attr]
    assert len(io.sockets_of("ada")) == 1
    client.disconnect()
    assert io.sockets_of("ada") == []


def test_it_counts_more_than_flask_login(home: Home) -> None:
    home.io.user_loader(lambda: f"{current_user.id}@work")
    home.visit("ada")
    assert len(home.io.sockets_of("ada@work")) == 1
    assert home.io.sockets_of("ada") == []


def test_a_loader_may_refuse_and_its_failure_does(io: SocketIO) -> None:
    def refuse(socket: Any) -> None:
        raise ConnectionRefusedError("not you")

    io.user_loader(refuse)
    assert come(io, "ada").refused["/"]["message"] == "not you"
    io.user_loader(lambda socket: object())
    with pytest.raises(TypeError, match="a user's id is a str or an int, not <object"):
        come(io, "ada")
    assert not io.sockets.sockets


def test_without_flask() -> None:
    server = Server()
    server.user_loader(lambda socket: "ada")
    assert server.sockets_of("ada") == []
    server.disconnect_user("ada")


@pytest.mark.parametrize("id", [None, True, 1.5, b"ada"])
def test_what_is_no_user_s_id(io: SocketIO, id: Any) -> None:
    for ask in (io.to_user, io.sockets_of, io.disconnect_user):
        with pytest.raises(TypeError):
            ask(id)


def test_a_loader_that_cannot_be_called(io: SocketIO) -> None:
    with pytest.raises(EventError, match="takes more"):
        io.user_loader(lambda socket, handshake: None)


def test_nobody_joins_the_room_of_a_user(app: Flask) -> None:
    io = SocketIO(app, allow_sid_rooms=True)
    io.on("join", join_room)
    io.on("leave", leave_room)
    client = io.test_client(app)
    with pytest.raises(ValueError, match="are those of users"):
        client.emit("join", "@user:ada")
    with pytest.raises(ValueError, match="are those of users"):
        io.sockets_join("@user:ada")
    assert io.sockets_of("ada") == []
