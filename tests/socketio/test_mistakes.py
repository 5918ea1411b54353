"""Mistakes of the application's author, and where they are told: at once, or in its log."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from typing import Any

import pytest
from flask import Flask

from flask_realtime import SocketIO
from flask_realtime.exceptions import EventError
from tests.support.application import Site
from tests.support.server import serving


async def waits() -> None: ...


def yields() -> Iterator[int]:
    yield 1


async def waits_and_yields() -> AsyncIterator[int]:
    yield 1


class Waits:
    async def __call__(self) -> None: ...

    async def method(self) -> None: ...


@pytest.mark.parametrize(
    "handler", [waits, yields, waits_and_yields, Waits(), Waits().method, partial(waits)]
)
def test_a_handler_is_an_ordinary_function(handler: Callable[..., Any]) -> None:
    with pytest.raises(EventError, match="'x' is an ordinary function.* gevent waits for you"):
        SocketIO().on("x", handler)


def test_a_single_argument_is_counted_in_the_singular(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    site.io.on("x", lambda: None)
    site.client().ask('421["x",1]')
    assert "'x' came with 1 argument, its handler" in caplog.text


def test_a_returned_value_that_cannot_be_carried_is_told_with_its_handler_and_one_traceback(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    def handler() -> Any:
        return {"when": object()}

    site.io.on("x", handler)
    site.client().ask('421["x"]')
    where = f"{handler.__qualname__} ({__file__}:{handler.__code__.co_firstlineno})"
    assert f"what {where} returned: JSON cannot carry" in caplog.text
    assert "['when'] is an object" in caplog.text
    assert caplog.text.count("Traceback") == 1


def test_an_emitted_value_that_cannot_be_carried_is_told_with_one_traceback(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    site.io.on("x", lambda: site.io.emit("y", object()))
    site.client().ask('421["x"]')
    assert "is an object" in caplog.text
    assert caplog.text.count("Traceback") == 1


def test_an_event_nobody_handles_is_a_warning(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    client = site.client()
    client.send('42["knwon"]', '42["knwon"]')
    assert client.got_nothing()
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert record.getMessage() == "no handler for 'knwon' in /; known: sync"


def test_a_namespace_that_does_not_exist_is_a_warning_once(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    site.io.of("/chat")
    for _ in range(2):
        site.outsider().ask("40/caht,")
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert record.getMessage() == (
        "a client asked for the namespace '/caht'; known: /, /chat; io.of(name) makes one"
    )


def test_the_logger_of_the_application_is_made_when_something_is_logged() -> None:
    app = Flask("logs_late")
    io = SocketIO(app)
    app.debug = True  # Flask sets the level of its logger when it makes it
    with serving(app) as running:
        client = Site(io, running).client()
        client.send('42["knwon"]')
        assert client.got_nothing()
    assert logging.getLogger("logs_late").level == logging.DEBUG
