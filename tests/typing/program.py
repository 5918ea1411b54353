"""A program with types: checked by mypy as its users' programs are, and never run."""

from __future__ import annotations

import re
from typing import Any

from flask import Flask
from typing_extensions import assert_type

from flask_realtime import (
    AckTimeout,
    BroadcastOperator,
    ConnectionRefusedError,
    Events,
    Namespace,
    ParentNamespace,
    Reason,
    RemoteSocket,
    Server,
    Socket,
    SocketIO,
    SocketIOTestClient,
    call,
    emit,
    join_room,
    rooms,
    send,
    socket,
    terms,
)

app = Flask(__name__)
io = SocketIO(app, cors_allowed_origins="https://example.org", ping_interval=5)
events = Events()


@io.on("connect")
def connect(auth: dict[str, str] | None) -> None:
    if auth is None:
        raise ConnectionRefusedError("who are you?", {"retry": True})
    socket.set("name", auth["name"])
    assert_type(socket.id, str)
    assert_type(socket.rooms, set[str])
    assert_type(socket.data, dict[str, Any])
    join_room("all")


@io.on("add", namespace="/sums", rate="10/second", burst=20, validate=True)
def add(first: int, second: int = 0) -> int:
    return first + second


@io.event
def disconnect(reason: str) -> None:
    if reason == Reason.PING_TIMEOUT:
        emit("lost", to="all", include_self=False, skip_sid=[socket.id])


@events.on("later")
def later(text: str) -> tuple[str, int]:
    send(text, json=True, broadcast=True)
    return text, len(text)


# What a decorator returns is what it was given.
assert_type(add(1, 2), int)
assert_type(later("x"), tuple[str, int])


class Chat(Namespace):
    def on_message(self, text: str) -> None:
        self.emit("message", text, to="room", callback=print)
        self.enter_room(socket.id, "room")

    @terms(rate="10/second", validate=True)
    def on_add(self, a: int, b: int) -> int:
        return a + b

    def error(self, error: Exception) -> str:
        return str(error)


io.on_namespace(Chat("/chat"))
io.on_namespace(Chat(re.compile("^/chat-")))
assert_type(Chat("*").on_add(1, 2), int)
io.register(events, namespace="/events")
assert_type(io.of(re.compile("^/room-")), ParentNamespace)
assert_type(io.to("a").volatile, BroadcastOperator)
assert_type(io.server.rooms("id"), list[str])
assert_type(rooms(), list[str])
assert_type(io.sockets.sockets, dict[str, Socket])
assert_type(io.to("a").fetch_sockets(), list[Socket | RemoteSocket])
served: Namespace = io.of("/chat")
alone = Server(ping_interval=5)


def ask(id: str) -> list[Any]:
    try:
        answers: list[Any] = io.to("room").timeout(5).emit_with_ack("question")
    except AckTimeout as error:
        answers = list(error.answers.values())
    return [*answers, call("question", to=id)]


def test(client: SocketIOTestClient) -> None:
    client.emit("add", 1, 2, namespace="/sums", callback=True)


io.emit("x", {"any": ["thing"]}, namespace="/chat")
io.to_user(5).emit("x")
io.start_background_task(ask, "id").join()

# Mistakes that mypy finds; it says so where one of these comments would not be needed.
io.on(5)  # type: ignore[call-overload]
io.on("x", rats="1/second")  # type: ignore[call-overload]
io.emit("x", rom="a")  # type: ignore[call-arg]
join_room()  # type: ignore[call-arg]
io.of(5)  # type: ignore[call-overload]

if __name__ == "__main__":
    io.run(app, debug=True, certfile="cert.pem")
