"""What the clients of each generation say over a WebSocket, and their handshakes over HTTP."""

from __future__ import annotations

import json
import re
import socket
from typing import NamedTuple

from .wires import ask, dial, read_until, text, upgrade


class Generation(NamedTuple):
    """The words of one generation.

    :param handshake: the request over HTTP that opens a session.
    :param direct: the WebSocket without a handshake over HTTP, None where there is no such thing.
    :param later: the WebSocket of a session that has a sid, which follows.
    :param sid: finds it in the handshake's answer.
    :param join: joins the root namespace, for those who are not in it at once.
    :param joined: what comes then.
    :param into: joins another namespace.
    :param event: an event that asks for an answer.
    :param answered: how that begins.
    :param goodbye: leaves.
    :param probe: tries a WebSocket beside the polls.
    """

    handshake: str
    direct: str | None
    later: str
    sid: str
    join: str
    joined: bytes
    into: str
    event: str
    answered: str
    goodbye: str
    probe: str

    def ask(self, number: int, name: str, *arguments: object) -> bytes:
        """The frame of an event."""
        return text(self.packet(number, name, *arguments))

    def packet(self, number: int, name: str, *arguments: object) -> str:
        """An event; its arguments have to be ASCII."""
        values = json.dumps(arguments, separators=(",", ":"))[1:-1]
        more = values and "," + values
        return self.event % {"number": number, "name": name, "values": values, "more": more}

    def answer(self, number: int) -> bytes:
        """How the answer to that event begins."""
        return (self.answered % number).encode()

    def open_session(self, sock: socket.socket) -> str:
        """The handshake over HTTP; return the sid."""
        found = re.search(self.sid, ask(sock, "GET", self.handshake).decode())
        assert found is not None
        return found[1]

    def websocket_target(self, sock: socket.socket) -> str:
        """Where a client begins that is on WebSocket from its first message on."""
        return self.direct or self.later + self.open_session(sock)

    def websocket(self, port: int) -> socket.socket:
        """A client on WebSocket, in the root namespace."""
        sock = dial(port)
        sock.sendall(upgrade(target=self.websocket_target(sock)))
        if self.join:
            read_until(sock, b'"maxPayload"')
            sock.sendall(text(self.join))
        read_until(sock, self.joined)
        return sock


def _engineio(version: int, join: str, joined: bytes) -> Generation:
    path = f"/socket.io/?EIO={version}&transport="
    return Generation(
        handshake=f"{path}polling",
        direct=f"{path}websocket",
        later=f"{path}websocket&sid=",
        sid=r'"sid":"([\w-]+)"',
        join=join,
        joined=joined,
        into="40%s,",
        event='42%(number)d["%(name)s"%(more)s]',
        answered="43%d[",
        goodbye="41",
        probe="2probe",
    )


GENERATIONS = {
    "0.9": Generation(
        handshake="/socket.io/1/",
        direct=None,
        later="/socket.io/1/websocket/",
        sid=r"^([\w-]+):",
        join="",
        joined=b"1::",
        into="1::%s",
        event='5:%(number)d+::{"name":"%(name)s","args":[%(values)s]}',
        answered="6:::%d",
        goodbye="0::",
        probe="2::",
    ),
    "eio3": _engineio(3, "", b"\x0240"),
    "eio4": _engineio(4, "40", b'40{"sid"'),
}
"""By what the option ``protocols`` calls them."""
