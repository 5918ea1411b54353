"""Mistakes of the application's author, and where they are told: at once, or in its log."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from typing import Any

import pytest
from flask import Flask

from flask_realtime import Events, SocketIO
from flask_realtime.exceptions import EventError
from flask_realtime.socketio.events import Handlers
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
    why = "'x' must be an ordinary function.* gevent waits for you"
    with pytest.raises(EventError, match=why):
        SocketIO().on("x", handler)


def test_what_is_no_ordinary_function_is_told_with_its_line() -> None:
    where = f"waits ({__file__}:{waits.__code__.co_firstlineno})"
    io = SocketIO()
    for register, what in (
        (partial(io.on, "x"), "the handler of 'x'"),
        (io.use, "a middleware"),
        (io.of("/chat").use, "a middleware"),
        (io.authorization, "authorization"),
        (io.user_loader, "a user loader"),
    ):
        with pytest.raises(EventError) as caught:
            register(waits)
        told = str(caught.value)
        assert told.startswith(f"{what} must be an ordinary function") and where in told


def test_a_middleware_without_a_parameter_is_told_with_its_line() -> None:
    def middleware() -> None: ...

    where = f"{middleware.__qualname__} ({__file__}:{middleware.__code__.co_firstlineno})"
    for register in (SocketIO().use, SocketIO().authorization):
        with pytest.raises(EventError) as caught:
            register(middleware)
        assert f", not as {where}" in str(caught.value)


@pytest.mark.parametrize(
    ("register", "why"),
    [
        (lambda io: io.on(), r"write @io\.on\('name'\)"),
        (lambda io: io.of("/chat").on(), r"write @io\.on\('name'\)"),
        (lambda io: io.use(), r"write @io\.use without parentheses, or io\.use\(function\)"),
        (lambda io: io.of("/chat").use(), "write @io.use without parentheses"),
    ],
)
def test_a_decorator_without_what_it_needs_says_how_to_write_it(
    register: Callable[[SocketIO], Any], why: str
) -> None:
    with pytest.raises(EventError, match=why):
        register(SocketIO())


def test_a_namespace_where_none_is_taken() -> None:
    why = r"on\(\) takes a namespace on io alone.*io.on\('x', namespace='/a'\)"
    for there in (SocketIO().of("/chat"), Events()):
        with pytest.raises(TypeError, match=why):
            there.on("x", namespace="/a")  # type: ignore[call-overload]


def test_a_misspelt_keyword_is_told_with_the_nearest() -> None:
    why = "unknown option 'namespce'; did you mean 'namespace'"
    with pytest.raises(TypeError, match=why):
        SocketIO().on("x", namespce="/a")  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("packet", "advice"),
    [
        ('421["x"]', "takes 1; a default makes a parameter optional"),
        ('421["x",1,2]', "takes 1; more come with parameters that have defaults, or with *args"),
    ],
)
def test_a_wrong_number_of_arguments_is_told_with_advice(
    site: Site, caplog: pytest.LogCaptureFixture, packet: str, advice: str
) -> None:
    site.io.on("x", lambda text: None)
    site.client().ask(packet)
    assert advice in caplog.text


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


def test_a_mistake_is_logged_once_whatever_else_there_is_by_then(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    client = site.client()
    for other in ("/one", "/two"):
        site.outsider().ask("40/caht,")
        client.send('42["knwon"]')
        assert client.got_nothing()
        site.io.of(other)
        site.io.on(other[1:], lambda: None)
    assert [record.getMessage() for record in caplog.records] == [
        "a client asked for the namespace '/caht'; known: /; io.of(name) makes one",
        "no handler for 'knwon' in /; known: sync",
    ]


def test_what_is_not_logged_is_not_told_with_all_names(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    names = Handlers.names
    monkeypatch.setattr(Handlers, "names", lambda self: asked.append(self) or names(self))
    client = site.client()
    client.send('42["knwon"]', '42["knwon"]')
    assert client.got_nothing()
    assert len(asked) == 1


def test_the_logger_of_the_application_is_made_when_something_is_logged() -> None:
    app = Flask("logs_late")
    io = SocketIO(app)
    app.debug = True  # Flask sets the level of its logger when it makes it
    with serving(app) as running:
        client = Site(io, running).client()
        client.send('42["knwon"]')
        assert client.got_nothing()
    assert logging.getLogger("logs_late").level == logging.DEBUG
