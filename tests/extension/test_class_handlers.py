"""Classes of handlers: ``class Chat(Namespace)`` with a method for each event."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask, request

from flask_realtime import ConnectionRefusedError, Events, Namespace, SocketIO, emit, socket
from flask_realtime.exceptions import EventError, UsageError
from flask_realtime.extension.testing import SocketIOTestClient
from tests.support.waiting import wait_until


@pytest.fixture
def io(app: Flask) -> SocketIO:
    return SocketIO(app)


class Chat(Namespace):
    """One that writes down what happens; it calls its attributes as the package calls its own."""

    def __init__(self, namespace: str | None = None) -> None:
        super().__init__(namespace)
        self.seen: list[Any] = []
        self.sockets = {"mine": 1}
        self.handlers = self.clients = self.name = self.adapter = "mine"

    def on_connect(self, auth: Any) -> None:
        if auth == {"let me": "in"}:
            raise ConnectionRefusedError("not you", 5)
        self.seen.append(("connect", auth))

    def on_disconnect(self, reason: str) -> None:
        self.seen.append(("disconnect", reason, self.rooms(request.sid)))

    def on_message(self, text: str) -> str:
        self.send(text)
        return text.upper()

    def on_double(self, number: int, other: int = 1) -> tuple[int, int]:
        return 2 * number, 2 * other

    def on_my_event(self) -> None:
        """Not named by what clients send, but by what stands behind ``on_``."""

    def helper(self) -> None:
        raise AssertionError("no event has this name")

    online = "no method"
    on_line = "no method either"


def join(io: SocketIO, app: Flask, auth: Any = None, name: str = "/chat") -> SocketIOTestClient:
    return io.test_client(app, name, auth=auth)


def test_methods_handle_the_events_of_their_names(io: SocketIO, app: Flask) -> None:
    chat = Chat("/chat")
    io.on_namespace(chat)
    client = join(io, app, {"a": 1})
    assert client.emit("message", "hi", callback=True, namespace="/chat") == "HI"
    assert client.get_received("/chat") == [
        {"name": "message", "args": "hi", "namespace": "/chat"}
    ]
    assert client.emit("double", 2, callback=True, namespace="/chat") == [4, 2]
    assert client.emit("double", 2, 5, callback=True, namespace="/chat") == [4, 10]
    sid = next(iter(io.of("/chat").sockets))
    client.disconnect("/chat")
    assert chat.seen == [
        ("connect", {"a": 1}),
        ("disconnect", io.reason.CLIENT_DISCONNECT, [sid]),
    ]


def test_only_methods_with_the_prefix_are_handlers(io: SocketIO) -> None:
    io.on_namespace(Chat("/chat"))
    known = ["connect", "disconnect", "double", "message", "my_event"]
    assert io.of("/chat").event_names() == known


def test_a_connect_method_refuses_as_a_handler_does(io: SocketIO, app: Flask) -> None:
    io.on_namespace(Chat("/chat"))
    client = join(io, app, {"let me": "in"})
    assert not client.is_connected("/chat")
    assert client.refused["/chat"] == {"message": "not you", "data": 5}


def test_methods_of_a_class_between_and_beside_count_too(io: SocketIO) -> None:
    class Mixed:
        def on_mixed(self) -> None: ...

    class Between(Namespace):
        def on_between(self) -> None: ...

    class Own(Between, Mixed):
        def __init__(self) -> None:
            super().__init__("own")
            self.on_attribute = lambda: None

    io.on_namespace(Own())
    assert io.of("/own").event_names() == ["attribute", "between", "mixed"]


def test_methods_of_the_base_are_no_handlers(io: SocketIO) -> None:
    class Nothing(Namespace):
        pass

    io.on_namespace(Nothing("/nothing"))
    assert io.of("/nothing").event_names() == []


@pytest.mark.parametrize("first", ["function", "class"])
def test_a_function_wins_over_a_method(io: SocketIO, app: Flask, first: str) -> None:
    if first == "class":
        io.on_namespace(Chat("/chat"))
    io.on("double", lambda number: "function", namespace="/chat")
    if first == "function":
        io.on_namespace(Chat("/chat"))
    assert join(io, app).emit("double", 2, callback=True, namespace="/chat") == "function"


def test_a_method_that_is_not_called_is_told(
    io: SocketIO, caplog: pytest.LogCaptureFixture
) -> None:
    io.on("double", lambda number: "function", namespace="/chat")
    io.on_namespace(Chat("/chat"))
    (record,) = caplog.records
    assert re.fullmatch(
        r"'double' has a handler, .*<lambda> \(.*\), and keeps it: "
        r"Chat.on_double \(.*:\d+\) is not called",
        record.getMessage(),
    )


@pytest.mark.parametrize("own_way", [False, True])
def test_a_class_in_the_place_of_another_is_told(
    io: SocketIO, caplog: pytest.LogCaptureFixture, own_way: bool
) -> None:
    class Double(Namespace):
        def on_double(self) -> None: ...

    class Way(Namespace):
        def trigger_event(self, event: str, *args: Any) -> None: ...

    io.on_namespace(Double("/chat"))
    io.on_namespace(Double("/chat"))  # as where each test makes its application
    assert not caplog.records
    io.on_namespace(Way("/chat") if own_way else Chat("/chat"))
    (record,) = caplog.records
    now = "now it has none" if own_way else r"now it is Chat.on_double \(.*:\d+\)"
    assert re.fullmatch(
        rf"'double' had a handler, .*Double.on_double \(.*:\d+\); {now}", record.getMessage()
    )


def test_another_instance_takes_the_place_of_the_one_before(io: SocketIO, app: Flask) -> None:
    class Other(Namespace):
        def on_other(self) -> str:
            return "other"

        def error(self, error: Exception) -> str:
            return "the other's"

    former, latter = Chat("/chat"), Other("/chat")
    io.on_namespace(former)
    io.on_namespace(latter)
    assert io.of("/chat").event_names() == ["other"]
    assert io.namespace_handlers == [latter]
    io.on_namespace(former)
    assert io.of("/chat").error_handler is None
    assert join(io, app).emit("double", 1, callback=True, namespace="/chat") == [2, 2]


def test_an_instance_and_what_of_returns_are_namespaces(io: SocketIO) -> None:
    chat = Chat("/chat")
    io.on_namespace(chat)
    assert isinstance(chat, Namespace) and isinstance(io.of("/chat"), Namespace)
    assert (chat.namespace, io.of("/chat").namespace) == ("/chat", "/chat")
    assert chat.socketio is io and chat.server is io.server
    assert not chat.is_asyncio_based()
    assert repr(chat) == "<Chat '/chat'>"


def test_an_instance_does_what_its_namespace_does(io: SocketIO, app: Flask) -> None:
    chat = Chat("/chat")
    io.on_namespace(chat)
    first, second = join(io, app), join(io, app)
    a, b = io.of("/chat").sockets
    chat.to(b).emit("to")
    chat.except_(b).emit("except")
    chat.emit("all")
    chat.in_(a).sockets_join("room")
    chat.emit("room", to="room")
    chat.use(lambda socket: False)

    def names(client: SocketIOTestClient) -> list[str]:
        return [packet["name"] for packet in client.get_received("/chat")]

    assert names(first) == ["except", "all", "room"]
    assert names(second) == ["to", "all"]
    assert not join(io, app).is_connected("/chat")
    assert {socket.id for socket in chat.fetch_sockets()} == {a, b}


def test_what_a_class_calls_its_attributes_is_in_nobody_s_way(io: SocketIO, app: Flask) -> None:
    chat = Chat("/chat")
    io.on_namespace(chat)
    join(io, app)
    assert chat.sockets == {"mine": 1} and chat.name == "mine"
    assert len(io.of("/chat").sockets) == 1


def test_rooms_and_sessions_by_id(io: SocketIO, app: Flask) -> None:
    chat = Chat("/chat")
    io.on_namespace(chat)
    client = join(io, app)
    (sid,) = io.of("/chat").sockets
    chat.enter_room(sid, "a")
    chat.enter_room(sid, "b")
    chat.leave_room(sid, "b")
    assert chat.rooms(sid) == sorted([sid, "a"])
    chat.close_room("a")
    assert chat.rooms(sid) == [sid]
    chat.save_session(sid, {"x": 1})
    with chat.session(sid) as session:
        session["y"] = 2
    assert chat.get_session(sid) == {"x": 1, "y": 2}
    chat.disconnect(sid)
    chat.disconnect(sid)  # gone already
    wait_until(lambda: not client.is_connected("/chat"))
    wait_until(lambda: chat.rooms(sid) == [])
    with pytest.raises(UsageError, match="no socket"):
        chat.enter_room(sid, "a")


def test_a_call_by_id(io: SocketIO, app: Flask) -> None:
    answers: list[Any] = []

    class Asking(Namespace):
        def on_ask(self) -> None:
            answers.append(self.call("question", 1, to=socket.id, timeout=5))

    io.on_namespace(Asking())
    client = io.test_client(app)
    client.emit("ask")
    (question,) = client.get_received()
    assert question["args"] == [1]
    client.ack(question, "answer")
    assert answers == ["answer"]


def test_a_call_names_one_client(io: SocketIO) -> None:
    chat = Chat("/chat")
    io.on_namespace(chat)
    with pytest.raises(UsageError, match="name the socket's id"):
        chat.call("question")


def test_error_gets_what_the_methods_raise(io: SocketIO, app: Flask) -> None:
    class Failing(Namespace):
        def on_fail(self, what: str) -> None:
            raise ValueError(what)

        def error(self, error: Exception) -> str:
            return f"{request.event['message']}: {error}"

    io.on_namespace(Failing("/failing"))
    client = join(io, app, name="/failing")
    assert client.emit("fail", "why", callback=True, namespace="/failing") == "fail: why"


def test_a_registered_error_handler_wins_over_error(io: SocketIO, app: Flask) -> None:
    class Failing(Namespace):
        def on_fail(self) -> None:
            raise ValueError

        def error(self, error: Exception) -> str:
            return "method"

    io.on_error("/failing")(lambda error: "function")
    io.on_namespace(Failing("/failing"))
    client = join(io, app, name="/failing")
    assert client.emit("fail", callback=True, namespace="/failing") == "function"


class Routing(Namespace):
    """One that finds its methods in its own way, as classes for Flask-SocketIO do it."""

    def __init__(self, namespace: str) -> None:
        super().__init__(namespace)
        self.seen: list[Any] = []

    def trigger_event(self, event: str, *args: Any) -> Any:
        self.seen.append((event, *args[1:]))
        name = "on_" + event.replace(" ", "_").replace(":", "_")
        method = getattr(self, name, None)
        if method is None:
            return super().trigger_event(event, *args)
        return self.socketio._handle_event(method, event, self.namespace, *args)

    def on_connect(self, auth: Any) -> None:
        self.seen.append(("method of connect", auth))

    def on_chat_say(self, text: str) -> str:
        return text.upper()

    def on_disconnect(self) -> None:
        self.seen.append("method of disconnect")


def test_a_class_may_find_its_methods_in_its_own_way(io: SocketIO, app: Flask) -> None:
    routing = Routing("/routing")
    io.on_namespace(routing)
    client = join(io, app, {"a": 1}, "/routing")
    assert client.emit("chat:say", "hi", callback=True, namespace="/routing") == "HI"
    assert client.emit("unknown", 1, callback=True, namespace="/routing") == []
    client.disconnect("/routing")
    (_, environ, auth), *rest = routing.seen
    assert environ["REQUEST_METHOD"] == "GET" and auth == {"a": 1}
    assert rest == [
        ("method of connect", {"a": 1}),
        ("chat:say", "hi"),
        ("unknown", 1),
        ("disconnect", io.reason.CLIENT_DISCONNECT),
        "method of disconnect",
    ]


def test_the_decorator_of_a_class(io: SocketIO, app: Flask) -> None:
    @io.namespace("/chat")
    class Small(Namespace):
        def on_hello(self) -> str:
            return "hello"

    assert Small.__name__ == "Small"
    assert join(io, app).emit("hello", callback=True, namespace="/chat") == "hello"


def test_it_is_registered_before_the_application_is_there(app: Flask) -> None:
    io = SocketIO()
    io.on_namespace(Chat("/chat"))
    io.init_app(app)
    assert join(io, app).emit("double", 1, callback=True, namespace="/chat") == [2, 2]


def test_functions_act_in_its_namespace(io: SocketIO, app: Flask) -> None:
    class Acting(Namespace):
        def on_act(self) -> None:
            emit("acted", broadcast=True)

    io.on_namespace(Acting("/acting"))
    client = join(io, app, name="/acting")
    client.emit("act", namespace="/acting")
    assert [packet["name"] for packet in client.get_received("/acting")] == ["acted"]


def test_many_arguments_from_an_event_are_counted_at_the_method(
    io: SocketIO, app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    app.config["PROPAGATE_EXCEPTIONS"] = False
    io.on_namespace(Chat("/chat"))
    client = join(io, app)
    client.emit("message", 1, 2, namespace="/chat")
    assert "Chat.on_message" in caplog.text and "takes 1" in caplog.text


@pytest.mark.parametrize("given", [Chat, "chat", None, Events()])
def test_what_is_no_instance_of_such_a_class_is_refused(io: SocketIO, given: Any) -> None:
    with pytest.raises(ValueError, match="takes an instance of a class of handlers"):
        io.on_namespace(given)


def test_a_method_that_cannot_take_what_comes_is_named_and_changes_nothing(io: SocketIO) -> None:
    class Wrong(Namespace):
        def on_any(self) -> None: ...

        def on_connect(self, sid: str, environ: Any) -> None: ...

    with pytest.raises(EventError, match=r"'connect' comes with one argument.*Wrong.on_connect"):
        io.on_namespace(Wrong("/wrong"))
    assert io.of("/wrong").event_names() == []
    assert io.namespace_handlers == []


def test_who_was_there_stays_where_another_one_is_refused(io: SocketIO, app: Flask) -> None:
    class Wrong(Namespace):
        def on_connect(self, sid: str, environ: Any) -> None: ...

    chat = Chat("/chat")
    io.on_namespace(chat)
    with pytest.raises(EventError, match="Wrong.on_connect"):
        io.on_namespace(Wrong("/chat"))
    assert io.namespace_handlers == [chat]
    assert "message" in io.of("/chat").event_names()


def test_an_async_method_is_named(io: SocketIO) -> None:
    class Wrong(Namespace):
        async def on_x(self) -> None: ...

    why = r"must be an ordinary function, and .*Wrong\.on_x \(.*:\d+\)"
    with pytest.raises(EventError, match=why):
        io.on_namespace(Wrong("/wrong"))


def test_a_method_without_self_is_named(io: SocketIO) -> None:
    class Wrong(Namespace):
        def on_x() -> None: ...  # type: ignore[misc]

    why = r"'x', the method .*Wrong.on_x \(.*\), has no parameter self"
    with pytest.raises(EventError, match=why):
        io.on_namespace(Wrong("/wrong"))
    assert io.of("/wrong").event_names() == []


def test_before_it_is_registered_it_says_what_is_missing() -> None:
    with pytest.raises(AttributeError, match=r"once io.on_namespace\(…\) has taken it"):
        Chat("/chat").server  # noqa: B018


def test_a_misspelt_name_is_no_matter_of_registering(io: SocketIO) -> None:
    chat = Chat("/chat")
    io.on_namespace(chat)
    for there in (chat, io.of("/chat")):
        with pytest.raises(AttributeError, match=r"has no attribute 'emitt'$"):
            there.emitt("x")  # type: ignore[attr-defined]


def test_who_may_come_is_decided_for_the_namespace_it_stands_for(io: SocketIO, app: Flask) -> None:
    chat, asked = Chat("/chat"), []
    with pytest.raises(AttributeError, match=r"io\.on_namespace\(…\) has taken it"):
        chat.authorization(lambda handshake: False)
    with pytest.raises(AttributeError, match=r"io\.on_namespace\(…\) has taken it"):
        chat.use(lambda socket: False)
    io.on_namespace(chat)
    chat.use(lambda socket: asked.append("middleware"))
    chat.authorization(lambda handshake: asked.append("authorization") or handshake.auth is None)
    assert join(io, app).is_connected("/chat")
    assert not join(io, app, auth={"who": "no"}).is_connected("/chat")
    assert asked == ["authorization", "middleware", "authorization"]
