"""JSONP, byte by byte: polling by scripts and forms, of the clients 1.x and 2.x, and of 0.9."""

from __future__ import annotations

import json

import pytest

from tests.support.app import Serve
from tests.support.http import Answer
from tests.support.old_wire import FORM, form, payload
from tests.support.waiting import wait_until

EIO3 = "/socket.io/?EIO=3&transport=polling"
SCRIPT = "text/javascript; charset=UTF-8"
NASTY = "</script><!-- <script> \u2028\u2029 \\ ' \" \ufffd\\ufffd é😀 \x00 ]]>"


def headers_of(answer: Answer) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name != "date"}


def is_safe(script: bytes) -> bool:
    """Whether nothing in a script ends it, hides it, or ends one of its lines."""
    if any(char in script for char in (b"<", b"\n", b"\r")):
        return False
    return script.replace("\ufffd".encode(), b"").isascii()


OWN = {"Sec-Fetch-Site": "same-origin"}


def test_a_handshake_is_a_call_of_the_clients_function(serve: Serve) -> None:
    running, _ = serve()
    answer = running.http().get(f"{EIO3}&j=0", OWN)
    sid = running.session().sid
    opened = (
        f'0{{"sid":"{sid}","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,'
        '"maxPayload":1000000}'
    )
    text = f"{len(opened)}:{opened}".replace('"', '\\"')
    assert answer.status == 200
    assert answer.body.decode() == f'___eio[0]("{text}");'
    assert headers_of(answer) == {
        "content-type": SCRIPT,
        "content-length": str(len(answer.body)),
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        "x-accel-buffering": "no",
    }


def test_polls_are_calls_of_the_function_that_each_names(serve: Serve) -> None:
    running, app = serve()
    client = running.eio3(jsonp="3")
    assert client.poll().body == b'___eio[3]("2:40");'
    app.socket.emit("a")
    client.target = client.target.replace("j=3", "j=4")
    assert client.poll().body == rb'___eio[4]("7:42[\"a\"]");'


def test_binary_comes_as_base64(serve: Serve) -> None:
    running, app = serve()
    client = running.eio3(jsonp="0")
    client.receive()
    app.socket.emit("x", b"\x01\x02")
    body = client.poll().body
    packet = rb'451-[\"x\",{\"_placeholder\":true,\"num\":0}]'
    assert body == b'___eio[0]("39:' + packet + b'6:b4AQI=");'


def test_a_form_is_answered_as_every_post(serve: Serve) -> None:
    running, app = serve()
    client = running.eio3(jsonp="0")
    answer = client.post_form(payload('42["note","a b+c&d=e"]').decode())
    assert (answer.status, answer.body) == (200, b"ok")
    assert answer.headers["content-type"] == "text/html"
    assert answer.headers["x-content-type-options"] == "nosniff"
    wait_until(lambda: app.noted == ["a b+c&d=e"])


@pytest.mark.parametrize("text", ["a\nb", "\\n", "\\\\n", "\n\n", "\r\n", "é😀\u2028", "%0A&+"])
def test_line_ends_and_what_looks_like_them_arrive_as_they_were(serve: Serve, text: str) -> None:
    running, app = serve()
    client = running.eio3(jsonp="0")
    client.send("42" + json.dumps(["note", text]))
    wait_until(lambda: app.noted == [text])


def test_nothing_that_is_said_gets_out_of_the_script(serve: Serve) -> None:
    running, app = serve()
    client = running.eio3(jsonp="0")
    client.receive()
    app.socket.emit(NASTY, {NASTY: NASTY})
    answer = client.poll()
    assert is_safe(answer.body.removeprefix(b'___eio[0]("'))
    packet = json.loads(answer.body[len("___eio[0](") : -2]).partition(":")[2]
    assert json.loads(packet[2:]) == [NASTY, {NASTY: NASTY}]


# 0.9


def test_a_handshake_of_0_9_by_script(serve: Serve) -> None:
    running, _ = serve()
    answer = running.http().get("/socket.io/1/?t=1&jsonp=3", OWN)
    sid = running.session().sid
    terms = f"{sid}:45:45:websocket,htmlfile,xhr-polling,jsonp-polling"
    assert (answer.status, answer.body.decode()) == (200, f'io.j[3]("{terms}");')
    assert headers_of(answer) == {
        "content-type": SCRIPT,
        "content-length": str(len(answer.body)),
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        "x-accel-buffering": "no",
    }


def test_polls_of_0_9_are_calls_too(serve: Serve) -> None:
    running, app = serve()
    client = running.client_09("jsonp-polling")
    answer = client.poll()
    assert (answer.status, answer.body) == (200, b'io.j[4]("1::");')
    assert answer.headers["content-type"] == SCRIPT
    app.socket.send("a")
    app.socket.send("b")
    framed = "\ufffd5\ufffd3:::a\ufffd5\ufffd3:::b"
    assert client.poll().body.decode() == f'io.j[4]("{framed}");'


def test_what_clients_without_javascript_look_for_is_not_escaped(serve: Serve) -> None:
    """They read the marks and the names as they stand, and the rest as a string of Python's."""
    running, app = serve()
    client = running.client_09("jsonp-polling")
    assert client.receive() == "1::"
    running.server.of("/chat")
    client.post_form("1::/chat")
    assert client.poll().body == b'io.j[4]("1::/chat");'
    app.socket.send("\ufffd/\\ufffd é")
    body = client.poll().body.decode()
    assert body == 'io.j[4]("3:::\ufffd/\\\\ufffd \\u00e9");'
    assert json.loads(body[len("io.j[4](") : -2]) == "3:::\ufffd/\\ufffd é"


def test_a_poll_of_0_9_without_an_index_calls_the_first_function(serve: Serve) -> None:
    running, _ = serve()
    client = running.client_09("jsonp-polling")
    target = client.target.partition("?")[0]
    answer = running.http().get(target, client.headers)
    assert answer.body == b'io.j[0]("1::");'


def test_the_form_of_0_9_has_a_json_string(serve: Serve) -> None:
    running, app = serve()
    client = running.client_09("jsonp-polling")
    client.receive()
    answer = client.post_form('5:::{"name":"note","args":["\\n é😀"]}')
    assert (answer.status, answer.body) == (200, b"1")
    assert answer.headers["content-type"] == "text/plain; charset=UTF-8"
    wait_until(lambda: app.noted == ["\n é😀"])


def test_the_form_of_the_first_of_them_has_the_messages_as_they_are(serve: Serve) -> None:
    running, app = serve()
    client = running.client_09("jsonp-polling")
    client.receive()
    client.post(form('5:::{"name":"note","args":[1]}'), FORM)
    wait_until(lambda: app.noted == [1])


def test_a_form_is_one_by_its_url_whatever_the_session_is_on(serve: Serve) -> None:
    """A client goes on over another transport with a GET, and may have said something before."""
    running, app = serve()
    client = running.client_09("jsonp-polling")
    client.post_form('5:::{"name":"note","args":[1]}')
    assert client.receive() == "1::"
    client.transport = "xhr-polling"
    client.post(b'5:::{"name":"note","args":[2]}')
    wait_until(lambda: app.noted == [1, 2])
    assert app.reasons == []


def test_nothing_that_is_said_gets_out_of_the_script_of_0_9(serve: Serve) -> None:
    running, app = serve()
    client = running.client_09("jsonp-polling")
    client.receive()
    app.socket.send(NASTY)
    answer = client.poll()
    assert is_safe(answer.body)
    assert json.loads(answer.body[len("io.j[4](") : -2]) == "3:::" + NASTY


def test_an_error_of_0_9_is_a_script_too(serve: Serve) -> None:
    """A script that comes with another status than 200 is not run."""
    running, _ = serve(allow_request=lambda environ: "go away")
    answer = running.http().get("/socket.io/1/?jsonp=3", OWN)
    assert answer.status == 200
    assert answer.headers["content-type"] == SCRIPT
    assert answer.body == b'io.j[3](new Error("handshake unauthorized"));'


def test_an_error_of_1_x_is_json_which_its_page_does_not_see(serve: Serve) -> None:
    running, _ = serve()
    answer = running.http().get(f"{EIO3}&j=0&sid=unknown", OWN)
    assert answer.status == 400
    assert answer.headers["content-type"] == "application/json"
    assert answer.json["code"] == 1


def test_large_answers_are_compressed(serve: Serve) -> None:
    running, app = serve()
    client = running.eio3(jsonp="0")
    client.receive()
    client.headers["Accept-Encoding"] = "gzip"
    app.socket.emit("big", "x" * 5000)
    answer = client.poll()
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["content-type"] == SCRIPT
