from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_realtime.exceptions import HandshakeError
from flask_realtime.websocket.handshake import Accepted, accept, draft_origin, is_websocket

# Section 1.2's example.
REQUEST = {
    "host": "server.example.com",
    "upgrade": "websocket",
    "connection": "Upgrade",
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
    "origin": "http://example.com",
    "sec-websocket-version": "13",
}
RESPONSE = (
    b"HTTP/1.1 101 Switching Protocols\r\n"
    b"Upgrade: websocket\r\n"
    b"Connection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
)


def test_example_of_the_rfc() -> None:
    assert accept("GET", "HTTP/1.1", REQUEST).head == RESPONSE + b"\r\n"


@pytest.mark.parametrize(
    "changed",
    [
        {"upgrade": "WebSocket"},
        {"upgrade": "h2c, WEBSOCKET"},
        {"connection": "keep-alive, Upgrade"},
        {"connection": "upgrade"},
        {"sec-websocket-key": " dGhlIHNhbXBsZSBub25jZQ== "},
        {"sec-websocket-version": " 13"},
        {"sec-websocket-version": "8"},
        {"sec-websocket-version": "7 "},
        {"sec-websocket-extensions": "permessage-deflate"},
    ],
)
def test_forms_that_mean_the_same(changed: dict[str, str]) -> None:
    assert accept("GET", "HTTP/1.1", REQUEST | changed) == Accepted(RESPONSE + b"\r\n", None)


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"upgrade": None}, 400),
        ({"upgrade": "websockets"}, 400),
        ({"upgrade": "h2c"}, 400),
        ({"connection": None}, 400),
        ({"connection": "keep-alive"}, 400),
        ({"connection": "upgraded"}, 400),
        ({"sec-websocket-key": None}, 400),
        ({"sec-websocket-key": ""}, 400),
        ({"sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ"}, 400),  # without its padding
        ({"sec-websocket-key": "dGhlIHNhbXBsZSBub25jZSE="}, 400),  # 17 bytes
        ({"sec-websocket-key": "dGhlIHNhbXBsZSBub25j"}, 400),  # 15 bytes
        ({"sec-websocket-key": "dGhl!IHNhbXBsZSBub25jZQ=="}, 400),
        ({"sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==\u20ac"}, 400),
        ({"sec-websocket-version": None}, 400),
        ({"sec-websocket-version": ""}, 400),
        ({"sec-websocket-version": "12"}, 426),
        ({"sec-websocket-version": "6"}, 426),
        ({"sec-websocket-version": "0"}, 426),
        ({"sec-websocket-version": "7, 8"}, 426),
        ({"sec-websocket-version": "013"}, 426),
        ({"sec-websocket-version": "13, 8"}, 426),
    ],
)
def test_refused(changed: dict[str, str | None], status: int) -> None:
    headers = {name: value for name, value in (REQUEST | changed).items() if value is not None}
    with pytest.raises(HandshakeError) as caught:
        accept("GET", "HTTP/1.1", headers)
    assert caught.value.http_status.startswith(f"{status} ")
    versions = [("Sec-WebSocket-Version", "13, 8, 7")] if status == 426 else []
    assert list(caught.value.headers) == versions


@pytest.mark.parametrize("method", ["POST", "HEAD", "CONNECT", "get"])
def test_other_methods(method: str) -> None:
    with pytest.raises(HandshakeError) as caught:
        accept(method, "HTTP/1.1", REQUEST)
    assert caught.value.http_status == "405 Method Not Allowed"
    assert list(caught.value.headers) == [("Allow", "GET")]


@pytest.mark.parametrize("version", ["HTTP/1.0", "HTTP/2", "HTTP/0.9", ""])
def test_other_versions_of_http(version: str) -> None:
    with pytest.raises(HandshakeError) as caught:
        accept("GET", version, REQUEST)
    assert caught.value.http_status == "400 Bad Request"


def test_extra_fields_come_last_and_in_order() -> None:
    extra = [("Set-Cookie", "io=1; Path=/"), ("Set-Cookie", "caf\xe9=1"), ("Vary", "Origin")]
    assert accept("GET", "HTTP/1.1", REQUEST, extra).head == RESPONSE + (
        b"Set-Cookie: io=1; Path=/\r\nSet-Cookie: caf\xe9=1\r\nVary: Origin\r\n\r\n"
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Set-Cookie", "a=1\r\nX: y"),
        ("Set-Cookie", "a=1\n"),
        ("Set-Cookie", "\ra=1"),
        ("Set-Cookie", "a=\0"),
        ("Set-Cookie", "\u20ac"),
        ("Set-Cookie\r\nX", "y"),
        ("Set-Cookie\n", "y"),
        ("Set Cookie", "y"),
        ("X:", "y"),
        ("", "y"),
    ],
)
def test_extra_fields_cannot_write_others(name: str, value: str) -> None:
    with pytest.raises(ValueError):
        accept("GET", "HTTP/1.1", REQUEST, [(name, value)])


@given(st.dictionaries(st.sampled_from(sorted(REQUEST)), st.text(max_size=30)))
def test_any_header_is_accepted_or_refused(changed: dict[str, str]) -> None:
    try:
        head = accept("GET", "HTTP/1.1", REQUEST | changed).head
    except HandshakeError as error:
        assert error.http_status[:3] in ("400", "426")
    else:
        assert head.startswith(RESPONSE[: RESPONSE.index(b"s3p")])


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, False),
        ({"upgrade": ""}, False),
        ({"upgrade": "h2c"}, False),
        ({"upgrade": "websocket"}, True),
        ({"upgrade": "h2c , WebSocket"}, True),
    ],
)
def test_is_websocket(headers: dict[str, str], expected: bool) -> None:
    assert is_websocket(headers) is expected


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"sec-websocket-version": "8", "sec-websocket-origin": "http://a"}, "http://a"),
        ({"sec-websocket-version": " 7 ", "sec-websocket-origin": "http://a"}, "http://a"),
        ({"sec-websocket-version": "8"}, None),
        # From the draft 11 on, which has the version 8 too, the header has its later name.
        (
            {
                "sec-websocket-version": "8",
                "sec-websocket-origin": "http://a",
                "origin": "http://b",
            },
            None,
        ),
        ({"sec-websocket-version": "13", "sec-websocket-origin": "http://a"}, None),
        ({"sec-websocket-origin": "http://a"}, None),
    ],
)
def test_the_origin_as_drafts_7_to_10_say_it(
    headers: dict[str, str], expected: str | None
) -> None:
    assert draft_origin(headers) == expected
