"""Bodies that are malformed, cut short, too large or too slow: no fault of the application."""

from __future__ import annotations

import logging
import re
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import flask
import pytest
from gevent import socket
from werkzeug.exceptions import BadRequest, HTTPException

from flask_realtime import SocketIO
from flask_realtime.exceptions import BodyError
from tests.support.http import HTTPClient
from tests.support.program import Program

CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"
#: What comes, whether the client ends its side then, and the status.
BODIES = {
    "cut short": (b"Content-Length: 9\r\n\r\nx", True, 400),
    "chunk cut short": (CHUNKED + b"5\r\nab", True, 400),
    "no last chunk": (CHUNKED + b"5\r\nabcde\r\n", True, 400),
    "malformed chunk": (CHUNKED + b"5\r\nabcde\r\nxyz\r\n", False, 400),
    "too large": (CHUNKED + b"64\r\n" + b"x" * 100 + b"\r\n32\r\n" + b"x" * 50, False, 413),
    "too slow": (b"Content-Length: 9\r\n\r\nx", False, 408),
}
LIMITS = {"max_body_size": 120, "body_timeout": 0.1}

VIEWS: dict[str, tuple[str, Callable[[], Any]]] = {
    "data": ("text/plain", lambda: flask.request.get_data()),
    "form": ("application/x-www-form-urlencoded", lambda: flask.request.form),
    "files": ("multipart/form-data; boundary=x", lambda: flask.request.files),
    "json": ("application/json", lambda: flask.request.get_json()),
    "silent": ("application/json", lambda: flask.request.get_json(silent=True)),
    "stream": ("text/plain", lambda: flask.request.stream.read()),
    "lines": ("text/plain", lambda: list(flask.request.stream)),
    "input": ("text/plain", lambda: flask.request.environ["wsgi.input"].read(5000)),
}


def application(path: str) -> flask.Flask:
    app = flask.Flask("broken")
    app.add_url_rule("/", "view", lambda: str(VIEWS[path][1]()), methods=["POST"])
    return app


def post(path: str, body: bytes) -> bytes:
    head = f"POST / HTTP/1.1\r\nHost: a\r\nContent-Type: {VIEWS[path][0]}\r\n"
    return head.encode() + body


def status(answer: bytes) -> int:
    """The status of an answer that is the only one, and closes the connection."""
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b"Connection: close\r\n" in answer
    return int(answer[9:12])


@pytest.mark.parametrize("slowly", [False, True], ids=["at once", "byte by byte"])
@pytest.mark.parametrize("path", VIEWS)
@pytest.mark.parametrize(("body", "ends", "expected"), BODIES.values(), ids=BODIES)
def test_flask_answers_by_the_status_without_a_traceback(
    serve, connect, caplog, path, body, ends, expected, slowly
):
    server = serve(application(path), **LIMITS)
    client = connect(server)
    (client.send_bytewise if slowly else client.send)(post(path, body))
    if ends:
        client.sock.shutdown(socket.SHUT_WR)
    assert status(client.read_all()) == expected
    assert not server.error_log.getvalue()
    assert not [each for each in caplog.records if each.levelno >= logging.WARNING]


@pytest.mark.parametrize("body", ["cut short", "malformed chunk", "too large", "too slow"])
def test_with_a_limit_of_flask_s_own_it_is_400(serve, connect, caplog, body):
    app = application("data")
    # Then Werkzeug puts a stream of its own around ours, which takes each OSError for the same.
    app.config["MAX_CONTENT_LENGTH"] = 1000
    sent, ends, _ = BODIES[body]
    client = connect(serve(app, **LIMITS))
    client.send(post("data", sent))
    if ends:
        client.sock.shutdown(socket.SHUT_WR)
    assert status(client.read_all()) == 400
    assert not caplog.records


@pytest.mark.parametrize("kind", [400, BadRequest, HTTPException, BodyError, OSError])
def test_flask_s_error_handlers_see_it(serve, connect, kind):
    app = application("data")

    @app.errorhandler(kind)
    def bad(error):
        return f"sorry: {error.http_status}", 400

    answer = connect(serve(app)).ask(post("data", BODIES["cut short"][0]))
    assert status(answer) == 400
    assert answer.endswith(b"sorry: 400 Bad Request")


def test_the_page_does_not_tell_what_is_for_the_log(serve, connect):
    answer = connect(serve(application("data"))).ask(post("data", BODIES["malformed chunk"][0]))
    assert status(answer) == 400
    assert b"chunk" not in answer


@pytest.mark.parametrize(("body", "ends", "expected"), BODIES.values(), ids=BODIES)
def test_the_server_answers_where_the_application_lets_the_error_pass(
    serve, connect, body, ends, expected
):
    def plain(environ, start_response):
        start_response("200 OK", [])
        return [environ["wsgi.input"].read()]

    server = serve(plain, **LIMITS)
    client = connect(server)
    client.send(post("data", body))
    if ends:
        client.sock.shutdown(socket.SHUT_WR)
    assert status(client.read_all()) == expected
    assert not server.error_log.getvalue()


@pytest.mark.parametrize(("body", "ends", "expected"), BODIES.values(), ids=BODIES)
def test_a_post_of_a_polling_client(serve, connect, caplog, body, ends, expected):
    app = flask.Flask("polled")
    SocketIO(app)
    server = serve(app, **LIMITS)
    opening = connect(server)
    opening.send(b"GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: a\r\n\r\n")
    sid = re.search(rb'"sid":"([^"]+)"', opening.read_until(b"}"))[1]
    client = connect(server)
    target = b"/socket.io/?EIO=4&transport=polling&sid=" + sid
    client.send(b"POST " + target + b" HTTP/1.1\r\nHost: a\r\n" + body)
    if ends:
        client.sock.shutdown(socket.SHUT_WR)
    assert status(client.read_all()) == expected
    assert not server.error_log.getvalue()
    assert not [each for each in caplog.records if each.exc_info]


WORKED = """
import flask
app = flask.Flask("worked")

@app.post("/")
def upload():
    return str(len(flask.request.get_data()))
"""


def test_our_worker_of_gunicorn_answers_alike(
    start: Callable[..., Program], root: Path
) -> None:
    config = root / "tests" / "clients" / "gunicorn_conf.py"
    program = start(
        WORKED, "-m", "gunicorn", f"--config={config}", "--bind=127.0.0.1:0",
        "--worker-class=flask_realtime.wsgi.gunicorn.Worker", "program:app",
    )  # fmt: skip
    port = int(re.search(r"127\.0\.0\.1:(\d+)", program.line_with("http://"))[1])
    for name in ("cut short", "chunk cut short", "no last chunk", "malformed chunk"):
        body, ends, expected = BODIES[name]
        client = HTTPClient(port)
        client.send(post("data", body))
        if ends:
            client.finish()
        answer = client.answer()
        assert (answer.status, answer.headers["connection"]) == (expected, "close")
        assert client.at_end()
        client.close()
    program.send_signal(signal.SIGTERM)
    _, output = program.end()
    assert "Traceback" not in output
