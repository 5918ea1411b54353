"""The clients 0.7 to 0.9 over xhr-polling, byte by byte."""

from __future__ import annotations

import pytest

from tests.support.app import Serve
from tests.support.http import Answer
from tests.support.old_wire import MARK, Client09, messages_of
from tests.support.server import Running
from tests.support.waiting import let_run, wait_until

TEXT = "text/plain; charset=UTF-8"


def join(running: Running) -> Client09:
    """A client that has been told that it is in."""
    client = running.client_09()
    assert client.receive() == "1::"
    return client


def all_headers(answer: Answer) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name != "date"}


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("path", ["/socket.io/1/?t=1", "/socket.io/1/", "/socket.io/1"])
def test_the_handshake_tells_sid_time_outs_and_transports(
    serve: Serve, method: str, path: str
) -> None:
    running, _ = serve(ping_interval=20, ping_timeout=9.5)
    answer = running.http().request(method, path, body=b"" if method == "POST" else None)
    sid = running.session().sid
    assert answer.status == 200
    assert answer.body.decode() == f"{sid}:30:30:websocket,htmlfile,xhr-polling,jsonp-polling"
    assert all_headers(answer) == {
        "content-type": TEXT,
        "content-length": str(len(answer.body)),
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        "x-accel-buffering": "no",
    }


def test_transports_come_in_the_order_of_the_option(serve: Serve) -> None:
    running, _ = serve(transports=["xhr-polling", "xhr-multipart", "flashsocket"])
    client = running.client_09()
    assert running.session().sid == client.sid
    answer = running.http().get("/socket.io/1/")
    assert answer.body.endswith(b":45:45:xhr-polling,xhr-multipart,flashsocket")


def test_a_handshake_over_http_1_0_offers_no_websocket(serve: Serve) -> None:
    running, _ = serve(transports=["websocket", "flashsocket", "htmlfile", "polling"])
    wire = running.wire()
    wire.ask("/socket.io/1/", version="1.0")
    wire.read_head()
    wire.at_end()
    assert wire.data.endswith(b":45:45:htmlfile,xhr-polling")


def test_the_first_poll_says_that_the_client_is_in(serve: Serve) -> None:
    running, _ = serve()
    answer = running.client_09().poll()
    assert (answer.status, answer.body) == (200, b"1::")
    assert answer.headers["content-type"] == TEXT
    assert answer.headers["content-length"] == "3"


def test_a_post_is_answered_by_the_digit_one(serve: Serve) -> None:
    running, app = serve()
    client = join(running)
    answer = client.post(b'5:::{"name":"note","args":[1]}')
    assert (answer.status, answer.body) == (200, b"1")
    assert answer.headers["content-type"] == TEXT
    assert answer.headers["x-content-type-options"] == "nosniff"
    wait_until(lambda: app.noted == [1])


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/octet-stream"])
def test_a_post_needs_no_content_type(serve: Serve, content_type: str) -> None:
    """XDomainRequest cannot name one."""
    running, app = serve()
    client = join(running)
    answer = client.post(b'5:::{"name":"note","args":[1]}', {"Content-Type": content_type})
    assert answer.body == b"1"
    wait_until(lambda: app.noted == [1])


def test_one_message_goes_out_as_it_is(serve: Serve) -> None:
    running, app = serve()
    client = join(running)
    running.ask(client)
    app.socket.emit("news", {"é": "😀\u2028"})
    answer = client.answer()
    assert answer.body == rb'5:::{"name":"news","args":[{"\u00e9":"\ud83d\ude00\u2028"}]}'
    assert answer.headers["content-type"] == TEXT


def test_several_messages_are_framed_by_their_lengths(serve: Serve) -> None:
    running, app = serve()
    client = join(running)
    app.socket.send("é😀")
    app.socket.emit("b", 1)
    answer = client.poll()
    second = '5:::{"name":"b","args":[1]}'
    assert answer.body.decode() == f"{MARK}7{MARK}3:::é😀{MARK}{len(second)}{MARK}{second}"
    assert answer.body.startswith(b"\xef\xbf\xbd7\xef\xbf\xbd3:::")


def test_framed_messages_are_taken_whatever_their_lengths(serve: Serve) -> None:
    running, app = serve()
    client = join(running)
    client.send(*[f'5:::{{"name":"note","args":["{text}"]}}' for text in ("😀", "é", MARK)])
    wait_until(lambda: app.noted == ["😀", "é", MARK])


def test_an_answer_that_is_asked_for_comes_as_type_6(serve: Serve) -> None:
    running, _ = serve()
    client = join(running)
    client.send('5:7+::{"name":"echo","args":[1,"two"]}')
    assert client.poll().body == b'6:::7+[1,"two"]'


def test_a_message_with_an_id_is_acknowledged_on_receipt(serve: Serve) -> None:
    running, app = serve()
    app_root = running.server.of("/")
    app_root.on("message", lambda value: app.noted.append(value))
    client = join(running)
    client.send("3:5::hello")
    assert client.poll().body == b"6:::5"
    wait_until(lambda: app.noted == ["hello"])


def test_an_idle_poll_ends_with_a_noop_every_ping_interval(serve: Serve) -> None:
    """The client leaves when nothing has come for as long as the handshake has said."""
    running, app = serve(ping_interval=25, ping_timeout=20)
    client = join(running)
    for _ in range(5):
        running.ask(client)
        running.pass_by(25)
        assert client.answer().body == b"8::"
    assert app.reasons == []


def test_the_newest_poll_is_the_one_that_is_answered(serve: Serve) -> None:
    running, app = serve()
    client = join(running)
    running.ask(client)
    newer = running.client_09()
    newer.sid = client.sid
    newer.ask()
    assert client.answer().body == b"8::"
    app.sockets[0].emit("news")
    assert newer.answer().body == b'5:::{"name":"news"}'
    assert app.reasons == []


def test_what_is_sent_between_polls_waits_for_the_next(serve: Serve) -> None:
    running, app = serve()
    client = join(running)
    for number in range(100):
        app.socket.emit("n", number)
    expected = [f'5:::{{"name":"n","args":[{number}]}}' for number in range(100)]
    assert messages_of(client.poll()) == expected


def test_a_client_that_says_goodbye_is_gone(serve: Serve) -> None:
    running, app = serve()
    client = join(running)
    running.ask(client)
    client.send("0::")
    assert client.answer().body == b"0::"
    assert app.reason() == "client namespace disconnect"
    assert not running.sessions


@pytest.mark.parametrize("path", ["1//{}/?disconnect=1", "1/xhr-polling/{}/?disconnect"])
def test_a_page_that_is_closed_says_so_by_a_get(serve: Serve, path: str) -> None:
    running, app = serve()
    client = join(running)
    running.ask(client)
    answer = running.http().get("/socket.io/" + path.format(client.sid), client.headers)
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert client.answer().status == 200
    assert app.reason() == "transport close"
    let_run()
    assert not running.sessions


def test_who_is_sent_away_is_told_so_and_stays_away(serve: Serve) -> None:
    running, app = serve()
    client = join(running)
    running.ask(client)
    app.socket.disconnect(close=True)
    assert client.answer().body == b"0::"


def test_who_is_dropped_otherwise_is_told_to_begin_anew(serve: Serve) -> None:
    """Behind a disconnect (``0::``) client 0.9 would not come back."""
    running, app = serve()
    client = join(running)
    running.ask(client)
    running.server.close()
    assert client.answer().body == b"7:::1+0"
    assert app.reason() == "server shutting down"


def test_foreign_pages_get_no_cors_headers_and_allowed_ones_their_own(serve: Serve) -> None:
    running, _ = serve(cors_allowed_origins="https://good.test")
    good = running.http().get("/socket.io/1/", {"Origin": "https://good.test"})
    assert good.headers["access-control-allow-origin"] == "https://good.test"
    assert good.headers["access-control-allow-credentials"] == "true"
    bad = running.http().get("/socket.io/1/", {"Origin": "https://evil.test"})
    assert (bad.status, bad.body) == (403, b"handshake bad origin")
    assert not any(name.startswith("access-control") for name in bad.headers)
