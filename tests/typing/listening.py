"""Everything that a program registers, with types; never run. What decorators return is what they
were given, whichever they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from flask import Flask
from typing_extensions import assert_type

from flask_realtime import (
    AckTimeout,
    ConnectionRefusedError,
    Events,
    Namespace,
    ParentNamespace,
    RemoteSocket,
    Server,
    Socket,
    SocketIO,
    WSGIApp,
    listen,
    signals,
    socket,
)

io = SocketIO(path="/live", namespaces=["*"], store="memory://")
chat = io.of("/chat")
rooms_of_clients = io.of(re.compile("^/room-"))
by_function = io.of(lambda name, auth: name.startswith("/team-"))
assert_type(by_function, ParentNamespace)


# Handlers of io, of a namespace, of a module, and of one socket


@io.on("connection")
def connection(client: Socket) -> None:
    @client.on("move")
    def move(x: float, y: float, answer: Callable[..., None]) -> None:
        answer(x + y)

    @client.once("ready")
    def ready() -> None:
        pass

    @client.on_any
    def seen(event: str, *args: Any) -> None:
        pass

    @client.on_any_outgoing
    def sent(event: str, *args: Any) -> None:
        pass

    @client.use
    def check(event: list[Any], next: Callable[..., None]) -> None:
        next(ConnectionRefusedError("no") if event[0] == "admin" else None)

    assert_type(move(1, 2, print), None)
    client.prepend_any(seen)
    client.off_any(seen)
    client.off("move", move)
    client.off_any_outgoing()
    client.remove_all_listeners("ready")
    assert_type(client.listeners_any(), list[Callable[..., Any]])
    assert_type(client.event_names(), list[str])
    assert_type(client.listener_count("move"), int)


@io.on("disconnecting")
def disconnecting(reason: str, details: Any) -> None:
    io.to(*socket.rooms).emit("leaving", socket.id)


@io.on("*")
def anything(event: str, *args: Any) -> None:
    pass


@chat.on("say")
def say(text: str) -> int:
    return len(text)


@chat.event
def shout(text: str) -> str:
    return text.upper()


@io.event(namespace="/chat")
def whisper(text: str) -> str:
    return text.lower()


@io.once("first")
def first() -> None:
    pass


@rooms_of_clients.on("say")
def say_there(text: str) -> str:
    return socket.namespace.name + text


@io.on_error()
def failed(error: Exception) -> str:
    return str(error)


@io.on_error_default
def failed_elsewhere(error: Exception) -> dict[str, str]:
    return {"error": str(error)}


assert_type(say("x"), int)
assert_type(shout("x"), str)
assert_type(whisper("x"), str)
assert_type(say_there("x"), str)
assert_type(failed(ValueError()), str)
assert_type(failed_elsewhere(ValueError()), dict[str, str])
io.on("say", say).on("shout", shout)
io.on_event("say", say, namespace="/chat")
io.off("say", say)


# Who may come


@io.use
def named(client: Socket) -> bool:
    return "name" in (client.handshake.auth or {})


@chat.use
def slowly(client: Socket, next: Callable[..., None]) -> None:
    next()


@io.authorization
def known(handshake: Any) -> bool:
    return bool(handshake.query.get("token"))


@io.allow_request
def allow(environ: Mapping[str, Any]) -> bool:
    return "HTTP_ORIGIN" in environ


@io.user_loader
def user() -> str | None:
    return str(socket.auth["name"]) if socket.auth else None


@io.configure("production")
def production(io: SocketIO) -> None:
    io.set("transports", ["websocket"]).enable("browser client minification")


assert_type(named(socket), bool)
assert_type(allow({}), bool)
assert_type(user(), str | None)


# Classes


@io.namespace("/board")
class Board(Namespace):
    def __init__(self, namespace: str | None = None) -> None:
        super().__init__(namespace)
        self.tasks: list[str] = []

    def on_connect(self, auth: Any = None) -> bool:
        return auth is not None

    def on_disconnect(self, reason: str) -> None:
        self.tasks.clear()

    def on_add(self, task: str) -> int:
        self.tasks.append(task)
        self.emit("tasks", self.tasks, to="readers", skip_sid=socket.id)
        self.to("readers").volatile.emit("count", len(self.tasks))
        assert_type(self.rooms(socket.id), list[str])
        with self.session(socket.id) as session:
            session["last"] = task
        return len(self.tasks)


assert_type(Board("/board").on_add("x"), int)
board = Board("/other")
io.on_namespace(board)
assert_type(board.tasks, list[str])


# Modules, signals, the server below

events = Events()


@events.event
def later() -> None:
    pass


@signals.session_closed.connect
def closed(engine: object, session: Any, reason: str) -> None:
    pass


@io.engine.on("connection_error")
def refused(failure: Any) -> None:
    io.log.warning("%s", failure)


@chat.adapter.on("create-room")
def created(room: str) -> None:
    pass


@io.on_room("join-room", namespace="/chat")
def joined(room: str, id: str) -> None:
    pass


@io.on("connection")
def watch(client: Socket) -> None:
    @client.conn.on("upgrade")
    def upgraded(transport: object) -> None:
        client.conn.off("upgrade", upgraded)

    client.conn.once("close", print)


@io.on_server_side("ping")
def ping(number: int) -> int:
    return number


assert_type(io.server_side_emit_with_ack("ping", 1), list[Any])
io.register(events, namespace="/later")


# Without Flask


def alone() -> None:
    server = listen(0, "127.0.0.1", cors_allowed_origins="*")
    assert_type(server, Server)

    @server.on("connection")
    def connection(client: Socket) -> None:
        client.emit("news", {"hello": "world"})

    @server.use
    def middleware(client: Socket) -> None:
        raise ConnectionRefusedError("no", {"retry": True})

    application = WSGIApp(Server(ping_interval=5), socketio_path="/live")
    assert_type(application, WSGIApp)
    server.close(lambda: None)


# Asking many


def ask() -> list[str]:
    found: list[str] = []
    for other in io.in_("room").except_("quiet").fetch_sockets():
        assert_type(other, Socket | RemoteSocket)
        other.join("asked", "twice")
        other.emit("hello", other.data.get("name"))
        found.append(other.id)
        if "bad" in other.rooms:
            other.disconnect(True)
    try:
        io.to("room").timeout(5).emit_with_ack("question")
    except AckTimeout as error:
        found += error.silent
    io.timeout(5).emit("question", callback=lambda error, answers: None)
    io.of("/chat").sockets_join("a", ["b", "c"])
    assert_type(io.all_sockets(), set[str])
    assert_type(socket.timeout(5).call("question"), Any)
    assert_type(socket.set("a", 1).get("a"), Any)
    assert_type(socket.increment("n"), Any)
    socket.get("a", lambda error, value: None)
    assert_type(socket["/chat"], Socket)
    return found


def make(app: Flask) -> None:
    io.init_app(app, ping_interval=(25, 5))
    client = io.test_client(app, "/chat", auth={"name": "Ann"}, protocol=3)
    assert_type(client.get_received("/chat")[0]["name"], Any)
    assert_type(client.is_connected(), bool)


# Mistakes that mypy finds.
io.emit(5)  # type: ignore[arg-type]
io.to("a").emit("x", callback=5)  # type: ignore[arg-type]
io.on_namespace(Board)  # type: ignore[arg-type]
io.start_background_task("x")  # type: ignore[arg-type]
io.timeout("5")  # type: ignore[arg-type]
socket.joins("a")  # type: ignore[attr-defined]
io.sockets.nothing()  # type: ignore[attr-defined]
board.emitt("x")  # type: ignore[attr-defined]
io.server.instrument()  # type: ignore[attr-defined]
