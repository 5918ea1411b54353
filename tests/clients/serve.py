"""Serves the application by gevent's own server: ``python -m tests.clients.serve HANDLER PORT``."""

from __future__ import annotations

import signal
import sys
from socket import IPPROTO_TCP, TCP_NODELAY

import gevent
from gevent.pywsgi import WSGIServer

from tests.clients.app import app


def main(handler: str, port: int) -> None:
    """Serve until SIGTERM.

    :param handler: ``pywsgi`` for gevent's, ``gevent-websocket`` for that package's.
    """
    options = {}
    if handler == "gevent-websocket":
        from geventwebsocket.handler import WebSocketHandler

        options["handler_class"] = WebSocketHandler
    server = WSGIServer(("127.0.0.1", port), app, log=None, **options)
    gevent.signal_handler(signal.SIGTERM, server.stop)
    server.start()
    # Of itself it sends an answer's head and body apart, and the second waits 40 ms for the first.
    server.socket.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
    print(f"serving http://127.0.0.1:{server.server_port}", file=sys.stderr, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
