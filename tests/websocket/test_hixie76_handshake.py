from __future__ import annotations

import struct
from collections.abc import Iterable
from hashlib import md5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_realtime.exceptions import HandshakeError
from flask_realtime.websocket.handshake import Accepted, accept
from flask_realtime.websocket.hixie76 import is_hixie, prove
from tests.support.hixie import CHALLENGE, KEYS, PROOF

LOCATION = "ws://example.com/demo?t=1"

REQUEST = {
    "host": "example.com",
    "upgrade": "WebSocket",
    "connection": "Upgrade",
    "origin": "http://example.com",
}
REQUEST_76 = REQUEST | {name.lower(): value for name, value in KEYS.items()}

RESPONSE_76 = (
    b"HTTP/1.1 101 WebSocket Protocol Handshake\r\n"
    b"Upgrade: WebSocket\r\n"
    b"Connection: Upgrade\r\n"
    b"Sec-WebSocket-Origin: http://example.com\r\n"
    b"Sec-WebSocket-Location: ws://example.com/demo?t=1\r\n"
)
RESPONSE_75 = (
    b"HTTP/1.1 101 Web Socket Protocol Handshake\r\n"
    b"Upgrade: WebSocket\r\n"
    b"Connection: Upgrade\r\n"
    b"WebSocket-Origin: http://example.com\r\n"
    b"WebSocket-Location: ws://example.com/demo?t=1\r\n"
)
# 829309203 and 259970620
KEY = b"\x31\x6e\x41\x13\x0f\x7e\xd6\x3c"


def accepted(
    headers: dict[str, str], extra: Iterable[tuple[str, str]] = (), location: str | None = LOCATION
) -> Accepted:
    return accept("GET", "HTTP/1.1", headers, extra, location=location)


def test_example_of_the_draft_76() -> None:
    assert accepted(REQUEST_76) == Accepted(RESPONSE_76 + b"\r\n", None, KEY)
    assert prove(KEY, CHALLENGE) == PROOF


def test_a_handshake_of_the_draft_75() -> None:
    assert accepted(REQUEST) == Accepted(RESPONSE_75 + b"\r\n", None, b"")


def test_the_subprotocol_that_is_asked_for_is_repeated() -> None:
    with_protocol = REQUEST_76 | {"sec-websocket-protocol": "sample"}
    line = b"Sec-WebSocket-Protocol: sample\r\n"
    assert accepted(with_protocol).head == RESPONSE_76 + line + b"\r\n"
    with_protocol = REQUEST | {"websocket-protocol": "sample"}
    assert accepted(with_protocol).head == RESPONSE_75 + line.removeprefix(b"Sec-") + b"\r\n"


def test_a_client_that_names_no_origin_is_told_none() -> None:
    headers = {name: value for name, value in REQUEST_76.items() if name != "origin"}
    assert b"Origin" not in accepted(headers).head


def test_extra_fields_come_last() -> None:
    extra = [("Set-Cookie", "io=1"), ("Vary", "Origin")]
    end = b"Set-Cookie: io=1\r\nVary: Origin\r\n\r\n"
    assert accepted(REQUEST_76, extra).head == RESPONSE_76 + end
    assert accepted(REQUEST, extra).head == RESPONSE_75 + end


@pytest.mark.parametrize("headers", [REQUEST, REQUEST_76])
def test_without_a_location_it_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(HandshakeError) as caught:
        accepted(headers, location=None)
    assert caught.value.http_status == "400 Bad Request"


@pytest.mark.parametrize(
    "changed",
    [
        {"sec-websocket-version": ""},
        {"sec-websocket-version": "76"},
        {"sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ=="},
    ],
)
def test_what_has_a_version_or_its_key_is_of_later_times(changed: dict[str, str]) -> None:
    assert is_hixie(REQUEST_76)
    assert not is_hixie(REQUEST_76 | changed)
    with pytest.raises(HandshakeError) as caught:
        accepted(REQUEST_76 | changed)
    assert caught.value.http_status[:3] in ("400", "426")


@pytest.mark.parametrize(
    ("key", "number"),
    [
        ("18x 6]8vM;54 *(5:  {   U1]8  z [  8", 155712099),  # section 1.3
        ("1_ tx7X d  <  nw  334J702) 7]o}` 0", 173347027),
        ("1 2", 12),
        ("0 ", 0),
        ("4294967295 ", 4294967295),
        ("8589934590  ", 4294967295),
        ("00000000000000000005 ", 5),
    ],
)
def test_the_number_that_a_key_hides(key: str, number: int) -> None:
    headers = REQUEST | {"sec-websocket-key1": key, "sec-websocket-key2": "7 "}
    assert accepted(headers).hixie_key == struct.pack("!II", number, 7)


@pytest.mark.parametrize("name", ["sec-websocket-key1", "sec-websocket-key2"])
@pytest.mark.parametrize(
    "key",
    [
        None,
        "",
        "12345",  # no space: nothing to divide by
        "1\t2\xa03",
        "   ",
        "x y z",
        "\xb2 \xb3",  # digits to Unicode
        "\u0663 ",
        "1 2 3",  # 123 is odd
        "4294967296 ",
        "8589934592  ",
        "1" * 21 + " ",
        "9" * 60_000 + " ",
        " " * 60_000 + "1",
    ],
)
def test_keys_that_hide_none(name: str, key: str | None) -> None:
    headers = {
        name: value for name, value in (REQUEST_76 | {name: key}).items() if value is not None
    }
    with pytest.raises(HandshakeError) as caught:
        accepted(headers)
    assert caught.value.http_status == "400 Bad Request"


@pytest.mark.parametrize(
    ("method", "version", "changed", "status"),
    [
        ("POST", "HTTP/1.1", {}, 405),
        ("GET", "HTTP/1.0", {}, 400),
        ("GET", "HTTP/1.1", {"upgrade": "h2c"}, 400),
        ("GET", "HTTP/1.1", {"connection": "close"}, 400),
        ("GET", "HTTP/1.1", {"origin": "http://a\r\nX: y"}, 400),
        ("GET", "HTTP/1.1", {"sec-websocket-protocol": "a\nX: y"}, 400),
    ],
)
def test_refused(method: str, version: str, changed: dict[str, str], status: int) -> None:
    with pytest.raises(HandshakeError) as caught:
        accept(method, version, REQUEST_76 | changed, location=LOCATION)
    assert caught.value.http_status.startswith(f"{status} ")


@pytest.mark.parametrize("extra", [("Set-Cookie", "a\r\nX: y"), ("Set Cookie", "a")])
def test_extra_fields_cannot_write_others(extra: tuple[str, str]) -> None:
    with pytest.raises(ValueError):
        accepted(REQUEST_76, [extra])


@given(st.text(alphabet="0123456789 x\xb2", max_size=30), st.text(max_size=30))
def test_any_keys_are_accepted_or_refused(key1: str, key2: str) -> None:
    headers = REQUEST | {"sec-websocket-key1": key1, "sec-websocket-key2": key2}
    try:
        key = accepted(headers).hixie_key
    except HandshakeError as error:
        assert error.http_status == "400 Bad Request"
    else:
        assert key is not None
        assert prove(key, CHALLENGE) == md5(key + CHALLENGE).digest()
