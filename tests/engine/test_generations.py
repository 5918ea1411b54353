"""The generations that may connect, and what a foreign page may send: two options of requests."""

from __future__ import annotations

import pytest

from tests.support.app import Serve
from tests.support.server import Running

HANDSHAKES = {
    "0.9": "/socket.io/1/",
    "eio3": "/socket.io/?EIO=3&transport=polling",
    "eio4": "/socket.io/?EIO=4&transport=polling",
}


def statuses(running: Running) -> dict[str, int]:
    return {name: running.http().get(target).status for name, target in HANDSHAKES.items()}


@pytest.mark.parametrize(
    ("options", "refused"),
    [
        ({}, {}),
        ({"protocols": ["eio4"]}, {"0.9": 500, "eio3": 400}),
        ({"protocols": "0.9"}, {"eio3": 400, "eio4": 400}),
        ({"allow_eio3": False}, {"eio3": 400}),
    ],
)
def test_only_those_that_are_named(
    serve: Serve, options: dict[str, object], refused: dict[str, int]
) -> None:
    running, _ = serve(**options)
    assert statuses(running) == {**dict.fromkeys(HANDSHAKES, 200), **refused}


def test_the_client_and_the_log_are_told_why(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    running, _ = serve(allow_eio3=False)
    got = running.http().get(HANDSHAKES["eio3"])
    assert got.json["message"] == "Unsupported protocol version"
    running.stop()
    assert "refused (bad-version): eio3 is not among the protocols" in caplog.text


def test_a_foreign_page_may_send_the_headers_that_are_named(serve: Serve) -> None:
    running, _ = serve(cors={"origin": "*", "allowedHeaders": ["X-Token"], "maxAge": 60})
    client = running.http()
    client.ask("OPTIONS", HANDSHAKES["eio4"], {"Origin": "https://a.org"})
    got = client.answer()
    assert got.status == 204
    assert got.headers["access-control-allow-headers"] == "Content-Type,X-Token"
    assert got.headers["access-control-max-age"] == "60"


def test_an_attribute_of_the_cookie_may_be_a_function(serve: Serve) -> None:
    ages = iter([10, 20])
    running, _ = serve(cookie={"name": "io", "max_age": lambda: next(ages)})
    for age in (10, 20):
        got = running.http().get(HANDSHAKES["eio4"])
        assert f"Max-Age={age};" in got.headers["set-cookie"]
