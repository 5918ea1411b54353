"""Flask on gevent.pywsgi; with the argument ``nodelay`` without Nagle's algorithm."""

import socket
import sys

from flask import Flask
from gevent.pywsgi import WSGIServer

app = Flask(__name__)


@app.route("/")
def hello():
    return "hello world"


class NoDelay(WSGIServer):
    def handle(self, client, address):
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().handle(client, address)


if __name__ == "__main__":
    kind = NoDelay if "nodelay" in sys.argv else WSGIServer
    server = kind(("127.0.0.1", 0), app, log=None)
    server.start()
    print(server.server_port, flush=True)
    server.serve_forever()
