"""Nothing is left of a client that has gone, and nothing of it waits for the garbage collector."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import request, session

from flask_realtime import Socket, socket
from flask_realtime.engine.session import Session
from flask_realtime.extension.context import ConnectionContext
from flask_realtime.socketio.client import Client
from flask_realtime.transports.polling import PollingTransport
from flask_realtime.transports.websocket import WebSocketTransport
from flask_realtime.websocket.connection import Connection
from tests.support.application import Site
from tests.support.waiting import wait_until

TRANSPORTS = (PollingTransport, WebSocketTransport, Connection)
OURS = (Socket, Client, Session, ConnectionContext, *TRANSPORTS)


def alive() -> list[str]:
    """The types of what belongs to a client and is there."""
    return sorted(type(each).__name__ for each in gc.get_objects() if type(each) in OURS)


@pytest.fixture
def no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@pytest.mark.usefixtures("no_collector")
@pytest.mark.parametrize("end", ["close frame", "reset", "server", "refused", "polling"])
def test_a_client_is_freed_when_it_has_gone(serve: Callable[..., Site], end: str) -> None:
    before = alive()  # what earlier tests hold
    site = serve(store_expiration=0.001)
    io = site.io

    @io.on("connect")
    def connect() -> bool:
        socket.data["request"] = request.path
        session.get("x")
        return end != "refused"

    @io.on("connection")
    def connection(sock: Any) -> None:
        sock.on("own", lambda: "own")
        sock.join("lobby")
        sock.set("x", 1)

    io.on("question", lambda: socket.emit("question", callback=lambda: None))
    _come_and_go(site, end)
    wait_until(lambda: not site.running.sessions)
    wait_until(lambda: not io.server.store._sessions)  # type: ignore[attr-defined]
    wait_until(lambda: alive() == before, timeout=2, what=f"free: {alive()}")


def _come_and_go(site: Site, end: str) -> None:
    if end == "polling":
        polling = site.running.polling()
        polling.connect()
        polling.send('42["question"]', '421["own"]')
        assert polling.receive() == '420["question"]'
        polling.send("1")
        return
    client = site.outsider()
    client.send("40", '42["question"]', '421["own"]')
    client.receive()
    if end == "server":
        (sock,) = site.io.sockets.sockets.values()
        sock.disconnect(close=True)
        del sock
        client.wire.closed_with()
        client.wire.close()
    elif end == "reset":
        client.wire.reset()
    elif end == "close frame":
        client.wire.leave()
    else:
        client.send("1")
        client.wire.closed_with()
        client.wire.close()


def test_many_clients_leave_nothing_in_the_server(serve: Callable[..., Site]) -> None:
    site = serve(store_expiration=0.01)
    site.io.of("/chat")
    server = site.io.server

    @site.io.on("connection")
    def connection() -> None:
        socket.join("a", "b")
        socket.set("x", 1)

    for number in range(30):
        client = site.client()
        client.wire.connect("/chat")
        client.send('421["sync"]')
        client.wire.reset() if number % 2 else client.wire.leave()
    store: Any = server.store
    wait_until(lambda: not (server.engine.sessions or store._sessions))
    for namespace in server.namespaces.values():
        adapter: Any = namespace.adapter
        wait_until(lambda there=namespace: not there.sockets)  # type: ignore[misc]
        assert not adapter._joined
        assert not adapter._rooms
    assert not server.turn._ready
