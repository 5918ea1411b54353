"""Clients before 3.x show their sid as socket id: whoever learns it must not be able to use it from
another page. Clients 3.x and 4.x keep it secret."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from flask_realtime.engine.states import SessionState
from tests.support.app import Serve
from tests.support.http import Answer
from tests.support.old_wire import FORM, Client09, EIO3Client, form, payload
from tests.support.server import Running
from tests.support.waiting import wait_until

OTHER = "https://a.test"
UPGRADE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}
NOTE_09 = b'5:::{"name":"note","args":[1]}'
NOTE_EIO3 = payload('42["note",1]')


def own_origin(running: Running) -> str:
    return f"http://127.0.0.1:{running.port}"


def open_eio3(running: Running, headers: dict[str, str] | None = None) -> str:
    client: EIO3Client = running.eio3(headers=headers or {})
    assert client.receive() == "40"
    return client.sid


def open_09(running: Running, headers: dict[str, str] | None = None) -> str:
    client: Client09 = running.client_09(headers=headers or {})
    assert client.receive() == "1::"
    return client.sid


def eio3(sid: str, transport: str = "polling") -> str:
    return f"/socket.io/?EIO=3&transport={transport}&sid={sid}"


Ask = Callable[[Running, str, dict[str, str]], Answer]


def post_eio3(running: Running, sid: str, headers: dict[str, str]) -> Answer:
    return running.http().request("POST", eio3(sid), headers, NOTE_EIO3)


def form_eio3(running: Running, sid: str, headers: dict[str, str]) -> Answer:
    body = form(NOTE_EIO3.decode())
    return running.http().request("POST", eio3(sid) + "&j=0", {**FORM, **headers}, body)


def poll_eio3(running: Running, sid: str, headers: dict[str, str]) -> Answer:
    return running.http().get(eio3(sid), headers)


def websocket_eio3(running: Running, sid: str, headers: dict[str, str]) -> Answer:
    return running.http().get(eio3(sid, "websocket"), {**UPGRADE, **headers})


def post_09(running: Running, sid: str, headers: dict[str, str]) -> Answer:
    return running.http().request("POST", f"/socket.io/1/xhr-polling/{sid}", headers, NOTE_09)


def poll_09(running: Running, sid: str, headers: dict[str, str]) -> Answer:
    return running.http().get(f"/socket.io/1/xhr-polling/{sid}", headers)


def scripts_09(running: Running, sid: str, headers: dict[str, str]) -> Answer:
    return running.http().get(f"/socket.io/1/jsonp-polling/{sid}?i=0", headers)


def frame_09(running: Running, sid: str, headers: dict[str, str]) -> Answer:
    return running.http().get(f"/socket.io/1/htmlfile/{sid}", headers)


def websocket_09(running: Running, sid: str, headers: dict[str, str]) -> Answer:
    return running.http().get(f"/socket.io/1/websocket/{sid}", {**UPGRADE, **headers})


def goodbye_09(running: Running, sid: str, headers: dict[str, str]) -> Answer:
    return running.http().get(f"/socket.io/1//{sid}/?disconnect=1", headers)


WAYS = pytest.mark.parametrize(
    ("open_session", "ask"),
    [
        *((open_eio3, ask) for ask in (post_eio3, poll_eio3, websocket_eio3)),
        *((open_09, ask) for ask in (post_09, poll_09, websocket_09, goodbye_09)),
    ],
)
SCRIPTS = pytest.mark.parametrize("ask", [scripts_09, frame_09])


def check_untouched(running: Running, answer: Answer, noted: list[object]) -> None:
    """Whether nothing has happened to the only session."""
    if answer.headers["content-type"] == "application/json":
        assert answer.json["name"] == "bad-origin"
        assert answer.status == 403
    elif answer.headers["content-type"].startswith("text/javascript"):
        assert answer.body == b'io.j[0]("7:::1+0");'  # all that ends the polls of such a client
    else:
        assert b"handshake bad origin" in answer.body
    session = running.session()
    assert session.state is SessionState.OPEN
    assert session.transport.name == "polling"
    assert session.upgrade is None
    assert noted == []


@WAYS
@pytest.mark.parametrize("headers", [{"Origin": OTHER}, {"Referer": OTHER + "/page"}], ids=str)
def test_another_page_gets_nothing_from_a_sid_and_nothing_happens_to_the_session(
    serve: Serve, open_session: Callable[..., str], ask: Ask, headers: dict[str, str]
) -> None:
    running, app = serve(cors_allowed_origins="*")
    sid = open_session(running)
    answer = ask(running, sid, headers)
    check_untouched(running, answer, app.noted)
    assert app.reasons == []


@SCRIPTS
def test_another_page_gets_nothing_by_scripts_either(serve: Serve, ask: Ask) -> None:
    running, app = serve(cors_allowed_origins="*")
    sid = open_09(running)
    check_untouched(running, ask(running, sid, {"Referer": OTHER + "/page"}), app.noted)
    assert app.reasons == []


@pytest.mark.parametrize("headers", [{"Origin": OTHER}, {"Referer": OTHER + "/page"}], ids=str)
def test_the_form_of_another_page_is_not_read(serve: Serve, headers: dict[str, str]) -> None:
    running, app = serve(cors_allowed_origins="*")
    client = running.eio3(jsonp="0")
    assert client.receive() == "40"
    answer = form_eio3(running, client.sid, headers)
    assert (answer.status, answer.json["name"]) == (403, "bad-origin")
    assert client.post_form(NOTE_EIO3.decode()).status == 200
    wait_until(lambda: app.noted)
    assert (app.noted, app.reasons) == ([1], [])


@WAYS
def test_the_own_pages_get_nothing_from_the_sid_of_another_either(
    serve: Serve, open_session: Callable[..., str], ask: Ask
) -> None:
    running, app = serve(cors_allowed_origins="*")
    sid = open_session(running, {"Origin": OTHER})
    check_untouched(running, ask(running, sid, {}), app.noted)
    answer = ask(running, sid, {"Origin": "https://b.test"})
    check_untouched(running, answer, app.noted)
    assert app.reasons == []


@pytest.mark.parametrize(("open_session", "ask"), [(open_eio3, post_eio3), (open_09, post_09)])
@pytest.mark.parametrize("first", ["", "Origin", "Referer"])
@pytest.mark.parametrize("then", ["", "Origin", "Referer"])
def test_a_get_without_an_origin_and_a_post_with_the_own_one_are_of_one_page(
    serve: Serve, open_session: Callable[..., str], ask: Ask, first: str, then: str
) -> None:
    running, app = serve()
    sid = open_session(running, {first: own_origin(running)} if first else {})
    assert ask(running, sid, {then: own_origin(running)} if then else {}).status == 200
    wait_until(lambda: app.noted)
    assert app.noted == [1]


@pytest.mark.parametrize(
    ("open_session", "ask"), [(open_eio3, websocket_eio3), (open_09, websocket_09)]
)
@pytest.mark.parametrize("scheme", ["http", "ws"])
def test_a_websocket_with_the_own_origin_is_of_the_same_page_too(
    serve: Serve, open_session: Callable[..., str], ask: Ask, scheme: str
) -> None:
    running, _ = serve()
    sid = open_session(running)
    answer = ask(running, sid, {"Origin": f"{scheme}://127.0.0.1:{running.port}"})
    assert answer.status == 101


@pytest.mark.parametrize("jsonp", [None, "0"])
def test_an_allowed_page_goes_on_by_origin_or_referer(serve: Serve, jsonp: str | None) -> None:
    """A script has a Referer only, and the form of the same page has an Origin."""
    running, app = serve(cors_allowed_origins=OTHER)
    client = running.eio3(headers={"Referer": OTHER + "/page"}, jsonp=jsonp)
    assert client.receive() == "40"
    client.headers = {"Origin": OTHER}
    text = NOTE_EIO3.decode()
    answer = client.post_form(text) if jsonp else client.post(NOTE_EIO3)
    assert (answer.status, answer.body) == (200, b"ok")
    wait_until(lambda: app.noted)


@pytest.mark.parametrize("options", [{}, {"cors_allowed_origins": "*"}], ids=str)
def test_who_keeps_the_sid_secret_is_not_bound(serve: Serve, options: dict[str, str]) -> None:
    running, app = serve(**options)
    client = running.polling()
    client.connect()
    if options:
        client.headers = {"Origin": OTHER}
    client.send('42["note",1]')
    wait_until(lambda: app.noted)
