"""Mistakes of the application's author that are told where they are made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask, request

from flask_realtime import Namespace, SocketIO
from flask_realtime.exceptions import EventError, UsageError


def nothing() -> None: ...


def two(error: Exception, more: Any) -> None: ...


async def waits(error: Exception) -> None: ...


REGISTER: dict[str, Callable[[SocketIO, Any], Any]] = {
    "on_error": lambda io, function: io.on_error()(function),
    "on_error_default": lambda io, function: io.on_error_default(function),
    "namespace": lambda io, function: io.of("/").on_error(function),
    "new namespace": lambda io, function: io.of("/chat").on_error(function),
    "class": lambda io, function: io.on_namespace(
        type("Chat", (Namespace,), {"error": staticmethod(function), "on_x": print})("/chat")
    ),
}


@pytest.mark.parametrize("way", REGISTER)
@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (nothing, r"an error handler takes the exception, not as nothing \(.*py:\d+\)"),
        (two, r"an error handler takes the exception, not as two \(.*py:\d+\)"),
        (waits, r"an error handler must be an ordinary function"),
    ],
)
def test_an_error_handler_takes_the_exception(way: str, wrong: Any, why: str) -> None:
    io = SocketIO()
    with pytest.raises(EventError, match=why):
        REGISTER[way](io, wrong)
    assert io.of("/chat").event_names() == io.namespace_handlers == []
    assert (io.of("/chat").error_handler, io.server.any_namespace.error_handler) == (None, None)


@pytest.mark.parametrize("way", [way for way in REGISTER if way != "class"])
def test_an_error_handler_is_a_function(way: str) -> None:
    with pytest.raises(EventError, match="an error handler is a function, not 5"):
        REGISTER[way](SocketIO(), 5)


def test_what_a_class_calls_error_may_be_no_function() -> None:
    io = SocketIO()
    io.on_namespace(type("Chat", (Namespace,), {"error": None, "on_x": print})("/chat"))
    assert io.of("/chat").error_handler is None


def test_a_method_without_room_for_the_exception() -> None:
    class Chat(Namespace):
        def error(self) -> None: ...

    with pytest.raises(EventError, match=r"not as .*Chat\.error"):
        SocketIO().on_namespace(Chat("/chat"))


@pytest.mark.parametrize("wrong", [5, None])
def test_a_background_task_is_a_function(wrong: Any, app: Flask) -> None:
    for io in (SocketIO(), SocketIO(app)):
        for start in (io.start_background_task, io.server.start_background_task):
            with pytest.raises(TypeError, match=r"a background task is a function, not .*\(f, 1\)"):
                start(wrong)


def test_an_event_has_a_name() -> None:
    io = SocketIO()
    for register in (io.on, io.of("/chat").on, io.once):
        with pytest.raises(EventError, match="an event's name is not empty"):
            register("", nothing)
        with pytest.raises(EventError, match="an event's name is not empty"):
            register("")


def test_a_class_of_handlers_derives_from_namespace() -> None:
    class Plain:
        def on_x(self) -> None: ...

    io: Any = SocketIO()
    for wrong in (Plain, nothing):
        with pytest.raises(EventError, match=r"a class of handlers derives from Namespace, .*x'\)"):
            io.namespace("/x")(wrong)
    with pytest.raises(EventError, match=r"write @io\.namespace\('/chat'\)"):
        io.namespace(type("Chat", (Namespace,), {}))


@pytest.mark.parametrize("name", ["sid", "namespace", "socket", "transport"])
def test_what_belongs_to_an_event_says_where_it_is(name: str, app: Flask) -> None:
    io = SocketIO(app)
    kept: list[Any] = []
    io.on("keep", lambda: kept.append(request._get_current_object()))  # type: ignore[attr-defined]
    client = io.test_client(app)
    client.emit("keep")
    with pytest.raises(UsageError, match=rf"request\.{name} is there while an event is handled"):
        getattr(kept[0], name)
