"""HTTP over TLS, with a throwaway certificate, as plainly as can be."""

from __future__ import annotations

import http.client
import json
import ssl
from typing import Any, NamedTuple

TIMEOUT = 10.0

_TRUSTING = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
_TRUSTING.check_hostname, _TRUSTING.verify_mode = False, ssl.CERT_NONE

UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def packet(self) -> Any:
        """What the first packet of a polling body says."""
        return json.loads(self.body[1:])


def ask(
    port: int,
    target: str,
    headers: dict[str, str] | None = None,
    body: bytes | None = None,
    address: str = "127.0.0.1",
    tls: bool = True,
) -> Answer:
    """One request on a connection of its own.

    :param address: the own end of the connection.
    """
    connection: http.client.HTTPConnection
    options: dict[str, Any] = {"timeout": TIMEOUT, "source_address": (address, 0)}
    if tls:
        connection = http.client.HTTPSConnection("127.0.0.1", port, context=_TRUSTING, **options)
    else:
        connection = http.client.HTTPConnection("127.0.0.1", port, **options)
    try:
        connection.request("GET" if body is None else "POST", target, body, headers or {})
        answer = connection.getresponse()
        names = {name.lower(): value for name, value in answer.getheaders()}
        # What follows a 101 is none of HTTP's.
        return Answer(answer.status, names, b"" if answer.status == 101 else answer.read())
    finally:
        connection.close()
