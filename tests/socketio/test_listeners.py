"""Node's words for handlers: several listeners of a socket, once, off, and what is registered."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from flask import request

from flask_realtime import Events, Socket, SocketIO, socket
from flask_realtime.exceptions import EventError, UsageError
from tests.support.application import Client, Site
from tests.support.waiting import wait_until


def connected(site: Site) -> tuple[Client, Socket]:
    """A client, and the server's side of it."""
    client = site.client()
    return client, site.socket(client)


# Of one socket


def test_a_socket_calls_all_its_listeners_in_order(site: Site) -> None:
    client, own = connected(site)
    seen: list[str] = []
    own.on("x", lambda: seen.append("second"))
    own.on("x", lambda: seen.append("third"))
    own.prepend_listener("x", lambda: seen.append("first"))
    assert client.ask('421["x"]') == "431[]"
    assert seen == ["first", "second", "third"]
    assert client.got_nothing()


@pytest.mark.parametrize("word", ["on", "once", "prepend_listener"])
def test_calls_follow_each_other_and_decorators_leave_the_function(site: Site, word: str) -> None:
    def listener() -> None: ...

    _, own = connected(site)
    for there in (own, site.io.of("/chat"), site.io.server, site.io):
        register = getattr(there, word)
        assert register("x", listener) is there
        assert register("x")(listener) is listener
    assert site.io.on("x", listener, namespace="/chat") is site.io


def test_the_first_listener_that_returns_something_answers(site: Site) -> None:
    client, own = connected(site)
    for value in (None, "one", "two"):
        own.on("x", lambda value=value: value)
    assert client.ask('421["x"]') == '431["one"]'
    assert client.got_nothing()


def test_a_listener_that_fails_answers_and_the_others_are_called(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    client, own = connected(site)
    seen: list[str] = []
    own.on("x", lambda: 1 / 0)
    own.on("x", lambda: seen.append("called"))
    assert client.ask('421["x"]') == '431[{"error":"internal error"}]'
    assert seen == ["called"]
    assert "ZeroDivisionError" in caplog.text
    assert client.got_nothing()


def test_a_listener_of_one_socket_takes_the_place_of_the_handler(site: Site) -> None:
    site.io.on("x", lambda: "handler")
    client, own = connected(site)
    own.on("x", lambda: "listener")
    assert client.ask('421["x"]') == '431["listener"]'
    assert site.client().ask('421["x"]') == '431["handler"]'
    own.off("x")
    assert client.ask('422["x"]') == '432["handler"]'


def test_of_a_listener_that_is_there_twice_the_latest_is_forgotten(site: Site) -> None:
    _, own = connected(site)
    for listener in (print, len, print):
        own.on("x", listener)
    own.off("x", print)
    assert own.listeners("x") == [print, len]


def test_listeners_are_added_where_the_connection_is_handled(site: Site) -> None:
    @site.io.on("connection")
    def connection(own: Socket) -> None:
        @own.on("whoami")
        def whoami() -> str:
            return own.id

    client = site.client()
    assert client.ask('421["whoami"]') == f'431["{client.id}"]'


def test_all_of_a_socket_s_own_listeners_hear_its_end(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    client, own = connected(site)
    seen: list[str] = []
    own.on("disconnect", lambda reason: 1 / 0)
    own.on("disconnect", seen.append)
    client.wire.leave()
    site.wait_empty()
    assert seen == ["transport close"]
    assert "handler of 'disconnect' in / failed" in caplog.text


# The answering function


def _with_callback(value: int, callback: Any) -> None:
    callback(value, "by callback")


def _with_ack(value: int, ack: Any = None) -> None:
    ack(value, "by ack")


@pytest.mark.parametrize(
    ("listener", "answer"),
    [
        (_with_callback, '431[5,"by callback"]'),
        (_with_ack, '431[5,"by ack"]'),
        (lambda value: value, "431[5]"),
        (lambda value, callback: value, "431[5]"),
        (lambda value, unit="m": unit, '431["m"]'),
        (lambda *args: args, "431[5]"),
    ],
)
def test_a_listener_gets_the_answering_function_if_it_takes_one_argument_more(
    site: Site, listener: Callable[..., Any], answer: str
) -> None:
    client, own = connected(site)
    own.on("x", listener)
    assert client.ask('421["x",5]') == answer
    assert client.got_nothing()


def test_a_listener_that_keeps_the_answering_function_answers_later(site: Site) -> None:
    client, own = connected(site)
    kept: list[Any] = []
    own.on("x", lambda callback: kept.append(callback))
    client.send('421["x"]')
    assert client.got_nothing()
    kept[0]("at last")
    assert client.receive() == '431["at last"]'


def test_a_listener_that_will_answer_later_is_waited_for(site: Site) -> None:
    client, own = connected(site)
    kept: list[Any] = []
    own.on("x", lambda callback: kept.append(callback))
    own.on("x", lambda: None)
    client.send('421["x"]')
    assert client.got_nothing()
    kept[0]("at last")
    assert client.receive() == '431["at last"]'


def test_a_listener_that_takes_more_than_one_argument_more_is_not_called(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    client, own = connected(site)
    own.on("x", lambda value, more, callback: callback())
    assert client.ask('421["x",5]') == '431[{"error":"internal error"}]'
    assert "'x' came with 1 argument, its handler" in caplog.text


def test_who_asks_for_no_answer_gives_no_answering_function(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    client, own = connected(site)
    own.on("x", _with_callback)
    client.send('42["x",5]')
    assert client.got_nothing()
    assert "'x' came with 1 argument, its handler _with_callback" in caplog.text


def test_a_handler_of_a_namespace_gets_it_only_as_ack(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    site.io.on("x", _with_callback)
    assert site.client().ask('421["x",5]') == '431[{"error":"internal error"}]'
    assert "takes 2" in caplog.text


# An answer is given once


def _acks_twice(ack: Any) -> None:
    ack("first")
    ack("second")


def test_an_answer_given_twice_is_logged_and_sent_once(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    site.io.on("x", _acks_twice)
    client = site.client()
    assert client.ask('421["x"]') == '431["first"]'
    assert client.got_nothing()
    line = _acks_twice.__code__.co_firstlineno
    assert "'x' is answered already" in caplog.text
    assert f"its handler: _acks_twice ({__file__}:{line})" in caplog.text
    assert 'ack("second")' in caplog.text  # the traceback shows where


def test_an_answer_given_twice_is_noticed_though_nobody_asked(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    site.io.on("x", _acks_twice)
    client = site.client()
    client.send('42["x"]')
    assert client.got_nothing()
    assert "'x' is answered already" in caplog.text


def test_an_answer_after_what_was_returned_is_an_error_where_it_is_given(site: Site) -> None:
    kept: list[Any] = []

    def handler(ack: Any) -> str:
        kept.append(ack)
        return "returned"

    site.io.on("x", handler)
    client = site.client()
    assert client.ask('421["x"]') == '431["returned"]'
    with pytest.raises(Exception, match="'x' is answered already"):
        kept[0]("late")
    assert client.got_nothing()


# Once, off, and what is registered: the same for a namespace, the server and a socket


@pytest.fixture(params=["io", "server", "namespace", "socket"])
def there(request: pytest.FixtureRequest, site: Site) -> Any:
    """Something that events are registered with, whose client is ``there.client``."""
    client, own = connected(site)
    places = {
        "io": site.io,
        "server": site.io.server,
        "namespace": site.io.of("/"),
        "socket": own,
    }
    return There(places[request.param], client)


class There:
    def __init__(self, place: Any, client: Client) -> None:
        self.place = place
        self.client = client


def test_once_is_called_once(there: There, caplog: pytest.LogCaptureFixture) -> None:
    @there.place.once("x")
    def handler(value: int, ack: Any) -> None:
        ack(value)

    assert there.place.listeners("x") == [handler]
    assert there.client.ask('421["x",1]') == "431[1]"
    assert there.place.listeners("x") == []
    there.client.send('422["x",2]')
    assert there.client.got_nothing()
    assert "no handler for 'x'" in caplog.text


def test_once_is_forgotten_before_it_is_called(there: There) -> None:
    there.place.once("x", lambda: there.place.listener_count("x"))
    assert there.client.ask('421["x"]') == "431[0]"


def test_off_forgets_one_function_or_all_of_an_event(there: There) -> None:
    first, second = partial(max, 1), partial(max, 2)
    there.place.on("x", first)
    there.place.prepend_listener("x", second)
    assert there.place.listeners("x") == [second, first]
    there.place.off("x", second)
    there.place.off("x", print)  # never registered
    assert there.place.listeners("x") == [first]
    there.place.prepend_listener("x", second)
    there.place.remove_listener("x")
    assert there.place.listeners("x") == []
    there.place.off("x")


def test_a_method_is_forgotten_by_looking_it_up_again(there: There) -> None:
    class Chat:
        def message(self, text: str) -> None: ...

    chat = Chat()
    there.place.on("message", chat.message)
    there.place.off("message", chat.message)
    assert there.place.listener_count("message") == 0


def test_remove_all_listeners(there: There) -> None:
    there.place.on("x", print)
    there.place.on("y", print)
    there.place.remove_all_listeners("x")
    assert "x" not in there.place.event_names()
    assert "y" in there.place.event_names()
    there.place.remove_all_listeners()
    assert there.place.event_names() == []


@pytest.mark.parametrize("word", ["on", "once", "prepend_listener"])
def test_a_decorator_without_parentheses_is_explained(there: There, word: str) -> None:
    with pytest.raises(ValueError, match="write @io.on"):
        getattr(there.place, word)(print)


@pytest.mark.parametrize("word", ["on", "once", "prepend_listener"])
def test_a_reserved_name_is_refused(there: There, word: str) -> None:
    with pytest.raises(EventError, match="'newListener' is reserved"):
        getattr(there.place, word)("newListener", print)


@pytest.mark.parametrize("word", ["on", "once", "prepend_listener"])
def test_a_wrong_number_of_arguments_names_the_handler_however_it_was_registered(
    there: There, caplog: pytest.LogCaptureFixture, word: str
) -> None:
    def handler(one: Any) -> None: ...

    getattr(there.place, word)("x", handler)
    assert there.client.ask('421["x",1,2]') == '431[{"error":"internal error"}]'
    assert f"{__file__}:{handler.__code__.co_firstlineno}" in caplog.text
    assert "'x' came with 2 arguments" in caplog.text


class _Callable:
    def __call__(self, one: Any) -> None: ...

    def method(self, one: Any) -> None: ...


def _two(one: Any, two: Any) -> None: ...


@pytest.mark.parametrize(
    ("handler", "code"),
    [
        (_Callable(), _Callable.__call__.__code__),
        (_Callable().method, _Callable.method.__code__),
        (partial(_two, 1), _two.__code__),
    ],
)
def test_a_wrong_number_of_arguments_names_what_is_no_plain_function(
    site: Site, caplog: pytest.LogCaptureFixture, handler: Callable[..., None], code: Any
) -> None:
    site.io.on("x", handler)
    site.client().ask('421["x"]')
    assert f"({__file__}:{code.co_firstlineno})" in caplog.text


# Of a namespace


def test_the_last_handler_counts_and_those_in_front_stay(site: Site) -> None:
    seen: list[str] = []
    site.io.on("x", lambda: "first")
    site.io.prepend_listener("x", lambda: seen.append("in front"))
    site.io.on("x", lambda: "second")
    client = site.client()
    assert client.ask('421["x"]') == '431["second"]'
    assert seen == ["in front"]
    assert client.got_nothing()


def test_a_connect_handler_in_front_may_refuse(site: Site) -> None:
    seen: list[str] = []
    site.io.on("connect", lambda: seen.append("second"))
    site.io.prepend_listener("connect", lambda: False)
    assert site.outsider().ask("40") == '44{"message":"Connection rejected by server"}'
    assert seen == []


def test_events_of_a_module_keep_what_is_called_once_and_in_front(site: Site) -> None:
    events = Events()
    seen: list[str] = []
    events.on("x", lambda: "every time")
    events.prepend_listener("x", lambda: seen.append("in front"))
    events.once("y", lambda: "once")
    io: SocketIO = site.io
    io.register(events)
    io.register(events)  # changes nothing
    client = site.client()
    assert client.ask('421["x"]') == '431["every time"]'
    assert seen == ["in front"]
    assert client.ask('422["y"]') == '432["once"]'
    client.send('423["y"]')
    assert client.got_nothing()


def test_a_handler_that_takes_anothers_place_is_told_of(caplog: pytest.LogCaptureFixture) -> None:
    io = SocketIO()

    def first() -> None: ...

    def second() -> None: ...

    for function in (first, first, second):
        io.on("connection", function)
    (record,) = caplog.records
    told = record.getMessage()
    assert "'connection' had a handler" in told
    assert told.index("first (") < told.index("second (")


def test_an_answer_may_be_kept_and_given_later(site: Site) -> None:
    kept: list[Callable[..., None]] = []

    @site.io.on("later")
    def later() -> None:
        kept.append(socket.ack())

    client = site.client()
    client.send('421["later"]')
    wait_until(lambda: kept)
    kept[0]("at last")
    assert client.receive() == '431["at last"]'
    with pytest.raises(UsageError, match="answered already"):
        kept[0]("again")


def test_what_a_handler_returns_beside_it_is_the_answer(site: Site) -> None:
    @site.io.on("both")
    def both() -> str:
        socket.ack()
        return "returned"

    assert site.client().ask('421["both"]') == '431["returned"]'


def test_the_request_answers_too(site: Site) -> None:
    @site.io.on("x")
    def x() -> None:
        request.ack(1, 2)  # type: ignore[attr-defined]

    assert site.client().ask('421["x"]') == "431[1,2]"


def test_without_an_event_there_is_nothing_to_answer(site: Site) -> None:
    client = site.client()
    with pytest.raises(UsageError, match="no event of this client"):
        site.socket(client).ack()


def test_with_async_handlers_the_parameter_is_needed(serve: Callable[..., Site]) -> None:
    site = serve(async_handlers=True)
    site.io.on("x", lambda: socket.ack())
    site.io.on_error_default(lambda error: str(error))
    assert "last parameter named 'ack'" in str(site.client().ask('421["x"]'))
