"""Rooms, and who an emit is for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from flask_realtime import Socket, close_room, join_room, leave_room, rooms, socket
from tests.support.application import Site
from tests.support.waiting import let_run


class Four:
    """Clients: 0 in rooms a and b, 1 in a, 2 in b, 3 in none."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.clients = [site.client() for _ in range(4)]
        for client, names in zip(self.clients, (["a", "b"], ["a"], ["b"], []), strict=True):
            site.socket(client).join(*names)

    def socket(self, index: int) -> Socket:
        return self.site.socket(self.clients[index])

    def who_got(self, packet: str = '42["x"]') -> list[int]:
        """Which of them got the packet, once, and nothing else."""
        got = []
        for index, client in enumerate(self.clients):
            client.send('42987["sync"]')
            answer = client.receive()
            if answer != "43987[]":
                assert answer == packet
                got.append(index)
                assert client.receive() == "43987[]"
        return got


@pytest.fixture
def four(site: Site) -> Four:
    return Four(site)


@pytest.mark.parametrize(
    ("choose", "expected"),
    [
        (lambda io: io, [0, 1, 2, 3]),
        (lambda io: io.sockets, [0, 1, 2, 3]),
        (lambda io: io.to("a"), [0, 1]),
        (lambda io: io.in_("b"), [0, 2]),
        (lambda io: io.to("a", "b"), [0, 1, 2]),
        (lambda io: io.to(["a", "b"]), [0, 1, 2]),
        (lambda io: io.to("a").to("b"), [0, 1, 2]),
        (lambda io: io.to("empty"), []),
        (lambda io: io.to([]), []),
        (lambda io: io.except_("a"), [2, 3]),
        (lambda io: io.to("a").except_("b"), [1]),
        (lambda io: io.except_("a").except_(("b",)), [3]),
        (lambda io: io.local.to("a"), [0, 1]),
        (lambda io: io.volatile.to("a"), [0, 1]),
        (lambda io: io.sockets.local.volatile.except_("a").to("b"), [2]),
        (lambda io: io.to("a").broadcast, [0, 1]),
    ],
)
def test_the_server_chooses_by_rooms(
    four: Four, choose: Callable[[Any], Any], expected: list[int]
) -> None:
    choose(four.site.io).emit("x")
    assert four.who_got() == expected


@pytest.mark.parametrize(
    ("choose", "expected"),
    [
        (lambda sock: sock, [0]),
        (lambda sock: sock.volatile, [0]),
        (lambda sock: sock.broadcast, [1, 2, 3]),
        (lambda sock: sock.to("a"), [1]),
        (lambda sock: sock.in_("b", "a"), [1, 2]),
        (lambda sock: sock.except_("a"), [2, 3]),
        (lambda sock: sock.broadcast.except_("b"), [1, 3]),
        (lambda sock: sock.volatile.to("a").local, [1]),
        (lambda sock: sock.local, [1, 2, 3]),
        (lambda sock: sock.volatile.local.to("a"), [1]),
        (lambda sock: sock.volatile.broadcast, [1, 2, 3]),
        (lambda sock: sock.to(sock.id), []),
    ],
)
def test_a_socket_chooses_others(
    four: Four, choose: Callable[[Any], Any], expected: list[int]
) -> None:
    choose(four.socket(0)).emit("x")
    assert four.who_got() == expected


def test_an_operator_is_never_changed(four: Four) -> None:
    everyone = four.site.io.sockets.to("a")
    everyone.to("b")
    everyone.except_("b")
    everyone.emit("x")
    assert four.who_got() == [0, 1]
    four.socket(0).broadcast.to("b")
    four.socket(0).emit("x")
    assert four.who_got() == [0]


def test_a_socket_s_id_is_a_room_of_its_own(four: Four) -> None:
    four.site.io.to(four.clients[3].id).emit("x")
    assert four.who_got() == [3]
    assert four.socket(3).rooms == {four.clients[3].id}


def test_numbers_are_rooms_too(four: Four) -> None:
    four.socket(3).join(7)
    assert four.socket(3).rooms == {four.clients[3].id, "7"}
    four.site.io.to(7).emit("x")
    assert four.who_got() == [3]
    four.socket(3).leave(7)
    four.site.io.emit("x", to="7")
    assert four.who_got() == []


@pytest.mark.parametrize("room", [None, True, 1.5, {"a": 1}, b"a"])
def test_what_is_no_room_is_refused(four: Four, room: Any) -> None:
    with pytest.raises(TypeError, match="a room is a str"):
        four.site.io.to(room)
    with pytest.raises(TypeError, match="a room is a str"):
        four.socket(0).join(room)


def test_a_list_of_rooms_that_contains_itself_is_refused(four: Four) -> None:
    rooms: list[Any] = ["red"]
    rooms.append(rooms)
    before = four.socket(0).rooms
    for call in (four.site.io.to, four.socket(0).join, four.socket(0).leave):
        with pytest.raises(TypeError, match="contains itself"):
            call(rooms)
    assert four.socket(0).rooms == before


def test_joining_twice_is_joining_once(four: Four) -> None:
    four.socket(3).join("a")
    four.socket(3).join("a")
    four.socket(3).leave("a")
    four.socket(3).leave("never joined")
    four.site.io.to("a").emit("x")
    assert four.who_got() == [0, 1]


def test_handlers_join_and_leave(site: Site) -> None:
    site.io.on("join", lambda room: (join_room(room), rooms())[1])
    site.io.on("leave", lambda room: (leave_room(room), rooms())[1])
    client = site.client()
    answer = client.ask('421["join","lobby"]')
    assert answer == '431[["{}","{}"]]'.format(*sorted([client.id, "lobby"]))
    assert client.ask('422["leave","lobby"]') == f'432[["{client.id}"]]'


def test_others_can_be_put_into_rooms(four: Four) -> None:
    site, ids = four.site, [client.id for client in four.clients]

    @site.io.on("arrange")
    def arrange() -> None:
        join_room("c", sid=ids[1])
        leave_room("b", sid=ids[2])
        close_room("a")

    four.clients[3].send('42["arrange"]')
    assert four.clients[3].got_nothing()
    members = [sorted(four.socket(n).rooms - {ids[n]}) for n in range(4)]
    assert members == [["b"], ["c"], [], []]


def test_selections_join_leave_and_are_sent_away(four: Four) -> None:
    io = four.site.io
    io.to("a").sockets_join("c", "d")
    io.to("c").except_("b").sockets_leave("d")
    assert [sorted(four.socket(n).rooms - {four.clients[n].id}) for n in (0, 1)] == [
        ["a", "b", "c", "d"],
        ["a", "c"],
    ]
    io.sockets.sockets_join("all")
    io.sockets.sockets_leave("all")
    io.to("b").disconnect_sockets()
    assert [four.clients[n].receive() for n in (0, 2)] == ["41", "41"]
    io.emit("x")
    assert [four.clients[n].receive() for n in (1, 3)] == ['42["x"]'] * 2
    io.sockets.disconnect_sockets(close=True)
    four.site.wait_empty()


def test_an_operator_for_one_socket_means_that_one(four: Four) -> None:
    four.socket(0).volatile.sockets_join("one")
    four.site.io.to("one").emit("x")
    assert four.who_got() == [0]
    four.socket(0).volatile.sockets_leave("one")
    four.socket(0).volatile.disconnect_sockets()
    assert four.clients[0].receive() == "41"
    let_run()
    assert len(four.site.io.sockets.sockets) == 3


def test_rooms_of_namespaces_are_apart(site: Site) -> None:
    site.io.of("/chat")
    client = site.client()
    chat_id = client.wire.connect("/chat")
    site.socket(client).join("a")
    site.io.of("/chat").to("a").emit("x")
    assert client.got_nothing()
    site.io.of("/chat").sockets[chat_id].join("a")
    site.io.of("/chat").to("a").emit("x")
    assert client.receive() == '42/chat,["x"]'


def test_an_empty_room_is_forgotten(four: Four) -> None:
    adapter = four.site.io.sockets.adapter
    for client in four.clients:
        client.wire.leave()
    four.site.wait_empty()
    assert not adapter._rooms  # type: ignore[attr-defined]
    assert not adapter._joined  # type: ignore[attr-defined]


def test_flask_socketio_s_parameters(four: Four) -> None:
    site, ids = four.site, [client.id for client in four.clients]
    io = site.io
    io.emit("x", to="a")
    assert four.who_got() == [0, 1]
    io.emit("x", room=["a", "b"], skip_sid=ids[0])
    assert four.who_got() == [1, 2]
    io.emit("x", (1, 2))
    assert four.who_got('42["x",1,2]') == [0, 1, 2, 3]
    io.send("hello", to=ids[2])
    assert four.who_got('42["message","hello"]') == [2]
    io.send({"a": 1}, json=True, room="b")
    assert four.who_got('42["json",{"a":1}]') == [0, 2]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, [0]),
        ({"broadcast": True}, [0, 1, 2, 3]),
        ({"broadcast": True, "include_self": False}, [1, 2, 3]),
        ({"to": "a"}, [0, 1]),
        ({"room": "a", "include_self": False}, [1]),
        ({"to": ["a", "b"], "include_self": False}, [1, 2]),
    ],
)
def test_the_function_emit_in_a_handler(
    four: Four, arguments: dict[str, Any], expected: list[int]
) -> None:
    from flask_realtime import emit, send

    four.site.io.on("go", lambda: (emit("x", **arguments), None)[1])
    four.clients[0].send('42["go"]')
    assert four.who_got() == expected
    four.site.io.on("say", lambda: send("hi", **arguments))
    four.clients[0].send('42["say"]')
    assert four.who_got('42["message","hi"]') == expected


def test_the_function_emit_reaches_other_namespaces(site: Site) -> None:
    from flask_realtime import emit

    site.io.of("/chat")
    both, chat_only = site.client(), site.client("/chat")
    both.wire.connect("/chat")
    site.io.on("own", lambda: emit("x", namespace="/chat"))
    site.io.on("all", lambda: emit("x", namespace="/chat", broadcast=True))
    both.send('42["own"]')
    assert both.receive() == '42/chat,["x"]'
    both.send('42["all"]')
    assert both.receive() == chat_only.receive() == '42/chat,["x"]'
    assert both.got_nothing()


def test_the_socket_knows_itself(site: Site) -> None:
    client = site.client(auth={"token": 1})
    sock = site.socket(client)
    assert (sock.id, sock.auth, sock.namespace.name) == (client.id, {"token": 1}, "/")
    assert (sock.conn.transport.name, sock.protocol) == ("websocket", 4)
    assert repr(sock) == f"<Socket {client.id} of '/'>"
    assert repr(sock.namespace) == "<Namespace '/' with 1 sockets>"
    site.io.on("x", lambda: socket.id == client.id)
    assert client.ask('421["x"]') == "431[true]"


