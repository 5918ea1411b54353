"""The server API of Socket.IO 1.x: a socket, and the client whose connection carries it."""

from __future__ import annotations

from typing import Any

import pytest

from flask_realtime import Server, Socket, listen
from tests.seeds.web import HOST, Page, Web
from tests.support.waiting import wait_until

CLIENT = "1"
SCRIPT = """
    const socket = io(url, { extraHeaders: { Cookie: 'a=b', 'User-Agent': 'tobi' } });
    socket.on('connect', () => console.log('connect'));
    socket.on('an event', (data) => console.log(data));
"""


@pytest.fixture
def io() -> Server:
    return listen(0, HOST)


@pytest.fixture
def url(web: Web, io: Server) -> str:
    return web.host(io)


@pytest.fixture
def visit(web: Web, io: Server, url: str) -> Any:
    """Opens a page; returns it, and its socket here."""

    def visit(script: str = SCRIPT) -> tuple[Page, Socket]:
        before = set(io.sockets.connected)
        page = web.open(url, CLIENT, script)
        page.logs("connect")
        (id,) = set(io.sockets.connected) - before
        return page, io.sockets.connected[id]

    return visit


def test_rooms(visit: Any) -> None:
    _, socket = visit()
    assert socket.rooms == {socket.id}
    socket.join("a room")
    assert socket.rooms == {socket.id, "a room"}


def test_client_has_the_sockets_of_all_namespaces(web: Web, io: Server, url: str) -> None:
    io.of("/chat")
    page = web.open(url, CLIENT, "io(url + '/chat').on('connect', () => console.log('connect'));")
    page.logs("connect")
    (root,), (chat,) = io.sockets.connected.values(), io.of("/chat").connected.values()
    assert root is not chat and root.client is chat.client
    assert root.client.sockets == {"/": root, "/chat": chat}


def test_conn_is_the_connection(visit: Any) -> None:
    page, socket = visit()
    assert socket.conn is socket.client.conn
    wait_until(lambda: socket.conn.transport.name == "websocket", what="it has upgraded")
    socket.conn.close("by hand")
    wait_until(lambda: not socket.connected, what="it is closed")


def test_request_has_the_headers(visit: Any) -> None:
    _, socket = visit()
    assert socket.request is socket.client.request
    assert socket.request.headers["Cookie"] == "a=b"
    assert socket.request.headers["User-Agent"] == "tobi"


def test_id_is_that_of_the_client(web: Web, io: Server, url: str) -> None:
    ids: list[str] = []
    io.on("connection", lambda socket: ids.append(socket.id))
    script = "const socket = io(url); socket.on('connect', () => console.log(socket.id));"
    page = web.open(url, CLIENT, script)
    wait_until(lambda: ids and page.logged, what="both know it")
    page.logs(ids[0])


def test_emit_sends_all_data_structures(visit: Any) -> None:
    page, socket = visit()
    data = {"some": "data", "list": [1, 2.5, None, True], "buffer": b"\x01\x02"}
    socket.emit("an event", data)
    page.logs("connect", {**data, "buffer": {"bytes": [1, 2]}})


def test_functions_cannot_be_sent(visit: Any) -> None:
    page, socket = visit()
    with pytest.raises(TypeError, match="function"):
        socket.emit("an event", {"some": len, "more": test_rooms})
    socket.emit("an event", "still here")
    page.logs("connect", "still here")


def test_join_and_leave_call_back(io: Server, visit: Any) -> None:
    page, socket = visit()
    called: list[Any] = []
    socket.join("room", lambda error: called.append(("joined", error)))
    io.to("room").emit("an event", "inside")
    socket.leave("room", lambda error: called.append(("left", error)))
    io.to("room").emit("an event", "outside")
    io.emit("an event", "at the end")
    page.logs("connect", "inside", "at the end")
    wait_until(lambda: len(called) == 2, what="both are called")
    assert called == [("joined", None), ("left", None)]


def test_everyone_is_in_a_room_of_its_id(io: Server, visit: Any) -> None:
    first, socket = visit()
    second, _ = visit()
    io.to(socket.id).emit("an event", "for you")
    io.emit("an event", "for all")
    first.logs("connect", "for you", "for all")
    second.logs("connect", "for all")


def test_rooms_are_left_at_disconnection(io: Server, visit: Any) -> None:
    page, socket = visit()
    socket.join("room")
    assert io.sockets.clients("room") == [socket]
    page.close()
    wait_until(lambda: io.sockets.clients("room") == [], what="the room is empty")
    assert socket.disconnected


@pytest.mark.parametrize("word", ["to", "in_"])
def test_to_several_rooms_but_not_to_itself(visit: Any, word: str) -> None:
    visitors = [visit() for _ in range(4)]
    sender, in_others, in_both, nowhere = (socket for _, socket in visitors)
    sender.join("others")
    in_others.join("others")
    in_both.join("others", "more")
    selected = getattr(getattr(sender, word)("others"), word)("more")
    selected.emit("an event", {"some": "data"})
    sender.namespace.emit("an event", "at the end")
    for (page, _), got in zip(visitors, (False, True, True, False), strict=True):
        page.logs("connect", *([{"some": "data"}] if got else []), "at the end")
