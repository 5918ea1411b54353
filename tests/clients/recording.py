"""Recordings of clients: what a connection carries, message by message, as text that can be read.

A recording is a list of steps, in the order in which they happened. Each is of one connection
(``on``), and one of:

- ``request``: the lines of a request's head, and its ``body``;
- ``answer``: the status of a response, its ``type``, and its ``packets`` if it is a poll's, else
  its ``body``;
- ``sends``, ``told``: a WebSocket frame, of the client and of the server;
- ``ends``: who closed the connection.

Text is a string; a binary message is ``{"binary": "00ff"}``, a control frame has its name there.
The names that the server gave, of sessions and sockets, are ``<id 1>``, ``<id 2>``, …, and its port
is ``<port>``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import Any, NamedTuple

from tests.support.http import Answer
from tests.support.old_wire import messages_of, packets_of

Data = str | dict[str, str]
Step = dict[str, Any]

FOLDER = Path(__file__).parent / "recordings"
OPCODES = {1: "text", 2: "binary", 8: "close", 9: "ping", 10: "pong"}


class Message(NamedTuple):
    """A request or a response: the lines of its head, and its body."""

    head: list[str]
    body: bytes


def load(path: Path) -> dict[str, Any]:
    recording: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return recording


def save(path: Path, recording: dict[str, Any]) -> None:
    """Write a recording, with a line for each step."""
    facts = {name: value for name, value in recording.items() if name != "steps"}
    lines = [json.dumps(step) for step in recording["steps"]]
    begin = json.dumps(facts)[:-1]
    text = begin + ', "steps": [\n' + ",\n".join(lines) + "\n]}\n"
    path.write_text(text, "utf-8")


# Bytes, as they are written down


def written(data: bytes, kind: str = "text") -> Data:
    """Write data down; text that is no UTF-8 as binary."""
    if kind == "text":
        try:
            return data.decode()
        except UnicodeDecodeError:
            kind = "binary"
    return {kind: data.hex()}


def read(data: Data) -> tuple[str, bytes]:
    """The kind, and the bytes, of what is written down."""
    if isinstance(data, str):
        return "text", data.encode()
    ((kind, digits),) = data.items()
    return kind, bytes.fromhex(digits)


# What is in a stream of bytes


def take_http(data: bytes) -> tuple[Message, bytes] | None:
    """The first request or response, and what follows it; None while it is incomplete."""
    head, end, rest = data.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    fields = headers(lines)
    assert "transfer-encoding" not in fields, lines
    size = int(fields.get("content-length", "0"))
    if not end or len(rest) < size:
        return None
    return Message(lines, rest[:size]), rest[size:]


def take_frame(data: bytes) -> tuple[Data, bytes] | None:
    """The first frame, as it is written down, and what follows it; None while it is incomplete."""
    if len(data) < 2:
        return None
    extra = {126: 2, 127: 8}.get(data[1] & 0x7F, 0)
    start = 2 + extra + (4 if data[1] & 0x80 else 0)
    size = int.from_bytes(data[2 : 2 + extra], "big") if extra else data[1] & 0x7F
    if len(data) < start + size:
        return None
    payload, rest = data[start : start + size], data[start + size :]
    if data[1] & 0x80:
        key = data[start - 4 : start]
        payload = bytes(byte ^ mask for byte, mask in zip(payload, cycle(key), strict=False))
    assert data[0] & 0xF0 == 0x80, f"a part of a message, or an extension: {data[0]:#x}"
    return written(payload, OPCODES[data[0] & 0x0F]), rest


def headers(lines: list[str]) -> dict[str, str]:
    """The headers of a head; their names in small letters."""
    pairs = (line.partition(":") for line in lines[1:])
    return {name.lower(): value.strip() for name, _, value in pairs}


def is_poll(request: list[str]) -> bool:
    """Whether a request asks for packets, rather than to bring some or for a WebSocket."""
    return request[0].startswith("GET ") and "polling" in request[0]


def packets(protocol: int, answer: Answer) -> list[Data]:
    """The packets that a poll was answered with."""
    if protocol == 4:
        return list(answer.packets)
    if protocol == 1:
        return list(messages_of(answer))
    if "octet-stream" in answer.headers["content-type"]:
        return list(_binary_payload(answer.body))
    return list(packets_of(answer))


def _binary_payload(body: bytes) -> Iterator[Data]:
    """Engine.IO 3: 0 for text or 1, the digits of the length as bytes, 255, the packet."""
    while body:
        digits, _, rest = body[1:].partition(b"\xff")
        size = int("".join(map(str, digits)))
        yield written(rest[:size], "binary" if body[0] else "text")
        body = rest[size:]
