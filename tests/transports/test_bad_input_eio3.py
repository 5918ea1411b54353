"""What clients 1.x and 2.x may get wrong over HTTP: each is answered in their own words, and nobody
else notices."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.app import App, Serve
from tests.support.old_wire import FORM, EIO3Client, form, payload
from tests.support.server import Running
from tests.support.waiting import wait_until

BYTES = {"Content-Type": "application/octet-stream"}
UNKNOWN = {"code": 1, "message": "Session ID unknown", "name": "unknown-sid"}
BAD_PACKET = {"code": 3, "message": "Bad request", "name": "bad-packet"}
JSONP = pytest.mark.parametrize("jsonp", [None, "0"], ids=["XHR", "JSONP"])


@pytest.fixture
def served(serve: Serve) -> Iterator[tuple[Running, App]]:
    """A server on which somebody else is, and must be until the end."""
    running, app = serve(max_http_buffer_size=1000)
    other = running.eio3()
    assert other.receive() == "40"
    yield running, app
    other.send('421["echo","still here"]')
    assert other.receive() == '431["still here"]'


def begin(running: Running, jsonp: str | None) -> EIO3Client:
    client = running.eio3(jsonp=jsonp)
    assert client.receive() == "40"
    return client


@JSONP
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("sid", ["00abcdefghijklmnopqr", "nonsense", "%00%ff", "a" * 3000])
def test_an_unknown_session(
    served: tuple[Running, App], jsonp: str | None, method: str, sid: str
) -> None:
    running, _ = served
    client = begin(running, jsonp)
    target = client.target.replace(client.sid, sid)
    answer = running.http().request(method, target, client.headers, b"2:40")
    assert (answer.status, answer.json) == (400, UNKNOWN)
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"


@JSONP
def test_a_session_that_is_over(served: tuple[Running, App], jsonp: str | None) -> None:
    running, app = served
    client = begin(running, jsonp)
    client.send("1")
    assert app.reason() == "transport close"
    for answer in (client.poll(), client.post(payload('42["note",1]'))):
        assert (answer.status, answer.json["name"]) == (400, "expired")
    assert app.noted == []


def test_a_session_on_another_transport(served: tuple[Running, App]) -> None:
    running, app = served
    client, scripted = begin(running, None), begin(running, "0")
    for one, other in ((client, scripted), (scripted, client)):
        target = one.target.replace(one.sid, other.sid)
        answer = running.http().get(target, one.headers)
        assert (answer.status, answer.json["name"]) == (400, "wrong-transport")
    assert app.reasons == []


def test_a_session_of_another_generation(served: tuple[Running, App]) -> None:
    running, app = served
    newer, client = running.polling(), begin(running, None)
    answer = running.http().get(client.target.replace(client.sid, newer.sid), client.headers)
    assert (answer.status, answer.json["name"]) == (400, "wrong-version")
    answer = running.http().get(newer.target.replace(newer.sid, client.sid))
    assert (answer.status, answer.json["name"]) == (400, "wrong-version")
    assert app.reasons == []


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.test"}, {"Referer": "http://b.test"}])
@pytest.mark.parametrize("method", ["GET", "POST"])
@JSONP
def test_a_session_of_another_page(
    served: tuple[Running, App], jsonp: str | None, method: str, headers: dict[str, str]
) -> None:
    """The sid is known to whoever was told the socket's id."""
    running, app = served
    client = begin(running, jsonp)
    answer = running.http().request(method, client.target, headers, payload("41"))
    assert (answer.status, answer.json["name"]) == (403, "bad-origin")
    assert app.reasons == []


@JSONP
@pytest.mark.parametrize(
    "body",
    [
        "",
        ":",
        "1",
        "1:",
        "2:4",
        "-1:4",
        "x:4",
        "1:42",
        '3:42["note",1]',
        "99999999999999999999:4",
        "٣:42x",
        "1:7",
        "1:x",
        '8:42["note"',
        "4:42{}",
        "2:b4",
        "5:b4!!!",
        '41:451-["note",{"_placeholder":true,"num":9}]',
        '2:😀😀',
    ],
)
def test_a_payload_that_is_none_ends_the_session(
    served: tuple[Running, App], jsonp: str | None, body: str
) -> None:
    running, app = served
    client = begin(running, jsonp)
    running.ask(client)
    answer = client.post_form(body) if jsonp else client.post(body.encode())
    assert (answer.status, answer.json) == (400, BAD_PACKET)
    assert b"1:1" in client.answer().body
    assert app.reason() == "parse error"
    assert client.sid not in running.sessions


@pytest.mark.parametrize(
    "body",
    [
        b"\x00",
        b"\x00\x01",
        b"\x00\x01\xff",
        b"\x00\xff",
        b"\x00\x0a\xff4",
        b"\x02\x01\xff4",
        b"\x01\x01\xff\x05",
        b"\x01\x02\xff\x04\x01",
        b"\x00" + b"\x09" * 400 + b"\xff4",
        b"\x00\x03\xff42\xff",
        b"1:4",
    ],
)
def test_a_binary_payload_that_is_none_ends_the_session(
    served: tuple[Running, App], body: bytes
) -> None:
    running, app = served
    client = begin(running, None)
    answer = client.post(body, BYTES)
    assert (answer.status, answer.json) == (400, BAD_PACKET)
    assert app.reason() == "parse error"


@pytest.mark.parametrize(
    "body", [b"", b"x=1", b"d", b"d=", b"d=%ff", b"d=4%3A42%7B%7D", b"&".join([b"d=1:6"] * 50)]
)
def test_a_form_that_is_none_ends_the_session(served: tuple[Running, App], body: bytes) -> None:
    running, app = served
    client = begin(running, "0")
    answer = client.post(body, FORM)
    assert (answer.status, answer.json) == (400, BAD_PACKET)
    assert app.reason() == "parse error"


@pytest.mark.parametrize(
    "index", ["x", "1);alert(1)//", "", "-1", "1.5", "%D9%A3", "9" * 16, "%3Cscript%3E"]
)
def test_an_index_that_is_no_number_is_refused_and_not_repeated(
    served: tuple[Running, App], index: str
) -> None:
    running, _ = served
    client = begin(running, "0")
    for target in ("/socket.io/?EIO=3&transport=polling", client.target.replace("&j=0", "")):
        answer = running.http().get(f"{target}&j={index}", client.headers)
        assert (answer.status, answer.json["name"]) == (400, "bad-index")
        assert b"alert" not in answer.body and b"<" not in answer.body


@JSONP
def test_a_poll_that_is_held_twice_ends_the_session(
    served: tuple[Running, App], jsonp: str | None
) -> None:
    running, app = served
    client = begin(running, jsonp)
    running.ask(client)
    second = running.http().get(client.target, client.headers)
    assert (second.status, second.json["name"]) == (400, "overlap")
    assert b"1:1" in client.answer().body
    assert app.reason() == "transport error"


@JSONP
def test_a_body_that_is_too_large_is_refused_and_ends_the_session(
    served: tuple[Running, App], jsonp: str | None
) -> None:
    running, app = served
    client = begin(running, jsonp)
    text = "x" * 1001
    answer = client.post(form(text), FORM) if jsonp else client.post(text.encode())
    assert (answer.status, answer.json["name"]) == (413, "too-large")
    assert app.reason() == "transport error"


@JSONP
def test_a_body_that_is_cut_short_changes_nothing(
    served: tuple[Running, App], jsonp: str | None
) -> None:
    running, app = served
    client = begin(running, jsonp)
    http = running.http()
    http.ask("POST", client.target, {**client.headers, "Content-Length": "50"}, b'12:42["note",1]')
    http.finish()
    http.at_end()
    client.send('42["note",2]')
    wait_until(lambda: app.noted == [2])
    assert app.reasons == []
