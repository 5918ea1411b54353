"""Requests and responses as plain values."""

from __future__ import annotations

from typing import Any

import pytest

from flask_realtime.transports.http import Request, cors_headers, preflight, respond

VARIABLES: dict[str, Any] = {
    "REQUEST_METHOD": "POST",
    "HTTP_HOST": "example.org:5000",
    "HTTP_X_FORWARDED_FOR": "192.0.2.1",
    "CONTENT_TYPE": "text/plain",
    "CONTENT_LENGTH": "",
    "REMOTE_ADDR": "127.0.0.1",
    "SERVER_NAME": "localhost",
    "SERVER_PORT": "80",
    "wsgi.url_scheme": "https",
    "wsgi.input": object(),
}


def test_a_request_is_read_from_its_variables() -> None:
    request = Request(VARIABLES, {"sid": "x"}, b"body")
    assert request.method == "POST"
    assert request.content_type == "text/plain"
    assert request.address == "127.0.0.1"
    assert request.secure
    assert request.host == "example.org:5000"
    assert request.own_origin == "https://example.org:5000"
    assert request.header("x-forwarded-for") == "192.0.2.1"
    assert request.header("missing", "default") == "default"
    assert request.headers == {
        "host": "example.org:5000",
        "x-forwarded-for": "192.0.2.1",
        "content-type": "text/plain",
    }


def test_headers_of_any_length_have_their_names() -> None:
    name = "X_" * 50_000 + "Y"
    assert Request({f"HTTP_{name}": "1", "HTTP_A_B": "2"}, {}).headers == {
        name.lower().replace("_", "-"): "1",
        "a-b": "2",
    }


def test_without_a_host_header_the_servers_own_name_counts() -> None:
    request = Request({**VARIABLES, "HTTP_HOST": ""}, {})
    assert request.own_origin == "https://localhost:80"


def test_a_request_that_is_kept_keeps_plain_data_alone() -> None:
    kept = Request(VARIABLES, {"sid": "x"}, b"body").plain()
    assert kept.body == b""
    assert kept.query == {"sid": "x"}
    assert "wsgi.input" not in kept.variables
    assert kept.own_origin == "https://example.org:5000"
    assert all(isinstance(value, str) for value in kept.variables.values())


def test_no_answer_of_ours_may_be_cached_or_guessed_at_or_held_back() -> None:
    response = respond(b"ok", "text/html")
    assert response.status == "200 OK"
    assert dict(response.headers) == {
        "Content-Type": "text/html",
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "X-Accel-Buffering": "no",
    }


@pytest.mark.parametrize("credentials", [False, True])
def test_a_preflight_says_what_an_allowed_page_may_send(credentials: bool) -> None:
    response = preflight(cors_headers("https://a.test", credentials))
    headers = dict(response.headers)
    assert (response.status, response.body) == ("204 No Content", b"")
    assert headers["Access-Control-Allow-Origin"] == "https://a.test"
    assert headers["Access-Control-Allow-Methods"] == "GET,POST"
    assert headers["Access-Control-Allow-Headers"] == "Content-Type"
    assert ("Access-Control-Allow-Credentials" in headers) is credentials
    assert "Content-Length" not in headers  # RFC 9110 section 8.6: never with a 204
    assert "Content-Type" not in headers


def test_a_preflight_tells_other_pages_nothing() -> None:
    assert not any(name.startswith("Access-Control") for name, _ in preflight([]).headers)
