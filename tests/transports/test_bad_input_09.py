"""What clients 0.7 to 0.9 may get wrong: each is answered in their own words, and nobody else
notices."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.app import App, Serve
from tests.support.http import Answer
from tests.support.old_wire import FORM, MARK, Client09, form
from tests.support.server import Running
from tests.support.waiting import wait_until

EVERY = ["websocket", "htmlfile", "xhr-polling", "jsonp-polling", "xhr-multipart"]
POLLS = ["xhr-polling", "jsonp-polling"]
STREAMS = ["htmlfile", "xhr-multipart"]
UNKNOWN = "00abcdefghijklmnopqr"


@pytest.fixture
def served(serve: Serve) -> Iterator[tuple[Running, App]]:
    """A server on which somebody else is, and must be until the end."""
    running, app = serve(transports=EVERY, max_http_buffer_size=1000)
    other = running.client_09()
    assert other.receive() == "1::"
    yield running, app
    other.send('5:9+::{"name":"echo","args":["still here"]}')
    assert other.receive() == '6:::9+["still here"]'


def begin(running: Running, transport: str) -> Client09:
    """A client that is in."""
    client = running.client_09(transport)
    if transport in POLLS:
        assert client.receive() == "1::"
    else:
        stream = running.stream(client)
        stream.piece(), stream.piece()
    return client


def says(answer: Answer, message: str) -> bool:
    """Whether an answer says a message in the envelope of its transport."""
    if "javascript" in answer.headers["content-type"]:
        return answer.body == f'io.j[4]("{message}");'.encode()
    if "html" in answer.headers["content-type"]:
        return answer.body.endswith(f'<script>_("{message}");</script>'.encode())
    if "multipart" in answer.headers["content-type"]:
        return f"\n\n{message}\n".encode() in answer.body
    return answer.body == message.encode()


# Sessions


@pytest.mark.parametrize("sid", [UNKNOWN, "07abcdefghijklmnopqr", "nonsense", "%00%ff", "a" * 3000])
@pytest.mark.parametrize("transport", POLLS + STREAMS)
def test_an_unknown_session_is_to_begin_anew(
    served: tuple[Running, App], transport: str, sid: str
) -> None:
    running, _ = served
    client = running.client_09(transport)
    client.sid = sid
    answer = client.poll()
    assert answer.status == 200
    assert says(answer, "7:::1+0")
    posted = client.post(b"5:::{}")
    assert (posted.status, says(posted, "7:::1+0")) == (200, True)


@pytest.mark.parametrize("transport", POLLS + STREAMS)
def test_so_is_one_that_is_over(served: tuple[Running, App], transport: str) -> None:
    running, app = served
    client = begin(running, transport)
    client.send("0::")
    assert app.reason() == "client namespace disconnect"
    client.poll() if transport in POLLS else None
    wait_until(lambda: client.sid not in running.sessions)
    posted = client.post(b'5:::{"name":"note"}')
    assert (posted.status, says(posted, "7:::1+0")) == (200, True)
    assert says(client.poll(), "7:::1+0")
    assert app.noted == []


def test_a_session_of_another_generation_is_no_session_here(served: tuple[Running, App]) -> None:
    running, _ = served
    newer, client = running.polling(), running.client_09()
    newer.connect()
    client.sid = newer.sid
    assert client.poll().status == 400
    assert client.post(b"0::").status == 400
    newer.send('421["echo"]')
    assert newer.receive() == "431[]"


def test_a_session_of_another_page_is_none_of_ours(served: tuple[Running, App]) -> None:
    """The sid is known to whoever was told the socket's id."""
    running, app = served
    client = begin(running, "xhr-polling")
    for headers in ({"Origin": "https://evil.test"}, {"Referer": "https://evil.test/"}):
        for method in ("GET", "POST"):
            answer = running.http().request(method, client.target, headers, b"0::")
            assert (answer.status, answer.body) == (403, b"handshake bad origin")
    assert app.reasons == []


# Where a message goes, and what it is


@pytest.mark.parametrize(
    "message",
    [
        "5::/nowhere:{}",
        '5::/nowhere:{"name":"note","args":[1]}',
        '5::nowhere:{"name":"note","args":[1]}',
        "5:::",
        "5:::{",
        "5:::[]",
        '5:::{"name":5}',
        '5:::{"args":[]}',
        "5",
        "5:",
        ":::",
        "4:::{bad",
        "6:::",
        "6:::x+[]",
        "6:::1+{bad",
        "6:::99999999999999999999+[]",
        "9:::",
        "x::",
        "7:::1+0",
        "1::/nowhere",
        "1:::" + "x" * 500,
        "2::",
        "8::",
        "\x00",
        "~m~3~m~abc",
        '{"name":"note"}',
        '42["note",1]',
    ],
)
@pytest.mark.parametrize("transport", POLLS)
def test_a_message_that_is_none_is_passed_over(
    served: tuple[Running, App], transport: str, message: str
) -> None:
    running, app = served
    client = begin(running, transport)
    client.send(message)
    client.send(message, '5:::{"name":"note","args":["next"]}')
    wait_until(lambda: app.noted == ["next"])
    assert app.reasons == []


@pytest.mark.parametrize(
    "body",
    [
        f"{MARK}5{MARK}3:::",
        f"{MARK}4{MARK}3:::a",
        f"{MARK}-1{MARK}3:::a",
        f"{MARK}{MARK}3:::a",
        f"{MARK}x{MARK}3:::a",
        f"{MARK}99999999999999999999{MARK}3:::a",
        f"{MARK}5{MARK}3:::a{MARK}",
        f"{MARK}5{MARK}3:::a3:::b",
        f"{MARK}5",
        MARK,
        f"{MARK}6{MARK}3:::😀"[:-1],
        f"{MARK}5{MARK}3:::😀",
    ],
)
@pytest.mark.parametrize("transport", POLLS + STREAMS)
def test_broken_framing_ends_the_session(
    served: tuple[Running, App], transport: str, body: str
) -> None:
    running, app = served
    client = begin(running, transport)
    answer = client.post_form(body) if transport == "jsonp-polling" else client.post(body.encode())
    if transport == "jsonp-polling":
        assert (answer.status, answer.body) == (200, b'io.j[4]("7:::1+0");')
    else:
        assert (answer.status, answer.body) == (400, b"handshake error")
    assert app.reason() == "parse error"
    assert client.sid not in running.sessions


@pytest.mark.parametrize("body", [b"\xff\xfe", b"3:::\xc3", b"\xed\xa0\x80"])
def test_what_is_no_text_ends_the_session(served: tuple[Running, App], body: bytes) -> None:
    running, app = served
    client = begin(running, "xhr-polling")
    assert client.post(body).status == 400
    assert app.reason() == "parse error"


@pytest.mark.parametrize(
    "body",
    [b"", b"x=1", b"d", b"&&&", b"d=%22unfinished", b"d=%22%5Cx%22", b"d=%22a%22b", b"d=%ff%fe"]
    + [b"&".join(b"d=1" for _ in range(50))],
)
def test_a_form_that_is_none_ends_the_session_or_is_passed_over(
    served: tuple[Running, App], body: bytes
) -> None:
    running, app = served
    client = begin(running, "jsonp-polling")
    answer = client.post(body, FORM)
    assert answer.status == 200
    assert answer.body in (b"1", b'io.j[4]("7:::1+0");')
    assert app.noted == []


# Requests


@pytest.mark.parametrize(
    "index", ["x", "1;alert(1)", "", "-1", "1.5", "%D9%A3", "9" * 16, "%3Cscript%3E"]
)
@pytest.mark.parametrize("target", ["1/?jsonp={}", "1/jsonp-polling/SID?i={}"])
def test_an_index_that_is_no_number_is_refused_and_not_repeated(
    served: tuple[Running, App], target: str, index: str
) -> None:
    running, app = served
    client = begin(running, "jsonp-polling")
    path = "/socket.io/" + target.replace("SID", client.sid).format(index)
    answer = running.http().get(path, client.headers)
    assert answer.status == 400
    assert "script" not in answer.headers["content-type"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert b"alert" not in answer.body and b"<" not in answer.body
    assert app.reasons == []


@pytest.mark.parametrize("transport", POLLS + STREAMS)
def test_a_body_that_is_too_large_is_refused_and_ends_the_session(
    served: tuple[Running, App], transport: str
) -> None:
    running, app = served
    client = begin(running, transport)
    body = b"3:::" + b"x" * 1000
    headers = FORM if transport == "jsonp-polling" else {}
    answer = client.post(form(body.decode()) if headers else body, headers)
    if transport == "jsonp-polling":
        assert answer.body == b'io.j[4]("7:::1+0");'
    else:
        assert answer.status == 413
    assert app.reason() == "transport error"


@pytest.mark.parametrize("transport", POLLS + STREAMS)
def test_a_body_that_is_cut_short_changes_nothing(
    served: tuple[Running, App], transport: str
) -> None:
    running, app = served
    client = begin(running, transport)
    client.ask_post(b'5:::{"name":"note"', {"Content-Length": "50"})
    client.posts.finish()
    client.posts.at_end()
    after = running.http()
    form_of = form('5:::{"name":"note","args":[2]}')
    is_form = transport == "jsonp-polling"
    body = form_of if is_form else b'5:::{"name":"note","args":[2]}'
    after.request("POST", client.target, {**client.headers, **(FORM if is_form else {})}, body)
    wait_until(lambda: app.noted == [2])
    assert app.reasons == []


@pytest.mark.parametrize("method", ["PUT", "DELETE", "HEAD", "PATCH"])
@pytest.mark.parametrize("transport", POLLS + STREAMS)
def test_other_methods_are_refused_and_the_session_goes_on(
    served: tuple[Running, App], transport: str, method: str
) -> None:
    running, app = served
    client = begin(running, transport)
    answer = running.http().request(method, client.target, client.headers)
    assert answer.status in (200, 500)  # JSONP tells it by a script
    client.send('5:::{"name":"note","args":[1]}')
    wait_until(lambda: app.noted == [1])
    assert app.reasons == []


@pytest.mark.parametrize(
    "transport", ["foo", "xhr-polling2", "__proto__", "%3Cscript%3E", "polling"]
)
def test_an_unknown_transport_is_refused(served: tuple[Running, App], transport: str) -> None:
    running, app = served
    client = begin(running, "xhr-polling")
    client.transport = transport
    answer = client.poll()
    assert answer.status == 400
    assert transport.encode() not in answer.body and b"<" not in answer.body
    assert app.reasons == []
