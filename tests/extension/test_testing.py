"""The test client: what Flask-SocketIO's tests rely on, and that it takes the real way."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask, request, session
from werkzeug.middleware.proxy_fix import ProxyFix

from flask_realtime import (
    ConnectionRefusedError,
    SocketIO,
    disconnect,
    emit,
    join_room,
    leave_room,
    send,
    socket,
)
from flask_realtime.exceptions import EncodeError, UsageError
from flask_realtime.extension.testing import SocketIOTestClient


@pytest.fixture
def io(app: Flask) -> SocketIO:
    """A server whose handlers answer what comes to them."""
    io = SocketIO(app)
    io.on("message", lambda text: (send(text), text)[1])
    io.on("json", lambda data: (send(data, json=True, broadcast=True), data)[1])
    io.on("echo", lambda *args: (emit("echoed", args), args)[1])
    io.on("tell all", lambda data: emit("told", data, broadcast=True))
    io.on("join", lambda room: join_room(room))
    io.on("leave", lambda room: leave_room(room))
    io.on("to room", lambda room, text: emit("in room", text, to=room))
    return io


# Being connected


def test_a_new_client_is_in_the_root_namespace(io: SocketIO, app: Flask) -> None:
    seen: list[str] = []
    io.on("connect", lambda: seen.append(socket.id))
    client = io.test_client(app)
    assert isinstance(client, SocketIOTestClient)
    assert client.is_connected() and client.is_connected("/")
    assert list(io.of("/").sockets) == seen
    assert (client.app, client.socketio, client.flask_test_client) == (app, io, None)
    assert (client.connected, client.queue, client.acks) == ({"/": True}, [], None)


def test_each_client_has_a_session_of_its_own(io: SocketIO, app: Flask) -> None:
    first, second = io.test_client(app), io.test_client(app)
    assert first.eio_sid != second.eio_sid
    assert {first.eio_sid, second.eio_sid} == set(io.server.engine.sessions)
    assert SocketIOTestClient.clients[first.eio_sid] is first


def test_a_client_in_another_namespace_only(io: SocketIO, app: Flask) -> None:
    io.of("/test").on("connect", lambda: send("welcome"))
    client = io.test_client(app, "/test")
    assert client.is_connected("/test") and not client.is_connected()
    assert client.get_received("/test") == [
        {"name": "message", "args": "welcome", "namespace": "/test"}
    ]


def test_a_namespace_without_its_slash(io: SocketIO, app: Flask) -> None:
    io.on("message", lambda text: (send(text), len(text))[1], namespace="test")
    client = io.test_client(app, "test")
    assert client.is_connected("test") and client.is_connected("/test")
    assert client.get_sid("test") in io.of("/test").sockets
    assert client.emit("message", "hello", callback=True, namespace="test") == 5
    assert client.wait_for("message", namespace="test")["args"] == "hello"
    assert client.get_received("test") == []
    client.disconnect("test")
    assert not client.is_connected("test")
    client.connect("test")
    assert client.connected == {"/test": True}


def test_who_is_not_connected_is_told_where(io: SocketIO, app: Flask) -> None:
    client = io.test_client(app)
    with pytest.raises(RuntimeError, match=r"not connected to '/chat'; client.connect\('/chat'\)"):
        client.emit("x", namespace="chat")
    client.connect("/chat")  # which nobody has made
    with pytest.raises(RuntimeError, match=r"'/chat', .* \{'message': 'Invalid namespace'\}"):
        client.emit("x", namespace="chat")


def test_more_namespaces_by_the_same_connection(io: SocketIO, app: Flask) -> None:
    io.of("/chat").on("connect", lambda auth: emit("hello", auth))
    client = io.test_client(app)
    client.connect("/chat", auth={"token": "x"})
    assert client.get_received("/chat")[0]["args"] == [{"token": "x"}]
    assert client.get_received() == []
    assert len(io.server.engine.sessions) == 1


def test_another_handshake_for_another_query(io: SocketIO, app: Flask) -> None:
    io.of("/chat").on("connect", lambda: emit("query", request.args["page"]))
    client = io.test_client(app, query_string="page=1")
    first = client.eio_sid
    client.connect("/chat", query_string="page=2")
    assert client.get_received("/chat")[0]["args"] == ["2"]
    assert client.eio_sid != first and client.is_connected()
    client.disconnect()
    assert client.is_connected("/chat") and not client.is_connected()


@pytest.mark.parametrize("query", ["?a=b&a=c", "a=b&a=c", {"a": ["b", "c"]}])
def test_the_query_is_what_was_given_and_nothing_else(io: SocketIO, app: Flask, query: Any) -> None:
    seen: list[Any] = []
    io.on("connect", lambda: seen.append(request.args.to_dict(flat=False)))
    io.test_client(app, query_string=query)
    io.test_client(app)
    assert seen == [{"a": ["b", "c"]}, {}]


def test_headers(io: SocketIO, app: Flask) -> None:
    seen: list[Any] = []
    io.on("connect", lambda: seen.append((dict(request.headers), request.remote_addr)))
    io.test_client(app, headers={"Authorization": "Bearer x"})
    io.test_client(app)
    assert seen == [
        ({"Host": "localhost", "Authorization": "Bearer x"}, "127.0.0.1"),
        ({"Host": "localhost"}, "127.0.0.1"),
    ]


def test_auth(io: SocketIO, app: Flask) -> None:
    seen: list[Any] = []
    io.on("connect", lambda auth: seen.append(auth))
    io.test_client(app, auth={"token": 5})
    io.test_client(app)
    assert seen == [{"token": 5}, None]


def test_a_client_that_is_refused(io: SocketIO, app: Flask) -> None:
    def connect(auth: Any) -> Any:
        if auth is None:
            return False
        raise ConnectionRefusedError("not you", {"retry": False})

    io.on("connect", connect)
    client = io.test_client(app)
    assert not client.is_connected()
    assert client.refused == {"/": {"message": "Connection rejected by server"}}
    client.connect(auth={})
    assert not client.is_connected()
    assert client.refused == {"/": {"message": "not you", "data": {"retry": False}}}
    assert not io.server.engine.sessions


def test_a_namespace_that_is_not_there(io: SocketIO, app: Flask) -> None:
    client = io.test_client(app, "/nowhere")
    assert not client.is_connected("/nowhere")
    assert client.refused["/nowhere"] == {"message": "Invalid namespace"}


def test_being_let_in_after_a_refusal(io: SocketIO, app: Flask) -> None:
    io.on("connect", lambda auth: bool(auth))
    client = io.test_client(app)
    client.connect(auth={"say": "please"})
    assert client.is_connected() and not client.refused


def test_connecting_twice_is_a_mistake(io: SocketIO, app: Flask) -> None:
    with pytest.raises(UsageError, match="in '/' already"):
        io.test_client(app).connect()


def test_auth_that_no_client_could_send(io: SocketIO, app: Flask) -> None:
    with pytest.raises(UsageError, match="auth is a dict, as clients have it, not 'me'"):
        io.test_client(app, auth="me")


# The handshake is a real one


@pytest.mark.parametrize(
    ("options", "headers"),
    [
        ({}, {"Origin": "http://elsewhere.example"}),
        ({"allow_request": lambda environ: environ["HTTP_HOST"] != "localhost"}, {}),
        ({"trusted_hosts": ["example.org"]}, {}),
    ],
)
def test_a_handshake_that_is_refused(
    app: Flask, options: dict[str, Any], headers: dict[str, str]
) -> None:
    io = SocketIO(app, **options)
    client = io.test_client(app, headers=headers)
    assert not client.is_connected()
    assert client.refused["/"]["message"]
    assert (client.eio_sid, client.connected, io.server.engine.sessions) == ("", {}, {})
    with pytest.raises(RuntimeError, match="^not connected to '/', .*: client.refused"):
        client.get_received()


def test_an_origin_that_is_allowed(app: Flask) -> None:
    io = SocketIO(app, cors_allowed_origins="http://elsewhere.example")
    assert io.test_client(app, headers={"Origin": "http://elsewhere.example"}).is_connected()
    assert io.test_client(app, headers={"Origin": "http://localhost"}).is_connected()


def test_a_proxy_fix_of_the_application(app: Flask) -> None:
    app.wsgi_app = ProxyFix(app.wsgi_app)  # type: ignore[method-assign]
    io = SocketIO(app)
    seen: list[Any] = []
    io.on("connect", lambda: seen.append((request.remote_addr, request.is_secure)))
    io.test_client(app, headers={"X-Forwarded-For": "10.0.0.9", "X-Forwarded-Proto": "https"})
    assert seen == [("10.0.0.9", True)]


def test_another_path_and_other_transports(app: Flask) -> None:
    io = SocketIO(app, path="/live", transports=["polling"])
    seen: list[Any] = []
    io.on("connect", lambda: seen.append((request.path, socket.conn.transport.name)))
    io.test_client(app)
    assert seen == [("/live/", "testing")]


def test_an_application_that_it_does_not_serve(app: Flask) -> None:
    io = SocketIO(app)
    with pytest.raises(UsageError, match=r"does not serve <Flask 'other'>; call io.init_app"):
        io.test_client(Flask("other"))


def test_an_extension_that_is_given_its_application_later(app: Flask) -> None:
    io = SocketIO(ping_interval=5)
    io.on("connect", lambda: send({"connected": "yes"}, json=True))
    io.init_app(app, cookie="place")
    client = io.test_client(app)
    assert client.get_received()[0]["args"] == {"connected": "yes"}


def test_an_application_that_is_set_up_again(io: SocketIO, app: Flask) -> None:
    """As each test of a suite may do, with options of its own."""
    client = io.test_client(app)
    io.init_app(app, allow_request=lambda environ: "X-Own" in environ.get("HTTP_X_KIND", ""))
    assert not client.is_connected()
    assert not io.test_client(app).is_connected()
    io.init_app(app)
    assert io.test_client(app).emit("echo", 1, callback=True) == 1


# Cookies of Flask's test client


def test_the_session_of_flasks_client_is_seen(io: SocketIO, app: Flask) -> None:
    def log_in() -> str:
        session["user"] = "ann"
        return ""

    app.add_url_rule("/login", view_func=log_in)
    io.on("who", lambda: session.get("user"))
    browser = app.test_client()
    browser.get("/login")
    assert io.test_client(app, flask_test_client=browser).emit("who", callback=True) == "ann"
    assert io.test_client(app).emit("who", callback=True) == []


def test_a_cookie_of_the_handshake_is_kept(app: Flask) -> None:
    io = SocketIO(app, cookie="place")
    browser = app.test_client()
    client = io.test_client(app, flask_test_client=browser)
    cookie = browser.get_cookie("place")
    assert cookie is not None and cookie.value == client.eio_sid


# Events both ways


def test_send(io: SocketIO, app: Flask) -> None:
    client = io.test_client(app)
    assert client.send("hello") is None
    assert client.get_received() == [{"name": "message", "args": "hello", "namespace": "/"}]
    assert client.get_received() == []


def test_send_json_to_everyone(io: SocketIO, app: Flask) -> None:
    clients = [io.test_client(app), io.test_client(app)]
    clients[0].send({"a": 1}, json=True)
    for client in clients:
        assert client.get_received() == [{"name": "json", "args": {"a": 1}, "namespace": "/"}]


def test_emit(io: SocketIO, app: Flask) -> None:
    client = io.test_client(app)
    client.emit("echo", {"a": b"\x01\x02"}, [1, None, "ü\u2028"], b"\xff")
    (received,) = client.get_received()
    assert received["name"] == "echoed"
    assert received["args"] == [{"a": b"\x01\x02"}, [1, None, "ü\u2028"], b"\xff"]


def test_events_of_each_namespace_apart(io: SocketIO, app: Flask) -> None:
    io.of("/test").on("message", lambda text: send(text))
    client = io.test_client(app)
    client.connect("/test")
    client.send("one", namespace="/test")
    client.send("two")
    assert [packet["args"] for packet in client.get_received()] == ["two"]
    assert [packet["args"] for packet in client.get_received("/test")] == ["one"]


def test_an_answer(io: SocketIO, app: Flask) -> None:
    client, other = io.test_client(app), io.test_client(app)
    io.on("nothing", lambda: None)
    assert client.send("hello", callback=True) == "hello"
    assert client.send({"a": 1}, json=True, callback=True) == {"a": 1}
    assert client.emit("echo", 1, 2, callback=True) == [1, 2]
    assert client.emit("nothing", callback=True) == []
    assert client.emit("echo", 1) is None
    assert (client.callback_counter, other.callback_counter) == (4, 0)
    assert (client.acks, other.acks) == (None, None)


def test_values_are_copied_by_the_way(io: SocketIO, app: Flask) -> None:
    def change() -> dict[str, str]:
        data = {"a": "b"}
        emit("changed", data)
        data["a"] = "c"
        return data

    io.on("change", change)
    client = io.test_client(app)
    assert client.emit("change", callback=True) == {"a": "c"}
    assert client.get_received()[0]["args"] == [{"a": "b"}]


def test_what_cannot_be_carried(io: SocketIO, app: Flask) -> None:
    client = io.test_client(app)
    with pytest.raises(EncodeError):
        client.emit("echo", {"value": io})
    assert client.emit("echo", 1, callback=True) == 1


def test_parameters_that_only_servers_have(io: SocketIO, app: Flask) -> None:
    client = io.test_client(app)
    with pytest.warns(UserWarning, match="emit.. of a test client has no broadcast"):
        assert client.emit("echo", 1, callback=True, broadcast=True) == 1


def test_broadcasts_reach_those_of_the_namespace(io: SocketIO, app: Flask) -> None:
    io.of("/test")
    clients = [io.test_client(app) for _ in range(3)]
    stranger = io.test_client(app, "/test")
    clients[0].emit("tell all", "news")
    for client in clients:
        assert [packet["args"] for packet in client.get_received()] == [["news"]]
    assert stranger.get_received("/test") == []


def test_rooms(io: SocketIO, app: Flask) -> None:
    inside, outside = io.test_client(app), io.test_client(app)
    inside.emit("join", "one")
    outside.emit("to room", "one", "hello")
    assert [packet["args"] for packet in inside.get_received()] == [["hello"]]
    assert outside.get_received() == []
    inside.emit("leave", "one")
    outside.emit("to room", "one", "hello")
    io.emit("in room", "from outside", to="one")
    assert inside.get_received() == []


def test_an_event_from_the_test_itself(io: SocketIO, app: Flask) -> None:
    client = io.test_client(app)
    io.emit("news", {"a": 1})
    assert client.get_received() == [{"name": "news", "args": [{"a": 1}], "namespace": "/"}]


def test_a_client_is_asked_by_a_callback(io: SocketIO, app: Flask) -> None:
    answers: list[Any] = []
    io.on("ask me", lambda: emit("question", callback=lambda *args: answers.append(args)))
    client = io.test_client(app)
    client.emit("ask me")
    (question,) = client.get_received()
    assert answers == []
    assert client.ack(question, 1, b"two") is None
    assert answers == [(1, b"two")]


def test_an_answer_that_nobody_wants(io: SocketIO, app: Flask) -> None:
    client = io.test_client(app)
    client.emit("echo", 1)
    with pytest.raises(UsageError, match="wants no answer to 'echoed'"):
        client.ack(client.get_received()[0])


# The end


def test_a_client_leaves(io: SocketIO, app: Flask) -> None:
    ends: list[str] = []
    io.on("disconnect", lambda reason: ends.append(reason))
    client, other = io.test_client(app), io.test_client(app)
    client.disconnect()
    assert ends == [io.reason.CLIENT_DISCONNECT]
    assert not client.is_connected() and client.connected == {}
    assert other.is_connected()
    assert list(io.server.engine.sessions) == [other.eio_sid]


@pytest.mark.parametrize(
    "use",
    [
        lambda client: client.emit("echo"),
        lambda client: client.send("x"),
        lambda client: client.get_received(),
        lambda client: client.disconnect(),
    ],
)
def test_after_the_end_nothing_can_be_done(io: SocketIO, app: Flask, use: Any) -> None:
    client = io.test_client(app)
    client.disconnect()
    with pytest.raises(RuntimeError, match="^not connected to '/'; client.connect\\('/'\\) joins"):
        use(client)


def test_a_connection_is_lost(io: SocketIO, app: Flask) -> None:
    ends: list[str] = []
    io.on("disconnect", lambda reason: ends.append(reason))
    client = io.test_client(app)
    client.drop()
    assert ends == [io.reason.TRANSPORT_CLOSE]
    assert client.connected == {"/": False}
    client.connect()
    assert client.is_connected()


def test_a_connection_is_recovered(app: Flask) -> None:
    io = SocketIO(app, connection_state_recovery=True)
    io.on("again", lambda: (socket.recovered, sorted(socket.rooms)))
    io.on("join", lambda room: join_room(room))
    client = io.test_client(app)
    client.emit("join", "room")
    id = client.get_sid()
    io.emit("news", "seen", to="room")
    assert [packet["args"][0] for packet in client.get_received()] == ["seen"]
    client.drop()
    io.emit("news", "missed", to="room")
    client.connect()
    assert client.get_sid() == id
    assert [packet["args"][0] for packet in client.get_received()] == ["missed"]
    assert client.emit("again", callback=True) == [True, sorted([id, "room"])]


def test_a_client_that_left_by_itself_begins_anew(app: Flask) -> None:
    io = SocketIO(app, connection_state_recovery=True)
    client = io.test_client(app)
    id = client.get_sid()
    client.disconnect()
    client.connect(auth={"a": 1})
    assert client.get_sid() != id


def test_leaving_one_namespace_of_several(io: SocketIO, app: Flask) -> None:
    io.of("/test")
    client = io.test_client(app)
    client.connect("/test")
    client.disconnect()
    assert client.is_connected("/test") and not client.is_connected()
    client.disconnect("/test")
    assert not io.server.engine.sessions


def test_coming_back(io: SocketIO, app: Flask) -> None:
    client = io.test_client(app)
    first = client.eio_sid
    client.disconnect()
    client.connect()
    assert client.emit("echo", 1, callback=True) == 1
    assert client.eio_sid != first


def test_the_server_sends_a_client_away(io: SocketIO, app: Flask) -> None:
    ends: list[str] = []
    io.of("/test").on("exit", lambda: (emit("bye"), disconnect()))
    io.of("/test").on("disconnect", lambda reason: ends.append(reason))
    clients = [io.test_client(app, "/test"), io.test_client(app, "/test")]
    clients[0].emit("exit", namespace="/test")
    assert [client.is_connected("/test") for client in clients] == [False, True]
    assert clients[0].connected == {"/test": False}
    assert clients[0].queue == [{"name": "bye", "args": [], "namespace": "/test"}]
    assert ends == [io.reason.SERVER_DISCONNECT]
    assert list(io.server.engine.sessions) == [clients[1].eio_sid]


def test_the_server_closes_the_connection(io: SocketIO, app: Flask) -> None:
    io.on("exit", lambda: socket.disconnect(close=True))
    client = io.test_client(app)
    client.emit("exit")
    assert client.connected == {"/": False}


def test_the_server_stops_and_starts_again(io: SocketIO, app: Flask) -> None:
    client = io.test_client(app)
    io.close()
    assert not client.is_connected()
    client.connect()
    assert client.is_connected()
