"""What a server answers to offers of permessage-deflate: section 7.1 of RFC 7692."""

from __future__ import annotations

from typing import Any

import pytest

from flask_realtime.exceptions import HandshakeError
from flask_realtime.options.deflate import DeflateOptions
from flask_realtime.websocket.deflate import Terms, negotiate
from flask_realtime.websocket.extensions import parse_offers
from flask_realtime.websocket.handshake import accept
from tests.websocket.test_handshake import REQUEST, RESPONSE

NAME = "permessage-deflate"
NEITHER = "; server_no_context_takeover; client_no_context_takeover"
BOTH: dict[str, Any] = {"server_context_takeover": True, "client_context_takeover": True}


def negotiated(header: str, **options: Any) -> tuple[str, Terms] | None:
    agreement = negotiate(parse_offers(header), DeflateOptions(**options))
    return agreement and (agreement.answer, agreement.deflate.terms)


@pytest.mark.parametrize(
    ("parameters", "options", "answer", "terms"),
    [
        # Without a context unless asked for.
        ("", {}, NEITHER, (False, False, 15, 15)),
        ("; client_max_window_bits", {}, NEITHER, (False, False, 15, 15)),
        ("", BOTH, "", (True, True, 15, 15)),
        (
            "",
            {"server_context_takeover": True},
            "; client_no_context_takeover",
            (True, False, 15, 15),
        ),
        (
            "",
            {"client_context_takeover": True},
            "; server_no_context_takeover",
            (False, True, 15, 15),
        ),
        # The client's wish goes first.
        (
            "; server_no_context_takeover",
            BOTH,
            "; server_no_context_takeover",
            (False, True, 15, 15),
        ),
        (
            "; client_no_context_takeover",
            BOTH,
            "; client_no_context_takeover",
            (True, False, 15, 15),
        ),
        (NEITHER, BOTH, NEITHER, (False, False, 15, 15)),
        # Windows.
        (
            "; server_max_window_bits=10",
            BOTH,
            "; server_max_window_bits=10",
            (True, True, 10, 15),
        ),
        (
            '; server_max_window_bits="9"',
            BOTH,
            "; server_max_window_bits=9",
            (True, True, 9, 15),
        ),
        (
            "; server_max_window_bits=15",
            BOTH,
            "; server_max_window_bits=15",
            (True, True, 15, 15),
        ),
        (
            "; server_max_window_bits=15",
            {**BOTH, "server_max_window_bits": 11},
            "; server_max_window_bits=11",
            (True, True, 11, 15),
        ),
        (
            "; server_max_window_bits=10",
            {**BOTH, "server_max_window_bits": 11},
            "; server_max_window_bits=10",
            (True, True, 10, 15),
        ),
        (
            "",
            {**BOTH, "server_max_window_bits": 11},
            "; server_max_window_bits=11",
            (True, True, 11, 15),
        ),
        (
            "; client_max_window_bits=8",
            BOTH,
            "; client_max_window_bits=8",
            (True, True, 15, 8),
        ),
        ("; client_max_window_bits=15", BOTH, "", (True, True, 15, 15)),
        (
            "; client_max_window_bits",
            {**BOTH, "client_max_window_bits": 12},
            "; client_max_window_bits=12",
            (True, True, 15, 12),
        ),
        (
            "; client_max_window_bits=10; server_max_window_bits=9",
            {**BOTH, "client_max_window_bits": 12},
            "; server_max_window_bits=9; client_max_window_bits=10",
            (True, True, 9, 10),
        ),
    ],
)
def test_accepted(
    parameters: str, options: dict[str, Any], answer: str, terms: tuple[bool, bool, int, int]
) -> None:
    assert negotiated(NAME + parameters, **options) == (NAME + answer, Terms(*terms))


DECLINED = [
    "unknown",
    "unknown=1",
    "server_no_context_takeover=1",
    "client_no_context_takeover=true",
    'client_no_context_takeover="true"',
    "server_no_context_takeover; server_no_context_takeover",
    "client_max_window_bits; client_max_window_bits",
    "client_max_window_bits; client_max_window_bits=10",
    "server_max_window_bits=10; server_max_window_bits=10",
    "server_max_window_bits",
    "server_max_window_bits=7",
    "server_max_window_bits=8",  # no compressor of zlib keeps to it
    "server_max_window_bits=16",
    "server_max_window_bits=010",
    "server_max_window_bits=+10",
    "server_max_window_bits=1_0",
    "server_max_window_bits=10.0",
    "server_max_window_bits=ten",
    "client_max_window_bits=7",
    "client_max_window_bits=16",
    "client_max_window_bits=08",
    "Server_No_Context_Takeover",
]


@pytest.mark.parametrize("parameters", DECLINED)
def test_declined(parameters: str) -> None:
    assert negotiated(f"{NAME}; {parameters}") is None


@pytest.mark.parametrize("parameters", DECLINED)
def test_what_is_declined_leaves_the_next_offer(parameters: str) -> None:
    found = negotiated(f"{NAME}; {parameters}, {NAME}; server_max_window_bits=12, {NAME}")
    assert found is not None
    assert found[1].server_window_bits == 12


@pytest.mark.parametrize("header", ["", "x-webkit-deflate-frame", "deflate-stream, mux", "a;b=c"])
def test_other_extensions_are_passed_over(header: str) -> None:
    assert negotiated(header) is None
    assert negotiated(f"{header}, {NAME}") is not None


def test_clients_that_cannot_be_limited_are_declined() -> None:
    assert negotiated(NAME, client_max_window_bits=12) is None
    assert negotiated(f"{NAME}; client_max_window_bits", client_max_window_bits=12) is not None


def test_connections_without_context_share_everything() -> None:
    header = f"{NAME}; client_max_window_bits"
    first, second = (negotiate(parse_offers(header), DeflateOptions()) for _ in range(2))
    assert first and second and first.deflate is second.deflate
    other = negotiate(parse_offers(header), DeflateOptions(level=1))
    assert other and other.deflate is not first.deflate


@pytest.mark.parametrize("side", ["server_context_takeover", "client_context_takeover"])
def test_connections_with_a_context_share_nothing(side: str) -> None:
    options = DeflateOptions(**{side: True})
    first, second = (negotiate(parse_offers(NAME), options) for _ in range(2))
    assert first and second and first.deflate is not second.deflate


# In the handshake ------------------------------------------------------------------------


def accepted(offers: str, options: DeflateOptions | None) -> tuple[bytes, Terms | None]:
    request = REQUEST | {"sec-websocket-extensions": offers}
    head, deflate, _ = accept("GET", "HTTP/1.1", request, [("X", "y")], options)
    return head, deflate and deflate.terms


def test_handshake_that_compresses() -> None:
    head, terms = accepted(f"mux, {NAME}; client_max_window_bits", DeflateOptions())
    answer = f"Sec-WebSocket-Extensions: {NAME}{NEITHER}\r\n".encode()
    assert head == RESPONSE + answer + b"X: y\r\n\r\n"
    assert terms == Terms(False, False, 15, 15)


@pytest.mark.parametrize("offers", ["", "mux", f"{NAME}; unknown"])
def test_handshake_that_declines(offers: str) -> None:
    assert accepted(offers, DeflateOptions()) == (RESPONSE + b"X: y\r\n\r\n", None)


def test_handshake_with_a_malformed_header_is_refused() -> None:
    with pytest.raises(HandshakeError):
        accepted(f"{NAME};", DeflateOptions())


@pytest.mark.parametrize("offers", [NAME, f"{NAME};"])
def test_nothing_is_read_where_compression_is_off(offers: str) -> None:
    assert accepted(offers, None) == (RESPONSE + b"X: y\r\n\r\n", None)
