"""The forever iframe: a page that does not end, with a script for each message.

Internet Explorer 5.5 to 9 read it in an ``ActiveXObject("htmlfile")``, whence the name.
"""

from __future__ import annotations

from ..protocol.packet import Message
from .script import script_string
from .streaming import Envelope, StreamingTransport

_HEAD = "<html><body><script>var _ = function (msg) { parent.s._(msg, document); };</script>"
_FIRST_BYTES = 256
"""Internet Explorer runs nothing before it has this much."""


class ScriptEnvelope(Envelope):
    """A script for each message, which calls what the head has defined."""

    __slots__ = ()

    content_type = "text/html; charset=UTF-8"
    head = _HEAD.ljust(_FIRST_BYTES).encode()

    def wrap(self, message: Message) -> bytes:
        assert isinstance(message, str)  # these clients have no binary
        return f"<script>_({script_string(message)});</script>".encode()


class HTMLFileTransport(StreamingTransport):
    """Messages of the clients 0.7 to 0.9 in scripts that call what their page has defined."""

    name = "htmlfile"
    envelope = ScriptEnvelope
    __slots__ = ()
