"""The signal ``event_handled``: what each handler took."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gevent
import pytest
from blinker import Signal

from flask_realtime import signals, socket
from flask_realtime.socketio.measured import runner
from tests.support.application import Site
from tests.support.waiting import wait_until

Heard = list[tuple[str, Any]]


@pytest.fixture
def heard() -> Iterator[Heard]:
    """The events that were told, each with the type of its error."""
    told: Heard = []

    def hear(server: Any, socket: Any, event: str, seconds: float, error: Any) -> None:
        assert server is socket.server
        assert 0 <= seconds < 60
        told.append((event, type(error)))

    with signals.event_handled.connected_to(hear):
        yield told


def test_each_event_is_told_once(site: Site, heard: Heard) -> None:
    nothing = type(None)
    for event in ("connect", "connection", "disconnecting", "disconnect", "x"):
        site.io.on(event, lambda *_: None)
    site.io.on("*", lambda *_: None)
    client = site.client()
    client.ask('421["x"]')
    client.ask('422["whatever a client writes"]')
    client.ask('423["sync"]')
    client.wire.close()
    site.wait_empty()
    wait_until(lambda: len(heard) == 7, what="all are told")
    events = ["connect", "connection", "x", "*", "sync", "disconnecting", "disconnect"]
    assert heard == [(event, nothing) for event in events]


def test_what_it_raised_is_told(site: Site, heard: Heard) -> None:
    site.io.on("x", lambda: 1 / 0)
    client = site.client()
    assert client.ask('421["x"]') == '431[{"error":"internal error"}]'
    assert heard == [("x", ZeroDivisionError)]


def test_the_time_counts_in_which_it_waits(site: Site) -> None:
    told: list[float] = []

    def hear(server: Any, seconds: float, **_: Any) -> None:
        told.append(seconds)

    site.io.on("x", lambda: gevent.sleep(0.02))
    with signals.event_handled.connected_to(hear):
        site.client().ask('421["x"]')
    assert told[0] > 0.015


def test_a_receiver_that_fails_harms_nobody(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    def fail(server: Any, **_: Any) -> None:
        raise ValueError

    site.io.on("x", lambda: "fine")
    with signals.event_handled.connected_to(fail):
        assert site.client().ask('421["x"]') == '431["fine"]'
    assert "a receiver of the signal event_handled failed" in caplog.text


def test_without_a_receiver_there_is_nothing_in_between(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signals, "event_handled", Signal())  # the process's may have some
    seen: list[Any] = []

    @site.io.on("x")
    def x() -> None:
        server = socket.server
        handler = socket.find_handlers("x")[0]
        seen.append(runner(socket, handler) is server.around)

    site.client().ask('421["x"]')
    assert seen == [True]
