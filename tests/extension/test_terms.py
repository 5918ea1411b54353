"""Methods and functions that say themselves on which terms they are called: ``@terms(…)``."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from unittest.mock import Mock

import pytest
from flask import Flask

from flask_realtime import Events, Namespace, SocketIO, terms
from flask_realtime.exceptions import EventError, OptionError


@pytest.fixture
def io(app: Flask) -> SocketIO:
    return SocketIO(app)


class Game(Namespace):
    @terms(rate="1/hour", burst=2, validate=True)
    def on_move(self, x: int, y: int = 0) -> int:
        return x + y

    @terms(rate="1/hour", on_limit="drop")
    @terms(validate=True)
    def on_both(self, x: int) -> int:
        return x

    def on_free(self, x: int) -> int:
        return x


Ask = Callable[..., Any]


@pytest.fixture
def ask(app: Flask, io: SocketIO) -> Ask:
    """Asks as one client, in the root namespace."""
    client = io.test_client(app)
    return lambda event, *args: client.emit(event, *args, callback=True)


def test_a_method_has_them(io: SocketIO, ask: Ask) -> None:
    io.on_namespace(Game())
    assert ask("move", "1") == {"error": "x: expected int, got str"}
    assert ask("move", 1, 2) == 3
    assert ask("move", 1) == {"error": "rate limit"}
    assert [ask("free", "x") for _ in range(3)] == ["x"] * 3


def test_what_stands_above_is_added(io: SocketIO, ask: Ask) -> None:
    io.on_namespace(Game())
    assert ask("both", "1") == {"error": "x: expected int, got str"}
    assert io.server.limited == 0
    ask("both", 1)
    assert io.server.limited == 1


def test_a_subclass_has_them_and_an_overriding_method_its_own(io: SocketIO, ask: Ask) -> None:
    class Other(Game):
        def on_both(self, x: Any) -> Any:
            return x

    io.on_namespace(Other())
    assert ask("move", "1") == {"error": "x: expected int, got str"}
    assert ask("both", "1") == "1"


def test_the_log_names_the_event(io: SocketIO, ask: Ask, caplog: pytest.LogCaptureFixture) -> None:
    io.on_namespace(Game())
    for _ in range(3):
        ask("move", 1)
    assert "more than the handler of 'move' allows: 1/hour" in caplog.text


@pytest.mark.parametrize(
    "register",
    [
        lambda io, function: io.event(function),
        lambda io, function: io.on("move", function),
        lambda io, function: io.on("move")(function),
        lambda io, function: io.on_event("move", function),
        lambda io, function: io.on("move", function, namespace="*"),
        lambda io, function: io.prepend_listener("move", function),
        lambda io, function: io.on("connection", lambda socket: socket.on("move", function)),
        lambda io, function: io.register(_collected(function)),
    ],
)
def test_a_function_has_them_wherever_it_is_registered(
    io: SocketIO, app: Flask, register: Callable[[SocketIO, Any], Any]
) -> None:
    @terms(validate=True)
    def move(x: int) -> int:
        return x

    register(io, move)
    client = io.test_client(app)
    assert client.emit("move", "1", callback=True) == {"error": "x: expected int, got str"}
    assert client.emit("move", 1, callback=True) == 1


def _collected(function: Any) -> Events:
    events = Events()
    events.on("move", function)
    return events


def test_what_on_is_told_counts_instead(io: SocketIO, ask: Ask) -> None:
    @io.on("move", rate="1/hour")
    @terms(validate=True)
    def move(x: int) -> int:
        return x

    assert ask("move", "1") == "1"
    assert ask("move", 1) == {"error": "rate limit"}


def test_a_decorator_that_keeps_the_name_keeps_them(io: SocketIO, ask: Ask) -> None:
    def counted(function: Any) -> Any:
        @wraps(function)
        def call(*args: Any) -> Any:
            return function(*args)

        return call

    class Counting(Namespace):
        @counted
        @terms(validate=True)
        def on_move(self, x: int) -> int:
            return x

        @terms(validate=True)
        @staticmethod
        def on_static(x: int) -> int:
            return x

        @staticmethod
        @terms(validate=True)
        def on_inner(x: int) -> int:
            return x

    io.on_namespace(Counting())
    for event in ("move", "static", "inner"):
        assert ask(event, "1") == {"error": "x: expected int, got str"}
        assert ask(event, 1) == 1


def test_a_mock_has_none(io: SocketIO, ask: Ask) -> None:
    io.on("move", Mock(return_value=5))
    assert ask("move", 1) == 5


# Wrong use


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"rat": "1/second"}, "unknown option 'rat'; did you mean 'rate'?"),
        ({"validates": True}, "did you mean 'validate'?"),
        ({"namespace": "/a"}, "unknown option 'namespace'; known are: burst, on_limit, rate"),
        ({"rate": "often"}, r"rate in terms\(…\) is a number of events per second"),
        ({"burst": 3}, r"terms\(…\) has burst and no rate"),
        ({"validate": 1}, "validate is True or False, not 1"),
        ({}, r"write @terms\(rate='10/second'\)"),
    ],
)
def test_terms_that_cannot_be_meant(given: Any, why: str) -> None:
    with pytest.raises(OptionError, match=why):
        terms(**given)


def test_it_is_written_with_parentheses() -> None:
    with pytest.raises(OptionError, match=r"write @terms\(rate='10/second'\).*with parentheses"):

        @terms  # type: ignore[arg-type]
        def move() -> None: ...


@pytest.mark.parametrize("wrong", [Game, 5, property(lambda self: None)])
def test_it_stands_above_a_function(wrong: Any) -> None:
    with pytest.raises(EventError, match="stands above a method or a function, not"):
        terms(validate=True)(wrong)


@pytest.mark.parametrize("name", ["move", "error", "_on_move"])
def test_a_method_that_handles_no_event_is_named(io: SocketIO, name: str) -> None:
    def method(self: Any, error: Any = None) -> None: ...

    wrong = type("Wrong", (Namespace,), {name: terms(rate="1/second")(method)})
    why = rf"method .* \(.*\) has terms, and handles no event: .* 'on_<event>', not '{name}'"
    with pytest.raises(EventError, match=why):
        io.on_namespace(wrong("/wrong"))
    assert io.namespace_handlers == [] and "/wrong" not in io.server.namespaces


def test_a_method_that_a_way_of_its_own_calls_is_named(io: SocketIO) -> None:
    class Way(Game):
        def trigger_event(self, event: str, *args: Any) -> Any:
            return super().trigger_event(event, *args)

    with pytest.raises(EventError, match=r"Game\.on_both .*has terms.*trigger_event"):
        io.on_namespace(Way())


def test_events_of_ours_have_none(io: SocketIO) -> None:
    class Wrong(Namespace):
        @terms(rate="1/second")
        def on_connect(self) -> None: ...

    with pytest.raises(EventError, match="'connect' is no event that clients send, so it"):
        io.on_namespace(Wrong())
    with pytest.raises(EventError, match="'disconnect' is no event that clients send"):
        io.on("disconnect", terms(rate="1/second")(lambda: None))
    with pytest.raises(EventError, match=r"has terms, and events from other nodes"):
        io.on_server_side("news", terms(rate="1/second")(lambda: None))


def test_hints_that_cannot_be_read_are_told_before_anything_changes(io: SocketIO) -> None:
    class Wrong(Namespace):
        @terms(validate=True)
        def on_move(self, x: Nowhere) -> None: ...  # type: ignore[name-defined] # noqa: F821

    game = Game()
    io.on_namespace(game)
    with pytest.raises(EventError, match=r"the hints of .*Wrong\.on_move"):
        io.on_namespace(Wrong())
    assert io.namespace_handlers == [game] and "move" in io.of("/").event_names()
