"""A chat with rooms, pictures, and who is typing. Start it, and open it in two windows::

    python examples/chat/app.py                           # HOST and PORT say where
    gunicorn -k gevent --chdir examples/chat app:app      # or so

Nothing that a client sends is believed: every handler checks its arguments, and raises `Mistake`
where they will not do, which becomes the answer to the client.
"""

from __future__ import annotations

import os
import re
import time
from typing import Any

from flask import Flask, Response, render_template, request
from rooms import MAX_ROOM, Mistake, Rooms, picture_type, tidy

from flask_realtime import ConnectionRefusedError, Socket, SocketIO, socket

MAX_NICKNAME = 20
MAX_TEXT = 1000  # characters
MAX_PICTURE = 1_000_000  # bytes

app = Flask(__name__)
# Over HTTP polling a picture is a third larger (base64), so there is room for that as well; and
# whoever enters a room gets all its pictures at once, which must fit into what may wait for him.
io = SocketIO(app, max_http_buffer_size=2 * MAX_PICTURE, max_outbox_size=10 * MAX_PICTURE)
rooms = Rooms(max_bytes=3 * MAX_PICTURE)


@app.get("/")
def index() -> str:
    limits = {"nickname": MAX_NICKNAME, "room": MAX_ROOM, "text": MAX_TEXT, "picture": MAX_PICTURE}
    return render_template("index.html", limits=limits)


@app.after_request
def secure(response: Response) -> Response:
    """Even if some text got into the page as HTML one day, nothing in it would run."""
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
        # Older Safaris do not count WebSockets to 'self'.
        f"connect-src 'self' ws://{request.host} wss://{request.host}; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


# Coming and going


@io.on("connect")
def connect(auth: Any) -> None:
    """Let a client in: at first, and whenever it has lost the connection and comes back."""
    auth = auth if isinstance(auth, dict) else {}
    try:
        nickname = tidy(auth.get("nickname"), MAX_NICKNAME, "A nickname")
        room = rooms.open(auth.get("room"), in_use())
    except Mistake as mistake:
        raise ConnectionRefusedError(str(mistake)) from None
    # A page makes up its key once, and shows with it that it is the one that had this nickname.
    key = auth.get("key")
    for other in present():
        if other.get("nickname").casefold() == nickname.casefold():
            if not key or other.get("key") != key:
                raise ConnectionRefusedError(f"“{nickname}” is taken. Try another nickname.")
            other.disconnect()
    socket.set("nickname", nickname)
    socket.set("key", key)
    go_into(room)


@io.on("disconnect")
def disconnect(reason: str) -> None:
    """The client has left. Its values and its rooms can still be read here."""
    tell_left(socket.get("room"))


@io.on("enter")
def enter(name: Any) -> None:
    """Go from one room to another, which is made if there is none of that name."""
    room = rooms.open(name, in_use())
    before = socket.get("room")
    if room == before:
        return
    socket.leave(address(before))
    socket.delete("room")
    tell_left(before)
    go_into(room)


def go_into(room: str) -> None:
    here = nicknames(room)
    socket.join(address(room))
    socket.set("room", room)
    socket.emit("entered", room)
    for line in rooms.lines(room):
        socket.emit("line", line)
    if socket.get("nickname") not in here:  # else he was here a moment ago, over a lost connection
        socket.to(address(room)).emit("joined", socket.get("nickname"))
    tell_who_is_where(room)


def tell_left(room: str) -> None:
    if socket.get("nickname") not in nicknames(room):  # else he is back already
        io.to(address(room)).emit("left", socket.get("nickname"))
    tell_who_is_where(room)


def tell_who_is_where(room: str) -> None:
    io.to(address(room)).emit("people", nicknames(room))
    io.emit("rooms", [[name, len(nicknames(name))] for name in rooms.names()])


# Who is where is asked of the server's sockets, not written down twice.


def present() -> list[Socket]:
    return [other for other in io.sockets.sockets.values() if other.connected and other.has("room")]


def in_use() -> set[str]:
    return {other.get("room") for other in present()}


def nicknames(room: str) -> list[str]:
    here = {other.get("nickname") for other in present() if other.get("room") == room}
    return sorted(here, key=str.casefold)


def address(room: str) -> str:
    """What the room is called in `join` and `to`, where every socket's id is a room as well."""
    return f"room:{room}"


# Messages


@io.on("message")
def message(room: Any, id: Any, text: Any) -> None:
    """Say something. The client's acknowledgement comes as soon as this function returns."""
    if not isinstance(text, str) or not text.strip():
        raise Mistake("There is nothing in this message.")
    if len(text) > MAX_TEXT:
        raise Mistake(f"A message has at most {MAX_TEXT} characters.")
    say(room, id, {"text": text.strip()})


@io.on("picture")
def picture(room: Any, id: Any, data: Any) -> None:
    """Show a picture: it comes as `bytes`, and goes out as such."""
    if not isinstance(data, bytes):
        raise Mistake("A picture comes as binary data.")
    if len(data) > MAX_PICTURE:
        raise Mistake(f"A picture has at most {MAX_PICTURE // 1000} kB.")
    say(room, id, {"picture": data, "type": picture_type(data)})


def say(room: Any, id: Any, content: dict[str, Any]) -> None:
    """Keep a line, and send it to the others in the room.

    :param id: made up by the client: one that lost the connection before the acknowledgement sends
        the line again, and it must not appear twice.
    """
    if room != socket.get("room"):
        raise Mistake("You are not in this room any more.")
    if not isinstance(id, str) or not re.fullmatch(r"[\w-]{8,40}", id, re.ASCII):
        raise Mistake("This message has no usable id.")
    line = {"id": id, "nickname": socket.get("nickname"), "time": time.time(), **content}
    if rooms.add(room, line):
        socket.to(address(room)).emit("line", line)


@io.on("typing")
def typing() -> None:
    """Tell the others; whoever cannot be reached at once does not need to know it later."""
    socket.to(address(socket.get("room"))).volatile.emit("typing", socket.get("nickname"))


@io.on_error()
def failed(error: Exception) -> dict[str, str]:
    """What this returns is the acknowledgement of a handler that failed."""
    if isinstance(error, Mistake):
        return {"error": str(error)}
    raise error  # logged; the client learns only that something went wrong


if __name__ == "__main__":
    host, port = os.environ.get("HOST", "127.0.0.1"), int(os.environ.get("PORT", "5000"))
    io.run(app, host, port)  # says where to open it
