"""What a page runs as a script or a frame comes without ``Origin``, whoever's page it is; and a
session goes on from the page that has begun it."""

from __future__ import annotations

from typing import Any

import pytest

from flask_realtime.exceptions import RequestError
from flask_realtime.transports.http import Request
from tests.engine.test_origin import make_origins, make_request
from tests.support.waiting import let_run

OWN_PAGE = "http://example.org/page?x=1"
OTHER_PAGE = "https://a.test/page"


def passes(allowed: Any, request: Request) -> bool:
    try:
        make_origins(allowed).check(request, is_script=True)
    except RequestError as error:
        assert error.name == "bad-origin"
        return False
    return True


@pytest.mark.parametrize(
    ("headers", "allowed", "passed"),
    [
        ({}, None, False),
        ({"sec_fetch_site": "same-origin"}, None, True),
        ({"sec_fetch_site": "none"}, None, True),  # typed into the address bar
        ({"sec_fetch_site": "same-site"}, None, False),
        ({"sec_fetch_site": "cross-site"}, None, False),
        ({"referer": OWN_PAGE}, None, True),
        ({"referer": "HTTP://EXAMPLE.ORG:80/"}, None, True),
        ({"referer": "https://example.org/"}, None, False),
        ({"referer": OTHER_PAGE}, None, False),
        ({"referer": "example.org"}, None, False),
        ({"referer": "http://example.org.evil.test/"}, None, False),
        ({"referer": "http://evil.test/http://example.org/"}, None, False),
        ({"referer": "http://example.org@evil.test/"}, None, False),
        ({"referer": OTHER_PAGE}, "https://a.test", True),
        ({"referer": OTHER_PAGE, "sec_fetch_site": "cross-site"}, "https://a.test", True),
        ({"sec_fetch_site": "cross-site"}, "https://a.test", False),  # which one it is is unknown
        ({"referer": "https://b.a.test/"}, "https://*.a.test", True),
        ({"referer": OTHER_PAGE}, lambda origin: origin == "https://a.test", True),
        ({"referer": OTHER_PAGE}, lambda origin: False, False),
        ({}, "*", True),
        ({"sec_fetch_site": "cross-site"}, "*", True),
        ({"referer": OTHER_PAGE}, "*", True),
    ],
)
def test_a_script_has_to_show_whose_page_runs_it(
    headers: dict[str, str], allowed: Any, passed: bool
) -> None:
    assert passes(allowed, make_request(**headers)) is passed


@pytest.mark.parametrize(("origin", "passed"), [("http://example.org", True), (OTHER_PAGE, False)])
def test_where_a_form_has_an_origin_that_counts(origin: str, passed: bool) -> None:
    assert passes(None, make_request(origin)) is passed
    assert passes(None, make_request(origin, referer=OWN_PAGE)) is passed


# Cookies under "*"


@pytest.mark.parametrize(
    ("headers", "keeps"),
    [
        ({"sec_fetch_site": "same-origin"}, True),
        ({"sec_fetch_site": "cross-site"}, False),
        ({"sec_fetch_site": "same-site"}, False),
        ({"referer": OWN_PAGE}, True),
        ({"referer": OTHER_PAGE}, False),
        ({"referer": OTHER_PAGE, "sec_fetch_site": "same-origin"}, True),
        ({}, False),  # an older browser, and a page that keeps its Referer back
    ],
)
def test_under_a_star_only_scripts_of_own_pages_keep_their_cookies(
    headers: dict[str, str], keeps: bool
) -> None:
    request = make_request(cookie="session=secret", **headers)
    seen = make_origins("*").as_seen(request, is_script=True)
    assert ("HTTP_COOKIE" in seen.variables) is keeps
    assert "HTTP_COOKIE" in make_origins("*", True).as_seen(request, is_script=True).variables
    let_run()


# From one request of a session to the next


def is_same(handshake: Request, request: Request) -> bool:
    try:
        make_origins("*").check_same(request, handshake)
    except RequestError as error:
        assert (error.code, error.name) == (4, "bad-origin")
        return False
    return True


OWN = [
    make_request(),
    make_request("http://example.org"),
    make_request("ws://example.org:80"),
    make_request("HTTP://EXAMPLE.org"),
    make_request("example.org"),  # the client 0.9 for Node
    make_request(referer=OWN_PAGE),
    make_request(referer="http://example.org/another"),
    make_request("http://example.org", referer=OTHER_PAGE),
]
OTHERS = [
    make_request("https://a.test"),
    make_request("wss://a.test"),
    make_request(referer=OTHER_PAGE),
    make_request("https://a.test:443", referer="https://a.test/more"),
]


@pytest.mark.parametrize("handshake", range(len(OWN)))
def test_own_pages_are_the_same_whichever_header_tells_or_none(handshake: int) -> None:
    assert all(is_same(OWN[handshake], request) for request in OWN)
    assert not any(is_same(OWN[handshake], request) for request in OTHERS)


@pytest.mark.parametrize("handshake", range(len(OTHERS)))
def test_pages_of_another_origin_are_the_same_by_origin_or_referer(handshake: int) -> None:
    assert all(is_same(OTHERS[handshake], request) for request in OTHERS)
    assert not any(is_same(OTHERS[handshake], request) for request in OWN)


THIRD = ["https://b.test", "http://a.test", "https://a.test:8443", "null"]


@pytest.mark.parametrize("origin", THIRD)
def test_a_third_origin_is_neither(origin: str) -> None:
    request = make_request(origin)
    assert not any(is_same(handshake, request) for handshake in OWN + OTHERS)
    assert is_same(request, request)
