"""Outside of handlers: views, background tasks, greenlets, and where nothing is served."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gevent
import pytest
from flask import Flask, current_app, g, request

import flask_realtime
from flask_realtime import SocketIO, socket
from flask_realtime.exceptions import UsageError
from tests.support.application import Site
from tests.support.server import serving


def test_a_view_emits(app: Flask) -> None:
    io = SocketIO(app)

    @app.post("/news/<text>")
    def news(text: str) -> str:
        io.emit("news", text)
        flask_realtime.emit("more", to="nobody")
        flask_realtime.emit("more", broadcast=True)
        return "told"

    with serving(app) as running:
        client = Site(io, running).client()
        assert running.http().request("POST", "/news/hi", body=b"").body == b"told"
        assert [client.receive(), client.receive()] == ['42["news","hi"]', '42["more"]']


def test_the_server_s_emit_reaches_everyone_said_or_unsaid(site: Site) -> None:
    client = site.client()
    site.io.emit("x", broadcast=True)
    site.io.send("y", broadcast=True)
    assert [client.receive(), client.receive()] == ['42["x"]', '42["message","y"]']
    for send in (site.io.emit, site.io.send):
        with pytest.raises(UsageError, match="say to=id"):
            send("x", broadcast=False)


def test_a_greenlet_emits(site: Site) -> None:
    client = site.client()
    gevent.spawn(site.io.emit, "x").get(timeout=5)
    assert client.receive() == '42["x"]'


def test_a_background_task_has_the_application_s_context(site: Site, app: Flask) -> None:
    torn_down: list[Any] = []

    def work(one: int, *, two: int) -> list[Any]:
        g.x = 1
        site.io.emit("working")
        flask_realtime.emit("still", broadcast=True)
        return [current_app.name, one, two]

    client = site.client()
    app.teardown_appcontext(torn_down.append)
    task = site.io.start_background_task(work, 1, two=2)
    assert task.get(timeout=5) == ["tested", 1, 2]
    assert torn_down == [None]
    assert [client.receive(), client.receive()] == ['42["working"]', '42["still"]']


@pytest.mark.parametrize("start", ["task", "greenlet"])
def test_what_a_handler_starts_has_neither_its_socket_nor_its_request(
    site: Site, start: str
) -> None:
    def work() -> str:
        for use in (lambda: socket.id, lambda: request.path):
            with pytest.raises(RuntimeError):
                use()
        return "done"

    def handler() -> Any:
        spawn = site.io.start_background_task if start == "task" else gevent.spawn
        return spawn(work).get(timeout=5)

    site.io.on("x", handler)
    assert site.client().ask('421["x"]') == '431["done"]'


def test_a_background_task_without_an_application_runs_too() -> None:
    assert SocketIO().start_background_task(lambda: 5).get(timeout=5) == 5


def test_sleep_lets_others_work() -> None:
    seen: list[str] = []
    gevent.spawn(seen.append, "other")
    SocketIO.sleep()
    assert seen == ["other"]


def test_emitting_before_anything_is_served_is_harmless_in_a_test(app: Flask) -> None:
    app.testing = True
    io = SocketIO(app)
    io.emit("x", {"any": "thing"})
    io.to("room").emit("x")
    io.sockets.disconnect_sockets()
    io.close()
    io.stop()
    assert io.server.engine.hub is None


def test_the_socket_outside_of_a_handler_says_what_to_do() -> None:
    with pytest.raises(RuntimeError, match=r"io\.emit"):
        socket.emit("x")


CALLS: list[Callable[[], Any]] = [
    lambda: flask_realtime.join_room("a"),
    lambda: flask_realtime.leave_room("a"),
    lambda: flask_realtime.rooms(),
    lambda: flask_realtime.disconnect(),
    lambda: flask_realtime.call("question"),
]


@pytest.mark.parametrize("function", CALLS)
def test_functions_about_the_current_client_say_that_there_is_none(
    app: Flask, function: Callable[[], Any]
) -> None:
    SocketIO(app)
    with app.app_context(), pytest.raises(Exception, match="name the socket's id") as caught:
        function()
    assert isinstance(caught.value, flask_realtime.exceptions.UsageError)


@pytest.mark.parametrize("function", [*CALLS, lambda: flask_realtime.emit("x", broadcast=True)])
def test_functions_without_any_application_say_so(function: Callable[[], Any]) -> None:
    with pytest.raises(flask_realtime.exceptions.UsageError, match=r"use io\.emit\(…\)"):
        function()


def test_an_application_without_the_extension_is_named(app: Flask) -> None:
    with app.app_context(), pytest.raises(Exception, match="call io.init_app"):
        flask_realtime.emit("x", broadcast=True)


@pytest.mark.parametrize("send", [flask_realtime.emit, flask_realtime.send])
def test_who_names_nobody_outside_of_a_handler_reaches_nobody(
    site: Site, app: Flask, send: Callable[[str], None]
) -> None:
    client = site.client()
    with app.app_context(), pytest.raises(UsageError, match=r"say to=… or broadcast=True, or io\."):
        send("secret")
    site.io.emit("x")
    assert client.receive() == '42["x"]'


def test_an_id_that_has_left_is_named(site: Site, app: Flask) -> None:
    with app.app_context(), pytest.raises(Exception, match="no socket 'gone' in '/'"):
        flask_realtime.join_room("a", sid="gone")


def test_the_functions_take_ids_outside_of_handlers(site: Site, app: Flask) -> None:
    client = site.client()
    with app.app_context():
        flask_realtime.join_room("a", sid=client.id, namespace="/")
        assert flask_realtime.rooms(client.id, "/") == sorted(["a", client.id])
        flask_realtime.send("hi", to="a")
        assert client.receive() == '42["message","hi"]'
        flask_realtime.close_room("a")
        assert flask_realtime.rooms(client.id) == [client.id]
        flask_realtime.disconnect(client.id)
    assert client.receive() == "41"
