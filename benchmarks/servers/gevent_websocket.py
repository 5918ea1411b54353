"""An echo on gevent-websocket: WebSocket alone, no Socket.IO."""

from gevent import pywsgi
from geventwebsocket.handler import WebSocketHandler


def app(environ, start_response):
    websocket = environ["wsgi.websocket"]
    while (message := websocket.receive()) is not None:
        websocket.send(message)
    return []


server = pywsgi.WSGIServer(("127.0.0.1", 0), app, handler_class=WebSocketHandler, log=None)
server.start()
print(server.server_port, flush=True)
server.serve_forever()
