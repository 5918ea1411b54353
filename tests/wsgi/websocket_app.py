"""An application without Socket.IO that accepts WebSockets; each path is another behaviour."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

from flask_realtime.exceptions import HandshakeError
from flask_realtime.wsgi import WSGIServer, accept_websocket

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
            environ, max_size=2_000_000, compression=COMPRESSION.get(path)
        )
    except HandshakeError as error:
        start_response(error.http_status, [*error.headers, ("Content-Length", "0")])
        return []
    with websocket:
        if path == "/close":
            websocket.close(4000, "enough")
        if path == "/IntendedError":
            raise IntendedError
        for message in websocket:
            websocket.send(message)
    return websocket.response()


if __name__ == "__main__":
    server = WSGIServer(("127.0.0.1", int(sys.argv[1])), application, log=None)
    server.start()
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()
