"""What one client may cost, and what it is told."""

from __future__ import annotations

import gevent
import pytest
from gevent import socket
from gevent.event import Event

from flask_realtime.exceptions import BodyError, OptionError
from flask_realtime.wsgi import WSGIServer
from flask_realtime.wsgi.limits import Limits
from flask_realtime.wsgi.request_parser import Request
from tests.support.waiting import wait_until

HEAD = b"GET / HTTP/1.1\r\nHost: a\r\n"
POST = b"POST / HTTP/1.1\r\nHost: a\r\n"


def hello(environ, start_response):
    start_response("200 OK", [])
    return [b"hello"]


def count(environ, start_response):
    start_response("200 OK", [])
    return [b"%d bytes" % len(environ["wsgi.input"].read())]


def status(answer: bytes) -> bytes:
    """The status line of an answer that is the only one, and closes the connection."""
    head = answer.partition(b"\r\n\r\n")[0]
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b"Connection: close" in head
    return head.partition(b"\r\n")[0].removeprefix(b"HTTP/1.1 ")


def padded(size: int) -> bytes:
    """A head of exactly this size."""
    rest = b"X: \r\n\r\n"
    return HEAD + b"X: " + b"x" * (size - len(HEAD) - len(rest)) + b"\r\n\r\n"


def test_headers_up_to_the_limit(serve, connect):
    assert connect(serve(hello, max_header_size=500)).ask(padded(500)).endswith(b"hello")


def test_headers_over_the_limit(serve, connect):
    answer = connect(serve(hello, max_header_size=500)).ask(padded(501))
    assert status(answer) == b"431 Request Header Fields Too Large"


@pytest.mark.parametrize(
    "endless",
    [HEAD + b"X: " + b"x" * 200_000, HEAD + b"X: y\r\n" * 40_000, b"\r\n" * 100_000],
    ids=["one header", "many headers", "empty lines"],
)
def test_headers_without_end(serve, connect, endless):
    client = connect(serve(hello))
    client.send(endless)
    assert status(client.read_all()) == b"431 Request Header Fields Too Large"


def test_request_line_over_the_limit(serve, connect):
    request = b"GET /" + b"a" * 600 + b" HTTP/1.1\r\nHost: a\r\n\r\n"
    answer = connect(serve(hello, max_header_size=500)).ask(request)
    assert status(answer) == b"414 URI Too Long"


def test_request_line_without_end(serve, connect):
    client = connect(serve(hello))
    client.send(b"GET /" + b"a" * 200_000)
    assert status(client.read_all()) == b"414 URI Too Long"


@pytest.mark.parametrize("tail", [b"5;" + b"x" * 200_000, b"0\r\nX: " + b"x" * 200_000])
def test_chunk_extension_or_trailer_without_end(serve, connect, tail):
    client = connect(serve(count))
    client.send(POST + b"Transfer-Encoding: chunked\r\n\r\n" + tail)
    assert status(client.read_all()) == b"431 Request Header Fields Too Large"


def test_many_small_chunks_are_no_overhead(serve, connect):
    body = b"1\r\nx\r\n" * 40_000 + b"0\r\n\r\n"
    answer = connect(serve(count)).ask(POST + b"Transfer-Encoding: chunked\r\n\r\n" + body)
    assert answer.endswith(b"\r\n\r\n40000 bytes")


def test_body_up_to_the_limit(serve, connect):
    request = POST + b"Content-Length: 10\r\n\r\n0123456789"
    assert connect(serve(count, max_body_size=10)).ask(request).endswith(b"10 bytes")


def test_body_over_the_limit_is_refused_by_its_length(serve, connect):
    called = []
    client = connect(serve(lambda *_: called.append(1), max_body_size=10))
    client.send(POST + b"Content-Length: 11\r\n\r\n")
    assert status(client.read_all()) == b"413 Content Too Large"
    assert not called


def test_chunked_body_over_the_limit(serve, connect):
    request = POST + b"Transfer-Encoding: chunked\r\n\r\n6\r\n012345\r\n5\r\n01234\r\n0\r\n\r\n"
    answer = connect(serve(count, max_body_size=10)).ask(request)
    assert status(answer) == b"413 Content Too Large"


def test_a_client_that_still_sends_reads_the_refusal(serve, connect):
    """Closed at once, the kernel would reset the connection, and the answer be lost."""
    client = connect(serve(hello, max_body_size=10))
    client.send(POST + b"Content-Length: 1000000\r\n\r\n")
    client.send(b"x" * 1_000_000)
    assert status(client.read_all()) == b"413 Content Too Large"


@pytest.mark.parametrize("begin", [b"G", HEAD, HEAD + b"X: y\r\n"])
def test_slow_headers(serve, connect, begin):
    client = connect(serve(hello, header_timeout=0.1))
    client.send(begin)
    assert status(client.read_all()) == b"408 Request Timeout"


def test_each_byte_of_a_head_is_no_new_deadline(serve, connect):
    client = connect(serve(hello, header_timeout=0.2))

    def trickle():
        while True:
            client.send(b"x")
            gevent.sleep(0.02)

    client.send(HEAD + b"X: ")
    writer = gevent.spawn(trickle)
    try:
        assert status(client.read_all()) == b"408 Request Timeout"
    finally:
        writer.kill()


def test_slow_body(serve, connect):
    raised = []

    def application(environ, start_response):
        try:
            environ["wsgi.input"].read()
        except BodyError as error:
            raised.append(error.http_status)
            raise
        return hello(environ, start_response)

    client = connect(serve(application, body_timeout=0.1))
    client.send(POST + b"Content-Length: 2\r\n\r\nx")
    assert status(client.read_all()) == b"408 Request Timeout"
    assert raised == ["408 Request Timeout"]


def test_each_byte_of_a_body_is_no_new_deadline(serve, connect):
    def trickle():
        while True:
            client.send(b"x")
            gevent.sleep(0.02)

    client = connect(serve(count, body_timeout=0.2, min_body_rate=1000))
    client.send(POST + b"Content-Length: 1000000\r\n\r\n")
    writer = gevent.spawn(trickle)
    try:
        assert status(client.read_all()) == b"408 Request Timeout"
    finally:
        writer.kill()


def test_a_body_that_nobody_reads_does_not_trickle_in_for_ever_either(serve, connect):
    def trickle():
        while True:
            client.send(b"x")
            gevent.sleep(0.02)

    server = serve(hello, body_timeout=0.2, min_body_rate=1000)
    client = connect(server)
    client.send(POST + b"Content-Length: 50000\r\n\r\n")
    assert client.read_until(b"hello").startswith(b"HTTP/1.1 200")
    writer = gevent.spawn(trickle)
    try:
        wait_until(lambda: not server.connections, what="the connection is closed")
    finally:
        writer.kill()


def test_a_body_that_keeps_its_pace_may_take_as_long_as_it_takes(serve, connect):
    client = connect(serve(count, body_timeout=0.2, min_body_rate=20))
    client.send(POST + b"Content-Length: 1000\r\n\r\n")
    for _ in range(25):
        client.send(b"x" * 40)
        gevent.sleep(0.02)
    assert client.ask(b"").endswith(b"1000 bytes")


def test_the_pace_of_a_body_is_that_of_its_client_and_not_of_the_application(serve, connect):
    go_on = Event()

    def application(environ, start_response):
        first = environ["wsgi.input"].read1(1)
        assert go_on.wait(10)
        start_response("200 OK", [])
        return [first + environ["wsgi.input"].read()]

    server = serve(application, body_timeout=0.1, min_body_rate=1000)
    client = connect(server)
    client.send(POST + b"Content-Length: 2\r\n\r\na")
    ticks = server.deadlines.now + 0.3
    wait_until(lambda: server.deadlines.now > ticks, what="three time-outs have passed")
    client.send(b"b")
    go_on.set()
    assert client.read_until(b"ab").startswith(b"HTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize(
    ("size", "waited", "rate", "patience"),
    [
        (0, 0, 500, 30),
        (0, 10, 500, 20),
        (0, 30, 500, 0),
        (500, 10, 500, 21),
        (10_000, 20, 500, 30),  # never more than the time-out
        (1_000_000, 2000, 500, 30),  # a phone on a bad line
        (1_000_000, 2040, 500, -10),
        (0, 1000, None, 30),
        (0, 1000, 0, 30),
    ],
)
def test_the_patience_with_a_body_follows_its_pace(size, waited, rate, patience):
    request = Request({}, False, True, None, True, False, False)
    request.body_size, request.body_waited = size, waited
    assert Limits(min_body_rate=rate).body_patience(request) == patience


def test_an_application_may_answer_a_broken_body_itself(serve, connect):
    def application(environ, start_response):
        with pytest.raises(OSError):
            environ["wsgi.input"].read()
        start_response("422 Unprocessable Content", [])
        return [b"sorry"]

    answer = connect(serve(application)).ask(POST + b"Content-Length: 2\r\n\r\nx")
    assert status(answer) == b"422 Unprocessable Content"


def test_idle_connections_are_closed_silently(serve, connect):
    client = connect(serve(hello, keep_alive_timeout=0.1))
    client.send(HEAD + b"\r\n")
    assert client.read_until(b"hello").startswith(b"HTTP/1.1 200 OK\r\n")
    assert client.read_all() == b""


def test_a_connection_that_never_speaks_is_closed_silently(serve, connect):
    assert connect(serve(hello, keep_alive_timeout=0.1)).read_all() == b""


def test_a_running_application_is_not_timed(serve, connect):
    def application(environ, start_response):
        gevent.sleep(0.3)
        return hello(environ, start_response)

    options = {"header_timeout": 0.1, "body_timeout": 0.1, "send_timeout": 0.1}
    client = connect(serve(application, keep_alive_timeout=0.1, **options))
    client.send(HEAD + b"\r\n")
    assert client.read_until(b"hello").startswith(b"HTTP/1.1 200 OK\r\n")


def test_bytes_do_not_wake_the_application_out_of_its_own_waits(serve, connect):
    arrived, woken = Event(), Event()

    def application(environ, start_response):
        arrived.set()
        assert woken.wait(10)
        return hello(environ, start_response)

    client = connect(serve(application))
    client.send(HEAD + b"\r\n")
    assert arrived.wait(10)
    client.send_bytewise(HEAD + b"\r\n")
    woken.set()
    assert client.ask(b"").count(b"hello") == 2


def test_a_reader_that_takes_nothing(serve, connect):
    closed = Event()

    class Endless:
        def __iter__(self):
            return self

        def __next__(self):
            return b"x" * 100_000

        def close(self):
            closed.set()

    def application(environ, start_response):
        start_response("200 OK", [])
        return Endless()

    server = serve(application, send_timeout=0.1)
    client = connect(server)
    client.send(HEAD + b"\r\n")
    assert closed.wait(10)
    assert server.error_log.getvalue() == ""


def test_no_second_answer_where_the_first_was_cut_off(serve, connect):
    failed = Event()

    def application(environ, start_response):
        write = start_response("200 OK", [])
        try:
            write(b"x" * 50_000_000)
        except OSError as error:
            failed.set()
            raise ValueError("an error of the application now") from error

    client = connect(serve(application, send_timeout=0.1))
    client.send(HEAD + b"\r\n")
    assert failed.wait(10)
    assert b"500" not in client.read_all()


def test_a_slow_reader_gets_everything(serve, connect):
    body = bytes(range(256)) * 40_000

    def application(environ, start_response):
        start_response("200 OK", [])
        return [body]

    client = connect(serve(application))
    assert client.ask(HEAD + b"\r\n").partition(b"\r\n\r\n")[2] == body


@pytest.mark.parametrize("unread", [10, 50_000])
def test_an_unread_body_is_drained(serve, connect, unread):
    request = POST + b"Content-Length: %d\r\n\r\n" % unread
    client = connect(serve(hello))
    client.send(request)
    client.send(b"x" * unread)
    client.send(HEAD + b"\r\n")
    client.sock.shutdown(socket.SHUT_WR)
    assert client.read_all().count(b"hello") == 2


def test_a_large_unread_body_is_not_drained(serve, connect):
    client = connect(serve(hello))
    client.send(POST + b"Content-Length: 1000000\r\n\r\n")
    answer = client.read_until(b"hello")
    assert b"Connection: close\r\n" in answer
    client.send(b"x" * 100_000 + HEAD + b"\r\n")
    assert client.read_all() == b""


@pytest.mark.parametrize(
    "option",
    [
        {"max_header_size": 0},
        {"header_timeout": -1},
        {"keep_alive_timeout": "5"},
        {"min_body_rate": -1},
        {"body_timeout": None},
    ],
)
def test_impossible_limits(option):
    with pytest.raises(OptionError, match=next(iter(option))):
        WSGIServer(("127.0.0.1", 0), hello, **option)
