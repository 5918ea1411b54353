"""What somebody can try with a session that is not his, or with requests that nobody sends."""

from __future__ import annotations

import pytest

from tests.support.app import Serve
from tests.support.waiting import wait_until

HELLO = '5:::{"name":"note","args":["hello"]}'
EVIL = "https://evil.test"


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_url_of_a_websocket_is_none_without_its_upgrade(serve: Serve, method: str) -> None:
    running, app = serve()
    websocket = running.websocket()
    sid = running.session().sid
    target = f"/socket.io/?EIO=4&transport=websocket&sid={sid}"
    answer = running.http().request(method, target, {}, b"2" if method == "POST" else b"")
    assert (answer.status, answer.json["code"]) == (400, 3)
    websocket.send_text("40")
    wait_until(lambda: app.sockets)


def test_a_post_to_a_websockets_url_does_not_reach_a_session_that_polls(serve: Serve) -> None:
    running, _ = serve()
    client = running.polling()
    target = f"/socket.io/?EIO=4&transport=websocket&sid={client.sid}"
    answer = running.http().request("POST", target, {}, b"40")
    assert answer.status == 400


@pytest.mark.parametrize("referer", ["http://[", "http://[::1", "//[a]b"])
def test_a_referer_that_is_none_is_refused(serve: Serve, referer: str) -> None:
    running, _ = serve()
    answer = running.http().get("/socket.io/1/?jsonp=0", {"Referer": referer})
    assert answer.body == b'io.j[0](new Error("handshake bad origin"));'


def test_nobody_but_its_client_says_that_it_leaves_a_websocket(serve: Serve) -> None:
    running, app = serve()
    sid = running.client_09().sid
    websocket = running.raw_websocket(target=f"/socket.io/1/websocket/{sid}")
    assert websocket.receive() == "1::"
    websocket.send_text(HELLO)
    wait_until(lambda: app.noted)
    assert running.http().get(f"/socket.io/1//{sid}/?disconnect=1").status == 200
    app.socket.emit("news")
    assert websocket.receive() == '5:::{"name":"news"}'
    assert app.reasons == []


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_who_keeps_his_referer_back_is_not_taken_for_us(serve: Serve, site: str) -> None:
    running, app = serve(cors_allowed_origins="*")
    sid = running.client_09().sid
    target = f"/socket.io/1/jsonp-polling/{sid}?i=0"
    answer = running.http().get(target, {"Sec-Fetch-Site": site})
    assert b"1::" not in answer.body
    assert not app.sockets


@pytest.mark.parametrize(
    ("path", "leave"),
    [("1/", "true"), ("?EIO=3&transport=polling", "true"), ("?EIO=4&transport=polling", None)],
)
def test_under_a_star_clients_that_always_ask_for_cookies_may_read_their_answers(
    serve: Serve, path: str, leave: str | None
) -> None:
    """Browsers keep the answers from the clients before 3.x otherwise; see also
    tests/users/test_security_cookies.py: the application sees no cookies of theirs."""
    running, _ = serve(cors_allowed_origins="*")
    answer = running.http().get(f"/socket.io/{path}", {"Origin": EVIL})
    assert answer.headers["access-control-allow-origin"] == EVIL
    assert answer.headers.get("access-control-allow-credentials") == leave


def test_the_smallest_inbox_is_enough_to_join_the_root_namespace(serve: Serve) -> None:
    running, app = serve(max_inbox=1)
    assert running.eio3().receive() == "40"
    assert running.client_09().receive() == "1::"
    wait_until(lambda: len(app.sockets) == 2)


def test_a_handshake_alone_connects_nobody(serve: Serve) -> None:
    running, app = serve()
    client = running.client_09()
    running.pass_by(1)
    assert not app.sockets
    assert client.receive() == "1::"
    wait_until(lambda: app.sockets)


def test_a_ping_that_went_another_way_is_not_held_against_the_client(serve: Serve) -> None:
    running, app = serve(ping_interval=25, ping_timeout=20)
    client = running.client_09()
    running.pass_by(26)  # the handshake, unused so far, has been probed
    websocket = running.raw_websocket(target=f"/socket.io/1/websocket/{client.sid}")
    assert websocket.receive() == "1::"
    running.pass_by(24)
    assert app.reasons == []
    running.pass_by(2)
    assert websocket.receive() == "2::"
