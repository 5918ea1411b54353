"""Who breaks the rules of polling: what is answered, and what becomes of the session."""

from __future__ import annotations

import pytest

from tests.support.app import Serve
from tests.support.waiting import let_run, wait_until

OVERLAP = {"code": 3, "message": "Bad request", "name": "overlap"}
BAD_PACKET = {"code": 3, "message": "Bad request", "name": "bad-packet"}


def test_a_second_poll_beside_the_first_ends_the_session(serve: Serve) -> None:
    running, app = serve()
    client = running.polling()
    client.connect()
    running.ask(client)
    second = running.http().get(client.target)
    assert (second.status, second.json) == (400, OVERLAP)
    assert client.answer().packets == ["1"]
    assert app.reason() == "transport error"
    assert not running.sessions


def test_a_second_post_beside_the_first_ends_the_session(serve: Serve) -> None:
    """The first one waits with its answer, since the handlers lag."""
    running, app = serve(max_inbox=1)
    client = running.polling()
    client.connect()
    client.ask_post(b'42["block"]\x1e42["note",1]\x1e42["note",2]')
    assert app.blocked.wait(5)
    second = running.http().request("POST", client.target, body=b"3")
    assert (second.status, second.json) == (400, OVERLAP)
    answer = client.posts.answer()
    assert (answer.status, answer.json["name"]) == (400, "expired")  # not all was taken
    app.go.set()
    assert app.reason() == "transport error"
    assert not running.sessions


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"7",
        b"garbage",
        b"4",
        b"47",
        b'42["unfinished',
        b"42{}",
        b"42[]",
        b'42["disconnect"]',
        b"b!!!",
        b"bAQI",
        b"bAQI=",
        b"451-\x1ebAAAA",
        b"\x1e",
        b"3\x1e",
        b"\xff",
        b'42["\xc3"]',
        b"44{}",
        b"43[]",
        b"431{}",
        b'451["no number"]',
        b'450-["none"]',
        b'4511-["too many"]',
    ],
)
def test_what_is_no_payload_is_refused_and_ends_the_session(serve: Serve, body: bytes) -> None:
    running, app = serve()
    client = running.polling()
    client.connect()
    running.ask(client)
    answer = client.post(body)
    assert (answer.status, answer.json) == (400, BAD_PACKET)
    assert client.answer().packets == ["1"]
    assert app.reason() == "parse error"
    assert not running.sessions


def test_what_came_before_the_mistake_is_handled_and_what_came_behind_is_not(
    serve: Serve,
) -> None:
    running, app = serve()
    client = running.polling()
    client.connect()
    answer = client.post(b'42["note",1]\x1e42["note",2]\x1e7\x1e42["note",3]')
    assert answer.status == 400
    assert app.reason() == "parse error"
    assert app.noted == [1, 2]


def test_a_body_of_bytes_is_no_engine_io_4(serve: Serve) -> None:
    running, app = serve()
    client = running.polling()
    client.connect()
    answer = client.post(b'42["note",1]', {"Content-Type": "application/octet-stream"})
    assert (answer.status, answer.json) == (400, BAD_PACKET)
    assert app.reason() == "parse error"
    assert app.noted == []


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/json", "what/ever"])
def test_no_other_content_type_matters(serve: Serve, content_type: str) -> None:
    running, app = serve()
    client = running.polling()
    client.connect()
    assert client.post(b'42["note",1]', {"Content-Type": content_type}).status == 200
    wait_until(lambda: app.noted == [1])


def test_too_many_packets_in_one_body_end_the_session(serve: Serve) -> None:
    running, app = serve(max_payload_packets=3)
    client = running.polling()
    client.connect()
    client.send("3", "3", "3")
    assert client.post(b"3\x1e3\x1e3\x1e3").status == 400
    assert app.reason() == "parse error"


def test_a_body_that_is_too_large_is_refused_and_ends_the_session(serve: Serve) -> None:
    running, app = serve(max_http_buffer_size=100)
    client = running.polling()
    client.connect()
    fits = b'42["note","' + b"x" * 87 + b'"]'
    assert len(fits) == 100
    assert client.post(fits).status == 200
    running.ask(client)
    answer = client.post(fits + b" ")
    assert (answer.status, answer.json["name"]) == (413, "too-large")
    assert client.answer().packets == ["1"]
    assert app.reason() == "transport error"
    again = running.http().request("POST", client.target, body=b'42["note",1]')
    assert (again.status, again.json["name"]) == (400, "expired")
    assert app.noted == ["x" * 87]


def test_a_body_that_is_too_large_and_of_unknown_length_is_refused_too(serve: Serve) -> None:
    running, app = serve(max_http_buffer_size=100)
    client = running.polling()
    client.connect()
    http = running.http()
    http.ask("POST", client.target, {"Transfer-Encoding": "chunked"})
    http.send(b"65\r\n" + b"x" * 101 + b"\r\n0\r\n\r\n")
    assert http.answer().status == 413
    assert app.reason() == "transport error"


def test_a_chunked_body_is_taken(serve: Serve) -> None:
    running, app = serve()
    client = running.polling()
    client.connect()
    http = running.http()
    http.ask("POST", client.target, {"Transfer-Encoding": "chunked"})
    http.send(b'6\r\n42["no\r\n6\r\nte",7]\r\n0\r\n\r\n')
    assert http.answer().body == b"ok"
    wait_until(lambda: app.noted == [7])


def test_a_post_whose_client_leaves_in_its_middle_changes_nothing(serve: Serve) -> None:
    running, app = serve()
    client = running.polling()
    client.connect()
    http = running.http()
    http.ask("POST", client.target, {"Content-Length": "50"})
    http.send(b'42["note",1]')
    http.close()
    let_run(20)
    client.send('42["note",2]')
    wait_until(lambda: app.noted == [2])
    assert app.reasons == []


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "HEAD"])
def test_other_methods_are_refused_and_the_session_goes_on(serve: Serve, method: str) -> None:
    running, app = serve()
    client = running.polling()
    client.connect()
    answer = running.http().request(method, client.target)
    assert answer.status == 400
    if method != "HEAD":
        assert answer.json["name"] == "bad-method"
    client.send('42["note",1]')
    wait_until(lambda: app.noted == [1])
    assert app.reasons == []


def test_a_client_that_pings_is_closed(serve: Serve) -> None:
    running, app = serve()
    client = running.polling()
    client.connect()
    running.ask(client)
    client.post(b"2")
    assert client.answer().packets == ["1"]
    assert app.reason() == "transport error"


def test_without_binary_the_attachments_come_as_text_over_websocket_too(serve: Serve) -> None:
    running, app = serve()
    client = running.websocket("b64=1")
    client.connect()
    client.send_text('451-["say",{"_placeholder":true,"num":0}]', "bAQI=")
    assert client.receive() == '451-["said",{"_placeholder":true,"num":0}]'
    assert client.receive() == "bAQI="
