"""The arguments as ``gevent.pywsgi.WSGIServer`` takes them, and what its users call."""

from __future__ import annotations

import inspect
import io
import logging
import sys

import gevent
import gevent.pool
import gevent.pywsgi
import pytest
from gevent import socket
from gevent.event import Event

from flask_realtime.exceptions import OptionError
from flask_realtime.wsgi import WSGIServer
from tests.support.waiting import wait_until

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
ADDRESS = ("127.0.0.1", 0)


def hello(environ, start_response):
    environ["wsgi.errors"].write("said\n")
    start_response("200 OK", [])
    return [b"hello"]


def test_what_pywsgi_takes_is_taken_under_the_same_names_in_the_same_order():
    ours = list(inspect.signature(WSGIServer).parameters)
    theirs = list(inspect.signature(gevent.pywsgi.WSGIServer).parameters)
    assert theirs[-1] == "ssl_args"
    assert ours[: len(theirs) - 1] == theirs[:-1]


def test_what_users_of_pywsgi_call_is_there():
    for name in ("start", "stop", "close", "serve_forever", "started", "closed", "server_port",
                 "server_host", "get_environ", "set_environ", "ssl_enabled", "stop_timeout",
                 "base_env", "pool", "address"):  # fmt: skip
        assert hasattr(WSGIServer(ADDRESS, hello), name), name


@pytest.mark.parametrize("handler", [gevent.pywsgi.WSGIHandler, object, "", False])
def test_any_handler_class_is_refused_with_what_to_do_instead(handler):
    with pytest.raises(TypeError) as raised:
        WSGIServer(ADDRESS, hello, handler_class=handler)
    assert str(raised.value) == (
        "handler_class is not needed here: this server hands the socket of a WebSocket to the "
        "application by itself; leave the argument out"
    )


@pytest.mark.parametrize("spawn", ["raw", None, 1.5])
def test_a_spawn_that_cannot_serve_is_refused(spawn):
    with pytest.raises(OptionError, match="spawn is an int, a pool or a function, not"):
        WSGIServer(ADDRESS, hello, spawn=spawn)


class OnlyWrites:
    """A log as pywsgi asks for it: a file-like object, which need do no more than ``write``."""

    def __init__(self):
        self.text = ""

    def write(self, text):
        self.text += text


def test_a_log_only_has_to_write(serve, connect):
    access, errors = OnlyWrites(), OnlyWrites()
    assert connect(serve(hello, log=access, error_log=errors)).ask(GET).endswith(b"hello")
    assert '"GET / HTTP/1.1" 200' in access.text
    assert errors.text == "said\n"


@pytest.mark.parametrize(
    ("target", "shown"),
    [
        ("/socket.io/?EIO=4&sid=secretsecret&t=x", "/socket.io/?EIO=4&sid=secret...&t=x"),
        ("/socket.io/?sid=secretsecret", "/socket.io/?sid=secret..."),
        ("/socket.io/?sid=short&t=x", "/socket.io/?sid=short...&t=x"),
        ("/socket.io/1/xhr-polling/secretsecret?t=1", "/socket.io/1/xhr-polling/secret...?t=1"),
        ("/socket.io/1/websocket/secretsecret", "/socket.io/1/websocket/secret..."),
        ("/page?inside=all&t=x", "/page?inside=all&t=x"),
        ("/1/websocket", "/1/websocket"),
    ],
)
def test_a_session_s_id_is_a_secret_in_the_logs_too(serve, connect, target, shown):
    def fail(environ, start_response):
        raise RuntimeError

    access, errors = OnlyWrites(), OnlyWrites()
    connect(serve(fail, log=access, error_log=errors)).ask(GET.replace(b"/", target.encode(), 1))
    assert f'"GET {shown} HTTP/1.1" 500' in access.text
    assert errors.text.endswith(f"GET {shown} failed with RuntimeError\n")


@pytest.mark.parametrize("adapted", [False, True])
def test_a_logger_may_be_an_adapter(serve, connect, caplog, adapted):
    caplog.set_level(logging.INFO)
    logger = logging.getLogger("tested")
    log = logging.LoggerAdapter(logger, {}) if adapted else logger
    assert connect(serve(hello, log=log, error_log=log)).ask(GET).endswith(b"hello")
    said, access = caplog.records
    assert (said.levelno, said.getMessage()) == (logging.ERROR, "said")
    assert access.levelno == logging.INFO and '"GET / HTTP/1.1" 200' in access.getMessage()


def test_none_is_silence_and_default_standard_error(serve, connect, capsys):
    assert connect(serve(hello, log=None, error_log=None)).ask(GET).endswith(b"hello")
    assert capsys.readouterr() == ("", "")
    assert connect(serve(hello, log="default", error_log="default")).ask(GET).endswith(b"hello")
    out, err = capsys.readouterr()
    assert out == "" and "said" in err and '"GET / HTTP/1.1" 200' in err


def test_standard_error_is_that_of_the_moment_when_the_server_is_made(monkeypatch):
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    assert WSGIServer(ADDRESS, hello).log is stream


def test_the_backlog_is_that_of_the_listening_socket(serve, connect):
    server = serve(hello, backlog=1)
    assert server.backlog == 1
    assert connect(server).ask(GET).endswith(b"hello")


def test_a_backlog_beside_a_listening_socket_is_refused():
    with socket.socket() as listener:
        listener.bind(ADDRESS)
        listener.listen()
        with pytest.raises(TypeError, match="backlog"):
            WSGIServer(listener, hello, backlog=1)


def test_an_address_may_be_a_text(serve, connect):
    server = serve(hello, "127.0.0.1:0")
    assert server.server_port
    assert connect(server).ask(GET).endswith(b"hello")


def test_environ_is_added_to_that_of_every_request(serve, connect):
    seen = []

    def application(environ, start_response):
        seen.append((environ["my.key"], environ["wsgi.multiprocess"], environ["SERVER_NAME"]))
        return hello(environ, start_response)

    added = {"my.key": [1], "wsgi.multiprocess": True, "SERVER_NAME": "example.org"}
    server = serve(application, environ=added)
    assert connect(server).ask(GET + GET).count(b"hello") == 2
    assert seen == [([1], True, "example.org")] * 2
    assert server.max_accept == 1  # connections are left to the other processes


def test_close_stops_accepting_and_lets_connections_go_on(serve, connect):
    server = serve(hello)
    client = connect(server)
    client.send(GET)
    assert client.read_until(b"hello").startswith(b"HTTP/1.1 200")
    server.close()
    assert server.closed
    with pytest.raises(ConnectionRefusedError):
        connect(server)
    client.send(GET)
    assert client.read_until(b"hello").startswith(b"HTTP/1.1 200")


def test_as_a_context_manager_it_stops_at_the_end(connect):
    with WSGIServer(ADDRESS, hello, log=None, error_log=None) as server:
        server.start()
        client = connect(server)
        client.send(GET)
        client.read_until(b"hello")
    assert client.read_all() == b""
    assert server.closed


def test_stop_waits_for_its_own_stop_timeout(serve, connect):
    running = Event()

    def application(environ, start_response):
        running.set()
        Event().wait()

    server = serve(application, spawn=gevent.pool.Pool(5))
    server.stop_timeout = 0.01
    client = connect(server)
    client.send(GET)
    assert running.wait(10)
    server.stop()
    assert client.read_all() == b""
    wait_until(lambda: not len(server.pool), what="the pool is empty")
