"""An application without Socket.IO that accepts WebSockets; each path is another behaviour."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

from gevent import pywsgi

from flask_realtime.exceptions import HandshakeError
from flask_realtime.wsgi import WSGIServer, accept_websocket

MAX_SIZE = 2_000_000

TAKEOVER = {"server_context_takeover": True, "client_context_takeover": True}

COMPRESSION: dict[str, Any] = {
    "/default": True,
    "/all": {"threshold": 0},
    "/takeover": {"threshold": 0, **TAKEOVER},
    "/small": {
        **TAKEOVER,
        "threshold": 0,
        "mem_level": 1,
        "server_max_window_bits": 9,
        "client_max_window_bits": 9,
    },
}


class IntendedError(Exception):
    """What the application fails with."""


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Echo, close, or fail."""
    path = environ["PATH_INFO"]
    try:
        websocket = accept_websocket(
            environ,
            max_size=MAX_SIZE,
            compression=COMPRESSION.get(path),
            subprotocols=["v2.chat", "chat"] if path == "/subprotocol" else [],
            origins=None if path == "/own" else "*",
        )
    except HandshakeError as error:
        start_response(error.http_status, [*error.headers, ("Content-Length", "0")])
        return []
    with websocket:
        if path == "/close":
            websocket.close(4000, "enough")
        if path == "/subprotocol":
            websocket.send(str(websocket.subprotocol))
        if path == "/IntendedError":
            raise IntendedError
        for message in websocket:
            websocket.send(message)
    return websocket.response()


def make_server(host: str, port: int) -> Any:
    """A server of one of the three that are no program of their own."""
    address = ("127.0.0.1", port)
    if host == "own":
        return WSGIServer(address, application, log=None)
    options = {}
    if host == "gevent-websocket":
        from geventwebsocket.handler import WebSocketHandler

        options["handler_class"] = WebSocketHandler
    return pywsgi.WSGIServer(address, application, log=None, **options)


if __name__ == "__main__":
    server = make_server(sys.argv[1], int(sys.argv[2]))
    server.start()
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()
