"""The header ``Sec-WebSocket-Extensions`` of RFC 6455 section 9.1: what a client offers."""

from __future__ import annotations

import re
from typing import NamedTuple

from flask_realtime.exceptions import HandshakeError

_CHARACTER = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]"
_NAME = re.compile(_CHARACTER + "+")
# A quoted value must be a token too once its quotes and backslashes are gone.
_PARAMETER = re.compile(
    rf"[ \t]*;[ \t]*({_CHARACTER}+)"
    rf'(?:[ \t]*=[ \t]*({_CHARACTER}+|"(?:\\?{_CHARACTER})+"))?'
)
# RFC 9110 section 5.6.1: elements of a list may be empty.
_SEPARATOR = re.compile(r"[ \t]*(?:,[ \t,]*|$)")


class Offer(NamedTuple):
    """One extension, with its parameters as they came; the value is ``""`` where there is none."""

    name: str
    parameters: list[tuple[str, str]]


def parse_offers(header: str) -> list[Offer]:
    """Return the extensions that a client offers, in its order of preference.

    :param header: the value of the header; of repeated ones, joined by commas.
    :raises HandshakeError: 400 if it breaks the grammar.
    """
    offers = []
    header = header.strip(" \t,")
    position = 0
    while position < len(header):
        name = _NAME.match(header, position)
        if name is None:
            raise _malformed()
        offer = Offer(name[0], [])
        position = name.end()
        while parameter := _PARAMETER.match(header, position):
            value = (parameter[2] or "").replace('"', "").replace("\\", "")
            offer.parameters.append((parameter[1], value))
            position = parameter.end()
        separator = _SEPARATOR.match(header, position)
        if separator is None:
            raise _malformed()
        position = separator.end()
        offers.append(offer)
    return offers


def _malformed() -> HandshakeError:
    return HandshakeError("400 Bad Request", "malformed Sec-WebSocket-Extensions header")
