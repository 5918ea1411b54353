"""Which pages may connect, and which headers let them read the answer."""

from __future__ import annotations

import logging
import re
from typing import Any

import pytest

from flask_realtime.engine.origin import Origins
from flask_realtime.exceptions import OptionError, RequestError
from flask_realtime.options import make_options
from flask_realtime.transports.http import Request
from tests.support.waiting import let_run, wait_until


def make_origins(allowed: Any = None, credentials: bool = False) -> Origins:
    options = make_options(cors_allowed_origins=allowed, cors_credentials=credentials)
    return Origins(options.cors_allowed_origins, options.cors_credentials)


def make_request(
    origin: str | None = None, host: str = "example.org", scheme: str = "http", **headers: str
) -> Request:
    variables = {"REQUEST_METHOD": "GET", "wsgi.url_scheme": scheme, "HTTP_HOST": host}
    if origin is not None:
        variables["HTTP_ORIGIN"] = origin
    variables.update({f"HTTP_{name.upper()}": value for name, value in headers.items()})
    return Request(variables, {})


def passes(origins: Origins, request: Request) -> bool:
    try:
        origins.check(request)
    except RequestError as error:
        assert (error.code, error.http_status) == (4, "403 Forbidden")
        return False
    return True


@pytest.mark.parametrize(
    ("origin", "host", "scheme", "passed"),
    [
        (None, "example.org", "http", True),
        ("http://example.org", "example.org", "http", True),
        ("http://EXAMPLE.org", "example.ORG", "http", True),
        ("http://example.org", "example.org:80", "http", True),
        ("http://example.org:80", "example.org", "http", True),
        ("https://example.org:443", "example.org", "https", True),
        ("https://example.org", "example.org:443", "https", True),
        ("http://example.org:8080", "example.org:8080", "http", True),
        ("ws://example.org", "example.org", "http", True),
        ("wss://example.org", "example.org", "https", True),
        ("wss://example.org:443", "example.org", "https", True),
        ("http://[::1]:5000", "[::1]:5000", "http", True),
        ("https://example.org", "example.org", "http", False),
        ("http://example.org", "example.org", "https", False),
        ("wss://example.org", "example.org", "http", False),
        ("http://example.org:8080", "example.org", "http", False),
        ("http://example.org:443", "example.org", "http", False),
        ("http://example.org", "example.org:8080", "http", False),
        ("http://www.example.org", "example.org", "http", False),
        ("http://example.org.evil.test", "example.org", "http", False),
        ("http://evil.test", "example.org", "http", False),
        ("null", "example.org", "http", False),
        ("garbage", "example.org", "http", False),
        ("http://example.org, http://evil.test", "example.org", "http", False),
    ],
)
def test_by_default_only_the_own_origin_may_connect(
    origin: str | None, host: str, scheme: str, passed: bool
) -> None:
    assert passes(make_origins(), make_request(origin, host, scheme)) is passed


def named(origin: str) -> bool:
    return origin in ("https://a.test", "null")


@pytest.mark.parametrize(
    ("allowed", "origin", "passed"),
    [
        ("https://a.test", "https://a.test", True),
        ("https://a.test/", "https://a.test", True),
        ("https://A.test", "https://a.TEST", True),
        ("https://a.test:443", "https://a.test", True),
        ("https://a.test", "https://a.test:443", True),
        ("https://a.test", "wss://a.test", True),
        ("wss://a.test", "https://a.test", True),
        ("https://a.test", "http://a.test", False),
        ("https://a.test", "https://a.test:8443", False),
        ("https://a.test", "https://b.test", False),
        ("https://a.test", "https://x.a.test", False),
        ("https://a.test", "null", False),
        (["https://a.test", "https://b.test"], "https://b.test", True),
        (["https://a.test", "https://b.test"], "https://c.test", False),
        (["https://a.test", "*"], "https://c.test", True),
        (("https://a.test", "null"), "null", True),
        ([], "https://a.test", False),
        ("*", "https://a.test", True),
        ("*", "null", True),
        ("null", "null", True),
        ("null", "https://null", False),
        (named, "https://a.test", True),
        (named, "wss://A.test:443", True),
        (named, "null", True),
        (named, "https://b.test", False),
        ("https://*.a.test", "https://x.a.test", True),
        ("https://*.a.test", "https://y.x.a.test", True),
        ("https://*.a.test", "wss://x.a.test", True),
        ("https://*.a.test:443", "https://x.a.test", True),
        ("wss://*.a.test", "https://x.a.test", True),
        ("https://*.a.test:8443", "https://x.a.test:8443", True),
        ("https://*.a.test:8443", "https://x.a.test", False),
        ("https://*.a.test", "https://a.test", False),
        ("https://*.a.test", "http://x.a.test", False),
        ("https://*.a.test", "https://x.a.test:8443", False),
        ("https://*.a.test", "https://xa.test", False),
        ("https://*.a.test", "https://x.a.test.evil.test", False),
        ("https://*.a.test", "https://evil.test@x.a.test", False),
        ("https://*.a.test", "https://evil.test/x.a.test", False),
        ("https://*.a.test", "https://evil.test?.a.test", False),
        ("https://*.a.test", "https://evil.test,https://x.a.test", False),
        ("https://*.a.test", "https://.a.test", False),
    ],
)
def test_foreign_origins_connect_where_they_are_allowed(
    allowed: Any, origin: str, passed: bool
) -> None:
    assert passes(make_origins(allowed), make_request(origin)) is passed


@pytest.mark.parametrize("allowed", [None, "https://a.test", [], named])
def test_the_own_origin_may_always_connect(allowed: Any) -> None:
    assert passes(make_origins(allowed), make_request("http://example.org"))


@pytest.mark.parametrize(
    ("allowed", "site", "passed"),
    [
        (None, "same-origin", True),
        (None, "none", True),
        (None, "same-site", False),
        (None, "cross-site", False),
        ("https://a.test", "cross-site", False),
        (named, "same-site", False),
        ("*", "cross-site", True),
        ("*", "same-site", True),
    ],
)
def test_without_an_origin_the_browsers_word_counts(
    allowed: Any, site: str, passed: bool
) -> None:
    assert passes(make_origins(allowed), make_request(sec_fetch_site=site)) is passed


def test_an_origin_counts_more_than_the_browsers_word() -> None:
    request = make_request("https://a.test", sec_fetch_site="cross-site")
    assert passes(make_origins("https://a.test"), request)


@pytest.mark.parametrize(
    ("allowed", "credentials", "origin", "headers"),
    [
        (None, False, None, {}),
        (None, False, "https://a.test", {}),
        (None, False, "http://example.org", {}),
        ("https://a.test", False, "http://example.org", {}),
        ("https://a.test", False, "https://b.test", {}),
        ("https://a.test", False, None, {}),
        ("https://a.test", False, "https://a.test", {"origin": "https://a.test", "cookies": True}),
        (named, False, "https://a.test", {"origin": "https://a.test", "cookies": True}),
        (named, False, "https://b.test", {}),
        ("*", False, "https://b.test", {"origin": "https://b.test", "cookies": False}),
        ("*", True, "https://b.test", {"origin": "https://b.test", "cookies": True}),
        ("*", False, "null", {"origin": "null", "cookies": False}),
        ("null", False, "null", {"origin": "null", "cookies": True}),
        # The page compares it byte by byte with its own, so it is said as it came.
        ("https://a.test", False, "https://A.test:443", {"origin": "https://A.test:443",
                                                          "cookies": True}),
    ],
)
def test_only_pages_of_an_allowed_foreign_origin_may_read_the_answer(
    allowed: Any, credentials: bool, origin: str | None, headers: dict[str, Any]
) -> None:
    expected = {}
    if headers:
        expected = {"Access-Control-Allow-Origin": headers["origin"], "Vary": "Origin"}
        if headers["cookies"]:
            expected["Access-Control-Allow-Credentials"] = "true"
    assert dict(make_origins(allowed, credentials).headers(make_request(origin))) == expected


def test_credentials_for_nobody_open_nothing() -> None:
    """Flask-SocketIO's default, written out."""
    origins = make_origins(None, credentials=True)
    assert passes(origins, make_request("http://example.org"))
    assert not passes(origins, make_request("https://evil.test"))


@pytest.mark.parametrize("allowed", ["a.test", ["https://a.test", 5], [b"https://a.test"]])
def test_what_is_no_origin_is_refused_when_the_server_is_made(allowed: Any) -> None:
    with pytest.raises(OptionError, match="origins"):
        make_origins(allowed)


@pytest.mark.parametrize(
    ("request_", "got"),
    [
        (make_request("https://evil.test"), "Origin: https://evil.test"),
        (make_request(sec_fetch_site="cross-site"), "Sec-Fetch-Site: cross-site"),
    ],
)
def test_a_refusal_says_for_the_log_what_came_what_was_expected_and_by_what(
    request_: Request, got: str
) -> None:
    with pytest.raises(RequestError) as caught:
        make_origins().check(request_)
    assert caught.value.name == "bad-origin"
    assert got in caught.value.detail
    assert "expected 'http://example.org' by the connection and its header Host" in (
        caught.value.detail
    )


@pytest.mark.parametrize(
    ("allowed", "headers", "told"),
    [
        (
            None,
            {"origin": "https://Evil.test:443"},
            "Host; to allow it set cors_allowed_origins=['https://evil.test']",
        ),
        (
            ["https://a.test", re.compile("^https://b")],
            {"origin": "https://evil.test"},
            "Host, or of cors_allowed_origins: 'https://a.test', re.compile('^https://b'); "
            "to allow it add 'https://evil.test' to those",
        ),
        (
            [f"https://{name}.test" for name in "abcdefgh"],
            {"origin": "https://evil.test"},
            "'https://e.test' and 3 more; to allow it add 'https://evil.test' to those",
        ),
        (
            named,
            {"origin": "https://evil.test"},
            "Host; the function cors_allowed_origins did not take 'https://evil.test'",
        ),
        (
            "https://a.test",
            {"sec_fetch_site": "cross-site"},
            "'https://a.test'; it does not tell its origin, and cors_allowed_origins='*' alone "
            "would allow it",
        ),
    ],
)
def test_a_refusal_says_what_is_set_and_what_to_add(
    allowed: Any, headers: dict[str, str], told: str
) -> None:
    with pytest.raises(RequestError) as caught:
        make_origins(allowed).check(make_request(**headers))
    assert caught.value.detail.endswith(told)


def test_a_long_origin_does_not_fill_the_log() -> None:
    with pytest.raises(RequestError) as caught:
        make_origins().check(make_request("https://" + "x" * 10_000))
    assert len(caught.value.detail) < 500


# What the application sees of a page that may connect

COOKIE = {"cookie": "session=secret"}


@pytest.mark.parametrize(
    ("allowed", "credentials", "origin", "site", "seen"),
    [
        ("*", False, "https://evil.test", "cross-site", False),
        ("*", False, "https://evil.test", "", False),
        ("*", False, "null", "", False),
        ("*", False, "http://other.example.org", "same-site", False),
        ("*", False, "https://example.org", "", False),
        ("*", False, None, "cross-site", False),
        ("*", False, None, "same-site", False),
        ("*", False, "http://example.org", "same-origin", True),
        ("*", False, "ws://example.org", "", True),
        ("*", False, None, "same-origin", True),
        ("*", False, None, "", True),
        ("*", True, "https://evil.test", "cross-site", True),
        ("https://a.test", False, "https://a.test", "cross-site", True),
        (named, False, "https://a.test", "cross-site", True),
        (None, False, "http://example.org", "", True),
    ],
)
def test_under_a_star_cookies_of_other_sites_count_only_if_that_is_said_too(
    allowed: Any, credentials: bool, origin: str | None, site: str, seen: bool
) -> None:
    headers = {**COOKIE, **({"sec_fetch_site": site} if site else {})}
    request = make_request(origin, authorization="Basic x", **headers)
    got = make_origins(allowed, credentials).as_seen(request)
    let_run()
    assert (got.header("cookie") == "session=secret") is seen
    assert (got.header("authorization") == "Basic x") is seen
    assert got.header("origin") == (origin or "")
    assert request.header("cookie") == "session=secret"


def test_cookies_that_are_left_out_are_told_of_once(caplog: pytest.LogCaptureFixture) -> None:
    origins = make_origins("*")
    for name in ("a", "b"):
        origins.as_seen(make_request(f"https://{name}.test", **COOKIE))
    origins.as_seen(make_request("https://c.test"))
    wait_until(lambda: caplog.messages)
    let_run()
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert "'https://a.test'" in record.getMessage()
    assert "cors_credentials=True" in record.getMessage()


def test_what_has_no_cookies_is_told_of_to_nobody(caplog: pytest.LogCaptureFixture) -> None:
    make_origins("*").as_seen(make_request("https://c.test"))
    let_run()
    assert not caplog.messages


@pytest.mark.parametrize(
    ("host", "passes"),
    [
        ("chat.test", True),
        ("chat.test:8080", True),
        ("CHAT.test", True),
        ("a.apps.test", True),
        ("apps.test", True),
        ("evil.test", False),
        ("chat.test.evil.test", False),
        ("", False),
    ],
)
def test_a_page_under_a_host_that_is_not_ours_may_not_connect(host: str, passes: bool) -> None:
    """Its name may have been made to lead here, and then its origin is the one of the request."""
    origins = Origins(None, False, ("chat.test", ".apps.test"))
    variables = {"REQUEST_METHOD": "GET", "wsgi.url_scheme": "http", "HTTP_HOST": host}
    variables |= {"HTTP_ORIGIN": f"http://{host}", "SERVER_NAME": "0.0.0.0", "SERVER_PORT": "80"}
    request = Request(variables, {})
    if passes:
        origins.check(request)
        return
    with pytest.raises(RequestError):
        origins.check(request)


def test_without_the_option_any_host_will_do() -> None:
    variables = {"REQUEST_METHOD": "GET", "wsgi.url_scheme": "http", "HTTP_HOST": "any.test"}
    Origins(None, False).check(Request(variables | {"HTTP_ORIGIN": "http://any.test"}, {}))
