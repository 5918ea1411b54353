"""Handlers in modules of their own: no application, no server, no circle of imports."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from flask_realtime import Events, SocketIO
from flask_realtime.exceptions import EventError
from tests.support.application import Site
from tests.support.server import serving

CHAT = '''
from flask_realtime import Events, emit

events = Events()


@events.on("say")
def say(text):
    emit("said", text)


@events.event
def ping():
    return "pong"
'''
FACTORY = '''
from flask import Flask
from flask_realtime import SocketIO

io = SocketIO()


def create_app():
    import chat  # which imports neither this module nor the server

    app = Flask("made")
    io.register(chat.events)
    io.register(chat.events, namespace="/chat")
    io.init_app(app)
    return app
'''
CIRCLE_MAIN = '''
from flask import Flask
from flask_realtime import SocketIO

app = Flask("circle")
io = SocketIO(app)

from circle_handlers import shout
'''
CIRCLE_HANDLERS = '''
from circle_main import app, io


@io.on("shout")
def shout(text):
    return app.name + text.upper()
'''


@pytest.fixture
def write(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Writes a module that can be imported."""
    monkeypatch.syspath_prepend(tmp_path)
    return lambda name, text: (tmp_path / f"{name}.py").write_text(text)  # type: ignore[operator]


def test_a_module_collects_handlers_without_the_server_and_the_factory_registers_them(
    write: Callable[[str, str], None],
) -> None:
    write("chat", CHAT)
    write("factory", FACTORY)
    import factory  # type: ignore[import-not-found]

    with serving(factory.create_app()) as running:
        client = Site(factory.io, running).client()
        assert client.ask('42["say","hi"]') == '42["said","hi"]'
        client.wire.connect("/chat")
        assert client.ask('42/chat,1["ping"]') == '43/chat,1["pong"]'


def test_modules_that_import_each_other_work_as_soon_as_the_server_is_made_first(
    write: Callable[[str, str], None],
) -> None:
    write("circle_main", CIRCLE_MAIN)
    write("circle_handlers", CIRCLE_HANDLERS)
    import circle_main  # type: ignore[import-not-found]

    with serving(circle_main.app) as running:
        client = Site(circle_main.io, running).client()
        assert client.ask('421["shout","a"]') == '431["circleA"]'


def test_one_module_s_events_serve_two_applications() -> None:
    events = Events()
    events.on("x", lambda: 1)
    for name in ("first", "second"):
        app = Flask(name)
        io = SocketIO(app)
        io.register(events)
        with serving(app) as running:
            assert Site(io, running).client().ask('421["x"]') == "431[1]"


def test_registering_the_same_events_twice_is_registering_them_once(app: Flask) -> None:
    events = Events()
    events.on("x", lambda: 1)
    io = SocketIO(app)
    io.register(events)
    io.register(events)
    assert io.sockets.handlers.names() == ["x"]


def test_two_modules_with_a_handler_for_one_event_are_told_and_nothing_is_changed() -> None:
    def mine() -> None: ...

    def theirs() -> None: ...

    io = SocketIO()
    first, second = Events(), Events()
    first.on("x", mine)
    second.on("a", theirs)
    second.on("x", theirs)
    io.register(first)
    with pytest.raises(EventError, match=r"'x' has two handlers in '/': .*mine .* and .*theirs "):
        io.register(second)
    assert io.sockets.handlers.names() == ["x"]


def test_a_handler_that_comes_too_late_is_told_what_to_do() -> None:
    events = Events()
    SocketIO().register(events)
    with pytest.raises(EventError, match="before io.register"):
        events.on("x", lambda: None)
    with pytest.raises(EventError, match="before io.register"):

        @events.event
        def late() -> None: ...


@pytest.mark.parametrize("event", ["connect_error", 5])
def test_a_name_that_can_never_come_is_refused_where_it_is_written(event: str) -> None:
    with pytest.raises(EventError):
        Events().on(event)


def test_what_is_registered_is_a_module_s_events() -> None:
    with pytest.raises(TypeError, match="takes the Events of a module"):
        SocketIO().register(lambda: None)  # type: ignore[arg-type]


def test_an_event_without_a_handler_is_logged_once_with_those_that_have_one(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    site.io.of("/ns").on("known", lambda: None)
    client = site.client("/ns")
    client.send(*['42/ns,["x"]'] * 3)
    client.wire.connect()
    assert client.got_nothing()
    assert [record.getMessage() for record in caplog.records] == [
        "no handler for 'x' in /ns; known: known"
    ]


def test_a_client_that_invents_names_fills_neither_the_log_nor_the_memory(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    client = site.client()
    for start in range(0, 500, 50):
        client.send(*(f'42["{number}{"x" * 500}"]' for number in range(start, start + 50)))
        assert client.got_nothing()
    said = [each.getMessage() for each in caplog.records if each.name == "tested"]
    assert len(said) == 101
    assert said[-1] == "that was the last of 100 mistakes of clients to be logged"
    assert max(len(line) for line in said) < 200
    assert len(site.io.server._logged) == 100
