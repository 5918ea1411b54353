"""A TCP connection and an HTTP client that speak bytes."""

from __future__ import annotations

import json
import struct
from typing import Any, NamedTuple

from gevent import socket

from .waiting import TIMEOUT

SEPARATOR = "\x1e"
"""Between the packets of an Engine.IO 4 polling body."""


class Answer(NamedTuple):
    """An HTTP response."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def packets(self) -> list[str]:
        """The packets of an Engine.IO 4 polling body."""
        return self.body.decode().split(SEPARATOR)

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Wire:
    """One TCP connection, and what has come over it that nobody has looked at."""

    def __init__(self, port: int, receive_buffer: int | None = None) -> None:
        self.sock = socket.socket()
        if receive_buffer is not None:  # before the connect: the window is made from it
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.sock.settimeout(TIMEOUT)
        self.sock.connect(("127.0.0.1", port))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.data = b""

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def more(self) -> bool:
        """Wait for more data; False at the end of the stream."""
        try:
            piece = self.sock.recv(65536)
        except ConnectionResetError:
            piece = b""
        self.data += piece
        return bool(piece)

    def read_head(self) -> bytes:
        """The head of a response, with the empty line."""
        while b"\r\n\r\n" not in self.data:
            assert self.more(), f"closed after {self.data!r}"
        head, _, self.data = self.data.partition(b"\r\n\r\n")
        return head

    def read(self, size: int) -> bytes:
        while len(self.data) < size:
            assert self.more(), f"closed after {self.data!r}"
        taken, self.data = self.data[:size], self.data[size:]
        return taken

    def at_end(self) -> bool:
        """Wait until the server has closed; whether nothing came before that."""
        while self.more():
            pass
        return not self.data

    def finish(self) -> None:
        """Send FIN: the client says no more, and may still read."""
        self.sock.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        """Vanish with a RST."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def close(self) -> None:
        self.sock.close()


class HTTPClient(Wire):
    """A keep-alive connection."""

    _is_head = False

    def ask(
        self,
        method: str,
        target: str,
        headers: dict[str, str] | None = None,
        body: bytes | None = None,
    ) -> None:
        """Send a request and do not wait. Headers of the value ``""`` are left out."""
        fields = {"Host": f"127.0.0.1:{self.sock.getpeername()[1]}"}
        if body is not None:
            fields["Content-Length"] = str(len(body))
        fields.update(headers or {})
        lines = [f"{method} {target} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in fields.items() if value]
        self.send("\r\n".join([*lines, "", ""]).encode() + (body or b""))
        self._is_head = method == "HEAD"

    def answer(self) -> Answer:
        """Wait for the response."""
        first, *lines = self.read_head().decode("latin-1").split("\r\n")
        status = int(first.split()[1])
        headers = {}
        for line in lines:
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        if self._is_head or status in (101, 204, 304):
            return Answer(status, headers, b"")
        return Answer(status, headers, self._read_body(headers))

    def _read_body(self, headers: dict[str, str]) -> bytes:
        if "content-length" in headers:
            return self.read(int(headers["content-length"]))
        if headers.get("transfer-encoding") == "chunked":
            return self._read_chunks()
        while self.more():
            pass
        body, self.data = self.data, b""
        return body

    def _read_chunks(self) -> bytes:
        body = b""
        while True:
            while b"\r\n" not in self.data:
                assert self.more()
            line, _, self.data = self.data.partition(b"\r\n")
            size = int(line, 16)
            body += self.read(size + 2)[:-2]
            if not size:
                return body

    def request(
        self,
        method: str,
        target: str,
        headers: dict[str, str] | None = None,
        body: bytes | None = None,
    ) -> Answer:
        self.ask(method, target, headers, body)
        return self.answer()

    def get(self, target: str, headers: dict[str, str] | None = None) -> Answer:
        return self.request("GET", target, headers)
