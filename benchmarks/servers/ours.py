"""Flask-Realtime through its extension, contexts on: ``ours.py [OPTION=VALUE ...]``."""

import ast
import sys

from gevent import monkey

monkey.patch_all()

from flask import Flask

from flask_realtime import SocketIO, emit, join_room, socket
from flask_realtime.wsgi import WSGIServer


def literal(text: str) -> object:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


given = (item.partition("=") for item in sys.argv[1:])
options = {name: literal(value) for name, _, value in given}
app = Flask(__name__)
io = SocketIO(app, **options)  # type: ignore[arg-type]


@app.route("/")
def hello() -> str:
    return "hello world"


@io.on("echo")
def echo(value: object) -> object:
    return value


@io.on("shout")
def shout(value: object) -> None:
    emit("news", value, broadcast=True)


@io.on("enter")
def enter() -> None:
    join_room("room")


@io.on("tell")
def tell(value: object) -> None:
    emit("news", value, to="room")


@io.on("keep")
def keep(value: object) -> object:
    socket.set("value", value)
    return socket.get("value")


server = WSGIServer(("127.0.0.1", 0), app, log=None)
server.start()
print(server.server_port, flush=True)
server.serve_forever()
