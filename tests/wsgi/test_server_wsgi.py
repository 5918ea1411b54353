"""PEP 3333: what applications may rely on."""

from __future__ import annotations

import io
import logging
import re
import sys
import tempfile
from wsgiref.validate import validator

import flask
import pytest
from gevent.event import Event

from flask_realtime.wsgi import WSGIServer

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
GET_10 = b"GET / HTTP/1.0\r\n\r\n"
HEAD = b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"


class Body:
    """An iterable that remembers whether it was closed."""

    def __init__(self, *pieces, error=None):
        self.pieces = iter(pieces)
        self.error = error
        self.closed = 0

    def __iter__(self):
        yield from self.pieces
        if self.error is not None:
            raise self.error

    def close(self):
        self.closed += 1


def answering(body, status="200 OK", headers=()):
    def application(environ, start_response):
        start_response(status, list(headers))
        return body() if callable(body) else body

    return application


RESPONSES = {
    "list": ([b"a", b"b"], [], b"Content-Length: 2\r\n\r\nab"),
    "empty list": ([], [], b"Content-Length: 0\r\n\r\n"),
    "own length": ([b"ab"], [("Content-Length", "2")], b"Content-Length: 2\r\n\r\nab"),
    "pieces": (
        lambda: iter([b"abc", b"", b"d" * 10]),
        [],
        b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\na\r\ndddddddddd\r\n0\r\n\r\n",
    ),
    "no pieces": (lambda: iter([]), [], b"Content-Length: 0\r\n\r\n"),
    "pieces with length": (
        lambda: iter([b"ab", b"c"]),
        [("Content-Length", "3")],
        b"Content-Length: 3\r\n\r\nabc",
    ),
    "headers of the connection": (
        [b"a"],
        [("Connection", "Keep-Alive"), ("Keep-Alive", "5"), ("Transfer-Encoding", "chunked")],
        b"Content-Length: 1\r\n\r\na",
    ),
    "Connection: close": (
        [b"a"],
        [("Connection", "close")],
        b"Content-Length: 1\r\nConnection: close\r\n\r\na",
    ),
    "own date": (
        [b"a"],
        [("Date", "never")],
        b"Date: never\r\nContent-Length: 1\r\n\r\na",
    ),
}


@pytest.mark.parametrize("name", RESPONSES)
def test_responses(serve, connect, name):
    body, headers, expected = RESPONSES[name]
    answer = connect(serve(answering(body, headers=headers))).ask(GET)
    assert answer == b"HTTP/1.1 200 OK\r\n" + expected


def test_http10_gets_no_chunks(serve, connect):
    answer = connect(serve(answering(lambda: iter([b"abc", b"d"])))).ask(GET_10)
    assert answer == b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabcd"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (lambda: [b"abc"], b"Content-Length: 3\r\n\r\n"),
        (lambda: iter([b"abc", b"d"]), b"Transfer-Encoding: chunked\r\n\r\n"),
    ],
)
def test_head_has_the_head_only(serve, connect, body, expected):
    answer = connect(serve(answering(body))).ask(HEAD + HEAD)
    assert answer == (b"HTTP/1.1 200 OK\r\n" + expected) * 2


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
def test_statuses_without_content(serve, connect, status):
    answer = connect(serve(answering([b"x"], status))).ask(GET + GET)
    assert answer == b"HTTP/1.1 %b\r\n\r\n" % status.encode() * 2


def test_each_piece_is_sent_at_once(serve, connect):
    go_on = Event()

    def application(environ, start_response):
        start_response("200 OK", [])
        yield b"first"
        assert go_on.wait(10)
        yield b"second"

    client = connect(serve(application))
    client.send(GET)
    assert client.read_until(b"first\r\n").endswith(b"5\r\nfirst\r\n")
    go_on.set()
    assert client.read_until(b"0\r\n\r\n") == b"6\r\nsecond\r\n0\r\n\r\n"


def test_write(serve, connect):
    def application(environ, start_response):
        write = start_response("200 OK", [("Content-Length", "5")])
        write(b"he")
        write(b"l")
        return [b"lo"]

    answer = connect(serve(application)).ask(GET)
    assert answer == b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


def test_file_wrapper(serve, connect):
    with tempfile.TemporaryFile() as file:
        file.write(b"x" * 20_000)
        file.seek(0)

        def application(environ, start_response):
            start_response("200 OK", [("Content-Length", "20000")])
            return environ["wsgi.file_wrapper"](file, 8192)

        answer = connect(serve(application)).ask(GET)
        assert answer.endswith(b"\r\n\r\n" + b"x" * 20_000)
        assert file.closed


def test_error_before_the_head(serve, connect):
    body = Body(error=ValueError("my fault"))
    server = serve(answering(body))
    answer = connect(server).ask(GET + GET)
    assert answer.startswith(b"HTTP/1.1 500 Internal Server Error\r\n")
    assert b"Connection: close\r\n" in answer and b"my fault" not in answer
    assert answer.count(b"HTTP/1.1") == 1
    assert "Traceback" in server.error_log.getvalue()
    assert "ValueError: my fault" in server.error_log.getvalue()
    assert body.closed == 1


def test_error_in_the_application(serve, connect):
    answer = connect(serve(lambda environ, start_response: 1 / 0)).ask(HEAD)
    assert answer.startswith(b"HTTP/1.1 500 Internal Server Error\r\n")
    assert answer.endswith(b"\r\n\r\n")


def test_error_after_the_head(serve, connect):
    """Nothing but the missing end tells the client that something is missing."""
    body = Body(b"half", error=ValueError("my fault"))
    server = serve(answering(body))
    answer = connect(server).ask(GET + GET)
    assert answer == b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"
    assert "ValueError: my fault" in server.error_log.getvalue()
    assert body.closed == 1


@pytest.mark.parametrize(
    ("body", "sent"),
    [
        ([b"abcd"], b"500"),
        ([b"ab"], b"500"),
        (lambda: iter([b"ab", b"cd"]), b"\r\n\r\nab"),
        (lambda: iter([b"ab"]), b"\r\n\r\nab"),
    ],
)
def test_body_that_is_not_as_long_as_it_says(serve, connect, body, sent):
    server = serve(answering(body, headers=[("Content-Length", "3")]))
    answer = connect(server).ask(GET + GET)
    assert sent in answer and answer.count(b"HTTP/1.1") == 1
    assert "Content-Length" in server.error_log.getvalue()


@pytest.mark.parametrize(
    "header", [("X", "a\r\nSet-Cookie: b"), ("X", "a\nb"), ("X\r\nY", "a"), ("X", "a\0")]
)
def test_headers_cannot_split_the_response(serve, connect, header):
    answer = connect(serve(answering([b"x"], headers=[header]))).ask(GET)
    assert answer.startswith(b"HTTP/1.1 500") and b"Set-Cookie" not in answer


@pytest.mark.parametrize("header", [("X", 1), (b"X", "a"), ("X", "\N{SNOWMAN}")])
def test_headers_of_wrong_types(serve, connect, header):
    answer = connect(serve(answering([b"x"], headers=[header]))).ask(GET)
    assert answer.startswith(b"HTTP/1.1 500")


@pytest.mark.parametrize("status", ["OK", "20x OK", ""])
def test_a_status_that_begins_with_no_number(serve, connect, status):
    server = serve(answering([b"x"], status))
    assert connect(server).ask(GET).startswith(b"HTTP/1.1 500")
    assert "ValueError" in server.error_log.getvalue()


def test_start_response_again_with_exc_info(serve, connect):
    def application(environ, start_response):
        start_response("200 OK", [("X", "y")])
        try:
            raise ValueError
        except ValueError:
            start_response("502 Bad Gateway", [], sys.exc_info())
        return [b"sorry"]

    answer = connect(serve(application)).ask(GET)
    assert answer == b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 5\r\n\r\nsorry"


def test_exc_info_is_raised_when_the_head_has_left(serve, connect):
    def application(environ, start_response):
        start_response("200 OK", [])
        yield b"half"
        try:
            raise ValueError("too late")
        except ValueError:
            start_response("502 Bad Gateway", [], sys.exc_info())

    server = serve(application)
    assert connect(server).ask(GET).endswith(b"half\r\n")
    assert "ValueError: too late" in server.error_log.getvalue()


@pytest.mark.parametrize(
    "application",
    [
        lambda environ, start_response: [b"x"],
        lambda environ, start_response: [start_response("200 OK", []), start_response("200", [])],
    ],
    ids=["not called", "called twice"],
)
def test_wrong_calls_of_start_response(serve, connect, application):
    server = serve(application)
    assert connect(server).ask(GET).startswith(b"HTTP/1.1 500")
    assert "start_response" in server.error_log.getvalue()


def test_a_client_that_leaves_in_the_middle_of_a_response(serve, connect):
    left, closed = Event(), Event()

    class Endless(Body):
        def __iter__(self):
            yield b"x"
            assert left.wait(10)
            while True:
                yield b"x" * 10_000

        def close(self):
            closed.set()

    server = serve(answering(Endless()))
    client = connect(server)
    client.send(GET)
    client.read_until(b"x\r\n")
    client.sock.close()
    left.set()
    assert closed.wait(10)
    assert server.error_log.getvalue() == ""


BODY = b"one\ntwo\nthree"
READS = {
    "read": lambda body: [body.read()],
    "read some": lambda body: [body.read(5), body.read(5), body.read(5), body.read(5)],
    "readline": lambda body: [body.readline(), body.readline(2), body.readline(), body.read()],
    "readlines": lambda body: body.readlines(),
    "iterate": lambda body: list(body),
}


@pytest.mark.parametrize("name", READS)
@pytest.mark.parametrize("slowly", [False, True], ids=["whole", "slowly"])
@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
def test_input(serve, connect, name, slowly, chunked):
    got = []

    def application(environ, start_response):
        got.extend(READS[name](environ["wsgi.input"]))
        return answering([b"x"])(environ, start_response)

    head, body = b"Content-Length: %d\r\n\r\n" % len(BODY), BODY
    if chunked:
        head = b"Transfer-Encoding: chunked\r\n\r\n"
        body = b"4\r\none\n\r\n9\r\ntwo\nthree\r\n0\r\n\r\n"
    client = connect(serve(application))
    client.send(b"POST / HTTP/1.1\r\nHost: a\r\n" + head)
    (client.send_bytewise if slowly else client.send)(body)
    assert client.ask(b"").endswith(b"x")
    assert got == READS[name](io.BytesIO(BODY))


def test_input_of_a_request_without_body(serve, connect):
    got = []

    def application(environ, start_response):
        for read in READS.values():
            got.append(read(environ["wsgi.input"]))
        environ["wsgi.input"].close()
        return answering([b"x"])(environ, start_response)

    assert connect(serve(application)).ask(GET + GET).count(b"HTTP/1.1 200") == 2
    assert got == [read(io.BytesIO()) for read in READS.values()] * 2


def test_environ(serve, connect):
    seen = []

    def application(environ, start_response):
        seen.append(environ)
        return answering([b"x"])(environ, start_response)

    server = serve(application, environ={"my.key": 1})
    client = connect(server)
    client.ask(
        b"POST /a%2Fb?c=%64 HTTP/1.1\r\nHost: a:1\r\nContent-Type: t/x\r\nContent-Length: 1\r\n"
        b"Cookie: a=1\r\nCookie: b=2\r\nX-Y: \xe9\r\n\r\nx"
    )
    (environ,) = seen
    connection = environ.pop("flask_realtime.http_connection")
    assert connection.__class__.__name__ == "HTTPConnection"
    assert environ.pop("wsgi.input").read() == b"x"
    assert environ.pop("wsgi.errors") is server.error_log
    assert callable(environ.pop("wsgi.file_wrapper"))
    environ.pop("SERVER_SOFTWARE")
    assert int(environ.pop("REMOTE_PORT")) > 0
    assert environ == {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/a/b",
        "QUERY_STRING": "c=%64",
        "RAW_URI": "/a%2Fb?c=%64",
        "REQUEST_URI": "/a%2Fb?c=%64",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": str(server.server_port),
        "REMOTE_ADDR": "127.0.0.1",
        "GATEWAY_INTERFACE": "CGI/1.1",
        "CONTENT_TYPE": "t/x",
        "CONTENT_LENGTH": "1",
        "HTTP_HOST": "a:1",
        "HTTP_COOKIE": "a=1; b=2",
        "HTTP_X_Y": "\xe9",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "wsgi.input_terminated": True,
        "my.key": 1,
    }


def test_an_environ_is_of_one_request_only(serve, connect):
    seen = []

    def application(environ, start_response):
        seen.append(environ.get("mine"))
        environ["mine"] = True
        return answering([b"x"])(environ, start_response)

    connect(serve(application)).ask(GET + GET)
    assert seen == [None, None]


def flask_application():
    app = flask.Flask(__name__)

    @app.get("/hello")
    def hello():
        return flask.request.remote_addr

    @app.post("/upload")
    def upload():
        return {"size": len(flask.request.get_data()), "form": flask.request.form.to_dict()}

    @app.get("/stream")
    def stream():
        return flask.Response(iter(["one", "two"]))

    @app.get("/file")
    def file():
        return flask.send_file(io.BytesIO(b"content"), "text/plain")

    return app


class WithSize:
    """Has the application read with a size, as the validator wants it and Werkzeug does not."""

    def __init__(self, body):
        self.body = body

    def __getattr__(self, name):
        return getattr(self.body, name)

    def read(self, size=-1):
        return self.body.read(size)


def test_flask_behind_the_validator(serve, connect):
    app = flask_application()

    def application(environ, start_response):
        environ["wsgi.input"] = WithSize(environ["wsgi.input"])
        return app(environ, start_response)

    server = serve(validator(application))
    client = connect(server)
    answer = client.ask(
        b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"
        b"POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\na=b"
        b"GET /stream HTTP/1.1\r\nHost: a\r\n\r\n"
        b"HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\n"
        b"GET /file HTTP/1.1\r\nHost: a\r\n\r\n"
        b"GET /nothing HTTP/1.0\r\n\r\n"
    )
    assert server.error_log.getvalue() == ""
    assert re.findall(rb"HTTP/1\.1 (\d+)", answer) == [b"200"] * 5 + [b"404"]
    assert b"127.0.0.1" in answer and b"3\r\none\r\n3\r\ntwo\r\n0\r\n" in answer
    assert b'{"form":{},"size":3}' in answer


def test_flask_reads_a_chunked_form(serve, connect):
    answer = connect(serve(flask_application())).ask(
        b"POST /upload HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
        b"Content-Type: text/plain\r\n\r\n3\r\na=b\r\n0\r\n\r\n"
    )
    assert b'{"form":{},"size":3}' in answer


LINE = r'127\.0\.0\.1 - - \[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\] "%s" %s %s %s\n'


def test_access_log(serve, connect):
    log = io.StringIO()
    connect(serve(answering([b"hello"]), log=log)).ask(GET + b"nonsense\r\n\r\n")
    first, second = log.getvalue().splitlines(keepends=True)
    assert re.fullmatch(LINE % ("GET / HTTP/1.1", "200", "5", r"\d\.\d{6}"), first)
    assert re.fullmatch(LINE % ("-", "400", "-", "-"), second)


def test_loggers(serve, connect, caplog):
    caplog.set_level(logging.INFO)
    access, errors = logging.getLogger("access"), logging.getLogger("errors")
    connect(serve(lambda *_: 1 / 0, log=access, error_log=errors)).ask(GET)
    (access_record,) = [each for each in caplog.records if each.name == "access"]
    (error_record,) = [each for each in caplog.records if each.name == "errors"]
    assert (access_record.levelno, error_record.levelno) == (logging.INFO, logging.ERROR)
    assert '"GET / HTTP/1.1" 500' in access_record.getMessage()
    assert "ZeroDivisionError" in error_record.getMessage()


def test_default_logs_are_standard_error():
    server = WSGIServer(("127.0.0.1", 0), answering([]))
    assert server.log is sys.stderr and server.error_log is sys.stderr


def test_silent_error_log(serve, connect):
    def application(environ, start_response):
        environ["wsgi.errors"].writelines(["a", "b"])
        environ["wsgi.errors"].flush()
        raise ValueError

    assert connect(serve(application, error_log=None)).ask(GET).startswith(b"HTTP/1.1 500")
