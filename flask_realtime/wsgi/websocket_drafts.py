"""What WebSockets were before RFC 6455: the part that knows WSGI and sockets."""

from __future__ import annotations

from urllib.parse import quote

from gevent import Timeout
from gevent.socket import socket

from ..transports.http import Request
from ..websocket.connection import Connection
from ..websocket.handshake import Accepted, draft_origin
from ..websocket.hixie76 import CHALLENGE_SIZE, HixieMessages, prove
from .raw_socket import Environ

_PATIENCE = 10.0
"""Seconds for the challenge, which a client sends together with its request."""

_PATH_CHARACTERS = "/-._~!$&'()*+,;=:@"  # RFC 3986 section 3.3


def name_origin(environ: Environ) -> None:
    """Put the origin of a request where all look for it, if its client calls it otherwise."""
    if "HTTP_SEC_WEBSOCKET_ORIGIN" not in environ:
        return
    origin = draft_origin(Request(environ, {}).headers)
    if origin is not None:
        environ["HTTP_ORIGIN"] = origin


def find_location(request: Request) -> str:
    """Return the URL of a request for a WebSocket, as its client has it."""
    variables = request.variables
    scheme = "wss" if request.secure else "ws"
    path = f"{variables.get('SCRIPT_NAME', '')}{variables.get('PATH_INFO', '')}"
    path = quote(path, _PATH_CHARACTERS, "latin-1")
    query = variables.get("QUERY_STRING")
    return f"{scheme}://{request.host}{path}{f'?{query}' if query else ''}"


def open_hixie(
    sock: socket, accepted: Accepted, data: bytes, max_size: int, host_closes: bool
) -> Connection:
    """Return the connection of a WebSocket of Hixie-75 or -76, once the handshake is done.

    It has its ``close_code`` already if the client did not come to the end of it.
    """
    key = accepted.hixie_key
    framing = HixieMessages(max_size, closing_handshake=bool(key))
    if not key:
        connection = Connection(sock, framing, data, host_closes=host_closes)
        connection.write(accepted.head)
        return connection
    rest = None
    try:
        rest = meet_challenge(sock, accepted.head, key, data)
    finally:  # the host may kill the greenlet that waits
        connection = Connection(sock, framing, rest or b"", host_closes=host_closes)
        if rest is None:
            connection.abort()
    return connection


def meet_challenge(
    sock: socket, head: bytes, key: bytes, data: bytes, patience: float = _PATIENCE
) -> bytes | None:
    """Send what opens a WebSocket of Hixie-76, and prove that it was understood.

    The head leaves at once: a proxy may hold the challenge back until it knows that this is a
    WebSocket (HAProxy). Nothing else may leave before the proof.

    :param sock: of a request; waits for it as gevent does.
    :param key: what :func:`flask_realtime.websocket.handshake.accept` has returned.
    :param data: the bytes that came behind the request's head.
    :param patience: seconds for all of it.
    :returns: the bytes behind the challenge; None if the client went away, or was too slow.
    """
    try:
        with Timeout(patience, TimeoutError):
            sock.sendall(head)
            while len(data) < CHALLENGE_SIZE:
                piece = sock.recv(4096)
                if not piece:
                    return None
                data += piece
            sock.sendall(prove(key, data[:CHALLENGE_SIZE]))
            return data[CHALLENGE_SIZE:]
    except OSError:
        return None
