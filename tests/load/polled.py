"""Clients without a WebSocket: those that poll, and those on an endless answer."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import quote

from .generations import GENERATIONS, Generation
from .wires import answer, dial, polling, read_until, request

_SAME_ORIGIN = "Sec-Fetch-Site: same-origin\r\n"  # as browsers say of scripts and frames
_FORM = "Content-Type: application/x-www-form-urlencoded\r\n"


class Poller:
    """A client in the root namespace, with a connection for all its requests.

    :param target: of its session.
    :param body: the body of a POST, from a packet.
    """

    def __init__(
        self, sock: socket.socket, target: str, body: Callable[[str], str], headers: str = ""
    ) -> None:
        self.sock = sock
        self._target = target
        self._body = body
        self._headers = headers

    def get(self) -> bytes:
        self.sock.sendall(request("GET", self._target, headers=_SAME_ORIGIN))
        return self._answer()

    def post(self, packet: str) -> None:
        body = self._body(packet).encode()
        self.sock.sendall(request("POST", self._target, body, _SAME_ORIGIN + self._headers))
        self._answer()

    def _answer(self) -> bytes:
        status, body = answer(self.sock)
        if status != 200:
            raise ConnectionError(f"{status} {body!r}")
        return body


def _numbered(packet: str) -> str:
    return f"{len(packet)}:{packet}"


def _eio4(port: int) -> Poller:
    sock = dial(port)
    return Poller(sock, polling(sock), str)


def _eio3(port: int) -> Poller:
    sock = dial(port)
    generation = GENERATIONS["eio3"]
    target = f"{generation.handshake}&sid={generation.open_session(sock)}"
    return _begun(Poller(sock, target, _numbered))


def _jsonp(port: int) -> Poller:
    sock = dial(port)
    target = "/socket.io/?EIO=3&transport=polling&j=0"
    sock.sendall(request("GET", target, headers=_SAME_ORIGIN))
    target += "&sid=" + _found(r'sid\\":\\"([\w-]+)', answer(sock)[1])
    return _begun(Poller(sock, target, lambda packet: "d=" + quote(_numbered(packet)), _FORM))


def _xhr_polling(port: int) -> Poller:
    sock = dial(port)
    sid = GENERATIONS["0.9"].open_session(sock)
    return _begun(Poller(sock, f"/socket.io/1/xhr-polling/{sid}", str))


def _jsonp_polling(port: int) -> Poller:
    sock = dial(port)
    target = f"/socket.io/1/jsonp-polling/{GENERATIONS['0.9'].open_session(sock)}?i=0"
    return _begun(Poller(sock, target, lambda packet: "d=" + quote(json.dumps(packet)), _FORM))


def _begun(poller: Poller) -> Poller:
    poller.get()  # the word that it is in the root namespace
    return poller


def _found(pattern: str, body: bytes) -> str:
    found = re.search(pattern, body.decode())
    assert found is not None, body
    return found[1]


class Polled(NamedTuple):
    """A kind of client that polls, and its generation."""

    generation: Generation
    begin: Callable[[int], Poller]


POLLED = {
    "polling": Polled(GENERATIONS["eio4"], _eio4),
    "eio3 polling": Polled(GENERATIONS["eio3"], _eio3),
    "eio3 jsonp": Polled(GENERATIONS["eio3"], _jsonp),
    "0.9 xhr-polling": Polled(GENERATIONS["0.9"], _xhr_polling),
    "0.9 jsonp-polling": Polled(GENERATIONS["0.9"], _jsonp_polling),
}


def htmlfile(port: int) -> tuple[socket.socket, Poller]:
    """A client 0.9 on an endless page: that, and what it posts by."""
    posts, page = dial(port), dial(port)
    target = f"/socket.io/1/htmlfile/{GENERATIONS['0.9'].open_session(posts)}"
    page.sendall(request("GET", target, headers=_SAME_ORIGIN))
    read_until(page, b"1::")
    return page, Poller(posts, target, str)
