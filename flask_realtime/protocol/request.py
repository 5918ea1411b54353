"""From a request's path and query to what its client speaks and wants."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from .refusals import BAD_VERSION, UNKNOWN_TRANSPORT, request_error


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
        raise request_error(UNKNOWN_TRANSPORT, "the request names none")
    if query.get("EIO") != "4":
        raise request_error(BAD_VERSION, f"EIO={query.get('EIO', '')[:20]!r}, where 4 is spoken")
    return ClientRequest("eio4", transport, query.get("sid") or None, query.get("b64") == "1")
