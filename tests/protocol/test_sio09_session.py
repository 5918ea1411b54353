"""What a session of protocol 1 tells its client: the terms, who joined, and what went wrong."""

from __future__ import annotations

import pytest

from flask_realtime.exceptions import RequestError
from flask_realtime.protocol.packet import Packet
from flask_realtime.protocol.refusals import (
    BAD_BODY,
    BAD_HOST,
    BAD_METHOD,
    BAD_ORIGIN,
    BAD_VERSION,
    EXPIRED,
    FOREIGN_WORKER,
    NOT_ALLOWED,
    STOPPING,
    TOO_LARGE,
    UNKNOWN_SID,
    UNKNOWN_TRANSPORT,
    Refusal,
    request_error,
)
from tests.protocol.codecs import make_eio4
from tests.protocol.sio09_exchanges import make_sio09

SIO09 = make_sio09()
TEXT = "text/plain; charset=UTF-8"


def _text(packet: Packet) -> object:
    (message,) = SIO09.encode(packet).messages
    return message


def test_the_answer_to_a_handshake_tells_the_terms() -> None:
    transports = ["websocket", "htmlfile", "polling", "jsonp-polling"]
    packet = SIO09.open_packet("8A_va1Dw6MHssPnv5EmA", transports, 25.0, 35.0)
    assert _text(packet) == (
        "8A_va1Dw6MHssPnv5EmA:60:60:websocket,htmlfile,xhr-polling,jsonp-polling"
    )


def test_the_answer_is_the_body_as_it_is() -> None:
    encoded = SIO09.encode(SIO09.open_packet("x", ["polling"], 25.0, 20.0))
    assert SIO09.encode_payload(encoded.messages) == (b"x:45:45:xhr-polling", TEXT)


def test_all_other_transports_kept_their_names() -> None:
    packet = SIO09.open_packet("x", ["flashsocket", "xhr-multipart"], 1, 1)
    assert _text(packet) == "x:2:2:flashsocket,xhr-multipart"


@pytest.mark.parametrize(
    ("interval", "timeout", "seconds"),
    [(25, 20, 45), (25.1, 20, 46), (0.05, 0.05, 1), (1e-9, 1e-9, 1), (9e8, 9e8, 2_147_483)],
)
def test_time_outs_are_whole_seconds_that_every_browser_can_wait(
    interval: float, timeout: float, seconds: int
) -> None:
    packet = SIO09.open_packet("x", ["websocket"], interval, timeout)
    assert _text(packet) == f"x:{seconds}:{seconds}:websocket"


def test_a_client_that_joined_gets_its_own_words_back() -> None:
    assert _text(SIO09.connect_packet("/", "xyz")) == "1::"
    assert _text(SIO09.connect_packet("/chat", "xyz")) == "1::/chat"


def test_a_refused_client_hears_that_it_is_unauthorized() -> None:
    assert _text(SIO09.refusal_packet("/no", "no tickets left", {"retry": False})) == "7::/no:2"
    assert _text(SIO09.refusal_packet("/", "no", None)) == "7:::2"


def test_a_socket_id_is_the_sid() -> None:
    assert SIO09.socket_id("sid", "/", lambda: "new") == "sid"
    assert SIO09.socket_id("sid", "/chat", lambda: "new") == "sid"


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        (UNKNOWN_TRANSPORT, b"7:::0", "400 Bad Request"),
        (UNKNOWN_SID, b"7:::1+0", "200 OK"),
        (EXPIRED, b"7:::1+0", "200 OK"),
        (FOREIGN_WORKER, b"7:::1+0", "200 OK"),
        (BAD_ORIGIN, b"handshake bad origin", "403 Forbidden"),
        (BAD_HOST, b"handshake bad origin", "403 Forbidden"),
        (NOT_ALLOWED, b"handshake unauthorized", "403 Forbidden"),
        (BAD_METHOD, b"handshake error", "500 Internal Server Error"),
        (BAD_VERSION, b"Protocol version not supported.", "500 Internal Server Error"),
        (STOPPING, b"handshake error", "503 Service Unavailable"),
        (BAD_BODY, b"handshake error", "400 Bad Request"),
        (TOO_LARGE, b"handshake error", "413 Content Too Large"),
    ],
)
def test_errors_are_the_words_of_the_servers_09(kind: Refusal, body: bytes, status: str) -> None:
    error = request_error(kind, "detail", "what the application said")
    assert SIO09.error_body(error) == (body, TEXT)
    assert SIO09.error_status(error) == status


def test_other_generations_answer_with_the_status_of_the_error() -> None:
    error = RequestError(4, "no", "403 Forbidden")
    assert make_eio4().error_status(error) == "403 Forbidden"


def test_what_the_layers_above_ask_of_the_generation() -> None:
    assert (SIO09.name, SIO09.protocol) == ("sio09", 1)
    assert SIO09.server_pings and SIO09.joins_root and not SIO09.strict
    assert SIO09.ends_with_root and SIO09.takes_over
    assert SIO09.posted == (b"1", TEXT)
    assert SIO09.jsonp_callback == "io.j"
