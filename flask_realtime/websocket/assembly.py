"""A WebSocket message that comes in several frames (RFC 6455 section 5.4), or in pieces of one."""

from __future__ import annotations

from codecs import utf_8_decode

from flask_realtime.exceptions import FrameError

from .deflate import Inflater
from .frames import INVALID_DATA, TEXT, unmask


class Assembly:
    """A message of which not all has arrived. Every byte is unmasked, inflated, checked once.

    :param inflater: of a compressed message.
    """

    __slots__ = (
        "_checked",
        "_key",
        "_max_size",
        "fin",
        "inflater",
        "left",
        "opcode",
        "payload",
    )

    def __init__(self, opcode: int, max_size: int, inflater: Inflater | None) -> None:
        self.opcode = opcode
        self.inflater = inflater
        self.payload = bytearray()
        #: Whether the frame that is being read ends the message, and what it still lacks (bytes).
        self.fin = False
        self.left = 0
        self._max_size = max_size
        self._key = b""
        # Where the text begins that has not been checked yet: a character may be incomplete.
        self._checked = 0

    def begin(self, fin: int, length: int, key: bytes) -> None:
        """Start the next frame."""
        self.fin = fin != 0
        self.left = length
        self._key = key

    def add(self, masked: bytes) -> None:
        """Take the next piece of the frame.

        :raises FrameError: 1007 as soon as a text cannot become valid (section 8.1), or for what
            cannot be inflated; 1009 for what would be too long then.
        """
        plain = unmask(masked, self._key)
        size = len(masked)
        self.left -= size
        turn = size % 4
        self._key = self._key[turn:] + self._key[:turn]
        if self.inflater is not None:
            plain = self.inflater.feed(plain, self._max_size - len(self.payload))
        self._append(plain)

    def finish(self) -> None:
        """Take the end of the message; raises as :meth:`add`."""
        if self.inflater is not None:
            self._append(self.inflater.finish(self._max_size - len(self.payload)))

    def _append(self, plain: bytes) -> None:
        self.payload += plain
        if self.opcode != TEXT:
            return
        try:
            self._checked += utf_8_decode(self.payload[self._checked :], "strict", False)[1]
        except UnicodeDecodeError as error:
            raise FrameError(INVALID_DATA, "text that is not UTF-8") from error
