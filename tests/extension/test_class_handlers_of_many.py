"""Classes of handlers for several namespaces: for every one, or for those of a pattern."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask, request

from flask_realtime import Namespace, SocketIO, emit, socket
from flask_realtime.exceptions import EventError, UsageError
from flask_realtime.extension.testing import SocketIOTestClient
from flask_realtime.socketio.parent import Matcher

DOCUMENTS = re.compile(r"^/document/\d+$")


def is_document(name: str, auth: Any) -> bool:
    return DOCUMENTS.search(name) is not None


@pytest.fixture
def io(app: Flask) -> SocketIO:
    return SocketIO(app)


class Talk(Namespace):
    """One that is at home in each of its namespaces while it handles an event there."""

    def __init__(self, namespace: str | Matcher) -> None:
        super().__init__(namespace)
        self.seen: list[Any] = []

    def on_connect(self, auth: Any) -> None:
        self.seen.append(("connect", auth, socket.namespace.name))

    def on_disconnect(self, reason: str) -> None:
        self.seen.append(("disconnect", reason, self.rooms(request.sid)))

    def on_say(self, text: str) -> str:
        self.emit("said", text)
        return f"{text} in {self.name}"

    def on_people(self) -> list[Any]:
        self.enter_room(request.sid, "talk")
        ids = [each.id for each in self.in_("talk").fetch_sockets()]
        return [len(self.sockets), ids == [request.sid]]

    def on_across(self) -> None:
        self.emit("said", "from afar", namespace="/other")

    def on_fail(self) -> None:
        raise ValueError("why")

    def error(self, error: Exception) -> str:
        return f"{request.event['message']}: {error}"


def names(client: SocketIOTestClient, namespace: str) -> list[str]:
    return [packet["name"] for packet in client.get_received(namespace)]


def ask(client: SocketIOTestClient, namespace: str, event: str, *args: Any) -> Any:
    return client.emit(event, *args, callback=True, namespace=namespace)


# Every namespace


@pytest.fixture
def two(app: Flask, io: SocketIO) -> SocketIOTestClient:
    """A client in two namespaces for which nothing is registered."""
    io.of("/one")
    io.of("/two")
    return io.test_client(app, "/one")


def test_methods_handle_the_events_of_every_namespace(
    io: SocketIO, two: SocketIOTestClient
) -> None:
    talk = Talk("*")
    io.on_namespace(talk)
    two.connect("/two", auth={"a": 1})
    assert ask(two, "/one", "say", "hi") == "hi in /one"
    assert ask(two, "/two", "say", "hi") == "hi in /two"
    assert (names(two, "/one"), names(two, "/two")) == (["said"], ["said"])
    sid = two.get_sid("/two")
    two.disconnect("/two")
    assert talk.seen == [
        ("connect", {"a": 1}, "/two"),
        ("disconnect", io.reason.CLIENT_DISCONNECT, [sid]),
    ]
    assert talk.namespace == "*" and talk.server is io.server
    assert io.namespace_handlers == [talk]


def test_a_handler_of_the_namespace_itself_wins(io: SocketIO, two: SocketIOTestClient) -> None:
    io.on_namespace(Talk("*"))
    io.on("say", lambda text: "its own", namespace="/one")
    io.on_namespace(Namespace("/two"))
    two.connect("/two")
    assert ask(two, "/one", "say", "hi") == "its own"
    assert ask(two, "/two", "say", "hi") == "hi in /two"


def test_what_a_class_does_is_done_where_the_event_came(
    io: SocketIO, app: Flask, two: SocketIOTestClient
) -> None:
    io.on_namespace(Talk("*"))
    io.of("/other")
    others = [io.test_client(app, name) for name in ("/two", "/other")]
    assert ask(two, "/one", "people") == [1, True]
    two.emit("across", namespace="/one")
    assert (names(others[0], "/two"), names(others[1], "/other")) == ([], ["said"])


def test_its_error_handler_is_the_one_of_every_namespace(
    io: SocketIO, two: SocketIOTestClient
) -> None:
    io.on_namespace(Talk("*"))
    assert ask(two, "/one", "fail") == "fail: why"
    io.on_error("/one")(lambda error: "its own")
    assert ask(two, "/one", "fail") == "its own"


def test_one_that_was_registered_wins_over_that(io: SocketIO, two: SocketIOTestClient) -> None:
    io.on_error_default(lambda error: "function")
    io.on_namespace(Talk("*"))
    assert ask(two, "/one", "fail") == "function"


def test_another_one_takes_its_place(io: SocketIO, two: SocketIOTestClient) -> None:
    io.on_namespace(Talk("*"))
    io.on_namespace(Namespace("*"))
    assert io.server.any_namespace.event_names() == []
    assert io.server.any_namespace.error_handler is None


def test_a_way_of_its_own_gets_the_events_of_every_namespace(
    io: SocketIO, two: SocketIOTestClient
) -> None:
    class Way(Namespace):
        def trigger_event(self, event: str, *args: Any) -> Any:
            return [self.name, event, *args[1:]]

    io.on_namespace(Way("*"))
    assert ask(two, "/one", "a b", 1) == ["/one", "a b", 1]


def test_elsewhere_a_namespace_has_to_be_named(io: SocketIO, two: SocketIOTestClient) -> None:
    talk = Talk("*")
    io.on_namespace(talk)
    with pytest.raises(UsageError, match=r"handles an event.*namespace='/chat'.*io\.of\("):
        talk.emit("said")
    with pytest.raises(UsageError, match="handles an event"):
        talk.to("room")
    with pytest.raises(AttributeError, match="handles an event"):
        talk.sockets  # noqa: B018
    assert not hasattr(talk, "adapter")
    talk.emit("said", namespace="/one")
    assert names(two, "/one") == ["said"]


def test_who_may_come_is_decided_by_each_namespace(io: SocketIO) -> None:
    talk = Talk("*")
    io.on_namespace(talk)
    for word in (talk.use, talk.authorization):
        with pytest.raises(EventError, match=r"every namespace.*io\.of\("):
            word(lambda socket: None)


def test_errors_of_every_namespace_by_their_name(io: SocketIO, two: SocketIOTestClient) -> None:
    io.on_error("*")(lambda error: "any")
    io.on("fail", lambda: 1 / 0, namespace="/one")
    assert ask(two, "/one", "fail") == "any"
    assert io.default_exception_handler is not None


# Those of a pattern, or a function


@pytest.mark.parametrize("matcher", [DOCUMENTS, is_document])
@pytest.mark.parametrize("way", ["instance", "decorator"])
def test_a_class_of_names_that_come_from_clients(
    io: SocketIO, app: Flask, matcher: Matcher, way: str
) -> None:
    if way == "instance":
        io.on_namespace(Talk(matcher))
    else:
        io.namespace(matcher)(Talk)
    first, second = io.test_client(app, "/document/1"), io.test_client(app, "/document/2")
    assert not io.test_client(app, "/document/x").is_connected("/document/x")
    assert ask(first, "/document/1", "say", "hi") == "hi in /document/1"
    assert names(first, "/document/1") == ["said"]
    assert names(second, "/document/2") == []  # each is alone with its own
    assert ask(second, "/document/2", "people") == [1, True]
    assert ask(second, "/document/2", "fail") == "fail: why"
    (talk,) = io.namespace_handlers
    first.disconnect("/document/1")
    assert [kind for kind, *_ in talk.seen] == ["connect", "connect", "disconnect"]  # type: ignore[attr-defined]


def test_it_is_called_by_its_pattern(io: SocketIO) -> None:
    assert Talk(DOCUMENTS).namespace == DOCUMENTS.pattern
    assert Talk(is_document).namespace.startswith("is_document (")
    with pytest.raises(TypeError, match="a namespace is named by"):
        Namespace(5)  # type: ignore[arg-type]


def test_it_may_decide_who_comes_to_all_of_them(io: SocketIO, app: Flask) -> None:
    talk, asked = Talk(DOCUMENTS), []
    io.on_namespace(talk)
    talk.use(lambda socket: asked.append(socket.namespace.name))
    talk.on("more", lambda: "more")
    client = io.test_client(app, "/document/1")
    assert asked == ["/document/1"]
    assert ask(client, "/document/1", "more") == "more"


def test_in_a_handler_of_another_namespace_it_says_what_is_missing(
    io: SocketIO, app: Flask
) -> None:
    talk = Talk(DOCUMENTS)
    io.on_namespace(talk)
    io.on("all", lambda: talk.emit("said"))
    with pytest.raises(UsageError, match="handles an event"):
        io.test_client(app).emit("all")


def test_functions_act_in_the_namespace_of_the_event(io: SocketIO, app: Flask) -> None:
    class Acting(Namespace):
        def on_act(self) -> None:
            emit("acted", broadcast=True)

    io.on_namespace(Acting(DOCUMENTS))
    client = io.test_client(app, "/document/1")
    client.emit("act", namespace="/document/1")
    assert names(client, "/document/1") == ["acted"]


def test_a_decorator_without_parentheses_is_told(io: SocketIO) -> None:
    with pytest.raises(EventError, match=r"write @io.namespace\('/chat'\)"):
        io.namespace(Talk)  # type: ignore[arg-type]
