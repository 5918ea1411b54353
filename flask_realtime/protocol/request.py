"""From a request's path and query to what its client speaks and wants."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ..exceptions import RequestError

UNKNOWN_TRANSPORT = 0
UNKNOWN_SID = 1
BAD_METHOD = 2
BAD_REQUEST = 3
FORBIDDEN = 4
UNSUPPORTED_VERSION = 5

_MESSAGES = {
    UNKNOWN_TRANSPORT: "Transport unknown",
    UNKNOWN_SID: "Session ID unknown",
    BAD_METHOD: "Bad handshake method",
    BAD_REQUEST: "Bad request",
    FORBIDDEN: "Forbidden",
    UNSUPPORTED_VERSION: "Unsupported protocol version",
}


class ClientRequest(NamedTuple):
    """What one request says about its client."""

    dialect: str
    transport: str
    sid: str | None
    base64: bool


def parse_request(query: Mapping[str, str]) -> ClientRequest:
    """Read the query of an Engine.IO request.

    :raises RequestError: code 0 without a transport, code 5 for a generation we do not speak.
    """
    transport = query.get("transport")
    if not transport:
        raise request_error(UNKNOWN_TRANSPORT)
    if query.get("EIO") != "4":
        raise request_error(UNSUPPORTED_VERSION)
    return ClientRequest("eio4", transport, query.get("sid") or None, query.get("b64") == "1")


def request_error(code: int) -> RequestError:
    """Return the error with Engine.IO's words for `code`."""
    status = "403 Forbidden" if code == FORBIDDEN else "400 Bad Request"
    return RequestError(code, _MESSAGES[code], status)
