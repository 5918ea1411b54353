"""python-socketio alone, on gevent."""

from gevent import monkey

monkey.patch_all()

import socketio
from gevent import pywsgi
from geventwebsocket.handler import WebSocketHandler

io = socketio.Server(async_mode="gevent")


@io.on("echo")
def echo(sid, value):
    return value


@io.on("shout")
def shout(sid, value):
    io.emit("news", value)


app = socketio.WSGIApp(io)
server = pywsgi.WSGIServer(("127.0.0.1", 0), app, handler_class=WebSocketHandler, log=None)
server.start()
print(server.server_port, flush=True)
server.serve_forever()
