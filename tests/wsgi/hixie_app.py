"""An application that accepts WebSockets of before RFC 6455 and sends back what comes."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

from gevent import pywsgi

from flask_realtime.exceptions import HandshakeError
from flask_realtime.transports.http import Request
from flask_realtime.websocket.handshake import accept
from flask_realtime.wsgi import WebSocket, WSGIServer
from flask_realtime.wsgi.raw_socket import find_host
from flask_realtime.wsgi.websocket import take_connection
from flask_realtime.wsgi.websocket_drafts import find_location

MAX_SIZE = 200_000


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Echo."""
    request = Request(environ, {})
    found = find_host(environ)
    assert found is not None
    try:
        accepted = accept(
            request.method,
            environ["SERVER_PROTOCOL"],
            request.headers,
            location=find_location(request),
        )
    except HandshakeError as error:
        start_response(error.http_status, [*error.headers, ("Content-Length", "0")])
        return []
    connection = take_connection(environ, found[0], accepted, MAX_SIZE)
    if connection.close_code is not None:
        return found[0].handled()
    websocket = WebSocket(connection, found[0])
    with websocket:
        for message in websocket:
            websocket.send(message)
            if message == "close":
                break
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
