"""From a request's path and query to what its client speaks and wants.

==============================================  ===========================================
below the server's path                         generation
==============================================  ===========================================
``?EIO=4&transport=…``                          Engine.IO 4: the clients 3.x and 4.x
``?EIO=3&transport=…``, or ``EIO=2``, or none   Engine.IO 3: the clients 1.x and 2.x
``1/``, ``1/<transport>/``                      0.7 to 0.9: a handshake
``1/<transport>/<sid>``                         0.7 to 0.9: a transport of a session
``1//<sid>/?disconnect=1``                      0.7 to 0.9: a page that is being closed
==============================================  ===========================================

The path decides first: a client 0.9 may carry any query of its page's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from ..exceptions import RequestError
from .refusals import (
    BAD_INDEX,
    BAD_VERSION,
    UNKNOWN_TRANSPORT,
    request_error,
)

POLLING = "polling"
JSONP = "jsonp-polling"
WEBSOCKET = "websocket"
BY_UPGRADE = (WEBSOCKET, "flashsocket")
"""The transports whose requests ask for another protocol than HTTP."""
HANDSHAKE = ""
"""The transport of a handshake that opens a session before any transport does (0.7 to 0.9)."""

_ENGINE_IO = {"4": "eio4", "3": "eio3", "2": "eio3", None: "eio3"}
NAMES_09 = {"xhr-polling": POLLING}
"""What the clients 0.7 to 0.9 call it on the wire, where that is not the option's name."""
_OF_09 = frozenset(
    ("websocket", "flashsocket", "htmlfile", "xhr-polling", "xhr-multipart", "jsonp-polling")
)
_MAX_INDEX = 15  # digits
_OLD_TIMESTAMP = re.compile("[0-9]{13,}-[0-9]+")
"""What ``t`` was before Node's clients wrote it shorter: milliseconds, and a number."""
_SPOKEN = "spoken are EIO=4, 3 and 2, and protocol=1"

_PROTOCOL_KEYS = frozenset(("EIO", "transport", "sid", "t", "j", "i", "b64", "jsonp", "disconnect"))


class ClientRequest(NamedTuple):
    """What one request says about its client.

    :param dialect: which generation it speaks, by the dialect's name.
    :param transport: by the name that the option ``transports`` has for it.
    :param base64: whether binary has to travel as text.
    :param jsonp: the index of the function that the answer has to call, None where it is none.
    :param leaves: whether the client says by it that it leaves.
    :param binary: whether its polling bodies have to be binary, those of text alone too; said by
        the handshake.
    """

    dialect: str
    transport: str
    sid: str | None
    base64: bool = False
    jsonp: str | None = None
    leaves: bool = False
    binary: bool = False


def parse_request(tail: str, query: Mapping[str, str]) -> ClientRequest:
    """Read a request.

    :param tail: its path behind the server's, without the slash between them.
    :raises RequestError: for a transport or a generation that is not spoken, or a callback that is
        no number.
    """
    parts = tail.split("/")
    if parts[0].isdecimal():
        return _parse_09(parts, query)
    if "EIO" not in query and "transport" not in query:
        raise request_error(UNKNOWN_TRANSPORT, "the request names none")
    return _parse_engine_io(query)


def unread_request(tail: str, query: Mapping[str, str]) -> ClientRequest:
    """Return what can be said of a request that cannot be read: which clients would send it."""
    dialect = "sio09" if tail.partition("/")[0] == "1" else _ENGINE_IO.get(query.get("EIO"), "eio4")
    return ClientRequest(dialect, "unknown", None)


def _parse_engine_io(query: Mapping[str, str]) -> ClientRequest:
    dialect = _ENGINE_IO.get(query.get("EIO"))
    if dialect is None:
        raise _bad_version("EIO", query["EIO"])
    transport = query.get("transport", "")
    if transport not in (POLLING, WEBSOCKET):
        raise request_error(UNKNOWN_TRANSPORT, f"{transport[:20]!r}")
    sid = query.get("sid") or None
    base64 = query.get("b64") == "1"
    if dialect == "eio4" or transport != POLLING:
        return ClientRequest(dialect, transport, sid, base64)
    if "j" in query:
        return ClientRequest(dialect, JSONP, sid, True, _index(query["j"]))
    binary = sid is None and not base64 and _is_old(query)
    return ClientRequest(dialect, transport, sid, base64, binary=binary)


def _is_old(query: Mapping[str, str]) -> bool:
    """Whether a client is of the time when servers answered it by binary bodies only.

    That is a client 1.0 to 1.3, which in browsers takes every other body for "ok"
    (engine.io-client up to 1.5, polling-xhr.js), or one in another language that was made after it,
    such as Python's socketIO-client 0.7. Servers of before 2.0 sent nothing else, so all of them
    read it.
    """
    return _OLD_TIMESTAMP.fullmatch(query.get("t", "")) is not None


def _parse_09(parts: list[str], query: Mapping[str, str]) -> ClientRequest:
    """Read ``1/<transport>/<sid>``, with or without a slash at the end.

    Without a sid it is a handshake, whatever the transport (Node's 0.9; Elephant.IO relies on it).
    """
    version, transport, sid, *_ = *parts, "", ""
    if version != "1":
        raise _bad_version("protocol", version)
    if not sid:
        if transport and transport not in _OF_09:
            raise request_error(UNKNOWN_TRANSPORT, f"{transport[:20]!r}")
        index = query.get("jsonp")
        return ClientRequest(
            "sio09", HANDSHAKE, None, jsonp=None if index is None else _index(index)
        )
    if "disconnect" in query:
        return ClientRequest("sio09", NAMES_09.get(transport, transport), sid, leaves=True)
    if transport not in _OF_09:
        raise request_error(UNKNOWN_TRANSPORT, f"{transport[:20]!r}")
    jsonp = _index(query.get("i", "0")) if transport == JSONP else None
    return ClientRequest("sio09", NAMES_09.get(transport, transport), sid, jsonp=jsonp)


def _index(text: str) -> str:
    """Return the index of a callback, which stands in a script that the answer is."""
    if text.isascii() and text.isdecimal() and len(text) <= _MAX_INDEX:
        return text
    raise request_error(BAD_INDEX, "the index of the JSONP callback is no number")


def _bad_version(key: str, seen: str) -> RequestError:
    """Return a refusal that tells the client, too, what it has said and what it could say."""
    is_number = seen.isascii() and seen.isdecimal() and len(seen) <= _MAX_INDEX
    told = f"{key}={seen}" if is_number else f"{key} is no number"  # nothing else is echoed
    message = f"{BAD_VERSION.message}: {told}; {_SPOKEN}"
    return request_error(BAD_VERSION, f"{key}={seen[:20]!r}; {_SPOKEN}", message)


def user_query(query: Mapping[str, str]) -> dict[str, str]:
    """Return what the application's page has put into a query, without what is the protocol's."""
    return {key: value for key, value in query.items() if key not in _PROTOCOL_KEYS}
