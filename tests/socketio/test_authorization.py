"""Authorization as Socket.IO 0.9 has it, in each generation's words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gevent
import pytest
from flask import current_app, request

from flask_realtime import ConnectionRefusedError
from flask_realtime.exceptions import EventError
from flask_realtime.socketio.handshake import handshake_for
from tests.support.application import Site
from tests.support.http import Answer
from tests.support.old_wire import own_page
from tests.support.server import make_server, serving
from tests.support.waiting import wait_until

EIO4 = "/socket.io/?EIO=4&transport=polling"
EIO3 = "/socket.io/?EIO=3&transport=polling"
V09 = "/socket.io/1/?t=1"
JSONP = V09 + "&jsonp=3"

UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


def _ask(site: Site, target: str) -> Answer:
    return site.running.http().get(target, own_page(site.running.port))


def _no(handshake: Any) -> bool:
    return False


def _fails(handshake: Any) -> bool:
    raise RuntimeError("secret")


def _calls_back_with_an_error(handshake: Any, callback: Any) -> None:
    callback("no database", True)


@pytest.mark.parametrize(
    ("target", "status", "body"),
    [
        (EIO4, 403, b'{"code":4,"message":"Forbidden","name":"not-allowed"}'),
        (EIO3, 403, b'{"code":4,"message":"Forbidden","name":"not-allowed"}'),
        (V09, 403, b"handshake unauthorized"),
        (JSONP, 200, b'io.j[3](new Error("handshake unauthorized"));'),
    ],
)
def test_a_no_is_told_as_each_generation_has_it(
    site: Site, target: str, status: int, body: bytes
) -> None:
    site.io.authorization(_no)
    answer = _ask(site, target)
    assert (answer.status, answer.body.replace(b": ", b":").replace(b", ", b",")) == (status, body)
    assert not site.running.sessions


@pytest.mark.parametrize("function", [_fails, _calls_back_with_an_error])
@pytest.mark.parametrize("target", [EIO4, V09, JSONP])
def test_a_failure_is_a_500_that_says_nothing_of_it(
    site: Site, caplog: pytest.LogCaptureFixture, target: str, function: Callable[..., Any]
) -> None:
    site.io.authorization(function)
    answer = _ask(site, target)
    assert answer.status == (200 if target is JSONP else 500)
    assert b"handshake error" in answer.body.lower()
    assert b"secret" not in answer.body and b"database" not in answer.body
    assert "secret" in caplog.text or "no database" in caplog.text


def test_a_websocket_is_refused_before_it_is_one(site: Site) -> None:
    site.io.authorization(_no)
    target = EIO4.replace("polling", "websocket")
    answer = site.running.http().get(target, {**own_page(site.running.port), **UPGRADE})
    assert (answer.status, answer.json["name"]) == (403, "not-allowed")


def test_a_refusal_may_have_a_message(site: Site) -> None:
    @site.io.authorization
    def refuse(handshake: Any) -> None:
        raise ConnectionRefusedError("come back tomorrow")

    assert _ask(site, EIO4).json["message"] == "come back tomorrow"
    assert _ask(site, V09).body == b"handshake unauthorized"


def test_it_sees_the_handshake_in_a_request_and_what_it_adds_stays(site: Site) -> None:
    seen: list[Any] = []

    @site.io.authorization
    def authorize(handshake: Any) -> bool:
        seen.append((current_app.name, request.args["key"], handshake.query["key"]))
        handshake.user = "zoe"
        return bool(handshake.headers["x-key"] == "sesame" and handshake.address == "127.0.0.1")

    client = site.client(query="key=1", headers={"X-Key": "sesame"})
    assert seen == [("tested", "1", "1")]
    assert site.socket(client).handshake.user == "zoe"
    assert site.socket(client).handshake.auth is None


def test_a_callback_may_come_later_and_bring_another_handshake(site: Site) -> None:
    waiting: list[Any] = []
    site.io.authorization(lambda handshake, callback: waiting.append((handshake, callback)))
    http = site.running.http()
    http.ask("GET", V09, own_page(site.running.port))
    wait_until(lambda: waiting)
    assert not site.running.sessions
    _, callback = waiting[0]
    gevent.spawn(callback, None, True, {"name": "zoe", "query": {"key": "1"}})
    answer = http.answer()
    assert (answer.status, answer.body.count(b":")) == (200, 3)
    (session,) = site.running.sessions.values()
    assert dict(session.request.handshake)["name"] == "zoe"
    assert handshake_for(session, None).query.getlist("key") == ["1"]
    with pytest.raises(AttributeError):
        session.request.handshake.address  # noqa: B018


def test_a_callback_that_never_comes_is_a_failure(site: Site) -> None:
    wait = site.stop_time()
    waiting: list[Any] = []
    site.io.authorization(lambda handshake, callback: waiting.append(callback))
    http = site.running.http()
    http.ask("GET", EIO4, own_page(site.running.port))
    wait_until(lambda: waiting)
    wait(46)
    assert http.answer().status == 500
    waiting[0](None, True)  # nobody waits for it any more
    assert not site.running.sessions


def test_it_is_asked_for_new_sessions_alone_and_the_last_one_counts(site: Site) -> None:
    asked: list[str] = []
    site.io.authorization(_no)
    site.io.authorization(lambda handshake: asked.append("asked") or True)
    client = site.running.polling()
    client.connect()
    client.send('420["sync"]')
    assert asked == ["asked"]


def test_without_flask() -> None:
    server = make_server()
    server.authorization(lambda handshake: handshake.query.get("key") == "sesame")
    with serving(server) as running:
        running.websocket("key=sesame").connect()
        assert running.http().get(EIO4 + "&key=please").status == 403


def test_allow_request_may_be_a_decorator_and_comes_first(site: Site) -> None:
    asked: list[str] = []
    site.io.authorization(lambda handshake: asked.append("authorization") or True)

    @site.io.allow_request
    def allow(environ: Any) -> Any:
        asked.append("allow_request")
        return environ["QUERY_STRING"].endswith("key=sesame") or "no key"

    assert _ask(site, EIO4).json["message"] == "no key"
    assert _ask(site, EIO4 + "&key=sesame").status == 200
    assert asked == ["allow_request", "allow_request", "authorization"]


@pytest.mark.parametrize("function", [lambda: True, lambda a, b, c: True, 5])
def test_what_is_no_authorization_is_refused_at_once(site: Site, function: Any) -> None:
    for register in (site.io.authorization, site.io.sockets.authorization):
        with pytest.raises(EventError, match="authorization"):
            register(function)


# Of a namespace


@pytest.mark.parametrize(
    ("function", "told"),
    [
        (_no, '{"message":"unauthorized"}'),
        (_fails, '{"message":"internal error"}'),
        (_calls_back_with_an_error, '{"message":"internal error"}'),
        (lambda handshake, callback: callback(None, False), '{"message":"unauthorized"}'),
    ],
)
def test_a_namespaces_own_refuses_for_it_alone(
    site: Site, function: Callable[..., Any], told: str
) -> None:
    chat = site.io.of("/chat")
    chat.authorization(function)
    client = site.client()
    assert client.ask("40/chat,") == f"44/chat,{told}"
    assert client.got_nothing()
    assert not chat.sockets


def test_what_older_clients_are_told_of_a_namespace(site: Site) -> None:
    site.io.of("/chat").authorization(lambda handshake: handshake.query.get("key") == "sesame")
    older, oldest = site.running.eio3(), site.running.client_09()
    assert (older.receive(), oldest.receive()) == ("40", "1::")
    older.send("40/chat,")
    oldest.send("1::/chat")
    assert (older.receive(), oldest.receive()) == ('44/chat,"unauthorized"', "7::/chat:2")
    older.send("40/chat?key=sesame,")
    oldest.send("1::/chat?key=sesame")
    assert (older.receive(), oldest.receive()) == ("40/chat,", "1::/chat")


def test_the_connect_of_0_9_is_echoed_only_when_it_is_authorized(site: Site) -> None:
    waiting: list[Any] = []
    site.io.of("/chat").authorization(lambda handshake, callback: waiting.append(callback))
    client = site.running.client_09()
    assert client.receive() == "1::"
    client.send("1::/chat")
    wait_until(lambda: waiting)
    site.io.emit("news")
    assert client.receive() == '5:::{"name":"news"}'
    waiting[0](None, True)
    assert client.receive() == "1::/chat"


def test_it_comes_before_the_middlewares_and_may_bring_another_handshake(site: Site) -> None:
    chat = site.io.of("/chat")
    seen: list[Any] = []
    chat.use(lambda sock: seen.append((sock.handshake["name"], sock.handshake.auth)))
    data = {"name": "zoe", "query": {}}
    chat.authorization(lambda handshake, callback: callback(None, True, data))
    client = site.client("/chat", {"token": 1})
    assert seen == [("zoe", {"token": 1})]
    root = client.wire.connect("/")
    assert "name" not in site.io.sockets.sockets[root].handshake
