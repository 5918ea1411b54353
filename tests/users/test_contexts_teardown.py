"""Whatever way a handler ends, its contexts end with it, and none lives while a client is idle."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any

import gevent
import pytest
from flask import Flask, g
from flask.ctx import AppContext
from gevent.event import Event

from flask_realtime import ConnectionRefusedError
from tests.support.application import Site
from tests.support.waiting import wait_until


class Torn:
    """The errors that the teardown functions were called with, and what ``g`` held."""

    def __init__(self, app: Flask) -> None:
        self.seen: list[tuple[str, Any]] = []
        app.teardown_appcontext(self._note)

    def _note(self, error: BaseException | None) -> None:
        self.seen.append((g.get("event", "?"), None if error is None else type(error)))


def note(event: str, error: type[BaseException] | None = None) -> Callable[..., None]:
    def handler() -> None:
        g.event = event
        if error is not None:
            raise error

    return handler


def test_each_handler_of_a_connection_s_life_has_its_teardown(app: Flask, site: Site) -> None:
    torn = Torn(app)
    for event in ("connect", "connection", "event", "disconnecting", "disconnect"):
        site.io.on(event, note(event))
    client = site.client()
    client.send('42["event"]')
    client.wire.leave()
    site.wait_empty()
    assert torn.seen == [
        ("connect", None),
        ("connection", None),
        ("event", None),
        ("disconnecting", None),
        ("disconnect", None),
    ]


@pytest.mark.parametrize("error", [ValueError, gevent.GreenletExit, gevent.Timeout])
@pytest.mark.parametrize("event", ["connection", "event", "disconnecting", "disconnect"])
def test_a_handler_that_fails_has_its_teardown_too(
    app: Flask, site: Site, event: str, error: type[BaseException]
) -> None:
    torn = Torn(app)
    site.io.on(event, note(event, error))
    client = site.client()
    client.send('42["event"]')
    client.wire.leave()
    site.wait_empty()
    assert (event, error) in torn.seen


def test_a_connect_that_refuses_has_its_teardown(app: Flask, site: Site) -> None:
    torn = Torn(app)
    site.io.on("connect", note("connect", ConnectionRefusedError))
    client = site.outsider()
    client.join()
    assert str(client.receive()).startswith("44")
    assert torn.seen == [("connect", ConnectionRefusedError)]


def test_error_handlers_and_callbacks_have_theirs(app: Flask, site: Site) -> None:
    torn = Torn(app)
    site.io.on("event", note("event", ValueError))

    @site.io.on_error()
    def on_error(error: Exception) -> str:
        g.event = "on_error"
        return "sorry"

    client = site.client()
    assert client.ask('421["event"]') == '431["sorry"]'
    assert torn.seen == [("event", ValueError), ("on_error", None)]
    site.socket(client).emit("ask", callback=note("callback"))
    assert client.receive() == '420["ask"]'
    client.send('430[]')
    wait_until(lambda: len(torn.seen) == 3)
    assert torn.seen[2] == ("callback", None)


def test_a_handler_whose_greenlet_is_killed_has_its_teardown(
    app: Flask, serve: Callable[..., Site]
) -> None:
    site = serve(async_handlers=True)
    torn = Torn(app)
    begun: list[gevent.Greenlet[..., Any]] = []

    def handler() -> None:
        g.event = "event"
        begun.append(gevent.getcurrent())  # type: ignore[arg-type]
        Event().wait()

    site.io.on("event", handler)
    site.client().send('42["event"]')
    wait_until(lambda: begun)
    begun[0].kill()
    assert torn.seen == [("event", gevent.GreenletExit)]


def test_an_idle_connection_holds_no_context(app: Flask, site: Site) -> None:
    for event in ("connect", "connection", "event"):
        site.io.on(event, note(event))
    clients = [site.client() for _ in range(5)]
    for client in clients:
        assert client.ask('421["event"]') == "431[]"
    gc.collect()
    # By type(): isinstance() asks the proxies of weak references, whose objects may be gone.
    assert [each for each in gc.get_objects() if type(each) is AppContext] == []
