"""Long polling by scripts and forms, for pages that may not ask another origin otherwise.

An answer is a script that calls a function of the client's; a POST is a form of one field.
"""

from __future__ import annotations

from urllib.parse import parse_qs

from ..exceptions import PacketError
from ..protocol.dialect import Dialect
from ..protocol.request import HANDSHAKE, ClientRequest
from .http import Request, Response, respond
from .polling import PollingTransport
from .script import script_string

_SCRIPT = "text/javascript; charset=UTF-8"
"""Beside ``nosniff`` browsers run no other type, and clients do not look at it."""


def refuse_by_script(dialect: Dialect, wanted: ClientRequest, body: bytes) -> Response:
    """Return the answer to a JSONP request that cannot be served: a status its page cannot see."""
    text = script_string(body.decode())
    if wanted.transport == HANDSHAKE:
        text = f"new Error({text})"
    return respond(f"{dialect.jsonp_callback}[{wanted.jsonp}]({text});".encode(), _SCRIPT)


class JSONPTransport(PollingTransport):
    """Polling in another envelope."""

    name = "jsonp-polling"
    __slots__ = ()

    def _payload(self, request: Request) -> tuple[bytes, str]:
        try:
            fields = parse_qs(request.body.decode(), keep_blank_values=True, max_num_fields=10)
        except ValueError:
            raise PacketError("a form that is none") from None
        if "d" not in fields:
            raise PacketError("a form without the field d")
        return self._dialect.form_text(fields["d"][0]).encode(), "text/plain; charset=UTF-8"

    def _envelope(self, jsonp: str | None, body: bytes, content_type: str) -> tuple[bytes, str]:
        call = f"{self._dialect.jsonp_callback}[{jsonp}]"
        return f"{call}({script_string(body.decode())});".encode(), _SCRIPT
