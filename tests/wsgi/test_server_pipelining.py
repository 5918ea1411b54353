"""Requests that come faster than they are answered: in order, and never without bound."""

from __future__ import annotations

import errno

import gevent
import pytest
from gevent import socket
from gevent.event import Event

from tests.support.waiting import let_run, wait_until
from tests.wsgi.test_server_http import ANSWERED, CLOSE, CLOSED, GET, POST, echo, error, ok, table

BODY = b"Content-Length: 2\r\n\r\nhi"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX-Shown: trailer\r\n\r\n"


@table(ANSWERED, CLOSED)
def test_what_came_before_is_answered_byte_by_byte_too(serve, connect, request_bytes, expected):
    client = connect(serve(echo))
    try:
        client.send_bytewise(POST + BODY + POST + CHUNKED + request_bytes)
    except OSError:
        pass  # refused before its end
    assert client.ask(b"") == ok(b"POST /p ?hi") * 2 + expected


@pytest.mark.parametrize("cut", range(0, 60, 7))
def test_however_the_segments_fall(serve, connect, cut):
    client = connect(serve(echo))
    data = GET + POST + BODY + GET + b"nonsense\r\n\r\n"
    client.send(data[:cut])
    let_run(2)
    client.send(data[cut:])
    expected = ok(b"GET / ?") + ok(b"POST /p ?hi") + ok(b"GET / ?") + error(b"400 Bad Request")
    assert client.ask(b"") == expected


def test_what_is_malformed_waits_until_the_requests_before_it_are_answered(serve, connect):
    go = Event()

    def application(environ, start_response):
        assert go.wait(10)
        return echo(environ, start_response)

    client = connect(serve(application))
    client.send(GET + GET + b"nonsense\r\n\r\n")
    client.sock.settimeout(0.02)
    with pytest.raises(TimeoutError):
        client.sock.recv(1)
    client.sock.settimeout(10)
    go.set()
    assert client.read_all() == ok(b"GET / ?") * 2 + error(b"400 Bad Request")


def test_nothing_more_is_read_until_all_that_came_is_answered(serve, connect):
    running, go = Event(), Event()

    def application(environ, start_response):
        running.set()
        assert go.wait(10)
        return echo(environ, start_response)

    server = serve(application)
    client = connect(server)
    client.send(GET * 3)
    assert running.wait(10)
    (connection,) = server.connections
    wait_until(lambda: len(connection._parser.requests) == 2)
    sent = fill(client.sock, GET * 1000)
    let_run()
    assert len(connection._parser.requests) == 2  # and the rest is the kernel's
    assert sent > 100_000
    client.sock.close()
    go.set()


@pytest.mark.parametrize(
    ("framing", "end"),
    [(b"Content-Length: 2\r\n\r\nh", b"i"),
     (b"Transfer-Encoding: chunked\r\n\r\n2\r\nh", b"i\r\n0\r\n\r\n")],
    ids=["Content-Length", "chunked"],
)  # fmt: skip
def test_few_requests_wait_at_a_time_behind_a_body_too(serve, connect, framing, end):
    reading = Event()
    waiting = []

    def application(environ, start_response):
        reading.set()
        answer = echo(environ, start_response)
        connection = environ["flask_realtime.http_connection"]
        waiting.append(len(connection._parser.requests))
        return answer

    client = connect(serve(application))
    client.send(POST + framing)
    assert reading.wait(10)
    client.send(end + GET * 2000)
    gevent.spawn(client.sock.shutdown, socket.SHUT_WR)
    assert client.read_all().count(b"HTTP/1.1 200 OK") == 2001
    assert max(waiting) <= 4096 / len(GET)  # each of them has its environ


def fill(sock, data):
    """Send until the kernel takes no more; return how much it took."""
    sent = 0
    sock.setblocking(False)
    try:
        while True:
            sent += sock.send(data[sent % len(data) :])
    except OSError as full:
        assert full.errno == errno.EAGAIN
    finally:
        sock.settimeout(10)
    return sent


def test_behind_an_answer_that_closes_nothing_is_carried_out(serve, connect):
    served = []

    def application(environ, start_response):
        served.append(environ["PATH_INFO"])
        start_response("200 OK", [("Content-Type", "text/plain"), ("Connection", "close")])
        return [b"bye"]

    client = connect(serve(application))
    assert client.ask(GET + POST + BODY) == ok(b"bye", CLOSE)
    assert served == ["/"]


SIZES = {
    "431": (
        {"max_header_size": 300},
        b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 400 + b"\r\n\r\n",
        b"431 Request Header Fields Too Large",
    ),
    "431 by many headers": (
        {"max_header_size": 300},
        b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 100 + b"\r\n",
        b"431 Request Header Fields Too Large",
    ),
    "414": (
        {"max_header_size": 300},
        b"GET /" + b"a" * 400 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
        b"414 URI Too Long",
    ),
    "413 by its length": (
        {"max_body_size": 10},
        POST + b"Content-Length: 11\r\n\r\n01234567890",
        b"413 Content Too Large",
    ),
    "413 by its chunks": (
        {"max_body_size": 10},
        POST + b"Transfer-Encoding: chunked\r\n\r\n8\r\n01234567\r\n8\r\n01234567\r\n0\r\n\r\n",
        b"413 Content Too Large",
    ),
}


@pytest.mark.parametrize("slowly", [False, True], ids=["at once", "byte by byte"])
@pytest.mark.parametrize("behind", [0, 2])
@pytest.mark.parametrize(("options", "data", "status"), SIZES.values(), ids=SIZES)
def test_what_is_too_large_is_refused_behind_others_too(
    serve, connect, options, data, status, behind, slowly
):
    client = connect(serve(echo, **options))
    try:
        (client.send_bytewise if slowly else client.send)(GET * behind + data)
    except OSError:
        pass  # refused before its end
    assert client.ask(b"") == ok(b"GET / ?") * behind + error(status)
