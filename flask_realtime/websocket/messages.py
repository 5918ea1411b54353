"""The framing of RFC 6455: a client's bytes to whole messages, messages to a server's frames.

Pure: what has to be answered is collected, and whoever owns the socket sends it.
"""

from __future__ import annotations

from flask_realtime.exceptions import FrameError

from .assembly import Assembly
from .deflate import Deflate
from .frames import (
    BINARY,
    CLOSE,
    CONTINUATION,
    DEFLATE_FIRST_BYTES,
    FIN,
    INVALID_DATA,
    OPCODE,
    PING,
    PONG,
    PROTOCOL_ERROR,
    RSV1,
    TEXT,
    encode_close,
    encode_frame,
    encode_mended,
    parse_close,
    parse_header,
    unmask,
)

_MAX_PONGS = 4096
"""Bytes of pongs that wait until all but the latest are dropped."""

_LARGE_APPETITE, _SMALL_APPETITE = 2048, 256
"""Bytes to take at once between frames: 64 KiB may be ten thousand of them, and 30 ms in which
nobody else is served."""
_MANY_FRAMES = 64
"""For one call; most bring one."""

_from_bytes = int.from_bytes


_PING_FRAME = encode_frame(PING, b"")


class Messages:
    """One connection's framing.

    :param max_size: bytes that a message may have, all its fragments together and inflated.
    :param deflate: the compression that the handshake agreed on.
    """

    __slots__ = (
        "_appetite",
        "_assembly",
        "_max_size",
        "_rest",
        "_short_size",
        "closing",
        "deflate",
        "more",
        "replies",
        "violation",
    )

    closing_handshake = True
    shares_frames = True

    def __init__(self, max_size: int, deflate: Deflate | None = None) -> None:
        self._max_size = max_size
        self.deflate = deflate
        #: Code and reason of the peer's close frame; code 1005 if it had none.
        self.closing: tuple[int, str] | None = None
        #: Whether :meth:`feed` has stopped in front of more, since what it has inflated is enough.
        self.more = False
        #: The rule that the peer broke. After either of the two all input is ignored.
        self.violation: FrameError | None = None
        #: What :meth:`take_replies` would give; the end of input always leaves a close frame here.
        self.replies = b""
        # The start of a header or of a control frame, 130 bytes at most; or what was kept back.
        self._rest = b""
        # A message of which a part is here: a fragment, or a piece of a long frame.
        self._assembly: Assembly | None = None
        # Up to this size a whole frame may take the short way in feed(); 0 while anything is
        # unfinished or over. It could be derived, at four times the cost of the comparison.
        self._short_size = self._short_way()
        self._appetite = _LARGE_APPETITE

    @property
    def appetite(self) -> int:
        """How many bytes the next call of :meth:`feed` should bring at most.

        What the frame lacks that is being read; else so few that their frames cost others little
        time.
        """
        missing = 0 if self._assembly is None else self._assembly.left
        return max(missing, self._appetite)

    def feed(self, data: bytes) -> list[str | bytes]:
        """Take what was read; return the messages that are whole now, in order.

        What is compressed may grow a thousandfold: of that it returns hardly more than ``max_size``
        at once, and keeps the rest as it came, for a call with nothing new (see ``more``).
        """
        # The short way: data is exactly one text frame, masked and under 126 bytes, as nearly
        # all are. Written out because it is what a server does most: 0.6 µs for 40 bytes, 1.4 by
        # the general way below, 3.0 with an unmasking loop (CPython 3.11).
        size = len(data)
        if 6 <= size <= self._short_size and data[0] == 0x81 and data[1] == size + 122:
            size -= 6
            key = _from_bytes((data[2:6] * 32)[:size], "big")
            plain = (_from_bytes(data[6:], "big") ^ key).to_bytes(size, "big")
            try:
                return [plain.decode()]
            except UnicodeDecodeError:
                self._fail(FrameError(INVALID_DATA, "text that is not UTF-8"))
                return []
        return self._feed(data)

    def take_replies(self) -> bytes:
        """Return the frames that the input calls for, once: a pong, a close frame, or nothing."""
        replies = self.replies
        self.replies = b""
        return replies

    def encode(self, message: str | bytes, compress: bool = True) -> bytes:
        """Return a message as one frame. Lone surrogates, which UTF-8 has not, become U+FFFD.

        :param compress: whether it may be compressed, where that was agreed on.
        """
        if not isinstance(message, str):
            opcode, payload = BINARY, message
        else:
            opcode = TEXT
            try:
                payload = message.encode()
            except UnicodeEncodeError:
                payload = encode_mended(message)
        deflate = self.deflate
        if deflate is not None and compress and len(payload) >= deflate.threshold:
            return encode_frame(opcode | RSV1, deflate.compress(payload))
        return encode_frame(opcode, payload)

    def encode_ping(self) -> bytes:
        """Return a ping frame; its pong brings nothing but that it comes."""
        return _PING_FRAME

    def encode_close(self, code: int, reason: str = "") -> bytes:
        """Return a close frame; see :func:`.frames.encode_close`."""
        return encode_close(code, reason)

    def _feed(self, data: bytes) -> list[str | bytes]:
        messages: list[str | bytes] = []
        if self.closing is not None or self.violation is not None:
            return messages
        if self._rest:
            data = self._rest + data
            self._rest = b""
        position = frames = 0
        room = self._max_size
        self.more = False
        try:
            while position < len(data):
                frames += 1
                count = len(messages)
                position = self._read(data, position, messages)
                if self.deflate is not None and len(messages) > count:
                    room -= len(messages[-1])
                    if room <= 0 and position < len(data):
                        self._rest = data[position:]
                        self.more = True
                        break
        except FrameError as error:
            # A new one: what was raised holds frames, and through them us and our owner.
            self._fail(FrameError(error.close_code, str(error)))
        self._short_size = self._short_way()
        if frames > _MANY_FRAMES:
            self._appetite = max(self._appetite // 2, _SMALL_APPETITE)
        elif frames < _MANY_FRAMES // 4:
            self._appetite = min(self._appetite * 2, _LARGE_APPETITE)
        return messages

    def _read(self, data: bytes, start: int, messages: list[str | bytes]) -> int:
        """Take one frame, or as much of it as there is; return where the next one begins."""
        assembly = self._assembly
        if assembly is not None and assembly.left:
            return self._assemble(assembly, data, start, messages)
        room = self._max_size if assembly is None else self._max_size - len(assembly.payload)
        if self.deflate is None:
            header = parse_header(data, start, room)
        else:
            compressed = data[start] & RSV1 or (assembly is not None and assembly.inflater)
            room = _compressed_room(self._max_size) if compressed else room
            header = parse_header(data, start, room, DEFLATE_FIRST_BYTES)
        if header is None:
            self._rest = data[start:]
            return len(data)
        first, length, body = header
        end = body + length
        opcode = first & OPCODE
        if opcode >= CLOSE:
            return self._control(opcode, data, start, body, end)
        # 5.4: fragments of one message are not interleaved with those of another.
        if assembly is None and opcode == CONTINUATION:
            raise FrameError(PROTOCOL_ERROR, "continuation frame without a message to continue")
        if assembly is not None and opcode != CONTINUATION:
            raise FrameError(PROTOCOL_ERROR, "data frame inside a fragmented message")
        if assembly is None and first & FIN and end <= len(data) and not first & RSV1:
            messages.append(_message(opcode, unmask(data[body:end], data[body - 4 : body])))
            return end
        if assembly is None:
            inflater = self.deflate.inflater() if self.deflate and first & RSV1 else None
            self._assembly = assembly = Assembly(opcode, self._max_size, inflater)
        assembly.begin(first & FIN, length, data[body - 4 : body])
        return self._assemble(assembly, data, body, messages)

    def _assemble(
        self, assembly: Assembly, data: bytes, start: int, messages: list[str | bytes]
    ) -> int:
        end = min(start + assembly.left, len(data))
        assembly.add(data[start:end])
        if assembly.fin and not assembly.left:
            assembly.finish()
            self._assembly = None
            messages.append(_message(assembly.opcode, bytes(assembly.payload)))
        return end

    def _control(self, opcode: int, data: bytes, start: int, body: int, end: int) -> int:
        if end > len(data):
            self._rest = data[start:]
            return len(data)
        payload = unmask(data[body:end], data[body - 4 : body])
        if opcode == PING:
            # 5.5.3: of several pings only the latest needs its pong. A few get one each, as some
            # clients expect it; who pings on without reading does not fill our memory.
            pong = encode_frame(PONG, payload)
            self.replies = self.replies + pong if len(self.replies) < _MAX_PONGS else pong
        if opcode != CLOSE:
            return end
        self.closing = parse_close(payload)
        self._end(self.closing[0])
        return len(data)

    def _fail(self, violation: FrameError) -> None:
        self.violation = violation
        self._end(violation.close_code)

    def _end(self, code: int) -> None:
        # 5.5.1: a close frame is answered by one with its code; 7.1.7: so is a broken rule.
        self.replies += encode_close(code)
        self._rest = b""
        self._assembly = None
        self._short_size = 0
        self.more = False

    def _short_way(self) -> int:
        if self._rest or self._assembly or self.closing or self.violation:
            return 0
        return min(self._max_size, 125) + 6


def _compressed_room(max_size: int) -> int:
    # RFC 1951 section 3.2.6: 9 bits per byte when all goes wrong; more is refused unread.
    return max_size + max_size // 8 + 64


def _message(opcode: int, payload: bytes) -> str | bytes:
    if opcode == BINARY:
        return payload
    try:
        return payload.decode()
    except UnicodeDecodeError as error:
        raise FrameError(INVALID_DATA, "text that is not UTF-8") from error
