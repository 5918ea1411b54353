"""Clients of two servers that are one cluster."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gevent
import pytest
from flask import current_app

from flask_realtime import (
    AckTimeout,
    Disconnected,
    Namespace,
    Socket,
    disconnect,
    join_room,
    leave_room,
)
from flask_realtime.exceptions import EventError, NodeTimeout, UsageError
from flask_realtime.socketio.remote import RemoteSocket
from tests.support.application import Client, Site
from tests.support.bus import Bus
from tests.support.waiting import let_run, outcome, wait_until

Nodes = tuple[Site, Site]


@pytest.fixture
def clients(nodes: Nodes) -> tuple[Client, Client]:
    """One of each server, both in the room `red`."""
    pair = nodes[0].client(), nodes[1].client()
    for site, client in zip(nodes, pair, strict=True):
        site.socket(client).join("red")
    return pair


def test_a_broadcast_reaches_the_clients_of_all_nodes(nodes: Nodes, clients: Any) -> None:
    nodes[0].io.to("red").emit("x", 1, b"2")
    for client in clients:
        assert client.receive() == '451-["x",1,{"_placeholder":true,"num":0}]'
        assert client.receive() == b"2"


@pytest.mark.parametrize(
    ("choose", "expected"),
    [
        (lambda io, ids: io.local, [True, False]),
        (lambda io, ids: io.except_(ids[0]), [False, True]),
        (lambda io, ids: io.to(ids[1]), [False, True]),
        (lambda io, ids: io.to("red").except_(ids[1]).volatile, [True, False]),
        (lambda io, ids: io.of("/").sockets[ids[0]].to("red"), [False, True]),
        (lambda io, ids: io.of("/").sockets[ids[0]].broadcast, [False, True]),
    ],
)
def test_a_selection_means_the_clients_of_all_nodes(
    nodes: Nodes, clients: Any, choose: Callable[[Any, Any], Any], expected: list[bool]
) -> None:
    choose(nodes[0].io, [client.id for client in clients]).emit("x")
    let_run()
    for client, gets_it in zip(clients, expected, strict=True):
        if gets_it:
            assert client.receive() == '42["x"]'
        assert client.got_nothing()


def test_answers_come_from_the_clients_of_all_nodes(nodes: Nodes, clients: Any) -> None:
    asked = outcome(nodes[0].io.timeout(5).emit_with_ack, "question", "?")
    for number, client in enumerate(clients):
        packet = client.receive()
        assert packet.endswith('["question","?"]')
        client.send(f"43{packet[2:-16]}[{number}]")
    assert sorted(asked.get()) == [0, 1]


def test_who_leaves_another_node_is_named_at_once(nodes: Nodes, clients: Any) -> None:
    asked = outcome(nodes[0].io.to(clients[1].id).emit_with_ack, "question")
    clients[1].receive()
    clients[1].wire.leave()
    error = asked.get()
    assert isinstance(error, AckTimeout) and not isinstance(error, NodeTimeout)
    assert (error.answers, error.silent) == ({}, [clients[1].id])


def test_a_silent_node_is_named_when_the_time_is_over(
    nodes: Nodes, bus: Bus, clients: Any
) -> None:
    first = nodes[0].io
    bus.cut_off.add(nodes[1].io.sockets.adapter)  # type: ignore[arg-type]
    asked = outcome(first.timeout(0.05).emit_with_ack, "question")
    clients[0].send(f"43{str(clients[0].receive())[2:-12]}[1]")
    error = asked.get()
    assert isinstance(error, AckTimeout)
    assert (error.answers, error.silent) == ({clients[0].id: 1}, [])
    assert "1 other node" in str(error)


def test_a_node_that_does_not_tell_its_sockets_is_an_error(
    nodes: Nodes, bus: Bus, clients: Any
) -> None:
    bus.cut_off.add(nodes[1].io.sockets.adapter)  # type: ignore[arg-type]
    nodes[0].io.sockets.adapter.requests_timeout = 0.05  # type: ignore[attr-defined]
    with pytest.raises(NodeTimeout, match="1 of 1 other nodes"):
        nodes[0].io.fetch_sockets()


def test_sockets_of_all_nodes_are_fetched(nodes: Nodes, clients: Any) -> None:
    there = nodes[1].socket(clients[1])
    there.data["name"] = "Bob"
    there.data["object"] = object()
    own, other = nodes[0].io.in_("red").fetch_sockets()
    assert own is nodes[0].socket(clients[0])
    assert isinstance(other, RemoteSocket)
    assert (other.id, other.rooms) == (clients[1].id, {clients[1].id, "red"})
    assert other.data == {"name": "Bob"}
    assert other.handshake["headers"]["upgrade"] == "websocket"
    assert other.handshake["url"].startswith("/two/?EIO=4")
    assert repr(other) == f"<RemoteSocket {other.id} of '/'>"
    assert nodes[0].io.all_sockets() == {client.id for client in clients}
    assert nodes[0].io.local.all_sockets() == {clients[0].id}


def test_a_socket_of_another_node_can_be_sent_to_and_asked(nodes: Nodes, clients: Any) -> None:
    (other,) = nodes[0].io.except_(clients[0].id).fetch_sockets()
    assert other.emit("x", 1)
    assert clients[1].receive() == '42["x",1]'
    asked = outcome(other.timeout(5).emit_with_ack, "question")
    clients[1].send(f"43{str(clients[1].receive())[2:-12]}[1,2]")
    assert asked.get() == [1, 2]
    heard: list[Any] = []
    other.emit("question", callback=lambda error, answer: heard.append((error, answer)))
    clients[1].send(f"43{str(clients[1].receive())[2:-12]}[3]")
    wait_until(lambda: heard)
    assert heard == [(None, 3)]
    with pytest.raises(AckTimeout) as caught:
        other.call("question", timeout=0.05)
    assert caught.value.silent == [clients[1].id]
    clients[1].receive()
    with pytest.raises(UsageError, match="time-out"):
        other.timeout(0)


def test_a_socket_of_another_node_joins_leaves_and_is_sent_away(
    nodes: Nodes, clients: Any
) -> None:
    (other,) = nodes[0].io.except_(clients[0].id).fetch_sockets()
    there = nodes[1].socket(clients[1])
    other.join("a", ["b", 7])
    other.leave("red")
    wait_until(lambda: "red" not in there.rooms)
    assert there.rooms == {there.id, "a", "b", "7"}
    other.disconnect()
    assert clients[1].receive() == "41"
    nodes[1].wait_empty()
    with pytest.raises(Disconnected):
        other.emit_with_ack("question", timeout=1)


def test_selections_of_all_nodes_join_leave_and_are_sent_away(
    nodes: Nodes, clients: Any
) -> None:
    there = nodes[1].socket(clients[1])
    nodes[0].io.to("red").sockets_join("green")
    wait_until(lambda: "green" in there.rooms)
    nodes[0].io.sockets_leave("red")
    wait_until(lambda: "red" not in there.rooms)
    assert nodes[0].socket(clients[0]).rooms == {clients[0].id, "green"}
    nodes[0].io.in_("green").disconnect_sockets(close=True)
    for site in nodes:
        site.wait_empty()


def test_servers_send_each_other_events(nodes: Nodes) -> None:
    here, there = nodes[0].io, nodes[1].io
    heard: list[Any] = []

    for name, io in (("first", here), ("second", there)):

        @io.on_server_side("hello")
        def hello(*args: Any, name: str = name) -> str:
            assert current_app.name == "tested"
            heard.append((name, args))
            return f"from {name}"

    here.server_side_emit("hello", 1, {"a": b"2"})
    wait_until(lambda: heard)
    assert heard == [("second", (1, {"a": b"2"}))]
    assert here.server_side_emit_with_ack("hello") == ["from second"]
    answers: list[Any] = []
    there.server_side_emit("hello", callback=lambda error, got: answers.append((error, got)))
    wait_until(lambda: answers)
    there.server_side_emit("hello", lambda error, got: answers.append((error, got)))
    wait_until(lambda: len(answers) == 2)
    assert answers == [(None, ["from first"])] * 2


def test_an_event_of_a_server_may_be_answered_later(nodes: Nodes) -> None:
    @nodes[1].io.on_server_side("hello")
    def hello(name: str, ack: Callable[..., None]) -> None:
        gevent.spawn_later(0.01, ack, f"hello {name}")

    assert nodes[0].io.of("/").server_side_emit_with_ack("hello", "Ann") == ["hello Ann"]


def test_events_of_servers_have_their_namespace(nodes: Nodes) -> None:
    nodes[1].io.on_server_side("hello", lambda: "root")
    nodes[1].io.of("/chat").on_server_side("hello", lambda: "chat")
    assert nodes[0].io.of("/chat").server_side_emit_with_ack("hello") == ["chat"]
    assert nodes[0].io.server_side_emit_with_ack("nobody listens") == [None]


def test_a_server_whose_handler_fails_is_silent(
    nodes: Nodes, caplog: pytest.LogCaptureFixture
) -> None:
    nodes[1].io.on_server_side("hello", lambda name: 1 / 0)
    with pytest.raises(NodeTimeout, match="1 of 1 other nodes did not answer to 'hello'"):
        nodes[0].io.server_side_emit_with_ack("hello", "Ann", timeout=0.05)
    with pytest.raises(NodeTimeout):
        nodes[0].io.server_side_emit_with_ack("hello", timeout=0.05)
    assert "ZeroDivisionError" in caplog.text
    assert "came with 0 arguments" in caplog.text


def test_wrong_server_side_events_are_refused(nodes: Nodes) -> None:
    io = nodes[0].io
    with pytest.raises(EventError, match="reserved"):
        io.server_side_emit("connect")
    with pytest.raises(EventError, match="is a str"):
        io.server_side_emit_with_ack(7)  # type: ignore[arg-type]
    with pytest.raises(EventError, match="is a str"):
        io.on_server_side(lambda: None)  # type: ignore[call-overload]
    with pytest.raises(UsageError, match="time-out"):
        io.server_side_emit_with_ack("hello", timeout=-1)


def test_a_server_that_stops_is_waited_for_by_nobody(nodes: Nodes, bus: Bus) -> None:
    nodes[1].io.server.close()
    assert bus.count("/") == 1
    assert nodes[0].io.fetch_sockets() == []


def test_from_another_thread(nodes: Nodes, clients: Any) -> None:
    io, pool = nodes[0].io, gevent.get_hub().threadpool
    nodes[1].io.on_server_side("hello", lambda: "from the second")
    assert len(pool.spawn(io.fetch_sockets).get()) == 2
    assert pool.spawn(io.server_side_emit_with_ack, "hello").get() == ["from the second"]
    asked = pool.spawn(io.emit_with_ack, "question")
    for client in clients:
        client.send(f"43{str(client.receive())[2:-12]}[1]")
    assert asked.get() == [1, 1]
    assert isinstance(nodes[0].io.fetch_sockets()[0], Socket)


def test_the_words_for_ids_reach_a_client_of_another_node(nodes: Nodes, clients: Any) -> None:
    """Row A09, in python-socketio's words."""
    server, there = nodes[0].io.server, nodes[1].socket(clients[1])
    server.enter_room(there.id, "blue")
    wait_until(lambda: "blue" in there.rooms)
    server.leave_room(there.id, "blue")
    wait_until(lambda: "blue" not in there.rooms)
    server.disconnect(there.id)
    assert clients[1].receive() == "41"


def test_a_class_of_handlers_does_too(nodes: Nodes, clients: Any) -> None:
    chat, there = Namespace("/"), nodes[1].socket(clients[1])
    nodes[0].io.on_namespace(chat)
    chat.enter_room(there.id, "blue")
    wait_until(lambda: "blue" in there.rooms)
    chat.disconnect(there.id, ignore_queue=True)  # of this process, where it is not
    assert clients[1].got_nothing()
    chat.disconnect(there.id)
    assert clients[1].receive() == "41"


def test_the_functions_of_a_handler_do_too(nodes: Nodes, clients: Any) -> None:
    there = nodes[1].socket(clients[1])
    nodes[0].io.on("enter", lambda id: join_room("blue", id))
    nodes[0].io.on("leave", lambda id: leave_room("blue", id))
    nodes[0].io.on("away", lambda id: disconnect(id))
    clients[0].send(f'42["enter","{there.id}"]')
    wait_until(lambda: "blue" in there.rooms)
    clients[0].send(f'42["leave","{there.id}"]')
    wait_until(lambda: "blue" not in there.rooms)
    clients[0].send(f'42["away","{there.id}"]')
    assert clients[1].receive() == "41"
