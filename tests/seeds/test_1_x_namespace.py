"""The server API of Socket.IO 1.x: namespaces, and who may join them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from flask_realtime import Server, Socket, listen
from tests.seeds.web import HOST, Web
from tests.support.waiting import wait_until

CLIENT = "1"
LISTEN = """
    socket.on('connect', () => console.log('connect'));
    socket.on('error', (why) => console.log('error', why));
    socket.on('an event', (data) => console.log(data));
"""
AT_CHAT = "const socket = io(url + '/chat');" + LISTEN
AT_ROOT = "const socket = io(url);" + LISTEN


@pytest.fixture
def io() -> Server:
    return listen(0, HOST)


@pytest.fixture
def url(web: Web, io: Server) -> str:
    return web.host(io)


def test_connection_comes_with_the_socket(web: Web, io: Server, url: str) -> None:
    """``connect`` decides whether it may come, and so comes first, with what the client says."""
    seen: list[Any] = []
    chat = io.of("/chat")
    chat.on("connect", lambda: seen.append("connect"))
    chat.on("connection", seen.append)
    web.open(url, CLIENT, AT_CHAT).logs("connect")
    wait_until(lambda: len(seen) == 2, what="the socket has come")
    assert seen[0] == "connect"
    assert isinstance(seen[1], Socket) and seen[1].namespace is chat


def test_a_client_is_always_in_the_default_namespace(web: Web, io: Server, url: str) -> None:
    io.of("/chat")
    web.open(url, CLIENT, AT_CHAT).logs("connect")
    assert len(io.sockets.connected) == 1


def test_name(io: Server, url: str) -> None:
    assert (io.sockets.name, io.of("/chat").name) == ("/", "/chat")


def test_connected(web: Web, io: Server, url: str) -> None:
    chat = io.of("/chat")
    page = web.open(url, CLIENT, AT_CHAT)
    page.logs("connect")
    ((id, socket),) = chat.connected.items()
    assert socket.id == id and socket.namespace is chat
    page.close()
    wait_until(lambda: chat.connected == {}, what="the socket has left")


def test_emit_reaches_everyone_in_it_and_nobody_else(web: Web, io: Server, url: str) -> None:
    chat = io.of("/chat")
    inside = [web.open(url, CLIENT, AT_CHAT) for _ in range(2)]
    outside = web.open(url, CLIENT, AT_ROOT)
    for page in (*inside, outside):
        page.logs("connect")
    chat.emit("an event", "for chat")
    io.emit("an event", "for all")
    for page in inside:
        page.logs("connect", "for chat")
    outside.logs("connect", "for all")


def has_cookie(socket: Socket, next: Callable[..., None]) -> None:
    if socket.request.headers.get("cookie"):
        return next()
    return next(Exception("Authentication error"))


WITH_COOKIE = AT_ROOT.replace("io(url)", "io(url, { extraHeaders: { Cookie: 'a=b' } })")


def test_use_decides_by_a_cookie(web: Web, io: Server, url: str) -> None:
    io.use(has_cookie)
    web.open(url, CLIENT, WITH_COOKIE).logs("connect")
    web.open(url, CLIENT, AT_ROOT).logs(["error", "Authentication error"])


def test_use_of_a_namespace_keeps_the_order(web: Web, io: Server, url: str) -> None:
    asked: list[str] = []

    def first(socket: Socket, next: Callable[..., None]) -> None:
        asked.append("first")
        next()

    def second(socket: Socket, next: Callable[..., None]) -> None:
        asked.append("second")
        next(Exception("not here"))

    chat = io.of("/chat")
    chat.use(first)
    chat.use(second)
    chat.use(lambda socket: asked.append("third"))
    web.open(url, CLIENT, AT_CHAT).logs(["error", "not here"])
    assert asked == ["first", "second"]
    web.open(url, CLIENT, AT_ROOT).logs("connect")
