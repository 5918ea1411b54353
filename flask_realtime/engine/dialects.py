"""The generations of clients that a server speaks to: the one table of them."""

from __future__ import annotations

from ..exceptions import OptionError
from ..options import Options
from ..protocol.dialect import Dialect
from ..protocol.eio3 import EIO3, EIO3InBinary
from ..protocol.eio4 import EIO4
from ..protocol.json import Codec, make_codec
from ..protocol.packet import Packet
from ..protocol.parser import Parser
from ..protocol.refusals import BAD_VERSION, request_error
from ..protocol.request import ClientRequest
from ..protocol.sio09 import SIO09
from ..protocol.text_parser import TextParser

_NAMES = {"0.9": SIO09.name}
"""What the option ``protocols`` calls a dialect, where that is not its name."""


class Dialects:
    """Each is made once, with the server's JSON and limits."""

    def __init__(self, options: Options) -> None:
        codec = make_codec(options.json)
        parser = _make_parser(options.serializer, codec)
        older_parser = parser.older()
        sizes = options.max_http_buffer_size, options.max_attachments, options.max_payload_packets
        older = SIO09(codec, options.max_payload_packets)
        # By name, base64 and binary.
        self._all: dict[tuple[str, bool, bool], Dialect] = {
            (older.name, False, False): older,
            (EIO3.name, False, True): EIO3InBinary(older_parser, *sizes),
        }
        for base64 in (False, True):
            self._all[EIO4.name, base64, False] = EIO4(parser, *sizes, base64)
            self._all[EIO3.name, base64, False] = EIO3(older_parser, *sizes, base64)
        allowed = {_NAMES.get(name, name) for name in options.protocols}
        self._refused = {name for name, *_ in self._all} - allowed
        # How many sessions speak each; those that nobody speaks cost a broadcast nothing. One is
        # always there, to find what cannot be sent.
        self._spoken: dict[Dialect, int] = {self._all[EIO4.name, False, False]: 1}

    def find(self, wanted: ClientRequest) -> Dialect:
        """Return what a request speaks."""
        return self._all[wanted.dialect, wanted.base64, wanted.binary]

    def check(self, wanted: ClientRequest) -> None:
        """Let a request pass whose generation may connect.

        :raises RequestError: for one that the option ``protocols`` does not name.
        """
        if wanted.dialect in self._refused:
            raise request_error(BAD_VERSION, f"{wanted.dialect} is not among the protocols")

    def spoken(self, dialect: Dialect) -> None:
        """A session begins that speaks it."""
        self._spoken[dialect] = self._spoken.get(dialect, 0) + 1

    def silent(self, dialect: Dialect) -> None:
        """A session ends that spoke it."""
        self._spoken[dialect] -= 1
        if not self._spoken[dialect]:
            del self._spoken[dialect]

    def encode(self, packet: Packet) -> None:
        """Encode a packet for everyone who is there, ahead of its broadcast.

        :raises EncodeError: if its data cannot be carried.
        """
        for dialect in tuple(self._spoken):  # another thread's broadcast, while a session begins
            dialect.encode(packet)


def _make_parser(serializer: Parser | str, codec: Codec) -> Parser:
    if not isinstance(serializer, str):
        return serializer
    return _make_msgpack() if serializer == "msgpack" else TextParser(codec)


def _make_msgpack() -> Parser:
    try:
        from ..protocol.msgpack import MsgPackParser
    except ImportError as error:
        raise OptionError(
            f"serializer='msgpack' needs msgpack-python ({error}): "
            "pip install 'Flask-Realtime[msgpack]'"
        ) from None
    return MsgPackParser()
