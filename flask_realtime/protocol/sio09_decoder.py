"""Messages of Socket.IO protocol 1 to packets, and polling bodies to messages.

Whoever breaks the framing of a body is no client: nothing behind the break can be trusted, and it
is a PacketError. A message that is no packet harms nothing but itself, and the servers 0.9 passed
it over; so it becomes a NOOP here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..exceptions import PacketError
from .json import Codec
from .namespace_query import split_query
from .packet import JSON_MESSAGE, Message, Packet, PacketType, ReceiptPacket
from .utf16 import cut

MARK = "\ufffd"
"""Stands before and behind the length of each message, where a body has several."""

_MAX_DIGITS = 15
"""Longest number: JavaScript's are exact up to 2**53, which has 16 digits."""
_MAX_NAMESPACE = 2000
"""Characters. A page takes it from a URL, and the browsers of these clients had none longer."""

_WITHOUT_DATA = {
    "0": PacketType.DISCONNECT,
    "2": PacketType.PONG,  # the same message as the server's ping
    "8": PacketType.NOOP,
}


class SIO09Decoder:
    """Messages to packets, of any number of sessions: none needs what came before."""

    __slots__ = ("_codec",)

    def __init__(self, codec: Codec) -> None:
        self._codec = codec

    def feed(self, message: Message) -> Packet:
        if isinstance(message, bytes):
            raise PacketError("a binary message, which these clients do not have")
        if message.startswith(MARK):
            raise PacketError("a body of several messages in the place of one")
        try:
            return self._read(message)
        except PacketError:
            return Packet(PacketType.NOOP)

    def _read(self, message: str) -> Packet:
        if message == "0":
            return Packet(PacketType.DISCONNECT)  # as the specification has it
        number, asked, rest = _split(message)
        if number == "1":
            return _connect(rest)
        name, _, data = rest.partition(":")
        namespace = _namespace(name)
        if number in ("3", "4", "5"):
            return _make_event(namespace, self._event(number, data), asked)
        if number == "6":
            return self._ack(namespace, data)
        packet_type = _WITHOUT_DATA.get(number)
        if packet_type is None:
            raise PacketError("an unknown type, or an error, which only servers tell")
        return Packet(packet_type, namespace)

    def _event(self, number: str, data: str) -> list[Any]:
        if number == "3":
            return ["message", data]
        value = self._codec.loads(data)
        if number == "4":
            return [JSON_MESSAGE, value]
        if type(value) is not dict or type(value.get("name")) is not str:
            raise PacketError("an event without a name")
        args = value.get("args")
        if args is None:
            return [value["name"]]
        return [value["name"], *args] if type(args) is list else [value["name"], args]

    def _ack(self, namespace: str, data: str) -> Packet:
        digits, _, text = data.partition("+")
        values = self._codec.loads(text) if text else []
        if type(values) is not list:
            raise PacketError("an ACK whose values are no list")
        return Packet(PacketType.ACK, namespace, values, _number(digits))


def _split(message: str) -> tuple[str, str, str]:
    """Return type, id, and the rest."""
    number, _, rest = message.partition(":")
    asked, second, rest = rest.partition(":")
    if not second:
        raise PacketError("a message of less than three fields")
    return number, asked, rest


def _namespace(name: str) -> str:
    if not name:
        return "/"
    if not name.startswith("/") or len(name) > _MAX_NAMESPACE:
        raise PacketError("the name of a namespace begins with / and is not that long")
    return name


def _number(digits: str) -> int:
    if not (0 < len(digits) <= _MAX_DIGITS and digits.isascii() and digits.isdigit()):
        raise PacketError("a number that is none, or too long")
    return int(digits)


def _make_event(namespace: str, event: list[Any], asked: str) -> Packet:
    if asked in ("", "+"):
        return Packet(PacketType.EVENT, namespace, event)
    if asked.endswith("+"):
        return Packet(PacketType.EVENT, namespace, event, _number(asked[:-1]))
    return ReceiptPacket(PacketType.EVENT, namespace, event, _number(asked))


def _connect(rest: str) -> Packet:
    """``/chat:?a=b`` is what client 0.9 writes, ``/chat?a=b`` what the specification has."""
    name, query = split_query(rest)
    return Packet(PacketType.CONNECT, _namespace(name.partition(":")[0]), query)


def unframe(text: str, max_packets: int) -> Iterator[Message]:
    """Yield the messages of a body that begins with the mark, one by one as they are asked for.

    :raises PacketError: when the iteration comes to a break, or to more than `max_packets`.
    """
    start = 0
    for _ in range(max_packets):
        end = text.find(MARK, start + 1, start + 2 + _MAX_DIGITS)
        if end < 0 or text[start] != MARK:
            raise PacketError("a message without its length")
        message = cut(text, end + 1, _number(text[start + 1 : end]))
        yield message
        start = end + 1 + len(message)
        if start == len(text):
            return
    raise PacketError(f"more than {max_packets} packets in a polling body")
