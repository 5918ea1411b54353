"""The forever iframe, byte by byte."""

from __future__ import annotations

import json

import pytest

from tests.support.app import Serve
from tests.support.old_wire import framed
from tests.support.waiting import wait_until

HEAD = "<html><body><script>var _ = function (msg) { parent.s._(msg, document); };</script>"
NASTY = "</script><!-- <script> \u2028\u2029 \\ \" ' é😀 \x00 ]]>"


def test_the_response_begins_with_256_bytes_that_define_what_the_scripts_call(
    serve: Serve,
) -> None:
    running, _ = serve()
    stream = running.stream(running.client_09("htmlfile"))
    head = stream.piece()
    assert head == HEAD.ljust(256).encode()
    assert len(head) == 256
    assert stream.piece() == b'<script>_("1::");</script>'


def test_its_headers_forbid_to_keep_guess_or_hold_it_back(serve: Serve) -> None:
    running, _ = serve()
    stream = running.stream(running.client_09("htmlfile"))
    status, *lines = stream.head.split("\r\n")
    assert status == "HTTP/1.1 200 OK"
    assert sorted(line for line in lines if not line.startswith("Date: ")) == [
        "Cache-Control: no-store",
        "Content-Type: text/html; charset=UTF-8",
        "Transfer-Encoding: chunked",
        "X-Accel-Buffering: no",
        "X-Content-Type-Options: nosniff",
    ]


def test_each_message_is_a_script_of_its_own(serve: Serve) -> None:
    running, app = serve()
    stream = running.stream(running.client_09("htmlfile"))
    stream.piece(), stream.piece()
    app.socket.emit("a", 1)
    assert stream.piece() == rb'<script>_("5:::{\"name\":\"a\",\"args\":[1]}");</script>'
    app.socket.send("b")
    app.socket.send("c/d")
    assert stream.piece() == (
        rb'<script>_("3:::b");</script>' rb'<script>_("3:::c/d");</script>'
    )


@pytest.mark.parametrize("say", ["send", "emit"])
def test_nothing_that_is_said_gets_out_of_its_script(serve: Serve, say: str) -> None:
    running, app = serve()
    stream = running.stream(running.client_09("htmlfile"))
    stream.piece(), stream.piece()
    app.socket.emit(NASTY, NASTY) if say == "emit" else app.socket.send(NASTY)
    piece = stream.piece()
    start, end = b"<script>_(", b");</script>"
    assert piece.startswith(start) and piece.endswith(end)
    literal = piece[len(start) : -len(end)]
    assert literal.isascii() and b"<" not in literal and b"\n" not in literal
    # Client 0.9 replaces each \/ by / once more.
    message = json.loads(literal).replace("\\/", "/")
    if say == "send":
        assert message == "3:::" + NASTY
    else:
        assert json.loads(message[4:]) == {"name": NASTY, "args": [NASTY]}


def test_what_the_client_says_comes_by_posts(serve: Serve) -> None:
    running, app = serve()
    client = running.client_09("htmlfile")
    stream = running.stream(client)
    stream.piece(), stream.piece()
    first, second = (f'5:::{{"name":"note","args":["{text}"]}}' for text in ("é😀", "b"))
    answer = client.post(framed(first, second).encode())
    assert (answer.status, answer.body) == (200, b"1")
    assert answer.headers["content-type"] == "text/plain; charset=UTF-8"
    wait_until(lambda: app.noted == ["é😀", "b"])
    client.send('5:1+::{"name":"echo","args":["x"]}')
    assert stream.piece() == rb'<script>_("6:::1+[\"x\"]");</script>'


def test_it_ends_with_a_script_too(serve: Serve) -> None:
    running, app = serve()
    stream = running.stream(running.client_09("htmlfile"))
    stream.piece(), stream.piece()
    app.socket.disconnect(close=True)
    assert set(stream.pieces()) == {b'<script>_("0::");</script>'}
    assert app.reason() == "server namespace disconnect"


def test_an_unknown_session_is_told_so_by_a_script(serve: Serve) -> None:
    running, _ = serve()
    client = running.client_09("htmlfile")
    client.sid = "00abcdefghijklmnopqr"
    answer = client.poll()
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/html; charset=UTF-8"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.body == HEAD.ljust(256).encode() + b'<script>_("7:::1+0");</script>'


@pytest.mark.parametrize(
    "headers",
    [{}, {"Referer": "https://evil.test/"}, {"Sec-Fetch-Site": "cross-site"}],
    ids=["nothing", "another page", "another site"],
)
def test_a_frame_of_another_page_is_refused(serve: Serve, headers: dict[str, str]) -> None:
    """Whoever may frame it could define what the scripts call."""
    running, _ = serve()
    client = running.client_09("htmlfile")
    client.headers = headers
    answer = client.poll()
    assert (answer.status, answer.body) == (403, b"handshake bad origin")
