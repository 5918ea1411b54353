"""The Flask application that the clients talk to, on every host.

What a scenario needs from the server is an event here. What the server alone can tell, the client
asks for over HTTP.
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import gevent
from flask import Flask, request
from gevent.event import AsyncResult, Event

from flask_realtime import ConnectionRefusedError, Socket, SocketIO, emit, join_room, socket
from flask_realtime.socketio.handshake import Handshake
from flask_realtime.transports.polling import PollingTransport

PING_INTERVAL = 0.3
"""Short, so that every scenario that takes a while has heartbeats in between, seconds."""

# How long a client 0.9 that has let go of its poll may come back: less, for who has left does not.
PollingTransport.linger = 1.0

app = Flask(__name__)
io = SocketIO(app, ping_interval=PING_INTERVAL, ping_timeout=20)

reasons: defaultdict[str, AsyncResult[str]] = defaultdict(AsyncResult)
sessions: dict[str, Any] = {}
released: defaultdict[str, Event] = defaultdict(Event)


class IntendedError(Exception):
    """The only one whose traceback may be in the log."""


# Asked for over HTTP


@app.get("/reason")
def reason() -> str:
    """Why a socket left; waits until it does, `within` so many seconds: then it is empty."""
    within = request.args.get("within", type=float)
    try:
        return str(reasons[request.args["id"]].get(timeout=within or 10))
    except gevent.Timeout:
        if within is None:
            raise
        return ""


@app.get("/ready")
def ready() -> str:
    """Wait until a session's client could be sent something at once, such as by a poll."""
    session = sessions[request.args["sid"]]
    while not session.transport.ready:
        gevent.sleep(0.002)
    return "ready"


@app.get("/tell/<room>/<text>")
def tell(room: str, text: str) -> str:
    """A view that sends an event."""
    io.to(room).emit("told", text)
    return "sent"


# The beginning and the end


@io.on("connect")
def connect(auth: Any) -> None:
    sessions[socket.conn.sid] = socket.conn
    if isinstance(auth, dict) and "room" in auth:
        join_room(auth["room"])
        emit("greeting", auth["room"])


@io.on("disconnect")
def disconnect(reason: str) -> None:
    sessions.pop(socket.conn.sid, None)
    print("left", socket.id, reason, flush=True)
    reasons[socket.id].set(reason)


def who() -> dict[str, Any]:
    return {
        "id": socket.id,
        "sid": request.sid,  # type: ignore[attr-defined]
        "namespace": socket.namespace.name,
        "auth": socket.auth,
        "protocol": socket.protocol,
        "transport": socket.conn.transport.name,
        "path": request.path,
    }


@io.on("go away")
def go_away(close: bool) -> None:
    socket.disconnect(close)


locked = io.of("/locked")


@locked.on("connect")
def connect_locked(auth: Any) -> None:
    if auth != {"key": "sesame"}:
        raise ConnectionRefusedError("wrong key", {"got": auth})


chat = io.of("/chat")
chat.on("disconnect", disconnect)
chat.on("go away", go_away)


# Events, answers, storage


def echo(*args: Any) -> tuple[Any, ...]:
    return args


def put(key: str, value: Any) -> None:
    socket.set(key, value)


def get(key: str) -> tuple[bool, Any]:
    return socket.has(key), socket.get(key)


for namespace in (io.sockets, chat):
    namespace.on("who", who)
    namespace.on("echo", echo)
    namespace.on("put", put)
    namespace.on("get", get)


# As the page of Socket.IO 0.9 has it


@io.on("set nickname")
def set_nickname(name: str) -> None:
    socket.set("nickname", name, lambda: socket.emit("ready"))


@io.on("msg")
def msg() -> None:
    socket.get("nickname", lambda err, name: socket.emit("message by", err, name))


@io.on("give binary")
def give_binary() -> tuple[Any, ...]:
    return b"\0\1\x1e\x7f\x80\xff", {"empty": b"", "list": [b"b4", "b4", b"\4"]}


@io.on("send back")
def send_back(*args: Any) -> None:
    emit("sent back", args)


@io.on("delete")
def delete(key: str) -> None:
    socket.delete(key)


@io.on("raise")
def raise_error() -> None:
    raise IntendedError("not for the client")


@io.on("ask by callback")
def ask_by_callback(question: Any) -> None:
    def answered(*answer: Any) -> None:
        emit("answered", socket.id, *answer)

    socket.emit("question", question, callback=answered)


@io.on("ask by call")
def ask_by_call(question: Any) -> Any:
    return socket.call("question", question, timeout=10)


@io.on("wait")
def wait(name: str) -> bool:
    return released[name].wait(10)


@io.on("release")
def release(name: str) -> None:
    released[name].set()


# Who may come, and namespaces that come with their clients

guarded = io.of("/guarded")


@guarded.use
def ask_for_key(sock: Socket, next: Callable[..., None]) -> None:  # noqa: A002
    error = None
    if sock.auth != {"key": "sesame"}:
        error = ConnectionRefusedError("wrong key", {"got": sock.auth})
    gevent.spawn_later(0.005, next, error)


@guarded.use
def welcome(sock: Socket) -> None:
    sock.data["welcome"] = f"to {sock.nsp.name}"


guarded.on("welcome", lambda: socket.data["welcome"])


@io.of("/authorized").authorization
def authorize_there(handshake: Handshake, callback: Callable[..., None]) -> None:
    gevent.spawn_later(0.005, callback, None, handshake.auth == {"key": "sesame"})


@io.authorization
def authorize(handshake: Handshake) -> bool:
    return "stranger" not in handshake.query


rooms = io.of(re.compile(r"^/room-\w+-\w+$"))
rooms.on("who", who)
io.on("children", lambda name: name in {child.name for child in rooms.children})
io.on("to all rooms", lambda text: rooms.emit("told", text))


@io.on("handshake")
@io.of("/chat").on("handshake")
def handshake() -> dict[str, Any]:
    seen = socket.handshake
    return {"who": seen.query.get("who"), "address": seen.address, "agent": seen.headers["host"]}


# Listeners


@io.on("listen")
def listen() -> None:
    socket.once("once", lambda: "listener")
    socket.on("until off", lambda: "listener")
    socket.on("return", lambda value: ("returned", value))
    socket.on("ack", lambda value, ack: ack("by ack", value))
    socket.on("callback", lambda value, callback: callback("by callback", value))


@io.on("take off")
def take_off() -> None:
    socket.off("until off")


io.on("once", lambda: "handler")
io.on("until off", lambda: "handler")
io.of("/any").on("*", echo)


@io.on("watch")
def watch() -> None:
    came, went = socket.data["watched"] = [], []
    socket.on_any(lambda event, *args: came.append([event, *args]))
    socket.on_any_outgoing(lambda event, *args: went.append([event, *args]))


@io.on("watched")
def watched() -> Any:
    return tuple(socket.data["watched"])


@io.on("guard")
def guard() -> None:
    socket.on("error", lambda error: socket.data.setdefault("errors", []).append(str(error)))
    socket.use(refuse_secrets)


def refuse_secrets(event: list[Any], next: Callable[..., None]) -> None:  # noqa: A002
    next(PermissionError("not for you") if event[0] == "secret" else None)


io.on("secret", lambda: "secret")
io.on("errors", lambda: socket.data["errors"])


# Many


@io.on("volatile")
def volatile(count: int) -> None:
    for number in range(count):
        socket.volatile.emit("maybe", number)
    emit("certain")


@io.on("count slowly")
def count_slowly(count: int) -> None:
    """Let the loop turn in between, so that a poll is answered and the next one not yet here."""
    for number in range(count):
        emit("number", number)
        gevent.sleep(0)


@io.on("count at once")
def count_at_once(count: int) -> None:
    for number in range(count):
        emit("number", number)


@io.on("count until enough")
def count_until_enough() -> None:
    """Go on until the client has seen enough; the client's own events are handled meanwhile."""
    io.start_background_task(_count_until_enough, socket._get_current_object())  # type: ignore


def _count_until_enough(target: Any) -> None:
    number = 0
    while target.connected and "enough" not in target.data:
        for _ in range(10):
            target.emit("number", number)
            number += 1
        gevent.sleep(0.001)
    target.emit("counted", number)


@io.on("enough")
def enough() -> None:
    socket.data["enough"] = True


@io.on("number")
def number(number: int) -> None:
    socket.data.setdefault("numbers", []).append(number)


@io.on("numbers")
def numbers() -> tuple[int, bool]:
    """How many came, and whether they were 0, 1, 2, …"""
    got = socket.data.pop("numbers", [])
    return len(got), got == list(range(len(got)))


# Others


@io.on("join")
def join(room: str) -> None:
    socket.join(room)


@io.on("leave")
def leave(room: str) -> None:
    socket.leave(room)


@io.on("to others in")
def to_others_in(room: str, *args: Any) -> None:
    socket.to(room).emit("news", *args)


@io.on("to all in")
def to_all_in(room: str, *args: Any) -> None:
    io.to(room).emit("news", *args)


@io.on("to all in but")
def to_all_in_but(room: str, but: str, *args: Any) -> None:
    io.to(room).except_(but).emit("news", *args)


@io.on("to others")
def to_others(*args: Any) -> None:
    socket.broadcast.emit("news", *args)


if __name__ == "__main__":
    for setting in sys.argv[2:]:  # such as parser=msgpack
        name, _, value = setting.partition("=")
        io.set(name, int(value) if value.isdigit() else value)
    io.run(app, port=int(sys.argv[1]))
