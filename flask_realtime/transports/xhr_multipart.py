"""XHR multipart streaming: one response whose parts replace each other, a part for each message.

Firefox gave an ``XMLHttpRequest`` its parts one by one (``multipart = true``, until version 22).
"""

from __future__ import annotations

from typing import ClassVar

from ..protocol.packet import Message
from .streaming import StreamingTransport

_BOUNDARY = "socketio"


class XHRMultipartTransport(StreamingTransport):
    """Messages of the clients 0.7 to 0.9 as parts of ``multipart/x-mixed-replace``."""

    name = "xhr-multipart"
    __slots__ = ()

    content_type: ClassVar[str] = f'multipart/x-mixed-replace;boundary="{_BOUNDARY}"'
    head: ClassVar[bytes] = f"--{_BOUNDARY}\n".encode()

    def wrap(self, message: Message) -> bytes:
        assert isinstance(message, str)  # these clients have no binary
        # The boundary goes behind the part, not before the next: only then the part is whole.
        return f"Content-Type: text/plain\n\n{message}\n--{_BOUNDARY}\n".encode()
