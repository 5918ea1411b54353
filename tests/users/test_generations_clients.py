"""Requests as clients in other languages make them, and what operators see of the generations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from flask_realtime import signals, socket
from flask_realtime.engine.session import Session
from tests.support.app import Serve, serving_apps
from tests.support.server import Running, serving_flask
from tests.support.waiting import wait_until


@pytest.fixture
def serve() -> Iterator[Serve]:
    with serving_apps() as start:
        yield start


# Swift names an Origin of the scheme ws, or wss; okhttp, below the clients in Java, names none.
ORIGINS = ("ws://127.0.0.1:PORT", "")


def headers(running: Running, origin: str) -> dict[str, str]:
    return {"Origin": origin.replace("PORT", str(running.port))} if origin else {}


@pytest.mark.parametrize("origin", ORIGINS)
@pytest.mark.parametrize(
    "query",
    [
        "EIO=4&transport=websocket",
        "EIO=4&transport=websocket&t=1700000000",
        "transport=websocket&EIO=4&sid=",
    ],
)
def test_a_websocket_of_generation_4_without_polling(serve: Serve, origin: str, query: str) -> None:
    """So do the clients in C++, Dart and for Unity begin."""
    running, _ = serve()
    target = f"/socket.io/?{query}"
    client = running.raw_websocket(target=target, headers=headers(running, origin))
    assert client.handshake()["upgrades"] == []
    client.connect()
    client.send_text('420["echo",1,"é"]')
    assert client.receive() == '430[1,"é"]'
    assert running.session().dialect.protocol == 4


@pytest.mark.parametrize("origin", ORIGINS)
@pytest.mark.parametrize(
    "query", ["transport=websocket", "transport=websocket&b64=1", "EIO=3&transport=websocket&t=1"]
)
def test_a_websocket_of_generation_3(serve: Serve, origin: str, query: str) -> None:
    """The clients in Swift up to 15.2 name no EIO."""
    running, _ = serve()
    target = f"/socket.io/?{query}"
    client = running.raw_websocket(target=target, headers=headers(running, origin))
    client.handshake()
    assert client.receive() == "40"
    client.send_text('420["echo",1]')
    assert client.receive() == "430[1]"
    assert running.session().dialect.protocol == 3


def test_swift_behind_a_proxy_that_ends_tls_names_wss(serve: Serve) -> None:
    running, _ = serve(cors_allowed_origins="https://good.test")
    client = running.raw_websocket(
        target="/socket.io/?transport=websocket", headers={"Origin": "wss://good.test"}
    )
    client.handshake()
    assert client.receive() == "40"


@pytest.mark.parametrize("query", ["EIO=4&transport=websocket", "transport=websocket"])
def test_a_page_of_elsewhere_is_none_of_them(serve: Serve, query: str) -> None:
    running, _ = serve()
    refused = running.http().get(
        f"/socket.io/?{query}",
        {
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
            "Origin": "wss://elsewhere.test",
        },
    )
    assert refused.status == 403


def test_operators_count_the_sessions_of_each_generation() -> None:
    opened: Counter[int] = Counter()
    closed: Counter[int] = Counter()
    asked: Counter[int | str] = Counter()
    app = Flask(__name__)

    def count_opened(sender: Any, session: Session) -> None:
        opened[session.dialect.protocol] += 1

    def count_closed(sender: Any, session: Session, reason: str) -> None:
        closed[session.dialect.protocol] += 1

    with serving_flask(app) as (running, io):
        engine = io.server.engine

        @io.on("which")
        def which() -> int | str:
            asked[socket.protocol] += 1
            return socket.protocol

        with (
            signals.session_opened.connected_to(count_opened, sender=engine),
            signals.session_closed.connected_to(count_closed, sender=engine),
        ):
            newest = running.websocket()
            newest.connect()
            another = running.websocket()
            older = running.eio3()
            assert older.receive() == "40"
            oldest = running.client_09()
            assert oldest.receive() == "1::"
            wait_until(lambda: opened == {4: 2, 3: 1, 1: 1}, what="all are counted")
            assert not closed

            newest.send_text('420["which"]')
            assert newest.receive() == "430[4]"
            older.send('420["which"]')
            assert older.receive() == "430[3]"
            oldest.send('5:1+::{"name":"which"}')
            assert oldest.receive() == "6:::1+[1]"
            assert asked == {4: 1, 3: 1, 1: 1}

            another.leave()
            older.send("1")
            wait_until(lambda: closed == {4: 1, 3: 1}, what="two are counted out")
            assert opened - closed == {4: 1, 1: 1}
            newest.leave()
            oldest.send("0::")
            wait_until(lambda: closed == opened, what="all are counted out")
