"""A client of the WebSockets before RFC 6455, which speaks bytes, as plainly as can be."""

from __future__ import annotations

from .http import Wire
from .waiting import TIMEOUT

CLOSE = b"\xff\x00"

# The example of draft-hixie-thewebsocketprotocol-76, section 1.2.
KEYS = {
    "Sec-WebSocket-Key1": "4 @1  46546xW%0l 1 5",
    "Sec-WebSocket-Key2": "12998 5 Y3 1  .P00",
}
CHALLENGE = b"^n:ds[4U"
PROOF = b"8jKS'y:G*Co,Wxa-"


def text(message: str) -> bytes:
    return b"\x00" + message.encode() + b"\xff"


class HixieClient(Wire):
    """A connection, which :meth:`open` makes a WebSocket."""

    def ask(self, target: str, headers: dict[str, str] | None = None, behind: bytes = b"") -> None:
        """Send a request, and what is `behind` it in the same segment.

        :param headers: more of them, such as ``KEYS``; those of the value ``""`` are left out.
        """
        fields = {
            "Upgrade": "WebSocket",
            "Connection": "Upgrade",
            "Host": f"127.0.0.1:{self.sock.getpeername()[1]}",
            "Origin": "http://example.com",
            **(headers or {}),
        }
        lines = [f"GET {target} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in fields.items() if value]
        self.send("\r\n".join([*lines, "", ""]).encode() + behind)

    def open(
        self, target: str, headers: dict[str, str] | None = None, behind: bytes = b""
    ) -> list[str]:
        """Become a WebSocket of -76; return the lines of the response's head."""
        self.ask(target, {**KEYS, **(headers or {})}, CHALLENGE + behind)
        lines = self.read_head().decode("latin-1").split("\r\n")
        assert lines[:3] == [
            "HTTP/1.1 101 WebSocket Protocol Handshake",
            "Upgrade: WebSocket",
            "Connection: Upgrade",
        ], lines
        assert self.read(len(PROOF)) == PROOF
        return lines

    def open_75(
        self, target: str, headers: dict[str, str] | None = None, behind: bytes = b""
    ) -> list[str]:
        """Become a WebSocket of -75; return the lines of the response's head."""
        self.ask(target, headers, behind)
        lines = self.read_head().decode("latin-1").split("\r\n")
        assert lines[:3] == [
            "HTTP/1.1 101 Web Socket Protocol Handshake",
            "Upgrade: WebSocket",
            "Connection: Upgrade",
        ], lines
        return lines

    def send_text(self, *messages: str) -> None:
        self.send(b"".join(map(text, messages)))

    def receive(self, timeout: float = TIMEOUT) -> str:
        """The next message."""
        self.sock.settimeout(timeout)
        try:
            while b"\xff" not in self.data:
                assert self.more(), f"closed after {self.data!r}"
        finally:
            self.sock.settimeout(TIMEOUT)
        assert self.data[0] == 0, self.data
        message, _, self.data = self.data[1:].partition(b"\xff")
        return message.decode()

    def ends_with(self, data: bytes) -> bool:
        """Wait until the server has closed; whether this is all that came before it."""
        while self.more():
            pass
        return self.data == data
