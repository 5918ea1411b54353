"""The server itself: how it is made, listens, hands out sockets and stops."""

from __future__ import annotations

import gc
import os
import socket as stdlib_socket
import ssl as stdlib_ssl

import gevent
import gevent.pool
import gevent.pywsgi
import pytest
from gevent import socket, ssl
from gevent.event import AsyncResult, Event

from flask_realtime.exceptions import OptionError, UsageError
from flask_realtime.wsgi import WSGIServer
from flask_realtime.wsgi.http_connection import HTTPConnection
from flask_realtime.wsgi.request_parser import Request, RequestParser
from flask_realtime.wsgi.response import Response
from flask_realtime.wsgi.timed_socket import TimedSocket
from tests.support.tls import encrypted

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
UPGRADE = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
OK_CLOSE = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"


def hello(environ, start_response):
    start_response("200 OK", [])
    return [b"hello"]


# Making one


def test_creating_a_server_starts_nothing():
    server = WSGIServer(("127.0.0.1", 0), hello)
    assert not server.started and server.closed
    assert server.application is hello


def test_the_arguments_of_pywsgi_in_its_order():
    server = WSGIServer(("127.0.0.1", 0), hello, 7, 3, None, None, None, {"a": 1})
    assert (server.backlog, server.pool.size, server.log) == (7, 3, None)
    assert server.environ["a"] == 1


def test_handler_class_is_refused():
    with pytest.raises(TypeError, match="not needed"):
        WSGIServer(("127.0.0.1", 0), hello, handler_class=gevent.pywsgi.WSGIHandler)


@pytest.mark.parametrize("spawn", [1, gevent.spawn_raw, gevent.pool.Pool(1)])
def test_spawn(serve, connect, spawn):
    server = serve(hello, spawn=spawn)
    first, second = connect(server), connect(server)
    first.send(GET)
    assert first.read_until(b"hello") == OK
    second.send(GET)
    first.sock.close()
    assert second.ask(b"") == OK


def test_an_int_bounds_the_connections(serve, connect):
    server = serve(hello, spawn=1)
    first, second = connect(server), connect(server)
    first.send(GET)
    assert first.read_until(b"hello") == OK
    second.send(GET)
    gevent.idle()
    assert len(server.connections) == 1
    assert first.ask(GET) == OK
    assert second.ask(b"") == OK


def test_an_unusable_listener_is_refused():
    with pytest.raises(TypeError):
        WSGIServer(1.5, hello)


def test_an_application_may_come_later(serve, connect):
    server = serve(None)
    server.application = hello
    assert connect(server).ask(GET) == OK


@pytest.mark.parametrize("module", [socket, stdlib_socket], ids=["gevent", "standard library"])
def test_a_listening_socket(serve, connect, module):
    listener = module.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    server = serve(hello, listener)
    assert connect(server).ask(GET) == OK
    assert connect(server).ask(GET) == OK
    assert server.server_port == server.address[1] > 0


def test_ipv6(serve, connect):
    seen = []

    def application(environ, start_response):
        seen.append((environ["REMOTE_ADDR"], environ["SERVER_NAME"]))
        return hello(environ, start_response)

    try:
        server = serve(application, ("::1", 0))
    except OSError:
        pytest.skip("no IPv6 on this machine")
    assert connect(server).ask(GET) == OK
    assert seen == [("::1", "::1")]


def test_unix_socket(serve, connect, tmp_path):
    seen = []

    def application(environ, start_response):
        seen.append(environ)
        return hello(environ, start_response)

    path = tmp_path / "socket"
    server = serve(application, f"unix:{path}")
    assert connect(server).ask(GET) == OK
    (environ,) = seen
    assert (environ["REMOTE_ADDR"], environ["SERVER_NAME"]) == ("", "localhost")
    assert environ["SERVER_PORT"] == "80" and server.server_port is None
    server.stop()
    assert not path.exists()


def test_a_unix_socket_that_was_left_behind(serve, connect, tmp_path):
    path = tmp_path / "socket"
    with stdlib_socket.socket(stdlib_socket.AF_UNIX) as left:
        left.bind(str(path))
    assert connect(serve(hello, f"unix:{path}")).ask(GET) == OK


# (gevent leaves the socket that it cannot bind to the collector.)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_unix_socket_in_use(serve, connect, tmp_path):
    path = tmp_path / "socket"
    server = serve(hello, f"unix:{path}")
    with pytest.raises(OSError):
        serve(hello, f"unix:{path}")
    assert connect(server).ask(GET) == OK


# TLS


def test_tls(serve, connect, tls_context):
    seen = []
    body = b"x" * 3_000_000

    def application(environ, start_response):
        seen.append((environ["wsgi.url_scheme"], environ["wsgi.input"].read()))
        start_response("200 OK", [])
        return [body]

    client = encrypted(connect(serve(application, ssl_context=tls_context)))
    try:
        client.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n")
        client.send(b"y" * 200_000)
        client.send(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        answer = client.read_all()
    finally:
        client.sock.close()
    assert answer.count(b"\r\n\r\n" + body) == 2
    assert seen == [("https", b"y" * 200_000), ("https", b"")]


def test_tls_with_files(serve, connect, certificate):
    client = encrypted(connect(serve(hello, **certificate)))
    client.send(GET)
    assert client.read_until(b"hello") == OK
    client.sock.close()


@pytest.mark.parametrize("arguments", [{"keyfile": "x"}, {"certfile": "x", "ssl_context": None}])
def test_tls_arguments_that_do_not_fit(arguments):
    with pytest.raises(TypeError, match="certfile"):
        WSGIServer(("127.0.0.1", 0), hello, **arguments)


@pytest.mark.parametrize(
    ("wrong", "near"),
    [("certifle", "certfile"), ("ssl_contxt", "ssl_context"), ("keep_alive", "keep_alive_timeout"),
     ("server_sid", "server_side")],
)  # fmt: skip
def test_an_unknown_option_is_refused_and_the_nearest_named(wrong, near):
    with pytest.raises(OptionError, match=f"unknown option '{wrong}'; did you mean '{near}'"):
        WSGIServer(("127.0.0.1", 0), hello, **{wrong: 1})


def test_no_tls_where_it_is_expected(serve, connect, tls_context):
    server = serve(hello, ssl_context=tls_context)
    assert b"HTTP/1.1" not in connect(server).ask(GET)


def test_a_slow_tls_handshake(serve, connect, tls_context):
    client = connect(serve(hello, ssl_context=tls_context, header_timeout=0.1))
    assert client.read_all() == b""


def test_a_context_that_would_block_the_hub_is_refused():
    context = stdlib_ssl.SSLContext(stdlib_ssl.PROTOCOL_TLS_SERVER)
    if isinstance(context, ssl.SSLContext):
        pytest.skip("gevent has patched this process")
    with pytest.raises(TypeError, match="gevent.ssl.SSLContext"):
        WSGIServer(("127.0.0.1", 0), hello, ssl_context=context)


# Taking the socket


class Taker:
    """An application that takes the socket and does nothing with it."""

    def __init__(self):
        self.taken = AsyncResult()
        self.closed = 0

    def __call__(self, environ, start_response):
        self.taken.set(environ["flask_realtime.http_connection"].take())
        return self

    def __iter__(self):
        raise AssertionError("what the application returns is ignored")

    def close(self):
        self.closed += 1


def drained(server):
    """Wait until no connection of the server runs."""
    with gevent.Timeout(10):
        while server.connections:
            gevent.idle()


@pytest.mark.parametrize("rest", [b"", b"\x81\x85frame"])
def test_take(serve, connect, rest):
    taker = Taker()
    server = serve(taker)
    client = connect(server)
    client.send(UPGRADE + rest)
    sock, data = taker.taken.get(timeout=10)
    assert data == rest
    assert sock.gettimeout() is None
    drained(server)
    sock.sendall(b"not HTTP")
    assert client.read_until(b"not HTTP") == b"not HTTP"
    client.send(GET)
    assert sock.recv(1000) == GET
    assert taker.closed == 1 and server.error_log.getvalue() == ""
    server.stop()
    sock.sendall(b"still open")
    assert client.read_until(b"still open") == b"still open"
    sock.close()


def test_take_byte_by_byte(serve, connect):
    taker = Taker()
    client = connect(serve(taker))
    client.send_bytewise(UPGRADE)
    sock, data = taker.taken.get(timeout=10)
    client.send(b"frame")
    assert data + sock.recv(5) == b"frame"
    sock.close()


def test_take_behind_other_requests(serve, connect):
    taker = Taker()

    def application(environ, start_response):
        return (taker if "HTTP_UPGRADE" in environ else hello)(environ, start_response)

    client = connect(serve(application))
    client.send(GET + GET + UPGRADE + b"frame")
    sock, data = taker.taken.get(timeout=10)
    assert data == b"frame"
    sock.sendall(b"not HTTP")
    assert client.read_until(b"not HTTP") == OK + OK + b"not HTTP"
    sock.close()


def test_take_under_tls(serve, connect, tls_context):
    taker = Taker()
    server = serve(taker, ssl_context=tls_context)
    client = encrypted(connect(server))
    client.send(UPGRADE + b"frame")
    sock, data = taker.taken.get(timeout=10)
    drained(server)
    assert isinstance(sock, ssl.SSLSocket) and data == b"frame"
    client.send(b"ping")
    assert sock.recv(10) == b"ping"
    sock.sendall(b"pong")
    assert client.read_until(b"pong") == b"pong"
    client.sock.close()
    sock.close()


def test_a_taken_socket_keeps_nothing_of_the_server_alive(serve, connect):
    taker = Taker()
    server = serve(taker)
    client = connect(server)
    gc.collect()
    gc.disable()
    try:
        client.send(UPGRADE)
        sock, _ = taker.taken.get(timeout=10)
        drained(server)
        kinds = (HTTPConnection, RequestParser, Request, Response, TimedSocket)
        assert [each for each in gc.get_objects() if type(each) in kinds] == []
    finally:
        gc.enable()
    sock.close()


def test_an_error_after_take_is_only_logged(serve, connect):
    taker = Taker()

    def application(environ, start_response):
        taker(environ, start_response)
        raise ValueError("my fault")

    server = serve(application)
    client = connect(server)
    client.send(UPGRADE)
    sock, _ = taker.taken.get(timeout=10)
    drained(server)
    sock.close()
    assert client.read_all() == b""
    assert "my fault" in server.error_log.getvalue()


def test_take_is_refused_where_it_cannot_work(serve, connect):
    refused = []

    def application(environ, start_response):
        connection = environ["flask_realtime.http_connection"]
        if "HTTP_UPGRADE" in environ:
            start_response("200 OK", [("Content-Length", "5")])(b"hel")
        try:
            connection.take()
        except UsageError as error:
            refused.append(str(error))
        if "HTTP_UPGRADE" in environ:
            return [b"lo"]
        return hello(environ, start_response)

    assert connect(serve(application)).ask(GET + UPGRADE) == OK + OK_CLOSE
    assert "Connection: Upgrade" in refused[0] and "write" in refused[1]


# Stopping


def test_stop_closes_idle_connections(serve, connect):
    server = serve(hello)
    used, unused = connect(server), connect(server)
    used.send(GET)
    assert used.read_until(b"hello") == OK
    server.stop(timeout=10)
    assert (used.read_all(), unused.read_all()) == (b"", b"")
    with pytest.raises(ConnectionRefusedError):
        connect(server)


def test_running_requests_may_finish(serve, connect):
    running, finish = Event(), Event()

    def application(environ, start_response):
        running.set()
        assert finish.wait(10)
        return hello(environ, start_response)

    server = serve(application)
    client = connect(server)
    client.send(GET)
    assert running.wait(10)
    stopping = gevent.spawn(server.stop, 10)
    gevent.idle()
    finish.set()
    assert client.read_all() == OK_CLOSE
    stopping.get(timeout=10)
    assert not server.connections


def test_requests_that_do_not_finish_are_killed(serve, connect):
    running, closed = Event(), Event()

    def application(environ, start_response):
        start_response("200 OK", [])
        try:
            running.set()
            yield b"half"
            Event().wait()
        finally:
            closed.set()

    server = serve(application)
    client = connect(server)
    client.send(GET)
    assert running.wait(10)
    server.stop(timeout=0)
    assert closed.is_set() and not server.connections
    assert client.read_all().endswith(b"half\r\n")
    assert server.error_log.getvalue() == ""


def test_on_stop_is_called_once(serve, connect):
    calls = []
    server = serve(hello)
    server.on_stop.append(lambda: calls.append(server.started))
    server.stop()
    server.stop()
    assert calls == [False]


def test_serve_forever_ends_with_stop_and_leaves_it_its_time(connect):
    running, finish = Event(), Event()

    def application(environ, start_response):
        running.set()
        assert finish.wait(10)
        return hello(environ, start_response)

    server = WSGIServer(("127.0.0.1", 0), application, log=None)
    server.start()
    serving = gevent.spawn(server.serve_forever, 0)
    client = connect(server)
    client.send(GET)
    assert running.wait(10)
    stopping = gevent.spawn(server.stop, 10)
    gevent.idle()
    finish.set()
    assert client.read_all() == OK_CLOSE
    gevent.joinall([serving, stopping], timeout=10, raise_error=True)
    assert serving.ready() and stopping.ready()


def test_a_request_may_stop_the_server(serve, connect):
    def application(environ, start_response):
        server.stop(timeout=10)
        return hello(environ, start_response)

    server = serve(application)
    assert connect(server).ask(GET) == OK_CLOSE


def test_starting_again(serve, connect):
    server = serve(hello)
    server.stop()
    server.start()
    client = connect(server)
    assert client.ask(GET + GET) == OK + OK


def test_stop_kills_raw_greenlets_too(serve, connect):
    running = Event()

    def application(environ, start_response):
        running.set()
        Event().wait()

    server = serve(application, spawn=gevent.spawn_raw)
    client = connect(server)
    client.send(GET)
    assert running.wait(10)
    server.stop(timeout=0)
    assert not server.connections and client.read_all() == b""


def test_stop_of_a_connection_in_the_middle_of_a_head(serve, connect):
    server = serve(hello)
    client = connect(server)
    client.send(GET[:20])
    with gevent.Timeout(10):
        while not server.connections or next(iter(server.connections)).idle:
            gevent.idle()
    stopping = gevent.spawn(server.stop, 10)
    gevent.idle()
    assert client.ask(GET[20:]) == OK_CLOSE
    stopping.get(timeout=10)


def test_a_failing_hook_does_not_hinder_the_stop(serve, connect):
    server = serve(hello)
    client = connect(server)
    client.send(GET)
    assert client.read_until(b"hello") == OK
    server.on_stop.append(lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        server.stop()
    assert client.read_all() == b"" and not server.connections


def test_a_server_without_connections_has_no_timer(serve, connect):
    server = serve(hello)
    connect(server).ask(GET)
    drained(server)
    assert server.deadlines._timer is None


def test_fork(connect):
    """A server made before a fork serves in the child (gunicorn's preload)."""
    server = WSGIServer(("127.0.0.1", 0), hello, log=None)
    server.init_socket()
    child = gevent.os.fork()
    if not child:
        try:
            server.start()
            gevent.sleep(10)
        finally:
            os._exit(0)
    try:
        assert connect(server).ask(GET) == OK
    finally:
        os.kill(child, 9)
        gevent.os.waitpid(child, 0)
        server.close()
