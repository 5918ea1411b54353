"""Where every page may connect, no page of another site acts in its visitor's name: the cookies
that its browser sends along are kept from the application, on every transport."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from flask import Flask, request, session

from tests.support.application import Client, Site
from tests.support.waiting import let_run, wait_until
from tests.support.wire import PollingClient

EVIL = "https://evil.test"


@pytest.fixture
def cookie(app: Flask) -> str:
    """The session cookie of somebody who has logged in."""
    app.add_url_rule("/login", view_func=log_in)
    app.add_url_rule("/who", view_func=lambda: str(session.get("user")))
    answer = app.test_client().get("/login")
    return str(answer.headers["Set-Cookie"]).partition(";")[0]


def log_in() -> str:
    session["user"] = "alice"
    return "in"


def ask_who(site: Site, transport: str, headers: dict[str, str]) -> str | bytes:
    """Connect as a browser does for a page, and ask who one is."""

    @site.io.on("who")
    def who() -> tuple[Any, Any]:
        return session.get("user"), request.cookies.get("session") is not None

    if transport == "websocket":
        client = Client(site.running.websocket(headers=headers))
        client.wire.connect()
        return client.ask('421["who"]')
    polling: PollingClient = site.running.polling(headers=headers)
    polling.connect()
    polling.send('421["who"]')
    return polling.receive()


TRANSPORTS = pytest.mark.parametrize("transport", ["polling", "websocket"])
KNOWN, STRANGER = '431["alice",true]', "431[null,false]"


@TRANSPORTS
@pytest.mark.parametrize(
    ("options", "answer"),
    [
        ({"cors_allowed_origins": "*"}, STRANGER),
        ({"cors_allowed_origins": "*", "cors_credentials": True}, KNOWN),
        ({"cors_allowed_origins": EVIL}, KNOWN),
        ({"cors_allowed_origins": "https://*.test"}, KNOWN),
        ({"cors_allowed_origins": lambda origin: origin == EVIL}, KNOWN),
    ],
    ids=["star", "star and the second flag", "named", "wildcard", "function"],
)
def test_a_page_of_another_site_has_cookies_only_where_that_was_said(
    serve: Callable[..., Site], cookie: str, transport: str, options: Any, answer: str
) -> None:
    site = serve(**options)
    assert ask_who(site, transport, {"Origin": EVIL, "Cookie": cookie}) == answer
    let_run()


@TRANSPORTS
@pytest.mark.parametrize("own", [True, False], ids=["own page", "no browser"])
def test_under_a_star_the_own_pages_and_programs_keep_their_cookies(
    serve: Callable[..., Site], cookie: str, transport: str, own: bool
) -> None:
    site = serve(cors_allowed_origins="*")
    headers = {"Cookie": cookie}
    if own:
        headers["Origin"] = f"http://127.0.0.1:{site.running.port}"
    assert ask_who(site, transport, headers) == KNOWN


@pytest.mark.parametrize(
    ("headers", "answer"),
    [
        ({"Referer": f"{EVIL}/page"}, STRANGER),
        ({"Sec-Fetch-Site": "cross-site", "Referer": f"{EVIL}/page"}, STRANGER),
        ({"Sec-Fetch-Site": "cross-site"}, STRANGER),
        ({}, STRANGER),  # an older browser, whose page keeps its Referer back
        ({"Sec-Fetch-Site": "same-origin"}, KNOWN),
        ({"Referer": "own"}, KNOWN),
    ],
    ids=str,
)
@pytest.mark.parametrize("generation", ["1.x", "0.9"])
def test_under_a_star_scripts_of_another_site_have_no_cookies(
    serve: Callable[..., Site],
    cookie: str,
    generation: str,
    headers: dict[str, str],
    answer: str,
) -> None:
    site = serve(cors_allowed_origins="*")
    sent = {**headers, "Cookie": cookie}
    if sent.get("Referer") == "own":
        sent["Referer"] = f"http://127.0.0.1:{site.running.port}/page"
    known: list[Any] = []
    site.io.on("connect", lambda: known.extend((session.get("user"), "session" in request.cookies)))
    if generation == "1.x":
        assert site.running.eio3(headers=sent, jsonp="0").receive() == "40"
    else:
        http = site.running.http()
        sid = http.get("/socket.io/1/?jsonp=0", sent).body.decode().partition('"')[2][:20]
        assert http.get(f"/socket.io/1/jsonp-polling/{sid}?i=0", sent).status == 200
    wait_until(lambda: known)
    assert known == (["alice", True] if answer == KNOWN else [None, False])
    let_run()


@TRANSPORTS
def test_what_is_asked_before_there_is_a_session_sees_no_cookies_either(
    serve: Callable[..., Site], transport: str
) -> None:
    seen: list[Any] = []

    def allow(environ: Mapping[str, Any]) -> bool:
        seen.append(environ.get("HTTP_COOKIE"))
        return True

    site = serve(cors_allowed_origins="*", allow_request=allow)
    headers = {"Origin": EVIL, "Cookie": "session=secret"}
    getattr(site.running, transport)(headers=headers)
    getattr(site.running, transport)(headers={"Cookie": "session=secret"})
    assert seen == [None, "session=secret"]
    let_run()


def test_views_keep_their_cookies_whatever_socket_io_does(
    serve: Callable[..., Site], cookie: str
) -> None:
    site = serve(cors_allowed_origins="*")
    answer = site.running.http().get("/who", {"Origin": EVIL, "Cookie": cookie})
    assert answer.body == b"alice"


@TRANSPORTS
def test_without_any_option_no_page_of_another_site_connects(site: Site, transport: str) -> None:
    query = f"/socket.io/?EIO=4&transport={transport}"
    headers = {"Origin": EVIL, "Connection": "Upgrade", "Upgrade": "websocket"}
    headers |= {"Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
    answer = site.running.http().get(query, headers)
    assert (answer.status, answer.json["name"]) == (403, "bad-origin")
    let_run()
