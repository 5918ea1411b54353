"""Socket.IO packets as text: ``<type>[<attachments>-][<namespace>,][<id>][<JSON>]``.

The same in all generations that are carried by Engine.IO. Source: the socket.io-protocol document.
"""

from __future__ import annotations

from ..exceptions import PacketError
from .packet import Packet, PacketType

MAX_DIGITS = 15
"""Longest id or count: JavaScript's numbers are exact up to 2**53, which has 16 digits."""

BINARY_EVENT = 5
"""Type digit of the first type whose packets have attachments."""
WITH_BINARY = {PacketType.EVENT: BINARY_EVENT, PacketType.ACK: 6}
# By the digit of the wire: PacketType(2) takes a third of a microsecond.
TYPES = (*(PacketType(number) for number in range(5)), *WITH_BINARY)

_HEADS = tuple(f"4{number}" for number in range(7))
_DIGITS = "0123456789"  # str.isdigit() would take digits of every script


def head(packet: Packet, number: int, attachments: int = 0) -> str:
    """Return what stands before the JSON, with Engine.IO's 4 for a message in front.

    :param number: the digit of its type.
    """
    text = _HEADS[number]
    if attachments:
        text = f"{text}{attachments}-"
    if packet.namespace != "/":
        text = f"{text}{packet.namespace},"
    return text if packet.id is None else f"{text}{packet.id}"


def cut(message: str) -> tuple[int, int, str, int | None, int]:
    """Return type digit, attachments, namespace, id, and where the JSON begins.

    :param message: with Engine.IO's 4 in front.
    :raises PacketError: for an unknown type, or a number that is missing or too long.
    """
    digit = message[1:2]
    if not digit or digit not in "0123456":
        raise PacketError("unknown Socket.IO packet type")
    number, at, count = int(digit), 2, 0
    if number >= BINARY_EVENT:
        count, at = _number(message, at)
        if message[at : at + 1] != "-":
            raise PacketError("a binary packet without its number of attachments")
        at += 1
    namespace = "/"
    if message[at : at + 1] == "/":
        comma = message.find(",", at)
        end = comma if comma >= 0 else len(message)
        namespace = message[at:end]
        at = end + 1 if comma >= 0 else end
    packet_id: int | None = None
    if message[at : at + 1] in _DIGITS and at < len(message):
        packet_id, at = _number(message, at)
    return number, count, namespace, packet_id, at


def _number(message: str, at: int) -> tuple[int, int]:
    end = at
    while end < len(message) and message[end] in _DIGITS:
        end += 1
        if end - at > MAX_DIGITS:
            raise PacketError("a number too long")
    if end == at:
        raise PacketError("a number is missing")
    return int(message[at:end]), end
