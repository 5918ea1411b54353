"""What cannot be served, in the words of the generation that has asked."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.app import Serve

OWN = {"Sec-Fetch-Site": "same-origin"}
EVIL = {"Origin": "http://evil.test"}
EVIL_SCRIPT = {"Sec-Fetch-Site": "cross-site", "Referer": "http://evil.test/"}

TEXT = "text/plain; charset=UTF-8"
SCRIPT = "text/javascript; charset=UTF-8"
REFUSING: dict[str, Any] = {"allow_request": lambda environ: "only on Mondays"}


@pytest.mark.parametrize(
    ("method", "target", "headers", "options", "status", "body"),
    [
        ("GET", "1/", EVIL, {}, 403, b"handshake bad origin"),
        ("GET", "1/", {}, {"trusted_hosts": ["chat.test"]}, 403, b"handshake bad origin"),
        ("GET", "1/", {}, REFUSING, 403, b"handshake unauthorized"),
        ("PUT", "1/", {}, {}, 500, b"handshake error"),
        ("GET", "1/xhr-polling/nobody", {}, {}, 200, b"7:::1+0"),
        ("GET", "1/xhr-polling/nobody", EVIL, {}, 403, b"handshake bad origin"),
        ("GET", "1/xhr-multipart/nobody", {}, {}, 400, b"7:::0"),
        ("GET", "1/htmlfile/nobody", OWN, {"transports": "polling"}, 400, b"7:::0"),
        ("GET", "1/htmlfile/nobody", {}, {}, 403, b"handshake bad origin"),
    ],
)
def test_a_client_before_engine_io_is_told_in_plain_text(
    serve: Serve,
    method: str,
    target: str,
    headers: dict[str, str],
    options: dict[str, Any],
    status: int,
    body: bytes,
) -> None:
    running, _ = serve(**options)
    answer = running.http().request(method, f"/socket.io/{target}", headers)
    assert (answer.status, answer.body) == (status, body)
    assert answer.headers["content-type"] == TEXT
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert not running.sessions


@pytest.mark.parametrize(
    ("target", "headers", "options", "body"),
    [
        ("1/?jsonp=3", EVIL_SCRIPT, {}, 'io.j[3](new Error("handshake bad origin"));'),
        ("1/?jsonp=3", {}, {}, 'io.j[3](new Error("handshake bad origin"));'),
        ("1/?jsonp=3", OWN, REFUSING, 'io.j[3](new Error("handshake unauthorized"));'),
        ("1/jsonp-polling/nobody?i=4", OWN, {}, 'io.j[4]("7:::1+0");'),
        ("1/jsonp-polling/nobody", OWN, {}, 'io.j[0]("7:::1+0");'),
    ],
)
def test_its_jsonp_is_told_by_a_script_that_its_page_can_run(
    serve: Serve, target: str, headers: dict[str, str], options: dict[str, Any], body: str
) -> None:
    running, _ = serve(**options)
    answer = running.http().get(f"/socket.io/{target}", headers)
    assert (answer.status, answer.body.decode()) == (200, body)
    assert answer.headers["content-type"] == SCRIPT
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert not any(name.startswith("access-control") for name in answer.headers)
    assert not running.sessions


@pytest.mark.parametrize("transport", ["polling", "polling&j=0", "polling&b64=1"])
@pytest.mark.parametrize(
    ("method", "query", "headers", "options", "status", "name"),
    [
        ("GET", "", EVIL, {}, 403, "bad-origin"),
        ("GET", "", EVIL_SCRIPT, {}, 403, "bad-origin"),
        ("GET", "", OWN, REFUSING, 403, "not-allowed"),
        ("GET", "&sid=nobody", OWN, {}, 400, "unknown-sid"),
        ("POST", "&sid=nobody", OWN, {}, 400, "unknown-sid"),
        ("POST", "", OWN, {}, 400, "bad-method"),
        ("GET", "", OWN, {"transports": "websocket"}, 400, "unknown-transport"),
    ],
)
def test_clients_1_and_2_are_told_in_json_over_jsonp_too(
    serve: Serve,
    transport: str,
    method: str,
    query: str,
    headers: dict[str, str],
    options: dict[str, Any],
    status: int,
    name: str,
) -> None:
    running, _ = serve(**options)
    target = f"/socket.io/?EIO=3&transport={transport}{query}"
    answer = running.http().request(method, target, headers)
    assert (answer.status, answer.json["name"]) == (status, name)
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert not running.sessions


def test_jsonp_can_be_turned_off(serve: Serve) -> None:
    running, _ = serve(transports=["websocket", "polling"])
    http = running.http()
    assert http.get("/socket.io/?EIO=3&transport=polling&j=0", OWN).json["code"] == 0
    assert http.get("/socket.io/?EIO=3&transport=polling", OWN).status == 200


@pytest.mark.parametrize("target", ["1/?jsonp=x", "1/jsonp-polling/nobody?i=0%5D", "1/?jsonp="])
def test_an_index_that_is_no_number_comes_back_nowhere(serve: Serve, target: str) -> None:
    running, _ = serve()
    answer = running.http().get(f"/socket.io/{target}", OWN)
    assert (answer.status, answer.body) == (400, b"handshake error")
    assert b"]" not in answer.body
    assert answer.headers["x-content-type-options"] == "nosniff"
