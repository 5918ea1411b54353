"""XHR multipart streaming, byte by byte."""

from __future__ import annotations

import re

from tests.support.app import Serve
from tests.support.old_wire import Client09, Stream
from tests.support.server import Running
from tests.support.waiting import wait_until

ON = {"transports": ["websocket", "xhr-multipart", "xhr-polling"]}


class Parts:
    """The stream of a client, whose boundary is known."""

    def __init__(self, stream: Stream) -> None:
        self.piece = stream.piece
        self.pieces = stream.pieces
        self.boundary = stream.piece()
        assert re.fullmatch(rb"--socketio-[0-9a-f]{16}\n", self.boundary)

    def part(self, message: str) -> bytes:
        return b"Content-Type: text/plain\n\n" + message.encode() + b"\n" + self.boundary


def begin(running: Running, client: Client09 | None = None) -> Parts:
    """Open a stream, and take the word that the client is in."""
    parts = Parts(running.stream(client or running.client_09("xhr-multipart")))
    assert parts.piece() == parts.part("1::")
    return parts


def test_it_is_off_unless_it_is_listed(serve: Serve) -> None:
    running, _ = serve()
    client = running.client_09("xhr-multipart")
    answer = client.poll()
    assert (answer.status, answer.body) == (400, b"7:::0")


def test_the_response_begins_with_the_boundary_that_its_headers_name(serve: Serve) -> None:
    running, _ = serve(**ON)
    stream = running.stream(running.client_09("xhr-multipart"))
    boundary = stream.piece().decode()
    assert boundary[:2] == "--" and boundary[-1] == "\n"
    status, *lines = stream.head.split("\r\n")
    assert status == "HTTP/1.1 200 OK"
    assert sorted(line for line in lines if not line.startswith("Date: ")) == [
        "Cache-Control: no-store",
        f'Content-Type: multipart/x-mixed-replace;boundary="{boundary[2:-1]}"',
        "Transfer-Encoding: chunked",
        "X-Accel-Buffering: no",
        "X-Content-Type-Options: nosniff",
    ]


def test_each_message_is_a_part_that_its_boundary_ends(serve: Serve) -> None:
    """Only at the boundary is a part whole: were that left to the next message, one would lag."""
    running, app = serve(**ON)
    parts = begin(running)
    app.socket.emit("é", "😀")
    assert parts.piece() == parts.part(r'5:::{"name":"\u00e9","args":["\ud83d\ude00"]}')
    app.socket.send("é\n\n")
    app.socket.emit("b")
    assert parts.piece() == parts.part("3:::é\n\n") + parts.part('5:::{"name":"b"}')


def test_who_knows_a_boundary_cannot_forge_a_message_for_another(serve: Serve) -> None:
    """What one client says may reach others as it is."""
    running, _ = serve(**ON)
    boundaries = {begin(running).boundary for _ in range(20)}
    assert len(boundaries) == 20


def test_what_the_client_says_comes_by_posts(serve: Serve) -> None:
    running, app = serve(**ON)
    client = running.client_09("xhr-multipart")
    parts = begin(running, client)
    client.send('5:::{"name":"note","args":[1]}', '5:1+::{"name":"echo","args":["x"]}')
    assert parts.piece() == parts.part('6:::1+["x"]')
    wait_until(lambda: app.noted == [1])


def test_it_ends_with_a_part_too(serve: Serve) -> None:
    running, app = serve(**ON)
    parts = begin(running)
    app.socket.disconnect(close=True)
    assert set(parts.pieces()) == {parts.part("0::")}


def test_an_unknown_session_is_told_so_by_a_part(serve: Serve) -> None:
    running, _ = serve(**ON)
    client = running.client_09("xhr-multipart")
    client.sid = "00abcdefghijklmnopqr"
    answer = client.poll()
    assert answer.status == 200
    boundary, _, rest = answer.body.partition(b"\n")
    assert answer.headers["content-type"].endswith(f'"{boundary[2:].decode()}"')
    assert rest == b"Content-Type: text/plain\n\n7:::1+0\n" + boundary + b"\n"
