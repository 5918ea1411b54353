"""What the application has to say about a new session: leave, sid, cookie; and compression."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from typing import Any

import pytest

from flask_realtime.exceptions import OptionError
from flask_realtime.options import make_options
from tests.support.app import Serve
from tests.support.http import Answer
from tests.support.server import Running

HANDSHAKE = "/socket.io/?EIO=4&transport=polling"
UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


def handshake(running: Running, headers: dict[str, str] | None = None) -> Answer:
    return running.http().get(HANDSHAKE, headers)


@pytest.mark.parametrize(
    ("answer", "status", "message"),
    [
        (True, 200, None),
        (None, 200, None),
        ((True, "ignored"), 200, None),
        (False, 403, "Forbidden"),
        ("not today", 403, "not today"),
        ((False, "not you"), 403, "not you"),
        ((False, None), 403, "Forbidden"),
    ],
)
def test_the_application_allows_or_refuses(
    serve: Serve, answer: Any, status: int, message: str | None
) -> None:
    asked: list[Mapping[str, Any]] = []

    def allow(environ: Mapping[str, Any]) -> Any:
        asked.append(environ)
        return answer

    running, _ = serve(allow_request=allow)
    got = handshake(running, {"X-Who": "me"})
    assert got.status == status
    assert asked[0]["HTTP_X_WHO"] == "me"
    if message is not None:
        assert got.json == {"code": 4, "message": message, "name": "not-allowed"}
        assert not running.sessions


def test_only_a_handshake_is_asked_about(serve: Serve) -> None:
    asked: list[Any] = []
    running, _ = serve(allow_request=lambda environ: asked.append(environ))
    client = running.polling()
    client.post(b"40")
    client.get()
    assert len(asked) == 1


def test_a_websocket_is_refused_before_its_handshake(serve: Serve) -> None:
    running, _ = serve(allow_request=lambda environ: "no")
    got = running.http().get("/socket.io/?EIO=4&transport=websocket", UPGRADE)
    assert (got.status, got.json["message"]) == (403, "no")


def test_the_application_makes_the_sid(serve: Serve) -> None:
    running, _ = serve(generate_id=lambda environ: "a-b_" + environ["HTTP_X_WHO"] * 16)
    assert '"sid":"a-b_yyyyyyyyyyyyyyyy"' in handshake(running, {"X-Who": "y"}).body.decode()
    assert list(running.sessions) == ["a-b_yyyyyyyyyyyyyyyy"]


@pytest.mark.parametrize("sid", ["short", "x" * 21, "x" * 19 + "/", "ü" * 20, 5, None])
def test_a_sid_that_is_none_is_the_applications_error(serve: Serve, sid: Any) -> None:
    running, _ = serve(generate_id=lambda environ: sid)
    assert handshake(running).status == 500
    assert "exactly 20 characters" in running.error_log.getvalue()
    running.error_log.truncate(0)
    assert not running.sessions


def test_a_sid_is_not_given_twice(serve: Serve) -> None:
    running, _ = serve(generate_id=lambda environ: "x" * 20)
    assert handshake(running).status == 200
    assert handshake(running).status == 500
    assert "another session's" in running.error_log.getvalue()
    running.error_log.truncate(0)


@pytest.mark.parametrize(
    ("cookie", "expected"),
    [
        ("lb", "lb={sid}; HttpOnly; Path=/; SameSite=Lax"),
        (True, "io={sid}; HttpOnly; Path=/; SameSite=Lax"),
        (
            {"name": "lb", "path": "/x", "sameSite": "Strict", "secure": True, "HttpOnly": False},
            "lb={sid}; Secure; Path=/x; SameSite=Strict",
        ),
        ({"maxAge": 60}, "io={sid}; Max-Age=60; HttpOnly; Path=/; SameSite=Lax"),
    ],
)
def test_a_cookie_names_the_session_once(serve: Serve, cookie: Any, expected: str) -> None:
    running, _ = serve(cookie=cookie)
    got = handshake(running)
    sid = running.session().sid
    given = got.headers["set-cookie"].split("; ")
    parts = sorted(part for part in given if not part.startswith("Expires="))
    assert parts == sorted(expected.format(sid=sid).split("; "))
    assert "set-cookie" not in running.http().request(
        "POST", f"{HANDSHAKE}&sid={sid}", body=b"40"
    ).headers


def test_a_websockets_handshake_carries_the_cookie(serve: Serve) -> None:
    running, _ = serve(cookie="lb")
    http = running.http()
    http.ask("GET", "/socket.io/?EIO=4&transport=websocket", UPGRADE)
    head = http.read_head().decode()
    assert head.startswith("HTTP/1.1 101 ")
    assert f"\r\nSet-Cookie: lb={running.session().sid}; " in head


def test_without_the_option_there_is_no_cookie(serve: Serve) -> None:
    running, _ = serve()
    assert "set-cookie" not in handshake(running).headers


@pytest.mark.parametrize("cookie", [5, {"colour": "red"}])
def test_a_cookie_that_is_none(cookie: Any) -> None:
    with pytest.raises(OptionError):
        make_options(cookie=cookie)


@pytest.mark.parametrize("name", ["allow_request", "generate_id"])
def test_what_is_called_must_be_callable(name: str) -> None:
    with pytest.raises(OptionError, match=f"{name} is a function"):
        make_options(**{name: "always"})


@pytest.mark.parametrize(
    ("options", "accepted", "size", "compressed"),
    [
        ({}, "gzip, deflate, br", 2000, True),
        ({}, "gzip, deflate, br", 500, False),
        ({}, "br", 2000, False),
        ({}, "gzip;q=0", 2000, False),
        ({"http_compression": False}, "gzip", 2000, False),
        ({"compression_threshold": 100}, "gzip", 500, True),
    ],
)
def test_long_polls_are_compressed(
    serve: Serve,
    options: dict[str, Any],
    accepted: str,
    size: int,
    compressed: bool,
) -> None:
    running, _ = serve(**options)
    client = running.polling()
    client.post(b"40")
    client.get()
    running.server.of("/").emit("long", "x" * size)
    got = running.http().get(f"{HANDSHAKE}&sid={client.sid}", {"Accept-Encoding": accepted})
    assert (got.headers.get("content-encoding") == "gzip") is compressed
    assert (got.headers.get("vary") == "Accept-Encoding") is compressed
    body = gzip.decompress(got.body) if compressed else got.body
    assert body == b'42["long","' + b"x" * size + b'"]'
