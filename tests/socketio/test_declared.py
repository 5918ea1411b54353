"""Handlers that declare what they accept: ``validate=True``."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import pytest

from flask_realtime import signals
from flask_realtime.exceptions import EventError, OptionError
from tests.support.application import Client, Site


@dataclass
class Step:
    x: int
    y: int

    def __post_init__(self) -> None:
        if self.x == 13:
            raise LookupError("a mistake of the application")


Direction = Literal["left", "right"]


@pytest.fixture
def client(site: Site) -> Client:
    return site.client()


def told(client: Client, event: str, *args: Any) -> Any:
    """The answer to an event."""
    answer = client.ask("421" + json.dumps([event, *args]))
    return json.loads(str(answer)[3:])


def error(client: Client, event: str, *args: Any) -> str:
    """What a client is told of an event that does not fit."""
    [answer] = told(client, event, *args)
    text: str = answer["error"]
    return text


def test_arguments_are_what_the_hints_name(site: Site, client: Client) -> None:
    @site.io.on("move", validate=True)
    def move(step: Step, direction: Direction = "left", *more: int) -> Any:
        assert isinstance(step, Step)
        return [step.x + step.y, direction, *more]

    assert told(client, "move", {"x": 1, "y": 2}) == [[3, "left"]]
    assert told(client, "move", {"x": 1, "y": 2}, "right", 5, 6) == [[3, "right", 5, 6]]
    assert error(client, "move") == "step: missing"
    assert error(client, "move", {"x": 1}) == "step.y: missing"
    assert error(client, "move", {"x": 1, "y": "2"}) == "step.y: expected int, got str"
    assert error(client, "move", {"x": 1, "y": 2}, "up") == (
        "direction: expected one of 'left', 'right', got 'up'"
    )
    assert error(client, "move", {"x": 1, "y": 2}, "left", 3, None) == (
        "more[1]: expected int, got null"
    )


def test_too_many_arguments(site: Site, client: Client) -> None:
    site.io.on("x", lambda one: None, validate=True)
    assert error(client, "x", 1, 2) == "arguments: expected 1, got 2"


def test_it_is_logged_once_and_nothing_else_happens(
    site: Site, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[Any] = []

    def hear(*_: Any, **values: Any) -> None:
        seen.append(values)

    @site.io.on("x", validate=True)
    def x(number: int) -> None:
        seen.append(number)

    site.io.on_error_default(seen.append)
    with (
        signals.handler_failed.connected_to(hear),
        signals.event_handled.connected_to(hear),
    ):
        assert error(client, "x", "100%s") == "number: expected int, got str"
        assert error(client, "x", [])
        client.send('42["x",null]')
    assert client.got_nothing()
    assert seen == []
    said = [line for line in caplog.messages if "declares" in line]
    assert said == [
        "in / the arguments of 'x' are not what the handler declares: "
        "number: expected int, got str"
    ]


def test_what_goes_wrong_in_a_class_of_the_application(
    site: Site, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    @site.io.on("x", validate=True)
    def x(step: Step) -> str:
        return "fine"

    assert error(client, "x", {"x": 13, "y": 1}) == "internal error"
    assert "a mistake of the application" in caplog.text
    assert told(client, "x", {"x": 1, "y": 1}) == ["fine"]


def test_who_answers_later_is_not_asked_for_the_answer(site: Site, client: Client) -> None:
    @site.io.on("x", validate=True)
    def x(number: int, ack: Callable[..., None]) -> None:
        ack(number + 1)

    assert told(client, "x", 1) == [2]
    assert error(client, "x", "1") == "number: expected int, got str"


def test_a_listener_with_a_callback(site: Site, client: Client) -> None:
    def answer(number: int, done: Callable[..., None]) -> None:
        done(number + 1)

    site.socket(client).on("x", answer, validate=True)
    assert told(client, "x", 1) == [2]
    assert error(client, "x", "1") == "number: expected int, got str"
    assert error(client, "x", 1, 2) == "done: expected a callback, got int"


def test_a_catch_all_handler(site: Site, client: Client) -> None:
    @site.io.on("*", validate=True)
    def any_event(event: Literal["a", "b"], number: int) -> int:
        return number

    assert told(client, "a", 1) == [1]
    assert error(client, "c", 1) == "event: expected one of 'a', 'b', got 'c'"


def test_a_method_and_a_wrapped_function(site: Site, client: Client) -> None:
    class Room:
        def enter(self, number: int) -> int:
            return number

    def logged(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def wrapped(*args: Any) -> Any:
            return function(*args)

        return wrapped

    @site.io.on("y", validate=True)
    @logged
    def y(number: int) -> int:
        return number

    site.io.on("x", Room().enter, validate=True)
    for event in ("x", "y"):
        assert told(client, event, 1) == [1]
        assert error(client, event, "1") == "number: expected int, got str"


def test_with_a_limit_the_limit_is_first(site: Site, client: Client) -> None:
    site.stop_time()

    @site.io.on("x", validate=True, rate="1/second")
    def x(number: int) -> None: ...

    assert error(client, "x", "1") == "number: expected int, got str"
    assert error(client, "x", "1") == "rate limit"


def test_without_it_hints_are_only_hints(site: Site, client: Client) -> None:
    @site.io.on("x")
    def x(number: int) -> Any:
        return number

    assert told(client, "x", "1") == ["1"]


@dataclass
class Chain:
    next: Chain | None = None


def test_what_is_too_deep(site: Site, client: Client) -> None:
    @site.io.on("x", validate=True)
    def x(chain: Chain) -> str:
        return "fine"

    assert told(client, "x", {"next": {"next": None}}) == ["fine"]
    deep = '{"next":' * 900 + "null" + "}" * 900
    assert "too deep" in str(client.ask(f'421["x",{deep}]'))


# What cannot be meant


def test_hints_that_cannot_be_read(site: Site) -> None:
    class Hidden: ...

    def x(number: Hidden) -> None: ...

    with pytest.raises(EventError, match="cannot be read: name 'Hidden' is not defined"):
        site.io.on("x", x, validate=True)


def test_hints_that_say_nothing(site: Site) -> None:
    def x(number: set[int]) -> None: ...

    with pytest.raises(EventError, match="the parameter 'number' of .*x .*says nothing about"):
        site.io.on("x", x, validate=True)


def test_neither_true_nor_false(site: Site) -> None:
    with pytest.raises(OptionError, match="validate is True or False"):
        site.io.on("x", validate="yes")  # type: ignore[call-overload]
