"""XHR multipart streaming: one response whose parts replace each other, a part for each message.

Firefox gave an ``XMLHttpRequest`` its parts one by one (``multipart = true``, until version 22).
"""

from __future__ import annotations

from secrets import token_hex

from ..protocol.packet import Message
from .streaming import Envelope, StreamingTransport


class MultipartEnvelope(Envelope):
    """A part for each message. Clients find the boundary in the response's type, or on its first
    line.
    """

    __slots__ = ("content_type", "head")

    def __init__(self) -> None:
        # A text that somebody sends may have any line in it. So nobody else knows this one.
        boundary = f"socketio-{token_hex(8)}"
        self.content_type = f'multipart/x-mixed-replace;boundary="{boundary}"'
        self.head = f"--{boundary}\n".encode()

    def wrap(self, message: Message) -> bytes:
        assert isinstance(message, str)  # these clients have no binary
        # The boundary goes behind the part, not before the next: only then the part is whole.
        return b"Content-Type: text/plain\n\n%b\n%b" % (message.encode(), self.head)


class XHRMultipartTransport(StreamingTransport):
    """Messages of the clients 0.7 to 0.9 as parts of ``multipart/x-mixed-replace``."""

    name = "xhr-multipart"
    envelope = MultipartEnvelope
    __slots__ = ()
