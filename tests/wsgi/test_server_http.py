"""HTTP/1 on the wire: requests and responses, byte for byte."""

from __future__ import annotations

import pytest

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
POST = b"POST /p HTTP/1.1\r\nHost: a\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"


def ok(body: bytes, connection: bytes = b"") -> bytes:
    return OK + b"Content-Length: %d\r\n%b\r\n%b" % (len(body), connection, body)


def error(status: bytes) -> bytes:
    body = status[4:] + b"\n"
    return (
        b"HTTP/1.1 %b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\n"
        b"Connection: close\r\n\r\n%b" % (status, len(body), body)
    )


CLOSE = b"Connection: close\r\n"

ANSWERED = {
    "GET": (GET, ok(b"GET / ?")),
    "path and query": (
        b"GET /a%20b%C3%A9?x=%20&y HTTP/1.1\r\nHost: a\r\n\r\n",
        ok(b"GET /a b\xc3\xa9 ?x=%20&y"),
    ),
    "two slashes": (b"GET //a/b HTTP/1.1\r\nHost: a\r\n\r\n", ok(b"GET //a/b ?")),
    "absolute form": (
        b"GET http://u@other:1/p?q HTTP/1.1\r\nHost: a\r\n\r\n",
        ok(b"GET /p ?q host=other:1"),
    ),
    "absolute form without a path": (
        b"GET http://other?q HTTP/1.1\r\nHost: a\r\n\r\n",
        ok(b"GET / ?q host=other"),
    ),
    "asterisk": (b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", ok(b"OPTIONS * ?")),
    "fragment": (b"GET /a#b?c HTTP/1.1\r\nHost: a\r\n\r\n", ok(b"GET /a ?")),
    "Content-Length": (POST + b"Content-Length: 5\r\n\r\nhello", ok(b"POST /p ?hello")),
    "Content-Length 0": (POST + b"Content-Length: 0\r\n\r\n", ok(b"POST /p ?")),
    "chunked": (
        POST + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n4;x=y\r\n you\r\n0\r\n\r\n",
        ok(b"POST /p ?hello you"),
    ),
    "chunked with white space": (
        POST + b"Transfer-Encoding:  Chunked \r\n\r\nA\r\nhelloworld\r\n0\r\n\r\n",
        ok(b"POST /p ?helloworld"),
    ),
    "trailer": (
        POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX-Shown: trailer\r\n\r\n",
        ok(b"POST /p ?"),
    ),
    "header": (b"GET / HTTP/1.1\r\nHost: a\r\nX-Shown: v \r\n\r\n", ok(b"GET / ? shown=v")),
    "header twice": (
        b"GET / HTTP/1.1\r\nHost: a\r\nX-Shown: v\r\nx-shown: w\r\n\r\n",
        ok(b"GET / ? shown=v,w"),
    ),
    "underscore": (b"GET / HTTP/1.1\r\nHost: a\r\nX_Shown: v\r\n\r\n", ok(b"GET / ?")),
    "HTTP/1.0 keep-alive": (
        b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
        ok(b"GET / ?", b"Connection: keep-alive\r\n"),
    ),
    "HEAD": (
        b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n",
        OK + b"Content-Length: 8\r\n\r\n",
    ),
    "Upgrade without Connection": (
        b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: x\r\n\r\n",
        ok(b"GET / ?"),
    ),
}

CLOSED = {
    "Connection: close": (
        b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        ok(b"GET / ?", CLOSE),
    ),
    "HTTP/1.0": (b"GET / HTTP/1.0\r\n\r\n", ok(b"GET / ?", CLOSE)),
    "upgrade that nobody takes": (
        b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\nrest",
        ok(b"GET / ?", CLOSE),
    ),
    "CONNECT": (
        b"CONNECT b:1 HTTP/1.1\r\nHost: b:1\r\n\r\nrest",
        ok(b"CONNECT  ? host=b:1", CLOSE),
    ),
    "no HTTP": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", error(b"400 Bad Request")),
    "white space in the target": (b"GET / / HTTP/1.1\r\n\r\n", error(b"400 Bad Request")),
    "folded header": (
        b"GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n 2\r\n\r\n",
        error(b"400 Bad Request"),
    ),
    "header without colon": (b"GET / HTTP/1.1\r\nHost\r\n\r\n", error(b"400 Bad Request")),
    "white space before the colon": (
        b"GET / HTTP/1.1\r\nHost : a\r\n\r\n",
        error(b"400 Bad Request"),
    ),
    "bare line feeds": (b"GET / HTTP/1.1\nHost: a\n\n", error(b"400 Bad Request")),
    "no Host": (b"GET / HTTP/1.1\r\n\r\n", error(b"400 Bad Request")),
    "two Hosts": (
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
        error(b"400 Bad Request"),
    ),
    "HTTP/1.2": (b"GET / HTTP/1.2\r\nHost: a\r\n\r\n", error(b"505 HTTP Version Not Supported")),
    "HTTP/0.9": (b"GET /\r\n\r\n", error(b"505 HTTP Version Not Supported")),
    "HTTP/2": (
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        error(b"505 HTTP Version Not Supported"),
    ),
    "two lengths": (
        POST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        error(b"400 Bad Request"),
    ),
    "the same length twice": (
        POST + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
        error(b"400 Bad Request"),
    ),
    "length with a sign": (POST + b"Content-Length: +5\r\n\r\nhello", error(b"400 Bad Request")),
    "length and coding": (
        POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        error(b"400 Bad Request"),
    ),
    "coding and length": (
        POST + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        error(b"400 Bad Request"),
    ),
    "gzip": (POST + b"Transfer-Encoding: gzip\r\n\r\n", error(b"501 Not Implemented")),
    "gzip, chunked": (
        POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        error(b"501 Not Implemented"),
    ),
    "chunked in HTTP/1.0": (
        b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        error(b"400 Bad Request"),
    ),
    "upgrade with a body": (
        POST + b"Connection: Upgrade\r\nUpgrade: x\r\nContent-Length: 1\r\n\r\nx",
        error(b"400 Bad Request"),
    ),
    "no chunk size": (
        POST + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n",
        error(b"400 Bad Request"),
    ),
    "negative chunk size": (
        POST + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n",
        error(b"400 Bad Request"),
    ),
    "chunk longer than its size": (
        POST + b"Transfer-Encoding: chunked\r\n\r\n3\r\nhello\r\n0\r\n\r\n",
        error(b"400 Bad Request"),
    ),
    "body that ends too early": (
        POST + b"Content-Length: 9\r\n\r\nhello",
        error(b"400 Bad Request"),
    ),
    "unknown expectation": (
        POST + b"Expect: miracle\r\nContent-Length: 0\r\n\r\n",
        error(b"417 Expectation Failed"),
    ),
}


def echo(environ, start_response):
    """Answers with what the request was, and with what the tests must see or miss in it."""
    body = environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Type", "text/plain")])
    text = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']} ?{environ['QUERY_STRING']}"
    if environ.get("HTTP_HOST", "a") != "a":
        text += f" host={environ['HTTP_HOST']}"
    if "HTTP_X_SHOWN" in environ:
        text += f" shown={environ['HTTP_X_SHOWN']}"
    return [text.encode("latin-1") + body]


def table(*tables):
    rows = [(name, *row) for each in tables for name, row in each.items()]
    return pytest.mark.parametrize(
        ("request_bytes", "expected"), [row[1:] for row in rows], ids=[row[0] for row in rows]
    )


@table(ANSWERED, CLOSED)
def test_in_one_segment(serve, connect, request_bytes, expected):
    assert connect(serve(echo)).ask(request_bytes) == expected


@table(ANSWERED, CLOSED)
def test_byte_by_byte(serve, connect, request_bytes, expected):
    client = connect(serve(echo))
    try:
        client.send_bytewise(request_bytes)
    except OSError:
        pass  # refused before its end
    assert client.ask(b"") == expected


@table(ANSWERED, CLOSED)
def test_behind_other_requests(serve, connect, request_bytes, expected):
    first = POST + b"Content-Length: 2\r\n\r\nhi"
    answer = connect(serve(echo)).ask(first + GET + request_bytes)
    assert answer == ok(b"POST /p ?hi") + ok(b"GET / ?") + expected


@table(ANSWERED)
def test_the_connection_goes_on(serve, connect, request_bytes, expected):
    answer = connect(serve(echo)).ask(request_bytes * 3 + GET)
    assert answer == expected * 3 + ok(b"GET / ?")


# (What follows a body that ends too early would be its end.)
@table({name: row for name, row in CLOSED.items() if name != "body that ends too early"})
def test_nothing_is_answered_behind_the_end(serve, connect, request_bytes, expected):
    assert connect(serve(echo)).ask(request_bytes + GET) == expected


def test_many_pipelined_requests_leave_others_their_turn(serve, connect):
    served = []

    def application(environ, start_response):
        if not served:
            other.send(b"GET /other HTTP/1.1\r\nHost: a\r\n\r\n")
        served.append(environ["PATH_INFO"])
        return echo(environ, start_response)

    server = serve(application)
    greedy, other = connect(server), connect(server)
    assert greedy.ask(GET * 200) == ok(b"GET / ?") * 200
    assert served.index("/other") < 100


def test_expect_continue(serve, connect):
    client = connect(serve(echo))
    client.send(POST + b"Expect: 100-continue\r\nContent-Length: 5\r\n\r\n")
    assert client.read_until(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert client.ask(b"hello") == ok(b"POST /p ?hello")


def test_expect_continue_of_a_client_that_does_not_wait(serve, connect):
    client = connect(serve(echo))
    request = POST + b"Expect: 100-continue\r\nContent-Length: 5\r\n\r\nhello"
    assert client.ask(request + GET) == ok(b"POST /p ?hello") + ok(b"GET / ?")


def test_a_body_that_nobody_asked_for_is_not_waited_for(serve, connect):
    def application(environ, start_response):
        start_response("403 Forbidden", [])
        return [b"no"]

    client = connect(serve(application))
    client.send(POST + b"Expect: 100-continue\r\nContent-Length: 5\r\n\r\n")
    expected = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno"
    assert client.read_until(b"no") == expected
    assert client.read_all() == b""


def test_http10_does_not_know_expectations(serve, connect):
    request = b"POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx"
    assert connect(serve(echo)).ask(request) == ok(b"POST / ?x", CLOSE)
