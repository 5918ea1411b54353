"""The parser without any socket: however the bytes are cut, the requests are the same."""

from __future__ import annotations

import tracemalloc
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_realtime.exceptions import HTTPError
from flask_realtime.wsgi.environ import build_environ, environ_key
from flask_realtime.wsgi.limits import Limits
from flask_realtime.wsgi.request_parser import RequestParser

POST = b"POST /p?q HTTP/1.1\r\nHost: a\r\n"
REQUESTS = [
    b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n",
    b"HEAD /b HTTP/1.0\r\nConnection: keep-alive\r\nX: " + b"y" * 300 + b"\r\n\r\n",
    POST + b"Content-Length: 5\r\n\r\nhello",
    POST + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x\r\nde\r\n0\r\nT: v\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx",
]
UPGRADE = b"GET /u HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: x\r\n\r\n"


def parse(pieces, **limits):
    parser = RequestParser({"SCRIPT_NAME": ""}, Limits(**limits))
    for piece in pieces:
        parser.feed(piece)
        if parser.error is not None:
            break
    return parser


def described(parser):
    """Everything that a parser found, in a form that can be compared."""
    found = [
        (
            sorted(request.environ.items()),
            (request.is_head, request.http11, request.content_length),
            (request.keep_alive, request.upgrade, request.expects_continue, request.complete),
            (b"".join(request.body), request.body_size),
        )
        for request in parser.requests
    ]
    error = parser.error and parser.error.http_status
    return found, error, parser.between_requests


def cut(data, positions):
    edges = [0, *sorted(positions), len(data)]
    return [data[begin:end] for begin, end in pairwise(edges) if begin < end]


@given(data=st.data())
def test_cuts_change_nothing(data):
    stream = b"".join(data.draw(st.lists(st.sampled_from(REQUESTS), min_size=1, max_size=6)))
    positions = data.draw(st.lists(st.integers(0, len(stream)), max_size=20))
    assert described(parse(cut(stream, positions))) == described(parse([stream]))


@given(
    stream=st.lists(
        st.sampled_from([*REQUESTS, b"\r\n", b" ", b"\0", b"Host: b", b"0\r\n\r\n"]), max_size=5
    ).map(b"".join),
    noise=st.binary(max_size=20),
    position=st.integers(0, 500),
)
def test_nothing_but_http_errors(stream, noise, position):
    parser = parse([stream[:position] + noise + stream[position:]])
    assert parser.error is None or isinstance(parser.error, HTTPError)


@pytest.mark.parametrize("bytewise", [False, True], ids=["whole", "bytewise"])
def test_requests_before_an_error_are_kept(bytewise):
    stream = REQUESTS[0] + REQUESTS[2] + b"nonsense\r\n\r\n"
    parser = parse([stream[i : i + 1] for i in range(len(stream))] if bytewise else [stream])
    assert [request.environ["PATH_INFO"] for request in parser.requests] == ["/a", "/p"]
    assert all(request.complete for request in parser.requests)
    assert parser.error is not None and parser.error.http_status == "400 Bad Request"


def test_bytes_behind_an_upgrade():
    parser = parse([REQUESTS[0] + UPGRADE + b"GET / HTTP/1.1\r\n"])
    assert [request.upgrade for request in parser.requests] == [False, True]
    assert not parser.requests[1].keep_alive
    assert parser.rest == b"GET / HTTP/1.1\r\n"


@pytest.mark.parametrize("digits", ["0" * 5000 + "5", "0" * 16 + "00005", "9" * 20])
def test_a_length_of_too_many_digits_is_refused_for_that(digits):
    parser = parse([POST + f"Content-Length: {digits}\r\n\r\nhello".encode()])
    assert not parser.requests
    assert parser.error is not None and parser.error.http_status == "400 Bad Request"
    assert "Content-Length" in str(parser.error)


def test_a_head_is_between_no_requests():
    parser = parse([REQUESTS[0] + b"GET /half"])
    assert len(parser.requests) == 1 and not parser.between_requests
    assert parse([REQUESTS[0]]).between_requests


def test_trailers_reach_no_environ():
    parser = parse([REQUESTS[3] * 2])
    assert all("HTTP_T" not in request.environ for request in parser.requests)


def test_the_limit_counts_each_head_alone():
    request = b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 70 + b"\r\n\r\n"
    for pieces in ([request * 5], cut(request * 5, range(0, 500, 7))):
        assert parse(pieces, max_header_size=len(request)).error is None
        error = parse(pieces, max_header_size=len(request) - 1).error
        assert error is not None and error.http_status.startswith("431")


@pytest.mark.parametrize(
    ("name", "key"),
    [
        (b"Host", "HTTP_HOST"),
        (b"x-forwarded-FOR", "HTTP_X_FORWARDED_FOR"),
        (b"Content-Type", "CONTENT_TYPE"),
        (b"CONTENT-LENGTH", "CONTENT_LENGTH"),
        (b"Content_Length", ""),
        (b"X_Y", ""),
    ],
)
def test_environ_keys(name, key):
    assert environ_key(name) == key


def test_names_of_headers_that_no_client_has_are_not_kept():
    tracemalloc.start()
    try:
        for number in range(300):
            build_environ({}, b"GET", b"/", "1.0", [(b"X%06d" % number + b"y" * 10_000, b"z")])
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 500_000


def test_the_template_is_not_changed():
    template = {"SCRIPT_NAME": ""}
    environ = build_environ(template, b"GET", b"/", "1.0", [(b"A", b"b")])
    assert template == {"SCRIPT_NAME": ""} and environ["HTTP_A"] == "b"
