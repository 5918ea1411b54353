"""Behind a proxy that ends TLS: what it says is believed if ``ProxyFix`` says so, on either side of
the middleware."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from flask import Flask, request
from werkzeug.middleware.proxy_fix import ProxyFix

from flask_realtime import SocketIO, socket
from flask_realtime.wsgi.proxy import behind_same_proxy
from tests.support.http import Answer
from tests.support.server import Running, not_found, serving
from tests.support.waiting import let_run, wait_until

HANDSHAKE = "/socket.io/?EIO=4&transport=polling"
UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}
PROXIED = {
    "Origin": "https://example.org",
    "X-Forwarded-For": "192.0.2.7",
    "X-Forwarded-Host": "example.org",
    "X-Forwarded-Proto": "https",
}
REFUSED = {"code": 4, "message": "Forbidden", "name": "bad-origin"}

Serve = Callable[..., tuple[Running, list[Any]]]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serves an application whose ``ProxyFix`` was put there when it says; gives what its handlers
    saw of each client."""
    with ExitStack() as stack:

        def start(fix: str, **options: int) -> tuple[Running, list[Any]]:
            app = Flask("behind a proxy")
            options = options or {"x_for": 1, "x_proto": 1, "x_host": 1}
            if fix == "before":
                app.wsgi_app = ProxyFix(app.wsgi_app, **options)  # type: ignore[method-assign]
            io = SocketIO(app)
            if fix == "after":
                app.wsgi_app = ProxyFix(app.wsgi_app, **options)  # type: ignore[method-assign]
            seen: list[Any] = []
            app.add_url_rule("/", view_func=lambda: f"{request.url} {request.remote_addr}")

            @io.on("connect")
            def connect() -> None:
                seen.append((request.remote_addr, request.host_url, socket.conn.request.address))

            return stack.enter_context(serving(app)), seen

        yield start
        let_run()  # refusals are logged from greenlets


EITHER_ORDER = pytest.mark.parametrize("fix", ["before", "after"])


@EITHER_ORDER
@pytest.mark.parametrize("transport", ["polling", "websocket"])
def test_a_page_of_https_may_connect_and_handlers_see_what_the_proxy_said(
    serve: Serve, fix: str, transport: str
) -> None:
    running, seen = serve(fix)
    getattr(running, transport)(headers=PROXIED).connect()
    assert seen == [("192.0.2.7", "https://example.org/", "192.0.2.7")]


@EITHER_ORDER
def test_views_see_what_the_proxy_said_once(serve: Serve, fix: str) -> None:
    running, _ = serve(fix)
    answer = running.http().get("/", {**PROXIED, "X-Forwarded-For": "203.0.113.9, 192.0.2.7"})
    assert answer.body == b"https://example.org/ 192.0.2.7"


@EITHER_ORDER
def test_only_as_many_proxies_are_believed_as_there_are(serve: Serve, fix: str) -> None:
    running, seen = serve(fix)
    headers = {**PROXIED, "X-Forwarded-For": "203.0.113.9, 192.0.2.7"}
    running.websocket(headers=headers).connect()
    assert seen[0][0] == "192.0.2.7"


@EITHER_ORDER
def test_what_the_fix_was_not_told_to_believe_is_not_believed(serve: Serve, fix: str) -> None:
    running, seen = serve(fix, x_for=0, x_proto=1, x_host=0)
    headers = {**PROXIED, "Origin": f"https://127.0.0.1:{running.port}"}
    running.websocket(headers=headers).connect()
    assert seen == [("127.0.0.1", f"https://127.0.0.1:{running.port}/", "127.0.0.1")]
    assert _handshake(running, PROXIED).json == REFUSED


@EITHER_ORDER
def test_other_pages_are_refused_behind_a_proxy_too(serve: Serve, fix: str) -> None:
    running, seen = serve(fix)
    for origin in ("http://example.org", "https://elsewhere.example", "https://127.0.0.1"):
        assert _handshake(running, {**PROXIED, "Origin": origin}).json == REFUSED
    assert seen == []


@pytest.mark.parametrize("transport", ["polling", "websocket"])
def test_without_the_fix_nobody_is_believed(serve: Serve, transport: str) -> None:
    running, seen = serve("never")
    answer = _handshake(running, PROXIED, transport)
    assert (answer.status, answer.json) == (403, REFUSED)
    # Nor does a header make the site of another origin out of this one.
    own = {**PROXIED, "Origin": f"http://127.0.0.1:{running.port}"}
    running.websocket(headers=own).connect()
    assert seen == [("127.0.0.1", f"http://127.0.0.1:{running.port}/", "127.0.0.1")]


@pytest.mark.parametrize(
    ("fix", "forwarded", "mentioned"),
    [("never", "https", True), ("never", "", False), ("before", "https", False)],
)
def test_the_log_mentions_the_fix_where_it_would_have_helped(
    serve: Serve, caplog: pytest.LogCaptureFixture, fix: str, forwarded: str, mentioned: bool
) -> None:
    running, _ = serve(fix)
    headers = {"Origin": "https://elsewhere.example", "X-Forwarded-Proto": forwarded}
    with caplog.at_level(logging.WARNING, "flask_realtime.engine"):
        assert _handshake(running, headers).status == 403
        wait_until(lambda: caplog.records, what="the refusal was logged")
    (record,) = caplog.records
    assert "'Origin: https://elsewhere.example'" in record.getMessage()
    assert ("ProxyFix" in record.getMessage()) is mentioned


def test_the_application_s_own_fix_stays_as_it_is() -> None:
    fix, answer = ProxyFix(not_found, x_for=3, x_prefix=2), Flask("answer")
    ours = behind_same_proxy(fix, answer)
    assert isinstance(ours, ProxyFix)
    assert (ours.app, ours.x_for, ours.x_prefix) == (answer, 3, 2)
    assert fix.app is not_found
    assert behind_same_proxy(not_found, answer) is answer


def _handshake(
    running: Running, headers: dict[str, str], transport: str = "polling"
) -> Answer:
    more = UPGRADE if transport == "websocket" else {}
    return running.http().get(HANDSHAKE.replace("polling", transport), {**headers, **more})
