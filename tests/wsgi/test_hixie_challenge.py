"""What is found out about a WebSocket of before RFC 6455, and how its challenge is met."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gevent
import pytest
from gevent import socket
from gevent.event import Event

from flask_realtime.transports.http import Request
from flask_realtime.wsgi.websocket_drafts import find_location, meet_challenge, name_origin
from tests.support.hixie import CHALLENGE, PROOF
from tests.support.waiting import TIMEOUT


def test_that_name_means_nothing_in_the_standard() -> None:
    environ = {"HTTP_SEC_WEBSOCKET_ORIGIN": "http://a", "HTTP_SEC_WEBSOCKET_VERSION": "13"}
    name_origin(environ)
    assert "HTTP_ORIGIN" not in environ
    environ["HTTP_SEC_WEBSOCKET_VERSION"] = "8"
    name_origin(environ)
    assert environ["HTTP_ORIGIN"] == "http://a"
    environ["HTTP_SEC_WEBSOCKET_ORIGIN"] = "http://b"
    name_origin(environ)
    assert environ["HTTP_ORIGIN"] == "http://a"


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, "ws://a/b"),
        ({"wsgi.url_scheme": "https"}, "wss://a/b"),
        ({"HTTP_HOST": "a:8443"}, "ws://a:8443/b"),
        ({"SCRIPT_NAME": "/s", "QUERY_STRING": "c=%20&d"}, "ws://a/s/b?c=%20&d"),
        ({"PATH_INFO": "/h\xc3\xa9 %/~x;y=z"}, "ws://a/h%C3%A9%20%25/~x;y=z"),
        ({"PATH_INFO": "/a\r\nb?c#d"}, "ws://a/a%0D%0Ab%3Fc%23d"),
    ],
)
def test_the_location_from_the_environ(changed: dict[str, str], expected: str) -> None:
    environ = {"wsgi.url_scheme": "http", "HTTP_HOST": "a", "PATH_INFO": "/b", **changed}
    assert find_location(Request(environ, {})) == expected


@pytest.fixture
def pair() -> Iterator[tuple[Any, Any]]:
    client, server = socket.socketpair()
    client.settimeout(TIMEOUT)
    yield client, server
    client.close()
    server.close()


KEY = b"\x31\x6e\x41\x13\x0f\x7e\xd6\x3c"


@pytest.mark.parametrize("behind", [b"", b"\x00first"])
@pytest.mark.parametrize("cut", range(9))
def test_the_challenge_may_come_in_two(pair: tuple[Any, Any], cut: int, behind: bytes) -> None:
    client, server = pair
    waiting = gevent.spawn(meet_challenge, server, b"head", KEY, CHALLENGE[:cut])
    assert client.recv(4) == b"head"
    client.sendall(CHALLENGE[cut:] + behind)
    assert client.recv(100) == PROOF
    late = waiting.get(timeout=TIMEOUT)
    assert late == (behind if cut < 8 else b"")


def test_a_challenge_that_never_comes_whole(pair: tuple[Any, Any]) -> None:
    client, server = pair
    dripping = Event()

    def drip() -> None:
        for byte in CHALLENGE[:7]:
            client.sendall(bytes([byte]))
            gevent.sleep(0.02)
        dripping.set()

    gevent.spawn(drip)
    assert meet_challenge(server, b"head", KEY, b"", patience=0.05) is None
    assert not dripping.is_set()  # the time is for all of it, not for each byte
    assert client.recv(100) == b"head"
    assert dripping.wait(TIMEOUT)


def test_a_client_that_takes_nothing_is_not_waited_for_either(pair: tuple[Any, Any]) -> None:
    _, server = pair
    head = b"x" * 4_000_000
    assert meet_challenge(server, head, KEY, CHALLENGE, patience=0.05) is None


def test_a_client_that_is_gone(pair: tuple[Any, Any]) -> None:
    client, server = pair
    client.close()
    assert meet_challenge(server, b"head", KEY, CHALLENGE) is None
