"""Long polling by scripts and forms, for pages that may not ask another origin otherwise.

An answer is a script that calls a function of the client's; a POST is a form of one field.
"""

from __future__ import annotations

from ..protocol.dialect import Dialect
from ..protocol.packet import Packet, PacketType
from ..protocol.request import HANDSHAKE, ClientRequest
from .http import Response, respond
from .polling import PollingTransport
from .script import script_string

_SCRIPT = "text/javascript; charset=UTF-8"
"""Beside ``nosniff`` browsers run no other type, and clients do not look at it."""


def refuse_by_script(dialect: Dialect, wanted: ClientRequest, body: bytes) -> Response:
    """Return the answer to a JSONP request that cannot be served: a status its page cannot see."""
    if wanted.transport == HANDSHAKE:
        argument = f"new Error({script_string(body.decode())})"
    else:
        # Whatever it is: what tells the client less than to begin anew has it poll on.
        (message,) = dialect.encode(Packet(PacketType.CLOSE)).messages
        argument = script_string(str(message))
    return respond(f"{dialect.jsonp_callback}[{wanted.jsonp}]({argument});".encode(), _SCRIPT)


class JSONPTransport(PollingTransport):
    """Polling in another envelope."""

    name = "jsonp-polling"
    __slots__ = ()

    def _envelope(self, jsonp: str | None, body: bytes, content_type: str) -> tuple[bytes, str]:
        call = f"{self._dialect.jsonp_callback}[{jsonp}]"
        return f"{call}({script_string(body.decode())});".encode(), _SCRIPT
