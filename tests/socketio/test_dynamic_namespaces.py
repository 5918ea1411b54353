"""Namespaces by pattern and by function: who may make one, what it has, and when it ends."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import gevent
import pytest
from flask import request
from gevent.event import Event

from flask_realtime import ConnectionRefusedError, socket
from flask_realtime.adapters.memory import MemoryAdapter
from flask_realtime.exceptions import EventError, UsageError
from tests.support.application import Client, Site
from tests.support.waiting import let_run, wait_until

PATTERN = re.compile(r"^/room-\d+$")
INVALID = '{"message":"Invalid namespace"}'


def _join(client: Client, name: str) -> str:
    client.id = client.wire.connect(name)
    return client.id


def _gone(site: Site, name: str) -> None:
    wait_until(lambda: name not in site.io.server.namespaces, what=f"{name} is gone")


def test_a_pattern_takes_the_names_it_is_found_in(site: Site) -> None:
    parent = site.io.of(PATTERN)
    assert site.io.of(PATTERN) is parent
    client = site.client("/room-1")
    (child,) = parent.children
    assert (child.name, child.parent, list(child.sockets)) == ("/room-1", parent, [client.id])
    assert repr(parent) == r"<ParentNamespace '^/room-\\d+$' with 1 children>"
    assert site.outsider().ask("40/room-x,") == f"44/room-x,{INVALID}"


@pytest.mark.parametrize("name", ["/room-1\\n", "/room-1\n", "/room-1\u2028", "/room-" + "1" * 200])
def test_a_name_that_is_long_or_has_line_ends_makes_no_namespace(site: Site, name: str) -> None:
    site.io.of(re.compile(r"^/room-\d+"))
    site.io.of(lambda name, auth: True)
    if name.endswith("\\n"):
        return
    assert INVALID in str(site.outsider().ask(f"40{name},"))
    assert set(site.io.server.namespaces) == {"/"}


def test_handlers_and_middlewares_of_the_parent_are_the_childrens(site: Site) -> None:
    parent = site.io.of(PATTERN)
    seen: list[Any] = []
    parent.use(lambda sock: seen.append(("use", sock.namespace.name)))
    parent.on("connect", lambda: seen.append(("connect", socket.namespace.name)))
    parent.on("echo", lambda value: (socket.namespace.name, value))
    client = site.client("/room-1")
    assert client.ask('42/room-1,1["echo",5]') == '43/room-1,1["/room-1",5]'
    parent.on("late", lambda: "heard")  # registered when the child was there already
    assert client.ask('42/room-1,2["late"]') == '43/room-1,2["heard"]'
    assert seen == [("use", "/room-1"), ("connect", "/room-1")]


def test_a_child_may_have_its_own_which_come_first(site: Site) -> None:
    parent = site.io.of(PATTERN)
    parent.on("who", lambda: "parent")
    order: list[str] = []
    parent.use(lambda sock: order.append("parent"))
    child = site.io.of("/room-1")
    child.use(lambda sock: order.append("child"))
    child.on("who", lambda: "child")
    one, two = site.client("/room-1"), site.client("/room-2")
    assert one.ask('42/room-1,1["who"]') == '43/room-1,1["child"]'
    assert two.ask('42/room-2,1["who"]') == '43/room-2,1["parent"]'
    assert order == ["parent", "child", "parent"]


def test_errors_of_a_childs_handlers_go_to_the_parents_error_handler(site: Site) -> None:
    parent = site.io.of(PATTERN)
    parent.on("fail", lambda: 1 // 0)
    parent.on_error(lambda error: type(error).__name__)
    client = site.client("/room-1")
    assert client.ask('42/room-1,1["fail"]') == '43/room-1,1["ZeroDivisionError"]'


def test_what_is_sent_to_the_parent_reaches_all_children(site: Site) -> None:
    parent = site.io.of(PATTERN)
    one, two = site.client("/room-1"), site.client("/room-2")
    parent.emit("news", b"x")
    for client, name in ((one, "/room-1"), (two, "/room-2")):
        assert client.receive() == f'451-{name},["news",{{"_placeholder":true,"num":0}}]'
        assert client.receive() == b"x"
    parent.to(one.id).emit("you")
    assert one.receive() == '42/room-1,["you"]'
    parent.except_(one.id).send("others")
    assert two.receive() == '42/room-2,["message","others"]'
    parent.sockets_join("lobby")
    parent.to("lobby").emit("lobby")
    assert one.receive() == '42/room-1,["lobby"]' and two.receive() == '42/room-2,["lobby"]'
    parent.sockets_leave("lobby")
    parent.to("lobby").emit("nobody")
    parent.disconnect_sockets()
    assert (one.receive(), two.receive()) == ("41/room-1,", "41/room-2,")


@pytest.mark.parametrize("query", ["fetch_sockets", "all_sockets", "server_side_emit"])
def test_what_only_a_child_can_be_asked_says_so(site: Site, query: str) -> None:
    parent = site.io.of(PATTERN)
    args = ["event"] if query == "server_side_emit" else []
    with pytest.raises(UsageError, match=r"ask each of parent\.children, or io\.of\(name\)"):
        getattr(parent, query)(*args)


def test_an_empty_child_ends_and_comes_again(site: Site) -> None:
    parent = site.io.of(PATTERN)
    one, two = site.client("/room-1"), site.client("/room-1")
    one.send("41/room-1,")
    _join(one, "/")
    assert one.got_nothing()
    assert "/room-1" in site.io.server.namespaces
    two.wire.reset()
    _gone(site, "/room-1")
    assert parent.children == set()
    _join(one, "/room-1")
    assert len(parent.children) == 1


def test_a_child_whose_only_client_is_refused_ends(site: Site) -> None:
    parent = site.io.of(PATTERN)

    @parent.use
    def refuse(sock: Any) -> None:
        raise ConnectionRefusedError("no")

    assert site.outsider().ask("40/room-1,") == '44/room-1,{"message":"no"}'
    _gone(site, "/room-1")
    assert parent.children == set()


def test_a_child_stays_for_who_is_about_to_join(site: Site) -> None:
    parent = site.io.of(PATTERN)
    waiting: list[Callable[[], None]] = []
    first = site.client("/room-1")
    parent.use(lambda sock, next: waiting.append(next))
    second = site.outsider()
    second.join("/room-1")
    wait_until(lambda: waiting)
    (child,) = parent.children
    first.wire.reset()
    wait_until(lambda: not child.sockets)
    waiting[0]()
    assert str(second.receive()).startswith("40/room-1,")
    assert site.io.server.namespaces["/room-1"] is child
    site.io.of("/room-1").emit("news")
    assert second.receive() == '42/room-1,["news"]'


def test_a_child_with_something_of_its_own_stays(site: Site) -> None:
    site.io.of(PATTERN)
    site.io.of("/room-1").on("x", lambda: None)
    client = site.client("/room-1")
    client.wire.reset()
    wait_until(lambda: not site.running.sessions)
    site.wait_empty("/room-1")
    assert site.io.of("/room-1").listeners("x")


def test_children_may_be_kept(serve: Callable[..., Site]) -> None:
    site = serve(cleanup_empty_child_namespaces=False)
    parent = site.io.of(PATTERN)
    site.client("/room-1").wire.reset()
    wait_until(lambda: not site.running.sessions)
    site.wait_empty("/room-1")
    assert len(parent.children) == 1


def test_new_namespaces_are_told_of_and_clients_cannot_say_so(site: Site) -> None:
    told: list[Any] = []
    site.io.on("new_namespace", told.append)
    site.io.of(PATTERN)
    site.io.of("/fixed")
    client = site.client()
    client.send('42["new_namespace","fake"]')
    assert client.got_nothing()
    _join(client, "/room-1")
    assert [each.name for each in told] == ["/room-1"]


def test_a_handler_of_new_namespace_may_fail(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    site.io.on("new_namespace", lambda namespace: 1 // 0)
    site.io.of(PATTERN)
    site.client("/room-1")
    assert "handler of 'new_namespace' failed" in caplog.text


def test_a_function_decides_with_the_auth_and_the_contexts_of_a_handler(site: Site) -> None:
    seen: list[Any] = []

    def takes(name: str, auth: Any) -> bool:
        seen.append((name, auth, request.args["who"]))
        return bool(auth and auth.get("token") == 1)

    parent = site.io.of(takes)
    client = site.outsider(query="who=zoe")
    assert client.ask('40/a,{"token":2}') == f"44/a,{INVALID}"
    client.send('40/a,{"token":1}')
    assert str(client.receive()).startswith("40/a,")
    assert seen == [("/a", {"token": 2}, "zoe"), ("/a", {"token": 1}, "zoe")]
    assert [child.name for child in parent.children] == ["/a"]
    assert "takes" in repr(parent)


def test_a_function_may_decide_later(site: Site) -> None:
    waiting: list[Any] = []
    site.io.of(lambda name, auth, next: waiting.append(next))
    yes, no, failed = (site.outsider() for _ in range(3))
    for count, client in enumerate((yes, no, failed), 1):
        client.join("/a")
        wait_until(lambda count=count: len(waiting) == count)
    gevent.spawn(waiting[0], None, True)
    waiting[1](None, False)
    waiting[2]("some error", True)
    assert str(yes.receive()).startswith("40/a,")
    assert no.receive() == failed.receive() == f"44/a,{INVALID}"


def test_a_function_that_never_decides_takes_nothing(
    serve: Callable[..., Site], caplog: pytest.LogCaptureFixture
) -> None:
    site = serve(ping_interval=200, connect_timeout=45)
    client = site.client()  # it may stay
    wait = site.stop_time()
    asked: list[str] = []
    site.io.of(lambda name, auth, next: asked.append(name))
    client.join("/a")
    wait_until(lambda: asked)
    wait(46)
    assert client.receive() == f"44/a,{INVALID}"
    assert "has not called back within 45 s" in caplog.text


def test_a_function_that_fails_takes_nothing(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    site.io.of(lambda name, auth: 1 // 0)
    assert site.outsider().ask("40/a,") == f"44/a,{INVALID}"
    assert "ZeroDivisionError" in caplog.text


def test_two_clients_may_ask_for_one_name_at_once(site: Site) -> None:
    waiting: list[Any] = []
    parent = site.io.of(lambda name, auth, next: waiting.append(next))
    clients = [site.outsider() for _ in range(2)]
    for client in clients:
        client.join("/a")
    wait_until(lambda: len(waiting) == 2)
    for next in waiting:
        next(None, True)
    for client in clients:
        assert str(client.receive()).startswith("40/a,")
    (child,) = parent.children
    assert len(child.sockets) == 2


def test_the_first_parent_that_takes_a_name_has_it(site: Site) -> None:
    site.io.of(lambda name, auth: False)
    first = site.io.of(re.compile("^/a"))
    second = site.io.of(re.compile("^/ab"))
    site.client("/abc")
    assert (len(first.children), len(second.children)) == (1, 0)


def test_the_bound_of_namespaces_holds(serve: Callable[..., Site]) -> None:
    site = serve(max_namespaces=2)
    site.io.of(PATTERN)
    client = site.client("/room-1")
    _join(client, "/room-2")
    assert client.ask("40/room-3,") == '44/room-3,{"message":"Too many namespaces"}'
    assert "/room-3" not in site.io.server.namespaces


@pytest.mark.parametrize("what", [5, None, re.compile(b"x"), ["/a"]])
def test_what_names_no_namespace_is_refused(site: Site, what: Any) -> None:
    with pytest.raises(TypeError, match="a namespace is named by a str such as '/chat'"):
        site.io.of(what)


def test_a_function_that_cannot_be_asked_is_refused(site: Site) -> None:
    with pytest.raises(EventError, match=r"io\.of\(\) takes \(name, auth\) or \(name, auth, next"):
        site.io.of(lambda name: True)


def test_a_connection_handler_may_come_along(site: Site) -> None:
    seen: list[str] = []
    site.io.of("/chat", lambda sock: seen.append(sock.id))
    assert [site.client("/chat").id] == seen


def test_clients_2_and_0_9_join_children_too(site: Site) -> None:
    seen: list[Any] = []
    site.io.of(lambda name, auth: seen.append((name, auth)) or True)
    older, oldest = site.running.eio3("EIO=3&a=1"), site.running.client_09()
    assert (older.receive(), oldest.receive()) == ("40", "1::")
    older.send("40/room-1?b=2,")
    assert older.receive() == "40/room-1,"
    oldest.send("1::/room-2?c=3")
    assert oldest.receive() == "1::/room-2"
    assert seen[0] == ("/room-1", {"a": "1", "b": "2"})
    assert seen[1][0] == "/room-2" and seen[1][1]["c"] == "3"


# The option "namespaces"


def test_names_that_the_option_lists_may_be_joined(serve: Callable[..., Site]) -> None:
    site = serve(namespaces=["/a", "b"])
    site.client("/a")
    site.client("/b")
    assert site.outsider().ask("40/c,") == f"44/c,{INVALID}"


def test_any_name_may_be_joined_if_it_says_so(serve: Callable[..., Site]) -> None:
    site = serve(namespaces="*")
    parent = site.io.of(PATTERN)
    site.client("/room-1")
    client = site.client("/whatever")
    assert len(parent.children) == 1
    client.wire.reset()
    _gone(site, "/whatever")


# The names of before 4.x


def test_the_sockets_by_their_old_names(site: Site) -> None:
    client, other = site.client(), site.client()
    sockets = site.io.sockets
    assert sockets.connected is sockets.sockets
    site.socket(client).join("lobby")
    assert sockets.clients("lobby") == [site.socket(client)]
    assert [each.id for each in sockets.clients()] == [client.id, other.id]
    called: list[Any] = []
    sockets.clients(lambda error, ids: called.append((error, ids)))
    sockets.clients("lobby", lambda error, ids: called.append((error, ids)))
    assert called == [(None, [client.id, other.id]), (None, [client.id])]
    assert sockets.socket(client.id) is site.socket(client)
    sockets.socket("gone").emit("nothing")
    assert client.got_nothing()


def test_who_is_where_as_0_9_showed_it(site: Site) -> None:
    site.io.of("/chat")
    client = site.client()
    id = client.wire.connect("/chat")
    site.socket(client).join("lobby")
    site.io.of("/chat").sockets[id].join("lobby")
    assert site.io.rooms == {
        "": [client.id],
        "/lobby": [client.id],
        "/chat": [id],
        "/chat/lobby": [id],
    }
    assert site.io.room_clients[id] == {"/chat": True, "/chat/lobby": True}
    assert site.io.connected == {client.id: True, id: True}
    assert site.io.handshaken[client.id] is site.socket(client).handshake
    with pytest.raises(TypeError):
        site.io.rooms["x"] = []  # type: ignore[index]


def test_who_leaves_while_a_function_decides_is_in_no_namespace(site: Site) -> None:
    asked: list[Any] = []
    made: list[Any] = []
    site.io.of(lambda name, auth, next: asked.append(next))
    site.io.on("new_namespace", made.append)
    client = site.outsider()
    client.join("/late")
    wait_until(lambda: asked)
    client.wire.reset()
    wait_until(lambda: not site.io.engine.clients_count)
    wait_until(lambda: site.io.server.turn.settled)
    asked[0](None, True)
    let_run()
    assert made == []
    assert set(site.io.server.namespaces) == {"/"}


def test_a_function_that_never_decides_does_not_hold_up_the_end(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    site.stop_time()  # nothing is late
    asked: list[Any] = []
    seen: list[Any] = []
    site.io.of(lambda name, auth, next: asked.append(name))
    site.io.of(lambda name, auth: seen.append(name))
    site.io.on("disconnect", seen.append)
    client = site.client()
    client.join("/late")
    wait_until(lambda: asked)
    client.wire.reset()
    wait_until(lambda: seen)
    assert seen == ["transport close"]
    assert caplog.records == []


def test_the_names_that_a_client_has_left_are_bounded(serve: Callable[..., Site]) -> None:
    site = serve(max_namespaces=3)
    site.io.of(PATTERN)
    client = site.client()
    there = site.socket(client).client
    for number in range(10):
        client.wire.connect(f"/room-{number}")
        client.send(f"41/room-{number},")
        _gone(site, f"/room-{number}")
    assert len(there._left or ()) == 3
    # Late for any of them, it is dropped.
    for number in range(10):
        client.send(f'42/room-{number},["late"]')
    assert client.got_nothing()
    # To join twice still is a mistake.
    client.send("40")
    assert client.wire.closed_with() == 1000


def test_who_comes_and_goes_while_new_namespace_waits_takes_it_from_nobody(site: Site) -> None:
    parent, told, go_on = site.io.of(PATTERN), Event(), Event()

    @site.io.on("new_namespace")
    def wait(namespace: Any) -> None:
        told.set()
        assert go_on.wait(10)

    client = site.outsider()
    client.join("/room-1")
    assert told.wait(10)
    passing = site.client("/room-1")
    sock = site.socket(passing, "/room-1")
    passing.wire.reset()
    wait_until(lambda: not sock.connected)
    go_on.set()
    assert str(client.receive()).startswith("40/room-1,")
    parent.emit("x")
    assert client.receive() == '42/room-1,["x"]'


def test_two_at_once_make_one_namespace(serve: Callable[..., Site]) -> None:
    site, go_on = serve(namespaces="*"), Event()
    asked: list[str] = []

    @site.io.of
    def refuse(name: str, auth: Any) -> bool:
        asked.append(name)
        assert go_on.wait(10)
        return False

    clients = [site.outsider(), site.outsider()]
    for client in clients:
        client.join("/any")
    wait_until(lambda: len(asked) == 2)
    go_on.set()
    for client in clients:
        client.receive()
    assert len(site.io.of("/any").sockets) == 2


class _Unreachable(MemoryAdapter):
    """Its network is down for a while."""

    down = True

    def start(self) -> None:
        if self.down and self._local.name != "/":
            raise OSError("no route to the others")


def test_a_namespace_whose_adapter_cannot_start_is_not_there(
    serve: Callable[..., Site], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = serve(adapter=_Unreachable)
    parent, client = site.io.of(PATTERN), site.client()
    for _ in range(2):
        assert client.ask("40/room-1,") == '44/room-1,{"message":"internal error"}'
    assert "the namespace '/room-1' cannot be made" in caplog.text
    assert "OSError: no route to the others" in caplog.text
    with pytest.raises(OSError, match="no route"):
        site.io.of("/fixed")
    assert (set(site.io.server.namespaces), parent.children) == ({"/"}, set())
    monkeypatch.setattr(_Unreachable, "down", False)
    _join(client, "/room-1")
    assert [child.parent for child in parent.children] == [parent]


def test_two_at_once_make_one_namespace_while_its_adapter_starts(
    serve: Callable[..., Site],
) -> None:
    starting, closed, go_on = list[Any](), list[Any](), Event()

    class Slow(MemoryAdapter):
        def start(self) -> None:
            if self._local.name != "/":
                starting.append(self)
                assert go_on.wait(10)

        def close(self) -> None:
            closed.append(self)

    site = serve(adapter=Slow)
    parent = site.io.of(PATTERN)
    parent.on("who", lambda: "parent")
    clients = [site.outsider(), site.outsider()]
    for client in clients:
        client.join("/room-1")
    wait_until(lambda: len(starting) == 2)
    go_on.set()
    for client in clients:
        assert str(client.receive()).startswith("40/room-1,")
    (child,) = parent.children
    assert len(child.sockets) == 2
    assert [child.adapter, *closed] in (starting, starting[::-1])
