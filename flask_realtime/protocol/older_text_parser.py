"""What the clients before 3.x write otherwise than :mod:`.text_parser` says."""

from __future__ import annotations

import re

from .json import Codec, ascii_json
from .packet import Packet, PacketType
from .text_parser import TextDecoder, TextParser

_COUNTED_ACK = re.compile("43([0-9]{1,15})-")


class OlderTextParser(TextParser):
    """The default parser of the clients 1.x and 2.x (Socket.IO protocols 3 and 4).

    All that is sent is ASCII, by JSON's escapes: of text beyond it in a polling body, clients 1.x
    expect the UTF-8 to be encoded as UTF-8 once more, and clients 2.x do not.
    """

    def __init__(self, codec: Codec) -> None:
        super().__init__(codec)
        dumps = codec.dumps

        def dumps_ascii(values: list[object] | dict[str, object]) -> tuple[str, list[bytes]]:
            text, attachments = dumps(values)
            return ascii_json(text), attachments

        self._dumps = dumps_ascii

    def decoder(self, max_size: int, max_attachments: int) -> OlderTextDecoder:
        return OlderTextDecoder(self._codec, max_size, max_attachments)

    def older(self) -> OlderTextParser:
        return self


class OlderTextDecoder(TextDecoder):
    """One session's messages to packets."""

    __slots__ = ()

    _fewest = 0

    def _feed_any(self, message: str) -> Packet | None:
        if message.startswith("40/") and "?" in message:
            name, _, _ = message.partition("?")
            if "," not in name:
                # Nothing stands behind a query: all commas but the last are its own.
                return Packet(PacketType.CONNECT, message[2:].removesuffix(","))
        return super()._feed_any(_without_count(message))


def _without_count(message: str) -> str:
    """Return an ACK of the clients up to 1.0.2, which tells its attachments, as all others send it.

    Their ``30-12["x"]`` is ``312["x"]``, and ``31-12[…]`` a binary one, ``61-12[…]``.
    """
    counted = _COUNTED_ACK.match(message)
    if counted is None:
        return message
    count, rest = counted[1], message[counted.end() :]
    return f"46{count}-{rest}" if int(count) else f"43{rest}"
