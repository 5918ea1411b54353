"""Clients of the older generations that speak bytes: Engine.IO 3 over polling and JSONP, 0.9 over
polling, JSONP and streams. Nothing here uses the code under test."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import quote_plus

from .http import Answer, HTTPClient, Wire
from .wire import PATH

MARK = "\ufffd"


class EIO3Client:
    """An Engine.IO 3 session over polling: one connection that polls, one that posts.

    :param query: more of the query string, such as ``"b64=1"``; without ``EIO`` for "".
    :param headers: sent with every request; None: those of a page of the server's own.
    :param jsonp: the index, for a JSONP client.
    """

    def __init__(
        self,
        port: int,
        query: str = "EIO=3",
        headers: dict[str, str] | None = None,
        jsonp: str | None = None,
        path: str = PATH,
    ) -> None:
        self.polls = HTTPClient(port)
        self.posts = HTTPClient(port)
        self.headers = headers if headers is not None else own_page(port)
        self._jsonp = jsonp is not None
        index = "" if jsonp is None else f"&j={jsonp}"
        self.target = f"{path}?transport=polling{index}" + (f"&{query}" if query else "")
        self.terms: dict[str, Any] = {}
        self.sid = ""
        self._packets: list[str] = []

    def handshake(self) -> dict[str, Any]:
        """Open the session; return its terms."""
        answer = self.polls.get(self.target, self.headers)
        (packet,) = packets_of(answer)
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

    def poll(self) -> Answer:
        """Poll; return the whole answer."""
        self.ask()
        return self.answer()

    def receive(self) -> str:
        """The next packet, from as many polls as it takes."""
        while not self._packets:
            answer = self.poll()
            assert answer.status == 200, answer
            self._packets = packets_of(answer)
        return self._packets.pop(0)

    def post(self, body: bytes, headers: dict[str, str] | None = None) -> Answer:
        """Post; return the answer."""
        self.ask_post(body, headers)
        return self.posts.answer()

    def ask_post(self, body: bytes, headers: dict[str, str] | None = None) -> None:
        """Send a POST and do not wait for its answer."""
        fields = {"Content-Type": "text/plain;charset=UTF-8", **self.headers, **(headers or {})}
        self.posts.ask("POST", self.target, fields, body)

    def post_form(self, text: str, headers: dict[str, str] | None = None) -> Answer:
        """Post as the form of a JSONP client, which escapes line ends: browsers change them."""
        escaped = text.replace("\\n", "\\\n").replace("\n", "\\n")
        return self.post(form(escaped), {**FORM, **(headers or {})})

    def send(self, *packets: str) -> None:
        """Post packets, which the server must take."""
        body = payload(*packets)
        answer = self.post_form(body.decode()) if self._jsonp else self.post(body)
        assert (answer.status, answer.body) == (200, b"ok"), answer

    def close(self) -> None:
        self.polls.close()
        self.posts.close()

    def reset(self) -> None:
        """Vanish."""
        self.polls.reset()
        self.posts.reset()


class Client09:
    """A session of a client 0.9 over HTTP; its streams are :class:`Stream`.

    :param transport: as its URL has it, such as ``xhr-polling`` or ``jsonp-polling``.
    :param headers: sent with every request; None: those of a page of the server's own.
    """

    def __init__(
        self,
        port: int,
        transport: str = "xhr-polling",
        headers: dict[str, str] | None = None,
        sid: str = "",
    ) -> None:
        self.polls = HTTPClient(port)
        self.posts = HTTPClient(port)
        self.transport = transport
        self.headers = headers if headers is not None else own_page(port)
        self.sid = sid
        self._messages: list[str] = []

    @property
    def target(self) -> str:
        query = "?t=1&i=4" if self.transport == "jsonp-polling" else "?t=1"
        return f"/socket.io/1/{self.transport}/{self.sid}{query}"

    def handshake(self) -> str:
        """Open the session; return the answer."""
        answer = self.posts.get("/socket.io/1/?t=1", self.headers)
        assert answer.status == 200, answer
        self.sid = answer.body.decode().partition(":")[0]
        return answer.body.decode()

    def ask(self) -> None:
        self.polls.ask("GET", self.target, self.headers)

    def answer(self) -> Answer:
        return self.polls.answer()

    def poll(self) -> Answer:
        self.ask()
        return self.answer()

    def receive(self) -> str:
        """The next message, from as many polls as it takes; the noop of an empty poll is none."""
        while not self._messages:
            answer = self.poll()
            assert answer.status == 200, answer
            self._messages = [each for each in messages_of(answer) if each != "8::"]
        return self._messages.pop(0)

    def ask_post(self, body: bytes, headers: dict[str, str] | None = None) -> None:
        fields = {"Content-Type": "text/plain;charset=UTF-8", **self.headers, **(headers or {})}
        self.posts.ask("POST", self.target, fields, body)

    def post(self, body: bytes, headers: dict[str, str] | None = None) -> Answer:
        self.ask_post(body, headers)
        return self.posts.answer()

    def post_form(self, text: str, headers: dict[str, str] | None = None) -> Answer:
        """Post as a JSONP client does, whose field is a JSON string."""
        return self.post(form(json.dumps(text)), {**FORM, **(headers or {})})

    def send(self, *messages: str) -> None:
        """Post messages, which the server must take."""
        body = framed(*messages) if len(messages) > 1 else messages[0]
        jsonp = self.transport == "jsonp-polling"
        answer = self.post_form(body) if jsonp else self.post(body.encode())
        assert (answer.status, answer.body) == (200, b"1"), answer

    def close(self) -> None:
        self.polls.close()
        self.posts.close()

    def reset(self) -> None:
        self.polls.reset()
        self.posts.reset()


class Stream(Wire):
    """A response that does not end: a GET on a connection of its own, read piece by piece."""

    head = ""

    def open(
        self, target: str, headers: dict[str, str] | None = None, version: str = "1.1"
    ) -> None:
        """Ask for it, and read the head of the response."""
        self.ask(target, headers, version)
        self.head = self.read_head().decode("latin-1")
        assert " 200 OK\r\n" in self.head, self.head

    def ask(
        self, target: str, headers: dict[str, str] | None = None, version: str = "1.1"
    ) -> None:
        fields = {"Host": f"127.0.0.1:{self.sock.getpeername()[1]}", **(headers or {})}
        lines = [f"GET {target} HTTP/{version}"]
        lines += [f"{name}: {value}" for name, value in fields.items()]
        self.send("\r\n".join([*lines, "", ""]).encode())

    def piece(self) -> bytes:
        """The next chunk; ``b""`` is the last one."""
        while b"\r\n" not in self.data:
            assert self.more(), f"closed after {self.data!r}"
        line, _, self.data = self.data.partition(b"\r\n")
        return self.read(int(line, 16) + 2)[:-2]

    def pieces(self) -> list[bytes]:
        """Wait for the end of the response; return all that came before it."""
        return list(iter(self.piece, b""))


def own_page(port: int) -> dict[str, str]:
    """What every browser sends for a script or a frame of a page of the server's own."""
    return {"Referer": f"http://127.0.0.1:{port}/page"}


FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def form(text: str) -> bytes:
    """The body of a form whose only field is ``d``."""
    return b"d=" + quote_plus(text.encode()).encode()


def payload(*packets: str) -> bytes:
    """A text payload of Engine.IO 3, with lengths as JavaScript counts."""
    return "".join(f"{units(packet)}:{packet}" for packet in packets).encode()


def framed(*messages: str) -> str:
    """Several messages of 0.9."""
    return "".join(f"{MARK}{units(each)}{MARK}{each}" for each in messages)


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def packets_of(answer: Answer) -> list[str]:
    """The packets of an answer of Engine.IO 3, plain or JSONP, with text and no binary."""
    text = _unscripted(answer)
    packets = []
    while text:
        size, _, text = text.partition(":")
        packets.append(text[: int(size)])  # all that the server sends here is ASCII
        text = text[int(size) :]
    return [packet for packet in packets if packet]


def messages_of(answer: Answer) -> list[str]:
    """The messages of an answer of 0.9, plain or JSONP."""
    text = _unscripted(answer)
    if not text.startswith(MARK):
        return [text] if text else []
    fields = text.split(MARK)[1:]
    messages = fields[1::2]
    assert [str(units(each)) for each in messages] == fields[0::2], fields
    return messages


def _unscripted(answer: Answer) -> str:
    text = answer.body.decode()
    if "javascript" not in answer.headers["content-type"]:
        return text
    call = re.fullmatch(r'(?:___eio|io\.j)\[\d+\]\((".*")\);', text)
    assert call is not None, text
    return str(json.loads(call[1]))
