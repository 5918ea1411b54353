"""``flask.session`` in handlers: cookies cannot be set, server-side sessions can be shared."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask, Request, session
from flask.sessions import SessionInterface, SessionMixin
from werkzeug.datastructures import CallbackDict

from flask_realtime import SocketIO
from tests.support.application import Client, Site
from tests.support.server import serving


class _Session(CallbackDict[str, Any], SessionMixin):
    modified = False

    def __init__(self, values: dict[str, Any]) -> None:
        def changed(_: Any) -> None:
            self.modified = True

        super().__init__(values, changed)


class ServerSide(SessionInterface):
    """Sessions in a dictionary, by the cookie ``id``."""

    def __init__(self) -> None:
        self.stored: dict[str, dict[str, Any]] = {}
        self.saved = 0

    def open_session(self, app: Flask, request: Request) -> _Session:
        opened = _Session(dict(self.stored.get(request.cookies["id"], {})))
        opened.id = request.cookies["id"]  # type: ignore[attr-defined]
        return opened

    def save_session(self, app: Flask, session: Any, response: Any) -> None:
        if session.modified:
            self.saved += 1
            self.stored[session.id] = dict(session)


@contextmanager
def served(app: Flask, **options: Any) -> Iterator[Site]:
    io = SocketIO(app, **options)
    io.on("read", lambda: dict(session))
    io.on("write", lambda key, value: session.__setitem__(key, value))
    io.on("pop", lambda key: session.pop(key))
    app.add_url_rule("/read", "read", lambda: dict(session))
    app.add_url_rule(
        "/write/<key>/<value>", "write", lambda key, value: session.update({key: value}) or ""
    )
    with serving(app) as running:
        yield Site(io, running)


def http(site: Site, path: str) -> Any:
    return site.running.http().get(path, {"Cookie": "id=1"})


def member(site: Site) -> Client:
    return site.client(headers={"Cookie": "id=1"})


def test_a_handler_reads_the_cookie_s_session(app: Flask) -> None:
    with served(app) as site:
        cookie = site.running.http().get("/write/who/ada").headers["set-cookie"].partition(";")[0]
        client = site.client(headers={"Cookie": cookie})
        assert client.ask('421["read"]') == '431[{"who":"ada"}]'


@pytest.mark.parametrize("manage_session", [None, True])
def test_a_write_to_a_cookie_s_session_lasts_for_the_connection(
    app: Flask, caplog: pytest.LogCaptureFixture, manage_session: bool | None
) -> None:
    with served(app, manage_session=manage_session) as site:
        site.io.of("/chat").on("read", lambda: dict(session))
        client, other = site.client(), site.client()
        client.wire.connect("/chat")
        client.send('42["write","a",1]', '42["write","b",2]')
        assert client.ask('421["read"]') == '431[{"a":1,"b":2}]'
        assert client.ask('42/chat,1["read"]') == '43/chat,1[{"a":1,"b":2}]'
        assert other.ask('421["read"]') == "431[{}]"
        warnings = [record for record in caplog.records if "flask.session" in record.getMessage()]
        assert len(warnings) == 1
        assert "socket.data" in warnings[0].getMessage()


def test_a_write_that_no_cookie_can_keep_warns_also_without_a_copy(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    with served(app, manage_session=False) as site:
        client = site.client()
        client.send('42["write","a",1]')
        assert client.ask('421["read"]') == "431[{}]"
        assert "flask.session" in caplog.text


def test_reading_does_not_warn(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    with served(app) as site:
        site.client().ask('421["read"]')
        assert caplog.records == []


@pytest.mark.parametrize("manage_session", [None, False])
def test_a_server_side_session_is_shared_with_http(
    app: Flask, caplog: pytest.LogCaptureFixture, manage_session: bool | None
) -> None:
    app.session_interface = interface = ServerSide()
    with served(app, manage_session=manage_session) as site:
        http(site, "/write/a/1")
        client = member(site)
        assert client.ask('421["read"]') == '431[{"a":"1"}]'
        client.send('42["write","b",2]')
        assert client.got_nothing()
        assert http(site, "/read").json == {"a": "1", "b": 2}
        http(site, "/write/a/3")
        assert client.ask('421["read"]') == '431[{"a":"3","b":2}]'
        assert interface.saved == 3
        assert caplog.records == []


def test_emptying_a_server_side_session_is_a_change(app: Flask) -> None:
    # An empty session is false: asking for its truth would lose this.
    app.session_interface = interface = ServerSide()
    with served(app) as site:
        http(site, "/write/a/1")
        client = member(site)
        assert client.ask('421["pop","a"]') == '431["1"]'
        assert interface.stored == {"1": {}}
        assert http(site, "/read").json == {}


def test_an_empty_session_is_read_anew_for_each_event(app: Flask) -> None:
    app.session_interface = ServerSide()
    with served(app) as site:
        client = member(site)
        assert client.ask('421["read"]') == "431[{}]"
        http(site, "/write/a/1")
        assert client.ask('421["read"]') == '431[{"a":"1"}]'


def test_a_server_side_session_is_saved_after_a_failure_too(app: Flask) -> None:
    app.session_interface = interface = ServerSide()

    def fail() -> None:
        session["a"] = 1
        raise ValueError

    with served(app) as site:
        site.io.on("fail", fail)
        member(site).ask('421["fail"]')
        assert interface.stored == {"1": {"a": 1}}


def test_a_managed_server_side_session_is_the_connection_s_own(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    app.session_interface = interface = ServerSide()
    with served(app, manage_session=True) as site:
        client = member(site)
        client.send('42["write","a",1]')
        assert client.ask('421["read"]') == '431[{"a":1}]'
        assert interface.stored == {}
        assert "flask.session" in caplog.text


def test_without_a_secret_key_the_session_is_empty_and_read_only(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    app.secret_key = None
    with served(app) as site:
        client = site.client()
        assert client.ask('421["read"]') == "431[{}]"
        assert client.ask('422["write","a",1]') == '432[{"error":"internal error"}]'
        assert "secret key" in caplog.text
