"""Flask's contexts around handlers: ``current_app``, ``request``, ``g``, teardown functions."""

from __future__ import annotations

import json
import weakref
from collections.abc import Callable
from typing import Any

import gevent
import pytest
from flask import (
    Flask,
    Request,
    copy_current_request_context,
    current_app,
    flash,
    g,
    get_flashed_messages,
    has_request_context,
    request,
    url_for,
)
from flask.signals import appcontext_tearing_down, request_tearing_down

from flask_realtime import SocketIO, emit, socket
from tests.support.application import Client, Site
from tests.support.server import serving
from tests.support.waiting import wait_until


def answer(client: Client, event: str = "x") -> Any:
    """What the handler of an event returns."""
    packet = client.ask(f'421["{event}"]')
    assert isinstance(packet, str)
    (value,) = json.loads(packet.removeprefix("431"))
    return value


def test_a_handler_finds_the_application(site: Site, app: Flask) -> None:
    site.io.on("x", lambda: current_app._get_current_object() is app)  # type: ignore[attr-defined]
    assert answer(site.client()) is True


@pytest.mark.parametrize("event", ["connect", "connection", "x", "disconnecting", "disconnect"])
def test_every_handler_has_the_handshake_s_request(site: Site, event: str) -> None:
    seen: list[Any] = []

    def note() -> None:
        seen.append(
            (
                request.args["who"],
                request.headers["X-Colour"],
                request.cookies["c"],
                request.remote_addr,
                request.path,
                request.method,
                request.sid,  # type: ignore[attr-defined]
                request.namespace,  # type: ignore[attr-defined]
            )
        )

    site.io.of("/chat").on(event, note)
    headers = {"X-Colour": "red", "Cookie": "c=1"}
    client = site.client("/chat", query="who=me", headers=headers)
    client.send('42/chat,["x"]')
    client.wire.leave()
    site.wait_empty("/chat")
    where = ("127.0.0.1", "/socket.io/", "GET", client.id, "/chat")
    assert seen == [("me", "red", "1", *where)]


def test_sid_and_namespace_are_those_of_the_event_though_the_request_is_one(site: Site) -> None:
    kept: list[Request] = []

    def handler() -> list[str]:
        kept.append(request._get_current_object())  # type: ignore[attr-defined]
        return [request.sid, request.namespace]  # type: ignore[attr-defined]

    site.io.on("x", handler)
    site.io.of("/chat").on("x", handler)
    client = site.client()
    chat = client.wire.connect("/chat")
    assert answer(client) == [client.id, "/"]
    assert client.ask('42/chat,1["x"]') == f'43/chat,1[["{chat}","/chat"]]'
    assert kept[0] is kept[1]


def test_the_request_is_made_for_who_asks_for_it_only(site: Site) -> None:
    site.io.on("x", lambda: "request" in socket.client.kept.__dict__)
    assert answer(site.client()) is False


def test_the_application_s_own_request_class_is_used(app: Flask) -> None:
    class OwnRequest(Request):
        colour = "red"

    app.request_class = OwnRequest
    io = SocketIO(app)
    io.on("x", lambda: [request.colour, isinstance(request, OwnRequest)])  # type: ignore[attr-defined]
    with serving(app) as running:
        client = Site(io, running).client()
        assert answer(client) == ["red", True]


def test_g_is_fresh_for_each_event(site: Site) -> None:
    def handler() -> bool:
        was_there = "x" in g
        g.x = 1
        return was_there

    site.io.on("x", handler)
    client = site.client()
    assert [answer(client), answer(client)] == [False, False]


def test_what_is_in_g_is_not_kept_until_the_next_event(site: Site) -> None:
    class Kept:
        pass

    kept: list[weakref.ref[Kept]] = []

    @site.io.on("x")
    def handler() -> None:
        g.kept = Kept()
        kept.append(weakref.ref(g.kept))

    client = site.client()
    assert client.ask('421["x"]') == "431[]"
    assert kept[0]() is None


def test_two_handlers_of_one_connection_at_once_have_a_g_each(
    serve: Callable[..., Site],
) -> None:
    site = serve(async_handlers=True)

    def handler(value: int, pause: float) -> list[Any]:
        g.value = value
        gevent.sleep(pause)
        return [g.value, request.sid, socket.id]  # type: ignore[attr-defined]

    site.io.on("x", handler)
    client = site.client()
    client.send('421["x",1,0.03]', '422["x",2,0.01]', '423["x",3,0.02]')
    answers = {str(client.receive()) for _ in range(3)}
    assert answers == {f'43{n}[[{n},"{client.id}","{client.id}"]]' for n in (1, 2, 3)}


@pytest.mark.parametrize("fails", [False, True])
def test_teardown_functions_run_once_per_event_the_request_s_first(
    site: Site, app: Flask, fails: bool
) -> None:
    seen: list[Any] = []

    @app.teardown_request
    def teardown_request(error: BaseException | None) -> None:
        seen.append(("request", type(error), has_request_context(), g.x))

    @app.teardown_appcontext
    def teardown_appcontext(error: BaseException | None) -> None:
        seen.append(("app", type(error), has_request_context(), g.x))

    @site.io.on("x")
    def handler() -> None:
        g.x = "mine"
        if fails:
            raise ValueError

    client = site.client()
    seen.clear()
    client.send('42["x"]')
    wait_until(lambda: len(seen) == 2)
    error = ValueError if fails else type(None)
    assert seen == [("request", error, True, "mine"), ("app", error, True, "mine")]


def test_teardown_functions_run_after_each_handler_of_a_socket_s_life(
    site: Site, app: Flask
) -> None:
    count: list[Any] = []
    app.teardown_appcontext(count.append)
    for event in ("connect", "connection", "disconnecting", "disconnect"):
        site.io.on(event, lambda: None)
    client = site.client()
    client.wire.leave()
    site.wait_empty()
    assert count == [None] * 4


def test_who_listens_to_flask_s_signals_hears_of_each_event(site: Site, app: Flask) -> None:
    seen: list[str] = []

    def torn_down(sender: Flask, exc: Any) -> None:
        seen.append("request")

    def app_torn_down(sender: Flask, exc: Any) -> None:
        seen.append("app")

    client = site.client()
    with (
        request_tearing_down.connected_to(torn_down, app),
        appcontext_tearing_down.connected_to(app_torn_down, app),
    ):
        assert client.got_nothing()
    assert seen == ["request", "app"]


def test_a_teardown_function_that_fails_does_not_stop_the_other_kind(
    site: Site, app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[Any] = []
    app.teardown_request(lambda error: 1 / 0)  # type: ignore[arg-type, return-value]
    app.teardown_appcontext(seen.append)
    site.io.on("x", lambda: 1)
    client = site.client()
    seen.clear()
    assert client.ask('421["x"]') == '431[{"error":"internal error"}]'
    assert len(seen) == 1
    assert "ZeroDivisionError" in caplog.text


def test_url_for_works(site: Site, app: Flask) -> None:
    app.add_url_rule("/users/<name>", "user", lambda name: name)
    site.io.on(
        "x", lambda: [url_for("user", name="ada"), url_for("user", name="x", _external=True)]
    )
    relative, absolute = answer(site.client())
    assert relative == "/users/ada"
    assert absolute == f"http://127.0.0.1:{site.running.port}/users/x"


def test_flashed_messages_are_those_of_the_session(site: Site) -> None:
    def handler() -> list[Any]:
        flash("hello")
        return get_flashed_messages()

    site.io.on("x", handler)
    assert answer(site.client()) == ["hello"]


def test_the_request_context_can_be_copied_into_a_greenlet(site: Site) -> None:
    @site.io.on("x")
    def handler() -> Any:
        @copy_current_request_context
        def work() -> list[Any]:
            return [request.args["who"], current_app.name]

        return gevent.spawn(work).get(timeout=5)

    assert answer(site.client(query="who=me")) == ["me", "tested"]


def test_a_copied_request_context_has_the_client_too(site: Site) -> None:
    @site.io.on("x")
    def handler() -> bool:
        @copy_current_request_context
        def work() -> list[str]:
            emit("only", "you")
            return [request.sid, request.event["message"], socket.id]  # type: ignore[attr-defined]

        return bool(gevent.spawn(work).get(timeout=5) == [socket.id, "x", socket.id])

    client, other = site.client(), site.client()
    assert client.ask('420["x"]') == '42["only","you"]'
    assert client.receive() == "430[true]"
    assert other.got_nothing()


def test_a_function_with_a_copied_request_context_may_call_itself(site: Site) -> None:
    @site.io.on("x")
    def handler() -> bool:
        @copy_current_request_context
        def count(left: int) -> list[str]:
            below = count(left - 1) if left else []
            return [request.sid, *below]  # type: ignore[attr-defined]

        return bool(gevent.spawn(count, 2).get(timeout=5) == [socket.id] * 3)

    assert answer(site.client()) is True


def test_a_request_context_that_a_handler_leaves_behind_is_gone_with_the_next_event(
    site: Site, app: Flask
) -> None:
    def handler(leaves: bool) -> str:
        if leaves:
            app.test_request_context("/left-behind").push()
        return str(request.path)

    site.io.on("x", handler)
    client = site.client()
    assert client.ask('421["x",true]') == '431["/left-behind"]'
    assert client.ask('421["x",false]') == '431["/socket.io/"]'


def test_context_variables_of_the_application_belong_to_the_socket(site: Site) -> None:
    from contextvars import ContextVar

    variable: ContextVar[str] = ContextVar("variable", default="unset")

    def handler() -> str:
        before = variable.get()
        variable.set("set")
        return before

    site.io.on("x", handler)
    client, other = site.client(), site.client()
    assert [answer(client), answer(client), answer(other)] == ["unset", "set", "unset"]


def test_a_view_is_served_as_ever(app: Flask) -> None:
    app.add_url_rule("/", view_func=lambda: "hello", endpoint="hello")
    SocketIO(app)
    with serving(app) as running:
        assert running.http().get("/").body == b"hello"


def test_a_body_of_the_handshake_is_empty_in_handlers(site: Site) -> None:
    site.io.on("x", lambda: [request.get_data(as_text=True), request.form.get("a")])
    assert answer(site.client()) == ["", None]
