"""Flask-SocketIO on gevent, as its documentation has it run."""

from gevent import monkey

monkey.patch_all()

from flask import Flask
from flask_socketio import SocketIO, emit, join_room
from gevent import pywsgi
from geventwebsocket.handler import WebSocketHandler

app = Flask(__name__)
io = SocketIO(app, async_mode="gevent")


@app.route("/")
def hello():
    return "hello world"


@io.on("echo")
def echo(value):
    return value


@io.on("shout")
def shout(value):
    emit("news", value, broadcast=True)


@io.on("enter")
def enter():
    join_room("room")


@io.on("tell")
def tell(value):
    emit("news", value, to="room")


server = pywsgi.WSGIServer(("127.0.0.1", 0), app, handler_class=WebSocketHandler, log=None)
server.start()
print(server.server_port, flush=True)
server.serve_forever()
