"""Who is meant by a pattern, a host with a port, or a function, of each of its forms."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import gevent
import pytest

from flask_realtime.engine import origin_rules
from flask_realtime.engine.origin_rules import make_rule, normal
from flask_realtime.options import make_options
from tests.support.app import Serve

PATTERN = re.compile(r"https?://[a-z]+\.a\.org")


@pytest.mark.parametrize(
    ("allowed", "origin", "passed"),
    [
        ("a.org:80", "http://a.org", True),
        ("a.org:80", "https://a.org", False),
        ("a.org:443", "https://a.org", True),
        ("a.org:443", "wss://a.org", True),
        ("A.org:8080", "http://a.org:8080", True),
        ("a.org:8080", "https://a.org:8080", True),
        ("a.org:8080", "http://a.org:8081", False),
        ("a.org:8080", "http://b.a.org:8080", False),
        ("a.org:*", "http://a.org", True),
        ("a.org:*", "https://a.org:9", True),
        ("a.org:*", "http://b.org", False),
        ("a.org:*", "http://a.org.evil.test", False),
        ("a.org:*", "http://evil.test/a.org:80", False),
        ("a.org:*", "http://evil.test#@a.org:80", False),
        ("a.org:*", "null", False),
        ("*:8080", "http://anybody.test:8080", True),
        ("*:8080", "http://anybody.test", False),
        ("*:80", "http://anybody.test", True),
        ("*:80", "garbage", False),
        ("*:80", "garbage:80", False),
        ("*:80", "http://[::1]:80", True),
        ("http://a.org:80", "http://a.org", True),
        ("a.org:80 b.org:80", "http://b.org", True),
        (PATTERN, "https://www.a.org", True),
        (PATTERN, "https://www.a.org.evil.test", False),
        (PATTERN, "https://evil.test/https://www.a.org", False),
        ([PATTERN, "b.org:*"], "http://b.org:1", True),
    ],
)
def test_an_origin_is_meant(allowed: Any, origin: str, passed: bool) -> None:
    options = make_options(origins=allowed)
    assert not callable(options.cors_allowed_origins)
    rule = make_rule(options.cors_allowed_origins or ())
    assert rule(normal(origin), {}) is passed


def alone(origin: str) -> bool:
    return origin == "http://a.org"


def with_environ(origin: str, environ: Mapping[str, Any]) -> bool:
    return environ["HTTP_X_KEY"] == "secret" and alone(origin)


def calling(origin: str, callback: Callable[..., None]) -> None:
    callback(None, alone(origin))


def calling_later(origin: str, callback: Callable[..., None]) -> None:
    gevent.spawn(callback, None, alone(origin))


FORMS = [alone, with_environ, calling, calling_later, lambda origin, *rest: alone(origin)]


@pytest.mark.parametrize("function", FORMS)
@pytest.mark.parametrize("origin", ["http://a.org", "http://b.org"])
def test_each_form_of_a_function_decides(function: Any, origin: str) -> None:
    rule = make_rule(function)
    assert rule(origin, {"HTTP_X_KEY": "secret"}) is (origin == "http://a.org")


def test_a_builtin_is_asked_with_the_origin_alone() -> None:
    assert make_rule({"http://a.org": 1}.get)("http://a.org", {})


@pytest.mark.parametrize("said", [("no",), ("no", True), (None, False), ()])
def test_an_error_or_nothing_is_no(said: tuple[Any, ...]) -> None:
    def function(origin: str, callback: Callable[..., None]) -> None:
        callback(*said)

    assert make_rule(function)("http://a.org", {}) is False


def test_who_never_calls_back_has_said_no(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(origin_rules, "_ANSWER_TIMEOUT", 0.01)

    def function(origin: str, callback: Callable[..., None]) -> None:
        """Forget about it."""

    assert make_rule(function)("http://a.org", {}) is False


@pytest.mark.parametrize("function", [with_environ, calling, calling_later])
def test_over_http_too(serve: Serve, function: Any) -> None:
    running, _ = serve(cors_allowed_origins=function)
    target = "/socket.io/?EIO=4&transport=polling"
    for origin, status in (("http://a.org", 200), ("http://b.org", 403)):
        got = running.http().get(target, {"Origin": origin, "X-Key": "secret"})
        allowed = got.headers.get("access-control-allow-origin")
        assert (got.status, allowed) == (status, origin if status == 200 else None)
