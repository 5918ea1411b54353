"""Clients that speak bytes: Engine.IO 4 over polling and over WebSocket, each as plainly as can be.
Nothing here uses the code under test."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from tests.websocket.masking import frame, server_frame

from .http import SEPARATOR, Answer, HTTPClient, Wire
from .waiting import TIMEOUT

PATH = "/socket.io/"
TEXT, BINARY, CLOSE, PING, PONG = 0x1, 0x2, 0x8, 0x9, 0xA


class Closed(Exception):  # noqa: N818
    """The server has closed the WebSocket; `code` is None if it did so without a close frame."""

    def __init__(self, code: int | None, reason: str = "") -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason


class PollingClient:
    """An Engine.IO 4 session over polling: one connection that polls, one that posts.

    :param query: more of the query string, such as ``"b64=1"``.
    :param headers: sent with every request.
    """

    def __init__(
        self, port: int, query: str = "", headers: dict[str, str] | None = None, path: str = PATH
    ) -> None:
        self.polls = HTTPClient(port)
        self.posts = HTTPClient(port)
        self.headers = headers or {}
        self.target = f"{path}?EIO=4&transport=polling" + (f"&{query}" if query else "")
        self.sid = ""
        self.terms: dict[str, Any] = {}
        self._packets: list[str] = []

    def handshake(self) -> dict[str, Any]:
        """Open the session; return its terms."""
        (packet,) = self.get()
        assert packet[0] == "0", packet
        self.terms = json.loads(packet[1:])
        self.sid = self.terms["sid"]
        self.target += f"&sid={self.sid}"
        return self.terms

    def ask(self) -> None:
        """Send a GET and do not wait for its answer."""
        self.polls.ask("GET", self.target, self.headers)

    def answer(self) -> Answer:
        return self.polls.answer()

    def get(self) -> list[str]:
        """Poll; return the packets of the answer."""
        self.ask()
        answer = self.answer()
        assert answer.status == 200, answer
        return answer.packets

    def receive(self) -> str:
        """The next packet, from as many polls as it takes."""
        while not self._packets:
            self._packets = self.get()
        return self._packets.pop(0)

    def post(self, body: bytes, headers: dict[str, str] | None = None) -> Answer:
        """Post; return the answer."""
        self.ask_post(body, headers)
        return self.posts.answer()

    def ask_post(self, body: bytes, headers: dict[str, str] | None = None) -> None:
        """Send a POST and do not wait for its answer."""
        fields = {"Content-Type": "text/plain;charset=UTF-8", **self.headers, **(headers or {})}
        self.posts.ask("POST", self.target, fields, body)

    def send(self, *packets: str) -> None:
        """Post packets, which the server must take."""
        answer = self.post(SEPARATOR.join(packets).encode())
        assert (answer.status, answer.body) == (200, b"ok"), answer

    def connect(self, namespace: str = "/", auth: Any = None) -> str:
        """Join a namespace; return the socket's id."""
        self.send(connect_packet(namespace, auth))
        return socket_id(self.receive(), namespace)

    def close(self) -> None:
        self.polls.close()
        self.posts.close()

    def reset(self) -> None:
        """Vanish."""
        self.polls.reset()
        self.posts.reset()


class WebSocketClient(Wire):
    """A WebSocket, from its handshake on.

    :param query: more of the query string, such as ``"sid=…"``.
    :param headers: more headers of the handshake.
    :param target: in the place of path and query, for another generation.
    """

    def __init__(
        self,
        port: int,
        query: str = "",
        headers: dict[str, str] | None = None,
        path: str = PATH,
        receive_buffer: int | None = None,
        behind: bytes = b"",
        target: str = "",
    ) -> None:
        super().__init__(port, receive_buffer)
        self.sid = ""
        self.terms: dict[str, Any] = {}
        self.pongs: list[bytes] = []
        if not target:
            target = f"{path}?EIO=4&transport=websocket" + (f"&{query}" if query else "")
        fields = {
            "Host": f"127.0.0.1:{port}",
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
            **(headers or {}),
        }
        lines = [f"GET {target} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in fields.items() if value]
        self.send("\r\n".join([*lines, "", ""]).encode() + behind)
        head = self.read_head()
        self.head = head.decode("latin-1") + "\r\n"
        assert head.startswith(b"HTTP/1.1 101 "), head + self.data
        # The example of RFC 6455 section 1.3.
        assert b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in head, head

    def handshake(self) -> dict[str, Any]:
        """Read the session's first packet; return its terms."""
        packet = self.receive()
        assert isinstance(packet, str) and packet[0] == "0", packet
        self.terms = json.loads(packet[1:])
        self.sid = self.terms["sid"]
        return self.terms

    def send_text(self, *messages: str) -> None:
        self.send(b"".join(frame(TEXT, message.encode()) for message in messages))

    def send_binary(self, *messages: bytes) -> None:
        self.send(b"".join(frame(BINARY, message) for message in messages))

    def receive(self, timeout: float = TIMEOUT) -> str | bytes:
        """The next message; pongs are kept in ``pongs``.

        :raises Closed: if the server closes instead.
        :raises TimeoutError: if nothing comes in time.
        """
        self.sock.settimeout(timeout)
        try:
            while True:
                first, payload = self._next_frame()
                if first == 0x80 | TEXT:
                    return payload.decode()
                if first == 0x80 | BINARY:
                    return payload
                if first == 0x80 | CLOSE:
                    code = int.from_bytes(payload[:2], "big") if payload else None
                    raise Closed(code, payload[2:].decode())
                assert first == 0x80 | PONG, hex(first)
                self.pongs.append(payload)
        finally:
            self.sock.settimeout(TIMEOUT)

    def _next_frame(self) -> tuple[int, bytes]:
        while (found := server_frame(self.data)) is None:
            if not self.more():
                assert not self.data, f"cut off: {self.data!r}"
                raise Closed(None)
        first, payload, self.data = found
        return first, payload

    def closed_with(self) -> int | None:
        """Wait for the server's close; return its code. Messages before it are skipped."""
        while True:
            try:
                self.receive()
            except Closed as closed:
                return closed.code

    def leave(self, code: int = 1000) -> int | None:
        """Send a close frame and wait for the server's."""
        self.send(frame(CLOSE, code.to_bytes(2, "big")))
        return self.closed_with()

    def connect(self, namespace: str = "/", auth: Any = None) -> str:
        """Join a namespace; return the socket's id."""
        self.send_text(connect_packet(namespace, auth))
        return socket_id(self.receive(), namespace)

    def close(self) -> None:
        """Close in good manners, as far as that goes."""
        with suppress(OSError):
            self.send(frame(CLOSE, b"\x03\xe8"))
        self.sock.close()


def connect_packet(namespace: str, auth: Any) -> str:
    where = "" if namespace == "/" else namespace + ","
    return f"40{where}" + ("" if auth is None else json.dumps(auth))


def socket_id(packet: str | bytes, namespace: str) -> str:
    """The id in the answer to a CONNECT."""
    where = "" if namespace == "/" else namespace + ","
    start = f"40{where}{{"
    assert isinstance(packet, str) and packet.startswith(start), packet
    return str(json.loads(packet[len(start) - 1 :])["sid"])
