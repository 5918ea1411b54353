"""The script tag that templates print."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask, render_template_string
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.test import Client

from flask_realtime import SocketIO
from flask_realtime.exceptions import OptionError, UsageError
from tests.support.application import Site

PAGE = "{{ socketio_script() }}"


@pytest.fixture
def page(app: Flask) -> Flask:
    """The application, with a page that prints the tag."""
    app.add_url_rule("/", "page", lambda: render_template_string(PAGE))
    return app


def tag(source: str) -> str:
    return f'<script src="{source}"></script>'


@pytest.mark.parametrize(
    ("call", "source"),
    [
        ("socketio_script()", "v4/socket.io.min.js"),
        ("socketio_script(minified=False)", "v4/socket.io.js"),
        ("socketio_script('0.9')", "v0.9/socket.io.min.js"),
        ("socketio_script(0.9)", "v0.9/socket.io.min.js"),
        ("socketio_script(1, minified=False)", "v1/socket.io.js"),
        ("socketio_script(2)", "v2/socket.io.min.js"),
        ("socketio_script(2, False)", "v2/socket.io.dev.js"),
    ],
)
def test_a_page_names_the_generation_that_it_was_written_for(
    app: Flask, call: str, source: str
) -> None:
    SocketIO(app)
    with app.test_request_context():
        assert render_template_string(f"{{{{ {call} }}}}") == tag(f"/socket.io/{source}")


@pytest.mark.parametrize(
    ("call", "source"),
    [
        ("socketio_script()", "v4/socket.io.msgpack.min.js"),
        ("socketio_script(4, minified=False)", "v4/socket.io.msgpack.min.js"),
        ("socketio_script(0.9)", "v0.9/socket.io.min.js"),
    ],
)
def test_with_msgpack_it_is_the_build_that_has_it(app: Flask, call: str, source: str) -> None:
    SocketIO(app, serializer="msgpack")
    with app.test_request_context():
        assert render_template_string(f"{{{{ {call} }}}}") == tag(f"/socket.io/{source}")
        with pytest.raises(OptionError, match="client '2' with msgpack"):
            render_template_string("{{ socketio_script(2) }}")


def test_without_an_argument_it_is_the_generation_of_the_option(page: Flask) -> None:
    SocketIO(page, client_version=1)
    assert page.test_client().get("/").text == tag("/socket.io/v1/socket.io.min.js")


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("/live", "/live/v4/socket.io.min.js"),
        ("/a b/é", "/a%20b/%C3%A9/v4/socket.io.min.js"),
        ("/\"><script>alert('&')", "/%22%3E%3Cscript%3Ealert%28%27%26%27%29/v4/socket.io.min.js"),
    ],
)
def test_it_follows_the_path_and_nothing_gets_out_of_it(
    page: Flask, path: str, source: str
) -> None:
    SocketIO(page, path=path)
    assert page.test_client().get("/").text == tag(source)


def test_it_follows_whoever_mounts_the_application(page: Flask) -> None:
    SocketIO(page)
    client = Client(DispatcherMiddleware(Flask("other"), {"/app": page}))
    assert client.get("/app/").text == tag("/app/socket.io/v4/socket.io.min.js")


def test_it_follows_a_proxy_that_takes_the_prefix_off(page: Flask) -> None:
    SocketIO(page)
    page.wsgi_app = ProxyFix(page.wsgi_app, x_prefix=1)  # type: ignore[method-assign]
    answer = page.test_client().get("/", headers={"X-Forwarded-Prefix": "/app"})
    assert answer.text == tag("/app/socket.io/v4/socket.io.min.js")


@pytest.mark.parametrize(("root", "prefix"), [("/", ""), ("/app", "/app")])
def test_without_a_request_the_application_says_where_it_is(
    app: Flask, root: str, prefix: str
) -> None:
    app.config["APPLICATION_ROOT"] = root
    io = SocketIO(app)
    with app.app_context():
        assert io.script() == tag(f"{prefix}/socket.io/v4/socket.io.min.js")


def test_of_several_servers_each_has_its_own(app: Flask) -> None:
    first, second = SocketIO(app, path="/a"), SocketIO(app, path="/b", client_version="2")
    with app.test_request_context():
        assert first.script() == tag("/a/v4/socket.io.min.js")
        assert second.script() == tag("/b/v2/socket.io.min.js")
        assert render_template_string(PAGE) == tag("/b/v2/socket.io.min.js")


def test_templates_have_it_where_the_application_comes_later(page: Flask) -> None:
    SocketIO().init_app(page)
    assert page.test_client().get("/").text == tag("/socket.io/v4/socket.io.min.js")


def test_templates_have_it_where_the_application_has_served_already(page: Flask) -> None:
    page.add_url_rule("/before", view_func=lambda: "before")
    assert page.test_client().get("/before").text == "before"
    SocketIO(page)
    assert page.test_client().get("/").text == tag("/socket.io/v4/socket.io.min.js")


def test_a_generation_that_is_not_here_is_refused(app: Flask) -> None:
    io = SocketIO(app)
    with app.app_context(), pytest.raises(OptionError, match="no client '3' here, but: 0.9, 1"):
        io.script("3")


def test_where_no_client_is_served_none_can_be_loaded(app: Flask) -> None:
    io = SocketIO(app, serve_client=False)
    with app.app_context(), pytest.raises(UsageError, match="serve_client is False"):
        io.script()


@pytest.mark.parametrize("client", ["0.9", "1", "2", "4"])
def test_what_the_tag_names_is_served(serve: Any, app: Flask, client: str) -> None:
    site: Site = serve()
    with app.app_context():
        source = site.io.script(client).split('"')[1]
    answer = site.running.http().get(source)
    if b"make bundles" in answer.body:
        pytest.skip("the browser clients are not here: make bundles")
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
