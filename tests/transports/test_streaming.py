"""Streams, whatever their envelope: each message at once, and in the end the end."""

from __future__ import annotations

from time import monotonic
from typing import Any

import pytest

from tests.support.app import Serve
from tests.support.waiting import let_run, wait_until

# Sending


def test_each_message_arrives_while_the_stream_goes_on(begin: Any) -> None:
    served = begin()
    for number in range(5):
        sent = monotonic()
        served.socket.emit("n", number)
        assert f"[{number}]" in served.stream.piece().decode()
        assert monotonic() - sent < 1


def test_what_is_sent_at_once_arrives_in_order(begin: Any) -> None:
    served = begin()
    for number in range(1000):
        served.socket.emit("n", f"<{number}>")
    text = ""
    while "999" not in text:
        text += served.stream.piece().decode()
    found = [text.find(f"{number}>") for number in range(1000)]
    assert -1 not in found
    assert text.count("name") == 1000


def test_a_large_message_arrives_whole(begin: Any) -> None:
    served = begin()
    served.socket.emit("big", "x" * 1_000_000)
    assert served.stream.piece().count(b"x") >= 1_000_000


def test_what_was_sent_before_the_stream_begins_it(serve: Serve, transport: str) -> None:
    running, app = serve(transports=["xhr-polling", transport])
    running.server.of("/").on("connection", lambda socket: socket.emit("early"))
    stream = running.stream(running.client_09(transport))
    said = b""
    while b"early" not in said:
        said += stream.piece()
    assert said.index(b"1::") < said.index(b"early")


def test_a_volatile_message_passes_a_stream_that_waits(begin: Any) -> None:
    served = begin()
    wait_until(lambda: served.session.transport.ready)
    assert served.socket.volatile.emit("now")
    assert b"now" in served.stream.piece()


def test_streams_are_not_compressed(begin: Any) -> None:
    """Each piece would have to be flushed, and most are small."""
    served = begin(http_compression=True, compression_threshold=1)
    again = served.running.wire()
    again.open(served.client.target, {**served.client.headers, "Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in again.head
    assert served.head[:4] == again.piece()[:4]


def test_over_http_1_0_a_stream_ends_with_its_connection(serve: Serve, transport: str) -> None:
    running, app = serve(transports=["xhr-polling", transport])
    client = running.client_09(transport)
    stream = running.wire()
    stream.open(client.target, client.headers, version="1.0")
    assert "Transfer-Encoding" not in stream.head
    assert "Connection: close" in stream.head
    while b"1::" not in stream.data:
        assert stream.more()
    app.socket.emit("news")
    while b"news" not in stream.data:
        assert stream.more()
    app.socket.disconnect(close=True)
    stream.at_end()
    assert b"0::" in stream.data


# Heartbeats, posts


def test_the_server_pings_on_the_stream_and_is_answered_by_a_post(begin: Any) -> None:
    served = begin()
    for _ in range(3):
        served.running.pass_by(25)
        assert b"2::" in served.stream.piece()
        served.client.send("2::")
    served.running.pass_by(25)
    assert b"2::" in served.stream.piece()
    served.running.pass_by(19)
    assert served.app.reasons == []
    served.running.pass_by(1)
    assert served.app.reason() == "ping timeout"
    assert b"7:::1+0" in b"".join(served.stream.pieces())


def test_a_full_inbox_makes_posts_wait_and_the_stream_goes_on(
    begin: Any, full: list[str]
) -> None:
    served = begin(max_inbox=10)
    served.client.send('5:::{"name":"block"}')
    assert served.app.blocked.wait(5)
    note = '5:::{"name":"note","args":[1]}'
    served.client.ask_post("".join(f"\ufffd{len(note)}\ufffd{note}" for _ in range(100)).encode())
    wait_until(lambda: full == ["inbox"])
    assert not served.client.posts.data
    served.socket.emit("meanwhile")
    assert b"meanwhile" in served.stream.piece()
    served.app.go.set()
    assert served.client.posts.answer().body == b"1"
    wait_until(lambda: len(served.app.noted) == 100)


# The end


def test_the_response_ends_as_it_should_and_the_connection_serves_on(begin: Any) -> None:
    served = begin()
    served.stream.send(b"GET /other HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")  # pipelined
    let_run()
    served.socket.emit("last")
    served.socket.disconnect(close=True)
    rest = b"".join(served.stream.pieces())
    assert rest.index(b"last") < rest.index(b"0::")
    assert b" 404 " in served.stream.read_head()
    assert served.stream.read(9) == b"not ours\n"
    assert not served.running.sessions


@pytest.mark.parametrize("leave", ["close", "reset", "finish"])
def test_a_client_that_is_gone_is_noticed_within_a_second(begin: Any, leave: str) -> None:
    served = begin()
    began = monotonic()
    getattr(served.stream, leave)()
    assert served.app.reason() == "transport error"
    assert monotonic() - began < 1
    assert not served.running.sessions


def test_a_client_that_says_goodbye_is_answered_and_gone(begin: Any) -> None:
    served = begin()
    served.client.send("0::")
    assert b"0::" in b"".join(served.stream.pieces())
    assert served.app.reason() == "client namespace disconnect"


def test_a_page_that_is_closed_ends_its_stream(begin: Any) -> None:
    served = begin()
    target = f"/socket.io/1//{served.client.sid}/?disconnect=1"
    assert served.running.http().get(target, served.client.headers).status == 200
    served.stream.pieces()
    assert served.app.reason() == "transport close"


def test_who_stops_ends_the_streams_and_tells_them_to_come_back(begin: Any) -> None:
    served = begin()
    served.running.server.close()
    assert b"7:::1+0" in b"".join(served.stream.pieces())
    assert served.app.reason() == "server shutting down"


def test_a_second_stream_takes_the_place_of_the_first(begin: Any) -> None:
    served = begin()
    second = served.running.stream(served.client)
    assert b"8::" in b"".join(served.stream.pieces())
    second.piece()
    served.socket.emit("news")
    assert b"news" in second.piece()
    assert served.app.reasons == []
    second.close()
    assert served.app.reason() == "transport error"


def test_a_session_goes_on_over_polling_and_the_stream_ends(begin: Any) -> None:
    served = begin()
    served.client.transport = "xhr-polling"
    served.client.ask()
    assert b"8::" in b"".join(served.stream.pieces())
    # Had the client heard that it is connected, it would have stayed.
    assert served.client.answer().body == b"1::"
    served.socket.emit("news")
    assert served.client.receive() == '5:::{"name":"news"}'
    assert served.app.reasons == []


def test_a_client_that_is_sent_away_as_its_stream_begins_hears_of_it(
    serve: Serve, transport: str
) -> None:
    running, app = serve(transports=["xhr-polling", transport])
    running.server.of("/").on("connection", lambda socket: socket.disconnect())
    stream = running.stream(running.client_09(transport))
    rest = b"".join(stream.pieces())
    assert rest.index(b"1::") < rest.index(b"0::")
    wait_until(lambda: app.reasons)
    assert not running.sessions
