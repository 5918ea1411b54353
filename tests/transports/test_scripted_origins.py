"""Scripts, frames and forms may be any page's: what comes by them has to show whose it is."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.app import Serve
from tests.support.http import Answer
from tests.support.old_wire import FORM, form, payload
from tests.support.server import Running
from tests.support.waiting import let_run

TARGETS = [
    "?EIO=3&transport=polling&j=0",
    "?transport=polling&j=0",
    "1/?jsonp=0",
]
GOOD, EVIL = "https://good.test", "https://evil.test"
OWN: list[dict[str, str]] = [
    {"Sec-Fetch-Site": "same-origin"},
    {"Sec-Fetch-Site": "none"},
    {"Referer": "http://127.0.0.1:PORT/a?b=c"},
    {"Origin": "http://127.0.0.1:PORT"},
]
FOREIGN: list[dict[str, str]] = [
    {},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Referer": f"{EVIL}/"},
    {"Referer": f"{EVIL}/"},
    {"Referer": f"{EVIL}/{GOOD}"},
    {"Referer": f"{GOOD}.evil.test/"},
    {"Referer": "http://127.0.0.1:1/"},
    {"Referer": "nonsense"},
    {"Origin": EVIL},
    {"Origin": EVIL, "Referer": f"{GOOD}/"},
    {"Origin": "null"},
]
ALLOWED: list[dict[str, str]] = [
    {"Referer": f"{GOOD}/page"},
    {"Referer": f"{GOOD}/page", "Sec-Fetch-Site": "cross-site"},
    {"Origin": GOOD},
]


def ask(
    running: Running, target: str, headers: dict[str, str], body: bytes | None = None
) -> Answer:
    named = {name: value.replace("PORT", str(running.port)) for name, value in headers.items()}
    if body is not None:
        named.update(FORM)
    return running.http().request(
        "GET" if body is None else "POST", f"/socket.io/{target}", named, body
    )


def lets_in(answer: Answer) -> bool:
    """Whether an answer is a handshake's; a refusal has no sid, whatever its status is."""
    refused = answer.status == 403 or b'new Error("handshake bad origin")' in answer.body
    assert refused or b'("' in answer.body, answer
    return not refused


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("headers", OWN, ids=str)
def test_our_own_pages_are_let_in(serve: Serve, target: str, headers: dict[str, str]) -> None:
    running, _ = serve()
    assert lets_in(ask(running, target, headers))
    assert len(running.sessions) == 1


@pytest.mark.parametrize("options", [{}, {"cors_allowed_origins": GOOD}], ids=str)
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_others_are_not(
    serve: Serve, target: str, headers: dict[str, str], options: dict[str, Any]
) -> None:
    running, _ = serve(**options)
    answer = ask(running, target, headers)
    assert not lets_in(answer)
    assert not any(name.startswith("access-control") for name in answer.headers)
    assert b"evil" not in answer.body
    assert not running.sessions


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("headers", ALLOWED, ids=str)
def test_those_that_are_allowed_are_let_in(
    serve: Serve, target: str, headers: dict[str, str]
) -> None:
    running, _ = serve(cors_allowed_origins=["https://else.test", GOOD])
    assert lets_in(ask(running, target, headers))


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("headers", [*OWN, *FOREIGN, *ALLOWED], ids=str)
def test_under_the_star_all_are(serve: Serve, target: str, headers: dict[str, str]) -> None:
    running, _ = serve(cors_allowed_origins="*")
    assert lets_in(ask(running, target, headers))


# What a foreign page's form could bring


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_a_form_of_another_page_says_nothing(serve: Serve, headers: dict[str, str]) -> None:
    """It may know the sid of a client of before 3.x, which is its socket's id too."""
    running, app = serve()
    one, other = running.eio3(jsonp="0"), running.client_09("jsonp-polling")
    one.receive(), other.receive()
    for client, body in (
        (one, form(payload('42["note","forged"]').decode())),
        (other, form('5:::{"name":"note","args":["forged"]}')),
    ):
        answer = ask(running, client.target.removeprefix("/socket.io/"), headers, body)
        assert answer.status == 403 or answer.body.startswith(b"io.j[4](")
    let_run()
    assert app.noted == []
    assert app.reasons == []


# No input comes back


NASTY = "%3Cscript%3Ealert(1)%3C/script%3E"


@pytest.mark.parametrize(
    "target",
    [
        f"?EIO=3&transport=polling&j={NASTY}",
        f"?EIO={NASTY}&transport=polling&j=0",
        f"?EIO=3&transport={NASTY}&j=0",
        f"?EIO=3&transport=polling&j=0&sid={NASTY}",
        f"?EIO=3&transport=polling&j=0&x={NASTY}&{NASTY}=1",
        f"1/?jsonp={NASTY}",
        f"1/?jsonp=0&x={NASTY}",
        f"1/{NASTY}/sid",
        f"1/jsonp-polling/{NASTY}?i=0",
        f"1/htmlfile/{NASTY}",
        f"1/htmlfile/sid?i={NASTY}",
        f"1/xhr-multipart/{NASTY}",
        f"1/xhr-polling/{NASTY}/{NASTY}",
        f"1//{NASTY}?disconnect=1",
        f"{NASTY}/",
        f"7{NASTY}/",
        f"1/{NASTY}",
        NASTY,
    ],
)
def test_nothing_of_a_request_is_in_its_answer(serve: Serve, target: str) -> None:
    running, _ = serve(cors_allowed_origins="*")
    nasty = {"User-Agent": "<script>alert(1)</script>", "Referer": "http://a.test/<script>alert(1)"}
    answer = ask(running, target, nasty)
    assert b"alert" not in answer.body
    assert "alert" not in str(answer.headers)
    if answer.status != 404:  # which is the application's
        assert answer.headers["x-content-type-options"] == "nosniff"
