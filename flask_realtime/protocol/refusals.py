"""Every kind of refusal: its name, what the client is told, and what can be done about it.

The one table of them. A refusal is a request that cannot be served, or a client that breaks a rule
later on; ``docs/errors.rst`` lists them for users, and a test compares the two.
"""

from __future__ import annotations

from typing import NamedTuple

from ..exceptions import FrameError, HandshakeError, HTTPError, ProtocolError, RequestError

_BAD_REQUEST = "400 Bad Request"
_FORBIDDEN = "403 Forbidden"


class Refusal(NamedTuple):
    """One kind.

    :param name: for programs, in the answer and in the log.
    :param code: Engine.IO's number.
    :param message: Engine.IO's words.
    :param http_status: the status line.
    :param advice: what an operator can do; ends the line in the log.
    :param expected: whether it comes with every restart, and is no matter for operators.
    :param per_client: whether it matters which clients meet it, not only that some do.
    """

    name: str
    code: int
    message: str
    http_status: str = _BAD_REQUEST
    advice: str = ""
    expected: bool = False
    per_client: bool = False


UNKNOWN_TRANSPORT = Refusal("unknown-transport", 0, "Transport unknown")
UNKNOWN_SID = Refusal("unknown-sid", 1, "Session ID unknown", expected=True)
EXPIRED = Refusal("expired", 1, "Session ID unknown", expected=True)
FOREIGN_WORKER = Refusal(
    "foreign-worker",
    1,
    "Session ID unknown",
    advice="have the proxy send all requests of a client to the same worker (sticky sessions)",
)
BAD_METHOD = Refusal("bad-method", 2, "Bad handshake method")
WRONG_TRANSPORT = Refusal("wrong-transport", 3, "Bad request")
WRONG_VERSION = Refusal("wrong-version", 3, "Bad request")
BAD_HANDSHAKE = Refusal(
    "bad-handshake",
    3,
    "Bad request",
    advice="a proxy has to pass on the headers Upgrade, Connection and Sec-WebSocket-*",
)
OVERLAP = Refusal("overlap", 3, "Bad request")
BAD_PACKET = Refusal("bad-packet", 3, "Bad request")
BAD_FRAME = Refusal("bad-frame", 3, "Bad request")
BAD_BODY = Refusal("bad-body", 3, "Bad request")
SLOW_BODY = Refusal("slow-body", 3, "Request too slow", "408 Request Timeout")
TOO_LARGE = Refusal(
    "too-large",
    3,
    "Payload too large",
    "413 Content Too Large",
    advice="send less at once, or allow more by max_http_buffer_size",
)
STOPPING = Refusal(
    "stopping", 3, "Server shutting down", "503 Service Unavailable", expected=True
)
TOO_MANY = Refusal(
    "too-many",
    3,
    "Too many handshakes",
    "429 Too Many Requests",
    advice="to allow more raise handshake_rate_limit; behind a proxy it needs ProxyFix",
)
BAD_ORIGIN = Refusal("bad-origin", 4, "Forbidden", _FORBIDDEN)
BAD_HOST = Refusal(
    "bad-host", 4, "Forbidden", _FORBIDDEN, advice="to allow it add it to trusted_hosts"
)
NOT_ALLOWED = Refusal("not-allowed", 4, "Forbidden", _FORBIDDEN)
HANDSHAKE_ERROR = Refusal(
    "handshake-error", 3, "Handshake error", "500 Internal Server Error"
)
BAD_INDEX = Refusal("bad-index", 3, "Bad request")
BAD_VERSION = Refusal("bad-version", 5, "Unsupported protocol version", per_client=True)

REFUSALS = {
    kind.name: kind for kind in list(globals().values()) if isinstance(kind, Refusal)
}
"""All of them, by name."""

_BY_STATUS = {"408": SLOW_BODY, "413": TOO_LARGE}
_MESSAGE_TOO_BIG = 1009  # RFC 6455 section 7.4.1


def request_error(kind: Refusal, detail: str = "", message: str = "") -> RequestError:
    """Return the error that refuses a request.

    :param detail: what was wrong, for the log.
    :param message: for the client, in place of Engine.IO's words.
    """
    return RequestError(
        kind.code, message or kind.message, kind.http_status, name=kind.name, detail=detail
    )


def refused_by(error: ProtocolError) -> RequestError:
    """Return the refusal that another error comes to: of HTTP, of frames, or of a packet."""
    if isinstance(error, RequestError):
        return error
    refused = request_error(_kind(error), str(error))
    if isinstance(error, HTTPError):
        refused.http_status = error.http_status
    return refused


def _kind(error: ProtocolError) -> Refusal:
    if isinstance(error, HandshakeError):
        return BAD_HANDSHAKE
    if isinstance(error, HTTPError):
        return _BY_STATUS.get(error.http_status[:3], BAD_BODY)
    if isinstance(error, FrameError):
        return TOO_LARGE if error.close_code == _MESSAGE_TOO_BIG else BAD_FRAME
    return BAD_PACKET
