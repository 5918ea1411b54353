"""What the middleware says where nothing can be served: client files, and hosts without gevent."""

from __future__ import annotations

import logging
from io import BytesIO
from pathlib import Path
from wsgiref.util import setup_testing_defaults

import pytest

from flask_realtime.exceptions import HTTPError
from flask_realtime.options.checks import CLIENT_VERSIONS
from flask_realtime.wsgi.client_files import MISSING, ClientFiles
from flask_realtime.wsgi.middleware import Middleware, _read_body
from tests.support.server import make_server, not_found


@pytest.fixture
def middleware() -> Middleware:
    return Middleware(make_server(), not_found)


def ask(middleware: Middleware, path: str, query: str = "", method: str = "GET") -> tuple[str, str]:
    """Ask as a host without gevent does; return the status and the body of the answer."""
    environ = {"PATH_INFO": path, "QUERY_STRING": query, "REQUEST_METHOD": method}
    setup_testing_defaults(environ)
    statuses: list[str] = []
    body = middleware(environ, lambda status, headers: statuses.append(status))
    return statuses[0], b"".join(body).decode()


@pytest.mark.parametrize("name", ["nope.js", "4.8/socket.io.js", "socket.io.js.gz"])
def test_a_file_that_is_none_of_ours_is_not_found(middleware: Middleware, name: str) -> None:
    status, text = ask(middleware, f"/socket.io/{name}", "v=4")
    assert status == "404 Not Found"
    assert name not in text  # nothing that was sent comes back
    assert "v0.9/  socket.io.js, socket.io.min.js" in text
    assert ask(middleware, f"/socket.io/{name}", method="HEAD") == (status, "")


@pytest.fixture
def clients(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client of each generation that says which it is."""
    for client in CLIENT_VERSIONS:
        (tmp_path / client).mkdir()
        (tmp_path / client / "socket.io.js").write_text(client)
    monkeypatch.setattr("flask_realtime.wsgi.middleware.ClientFiles", lambda: ClientFiles(tmp_path))


@pytest.mark.usefixtures("clients")
@pytest.mark.parametrize(
    ("path", "query", "client"),
    [
        ("socket.io.js", "", "2"),
        ("socket.io.js", "client=0.9", "0.9"),
        ("socket.io.js", "v=1&client=4", "4"),
        ("v1/socket.io.js", "", "1"),
        ("v1/socket.io.js", "client=4", "1"),
    ],
)
def test_a_page_gets_the_client_that_it_asks_for_and_else_that_of_the_option(
    path: str, query: str, client: str
) -> None:
    middleware = Middleware(make_server(client_version="2"), not_found)
    assert ask(middleware, f"/socket.io/{path}", query) == ("200 OK", client)


@pytest.mark.usefixtures("clients")
@pytest.mark.parametrize("client", ["3", "", "v1", "4.8.3"])
def test_a_generation_that_is_not_here_is_answered_by_those_that_are(client: str) -> None:
    middleware = Middleware(make_server(), not_found)
    status, text = ask(middleware, "/socket.io/socket.io.js", f"client={client}")
    assert status == "404 Not Found"
    assert "v2/  socket.io.js, " in text


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/socket.io/", ""),
        ("/socket.io/room", ""),
        ("/socket.io/v1.0/", ""),
        ("/socket.io/nope.js", "EIO=4&transport=polling"),
    ],
)
def test_what_may_be_a_client_is_no_file(middleware: Middleware, path: str, query: str) -> None:
    assert ask(middleware, path, query)[0] == "503 Service Unavailable"


def test_without_client_files_there_are_none_to_be_missed() -> None:
    middleware = Middleware(make_server(serve_client=False), not_found)
    assert ask(middleware, "/socket.io/nope.js")[0] == "503 Service Unavailable"


def test_missing_client_files_are_logged_once_as_the_answer_says(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    files = ClientFiles(tmp_path)
    assert caplog.records == []
    for name in ("socket.io.js", "socket.io.min.js"):
        response = files.find(name, "GET", {}, "4")
        assert response is not None
        assert response.body == MISSING
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert record.getMessage() == MISSING.decode().rstrip()


@pytest.mark.parametrize(
    "command",
    [
        "io.run(app)",
        "flask --app module realtime run",
        "gunicorn -k flask_realtime.wsgi.gunicorn.Worker module:app",
    ],
)
def test_a_host_without_gevent_is_told_which_have_it(
    middleware: Middleware, caplog: pytest.LogCaptureFixture, command: str
) -> None:
    status, text = ask(middleware, "/socket.io/", "EIO=4&transport=polling")
    assert status == "503 Service Unavailable"
    assert f"    {command}" in text.splitlines()
    assert f"    {command}" in caplog.text.splitlines()


@pytest.mark.parametrize(
    ("stated", "status"),
    [
        ("9" * 5000, "400 Bad Request"),
        ("0" * 5000 + "5", "400 Bad Request"),
        ("9" * 19, "413 Content Too Large"),
        ("-5", "400 Bad Request"),
        ("\u00b2", "400 Bad Request"),
        ("6", "400 Bad Request"),
    ],
)
def test_a_length_that_a_host_lets_through_is_refused(stated: str, status: str) -> None:
    with pytest.raises(HTTPError) as raised:
        _read_body({"CONTENT_LENGTH": stated, "wsgi.input": BytesIO(b"hello")}, 1000)
    assert raised.value.http_status == status
