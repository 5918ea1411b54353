"""The opening handshake of RFC 6455 section 4.2, as a server sees it: headers in, the 101 out.

The drafts 7 to 12 are accepted alike, as they have the same framing; before them :mod:`.hixie76`.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from hashlib import sha1
from typing import NamedTuple

from flask_realtime.exceptions import HandshakeError
from flask_realtime.options.deflate import DeflateOptions

from . import hixie76
from .deflate import Deflate, negotiate
from .extensions import parse_offers

_DRAFTS = ("8", "7")
_VERSIONS = ("13", *_DRAFTS)

# 1.3: the globally unique identifier that every server appends to the key.
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_LINE_BREAK = re.compile(r"[\r\n\0]")


class Accepted(NamedTuple):
    """The server's half of a handshake.

    :param head: the head of the response that opens the connection.
    :param deflate: the compression that was agreed on, ``None`` if there is none.
    :param hixie_key: what proves to a client of Hixie-76 that it was understood, empty for one of
        Hixie-75; ``None`` for RFC 6455.
    """

    head: bytes
    deflate: Deflate | None
    hixie_key: bytes | None = None


def is_token(name: str) -> bool:
    """Whether a name may stand in a header, as of a subprotocol (RFC 9110 section 5.6.2)."""
    return _TOKEN.fullmatch(name) is not None


def is_websocket(headers: Mapping[str, str]) -> bool:
    """Whether a request asks to become a WebSocket connection, rightly or not.

    :param headers: by lower-case name, as everywhere in this file.
    """
    upgrade = headers.get("upgrade")
    return upgrade is not None and _has_token(upgrade, "websocket")


def draft_origin(headers: Mapping[str, str]) -> str | None:
    """The origin of a page whose browser speaks a draft of RFC 6455 that had another name for it.

    ``None`` for all others: they have said it in ``Origin``, or are no browsers.
    """
    is_draft = headers.get("sec-websocket-version", "").strip() in _DRAFTS
    return None if not is_draft or "origin" in headers else headers.get("sec-websocket-origin")


def accept(
    method: str,
    http_version: str,
    headers: Mapping[str, str],
    extra: Iterable[tuple[str, str]] = (),
    deflate_options: DeflateOptions | None = None,
    location: str | None = None,
) -> Accepted:
    """Return the head of the response that opens the connection, and what it says yes to.

    :param http_version: such as ``"HTTP/1.1"``, as in WSGI's ``SERVER_PROTOCOL``.
    :param headers: the request's, by lower-case name; repeated ones joined by commas.
    :param extra: header fields to send along, such as ``Set-Cookie``.
    :param deflate_options: how messages may be compressed; ``None`` declines every offer unread.
    :param location: the URL that the client has asked for, ``ws://…`` or ``wss://…``, which an
        answer to Hixie-75 and -76 repeats; ``None`` refuses these.
    :raises HandshakeError: 405, 426 or 400 for what section 4.2.1 forbids.
    :raises ValueError: if a field of ``extra`` could not stand in a header.
    """
    _check_request(method, http_version, headers)
    if location is not None and hixie76.is_hixie(headers):
        return _accept_hixie(headers, location, extra)
    _check_version(headers)
    key = _check_key(headers.get("sec-websocket-key", ""))
    # 4.2.2, 5.4: SHA-1 is what the RFC asks for; it proves understanding and protects nothing.
    digest = sha1(key.encode("ascii") + _GUID, usedforsecurity=False).digest()
    fields = [("Sec-WebSocket-Accept", b64encode(digest).decode("ascii"))]
    agreement = None
    if deflate_options is not None:
        offers = parse_offers(headers.get("sec-websocket-extensions", ""))
        agreement = negotiate(offers, deflate_options)
    if agreement is not None:
        fields.append(("Sec-WebSocket-Extensions", agreement.answer))
    head = _head("Switching Protocols", "websocket", [*fields, *extra])
    return Accepted(head, None if agreement is None else agreement.deflate)


def _accept_hixie(
    headers: Mapping[str, str], location: str, extra: Iterable[tuple[str, str]]
) -> Accepted:
    phrase, fields, key = hixie76.greet(headers, location)
    if any(_LINE_BREAK.search(value) for _, value in fields):
        raise _bad_request("line break in a header that Hixie's handshake repeats")
    return Accepted(_head(phrase, "WebSocket", [*fields, *extra]), None, key)


def _head(phrase: str, upgrade: str, fields: Iterable[tuple[str, str]]) -> bytes:
    lines = [f"HTTP/1.1 101 {phrase}", f"Upgrade: {upgrade}", "Connection: Upgrade"]
    lines += [_field(name, value) for name, value in fields]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _check_request(method: str, http_version: str, headers: Mapping[str, str]) -> None:
    if method != "GET":
        raise HandshakeError(
            "405 Method Not Allowed", f"WebSocket handshake by {method!r}", [("Allow", "GET")]
        )
    if http_version != "HTTP/1.1":
        # A proxy that speaks 1.0 to us is the usual cause.
        raise _bad_request(f"WebSocket handshake in {http_version!r}, it takes HTTP/1.1")
    if not is_websocket(headers):
        raise _bad_request("no websocket in the Upgrade header")
    if not _has_token(headers.get("connection", ""), "upgrade"):
        raise _bad_request("no upgrade in the Connection header")


def _check_version(headers: Mapping[str, str]) -> None:
    version = headers.get("sec-websocket-version", "").strip()
    if not version:
        raise _bad_request("no Sec-WebSocket-Version header")
    if version not in _VERSIONS:
        # RFC 9110 wants Upgrade beside a 426; it is hop-by-hop, so PEP 3333 leaves it to the host.
        raise HandshakeError(
            "426 Upgrade Required",
            f"WebSocket version {version!r}",
            [("Sec-WebSocket-Version", ", ".join(_VERSIONS))],
        )


def _check_key(value: str) -> str:
    key = value.strip()
    try:
        nonce = b64decode(key, validate=True)
    except (binascii.Error, ValueError) as error:
        raise _bad_request("Sec-WebSocket-Key is not base64") from error
    if len(nonce) != 16:
        raise _bad_request(f"Sec-WebSocket-Key of {len(nonce)} bytes, it takes 16")
    return key


def _has_token(value: str, token: str) -> bool:
    return any(item.strip().lower() == token for item in value.split(","))


def _bad_request(message: str) -> HandshakeError:
    return HandshakeError("400 Bad Request", message)


def _field(name: str, value: str) -> str:
    # A line break would let the value write header fields of its own.
    if not is_token(name):
        raise ValueError(f"not a header name: {name!r}")
    if _LINE_BREAK.search(value):
        raise ValueError(f"line break in the value of {name}")
    return f"{name}: {value}"
