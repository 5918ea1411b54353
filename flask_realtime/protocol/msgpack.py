"""The parser of socket.io-msgpack-parser: each packet is one binary message, a map in MessagePack.

``{"type": 2, "nsp": "/", "data": ["chat", b"…"], "id": 1}``, where ``data`` and ``id`` may be
missing. Sources: socket.io-msgpack-parser 2.2 and 3.0, notepack.io 2.2, by which they read and
write, and python-socketio's ``msgpack_packet``.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from math import isfinite
from typing import Any

import msgpack

from ..exceptions import EncodeError, PacketError
from .json import make_codec
from .packet import Packet, PacketType
from .socketio_packet import MAX_DIGITS, TYPES
from .unsendable import explain

_JSON = make_codec()
_MAX_ID = 10**MAX_DIGITS
_UNLIMITED = 2**31 - 1
"""Bytes: a message that is too large has been refused before."""

Default = Callable[[Any], Any]
ExtHook = Callable[[int, bytes], Any]


class MsgPackParser:
    """Packets in MessagePack, for clients with ``parser: require("socket.io-msgpack-parser")`` or
    the build ``socket.io.msgpack.min.js``.

    What handlers get, and what can be sent, is the same as with the default parser: a NaN or an
    infinity becomes None, ``undefined`` too, a JavaScript ``Date`` its ISO text, the keys of a dict
    become texts, a Decimal a number. An integer has at most 64 bits.

    Needs msgpack-python: ``pip install 'Flask-Realtime[msgpack]'``.

    :param default: returns what is sent in the place of a value of another type; raises a
        :exc:`TypeError` for one that it does not know.
    :param ext_hook: returns the value of an extension type other than 0, from its number and its
        bytes; None: such a packet is refused, as one that raises.
        (python-socketio: ``MsgPackPacket.configure``.)
    """

    def __init__(self, default: Default | None = None, ext_hook: ExtHook | None = None) -> None:
        self._default = default
        self._ext_hook = ext_hook

    def encode(self, packet: Packet) -> tuple[bytes]:
        fields: dict[str, Any] = {"type": int(packet.type), "nsp": packet.namespace}
        if packet.data is not None:
            fields["data"] = packet.data
        if packet.id is not None:
            fields["id"] = packet.id
        try:
            return (self._write(fields),)
        except Exception as error:
            told = explain("MessagePack", self._write, packet.data, error)
            raise EncodeError(told) from None

    def _write(self, value: Any) -> bytes:
        try:
            packed: bytes = msgpack.packb(self._plain(value))
        except ValueError as error:
            if "recursion" in str(error):  # lists in lists, 511 deep
                raise RecursionError from None
            raise
        return packed

    def _plain(self, value: Any) -> Any:
        """Return what is written for `value`, which JSON may spell otherwise or not at all."""
        kind = type(value)
        if kind is str or kind is int or kind is bool or value is None or kind is bytes:
            return value
        if isinstance(value, float):
            return value if isfinite(value) else None
        if isinstance(value, dict):
            return {_key(key): self._plain(item) for key, item in value.items()}
        if isinstance(value, list | tuple) and kind is not msgpack.ExtType:
            return [self._plain(item) for item in value]
        return self._plain_other(value)

    def _plain_other(self, value: Any) -> Any:
        if isinstance(value, bytearray | memoryview | array):
            return bytes(value)
        if isinstance(value, Decimal):
            return float(value) if value.is_finite() else None
        if self._default is None or isinstance(value, str | int | msgpack.ExtType):
            return value
        return self._plain(self._default(value))

    def decoder(self, max_size: int, max_attachments: int) -> MsgPackDecoder:
        return MsgPackDecoder(self._ext_hook)

    def older(self) -> OlderMsgPackParser:
        return OlderMsgPackParser(self._default, self._ext_hook)


class OlderMsgPackParser(MsgPackParser):
    """The parser of clients 2.x, which is socket.io-msgpack-parser 2.2.

    They send their CONNECT and DISCONNECT as JSON, and read them in either form. Of an ERROR, the
    refusal of those clients, they read text alone: other data is sent as the text of its JSON.
    """

    def encode(self, packet: Packet) -> tuple[bytes]:
        if packet.type is PacketType.CONNECT_ERROR and not isinstance(packet.data, str):
            text, attachments = _JSON.dumps(packet.data)
            if attachments:
                raise EncodeError("a refusal of clients 2.x cannot carry binary")
            packet = Packet(packet.type, packet.namespace, text)
        return super().encode(packet)

    def decoder(self, max_size: int, max_attachments: int) -> OlderMsgPackDecoder:
        return OlderMsgPackDecoder(self._ext_hook)

    def older(self) -> OlderMsgPackParser:
        return self


def _key(key: Any) -> str:
    """Return the text of a key, as JSON has it."""
    if isinstance(key, str):
        return key
    if key is None or isinstance(key, bool):
        return {None: "null", True: "true", False: "false"}[key]
    if isinstance(key, int):
        return str(int(key))
    if isinstance(key, float):
        return repr(float(key))
    raise TypeError(f"a key has to be text, not {type(key).__name__}")


_SPECIAL = b"\xc4\xc5\xc6\xc7\xc8\xc9\xca\xcb\xd4\xd5\xd6\xd7\xd8"
"""The first bytes of binary, extensions and floats."""
_ORDINARY = bytes(set(range(256)).difference(_SPECIAL))
_DATE = re.compile(rb"(?=\xd7\0(.{8}))", re.DOTALL)
_UNDEFINED = b"\xd4\0\0"
_EPOCH = datetime(1970, 1, 1)
_MAX_DEPTH = 511
"""Lists in lists; no more can be sent either."""


class MsgPackDecoder:
    """One session's messages to packets."""

    __slots__ = ("_ext_hook",)

    def __init__(self, ext_hook: ExtHook | None) -> None:
        self._ext_hook = ext_hook

    def feed_text(self, message: str) -> Packet:
        raise PacketError("text, where packets are MessagePack; a client with the default parser?")

    def feed_binary(self, message: bytes) -> Packet:
        try:
            fields = self._unpack(message)
        except PacketError:
            raise
        except Exception as error:
            raise PacketError(f"invalid MessagePack ({type(error).__name__})") from error
        return _packet(fields)

    def _unpack(self, message: bytes) -> Any:
        # Whether it is whole, before anything is made of it: memory for a list is taken as soon as
        # its length is read, and a few hundred lists of a million items, one in the other, fit
        # into a message that has none of these items.
        whole = msgpack.Unpacker(max_buffer_size=_UNLIMITED)
        whole.feed(message)
        whole.skip()
        if not message.translate(None, _ORDINARY):
            return msgpack.unpackb(message)  # there is nothing in it that JSON has not
        extensions = _Extensions(message, self._ext_hook)
        return _as_json(msgpack.unpackb(message, ext_hook=extensions))


class OlderMsgPackDecoder(MsgPackDecoder):
    """One session's messages to packets, some of them JSON."""

    __slots__ = ()

    def feed_text(self, message: str) -> Packet:
        if not message.startswith("4{"):
            return super().feed_text(message)
        packet = _packet(_JSON.loads(message[1:]))
        if packet.type not in (PacketType.CONNECT, PacketType.DISCONNECT):
            raise PacketError(f"{packet.type.name} as JSON, where packets are MessagePack")
        return packet


class _Extensions:
    """The values of extensions in one message.

    Type 0 is notepack's: ``undefined`` as one byte, a Date as eight, an ArrayBuffer as any number;
    what it is, is told by the byte in front alone, which only the message has. Beside an
    ``undefined`` an ArrayBuffer of one zero byte is taken for such.
    """

    __slots__ = ("_dates", "_ext_hook", "_message", "_undefined")

    def __init__(self, message: bytes, ext_hook: ExtHook | None) -> None:
        self._message = message
        self._ext_hook = ext_hook
        self._undefined: bool | None = None
        self._dates: set[bytes] | None = None

    def __call__(self, code: int, data: bytes) -> Any:
        if code != 0:
            if self._ext_hook is None:
                raise PacketError(f"the extension type {code}")
            return self._ext_hook(code, data)
        if data == b"\0" and self._has_undefined():
            return None
        if len(data) == 8 and data in self._all_dates():
            milliseconds = int.from_bytes(data, "big", signed=True)
            moment = _EPOCH + timedelta(milliseconds=milliseconds)
            return moment.isoformat(timespec="milliseconds") + "Z"
        return data

    # Each once: a message may have a hundred thousand of them.

    def _has_undefined(self) -> bool:
        if self._undefined is None:
            self._undefined = _UNDEFINED in self._message
        return self._undefined

    def _all_dates(self) -> set[bytes]:
        if self._dates is None:
            self._dates = set(_DATE.findall(self._message))
        return self._dates


def _as_json(value: Any) -> Any:
    """Make `value` what JSON would have brought, but for its binary; return it.

    In its place, and level by level: a message of 1 MB may have a million maps, all of them empty,
    and a copy of each takes longer than reading them.
    """
    level = [value]
    for _ in range(_MAX_DEPTH):
        level = [below for container in level for below in _clean(container)]
        if not level:
            return value
    raise PacketError("lists in lists, too deep")


def _clean(container: Any) -> list[Any]:
    """See to what is in a map or a list; return those in it that are not empty."""
    if type(container) is dict:
        for key in container:
            if type(key) is not str:
                raise PacketError("a map with a key that is no text")
        places: Iterable[tuple[Any, Any]] = container.items()
    elif type(container) is list:
        places = enumerate(container)
    else:
        return []
    below = []
    for place, item in places:
        kind = type(item)
        if kind is dict or kind is list:
            if item:
                below.append(item)
        elif kind is float:
            if not isfinite(item):
                container[place] = None
        elif kind is msgpack.Timestamp:
            raise PacketError("the extension type -1")
    return below


def _packet(fields: Any) -> Packet:
    """Return the packet of a message. What else its map has is the client's own: ``options``."""
    if type(fields) is not dict:
        raise PacketError("a message that is no map")
    number, namespace, packet_id = fields.get("type"), fields.get("nsp"), fields.get("id")
    if type(number) is not int or not 0 <= number < len(TYPES):
        raise PacketError("unknown Socket.IO packet type")
    if type(namespace) is not str or not namespace.startswith("/"):
        raise PacketError("a packet without a namespace")
    if packet_id is not None and (type(packet_id) is not int or not 0 <= packet_id < _MAX_ID):
        raise PacketError("an id that is no number, or too long")
    return Packet(TYPES[number], namespace, fields.get("data"), packet_id)
