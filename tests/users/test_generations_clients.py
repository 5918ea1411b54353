"""Requests as clients in other languages make them, and what operators see of the generations."""

from __future__ import annotations

import json
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


# Swift's WebSocket names an Origin of the scheme ws, or wss (daltoniam/Starscream,
# Sources/Framer/HTTPHandler.swift); those of Java, C++, Dart and .NET name none.
ORIGINS = ("ws://127.0.0.1:PORT", "")


def headers(running: Running, origin: str) -> dict[str, str]:
    return {"Origin": origin.replace("PORT", str(running.port))} if origin else {}


@pytest.mark.parametrize("origin", ORIGINS)
@pytest.mark.parametrize(
    "query",
    [
        # doghappy/socket.io-client-csharp 4, src/SocketIOClient/Session/SessionBase.cs; for Unity
        # itisnajim/SocketIOUnity, Runtime/SocketIOClient/UriConverters/UriConverter.cs;
        # rikulo/socket.io-client-dart 3, lib/src/engine/socket.dart.
        "EIO=4&transport=websocket",
        # The same Dart with timestampRequests, lib/src/engine/transport/websocket_transport.dart,
        # and socketio/socket.io-client-cpp 3, src/internal/sio_client_impl.cpp, in seconds.
        "EIO=4&transport=websocket&t=mi9a2q1c",
        "EIO=4&transport=websocket&t=1700000000",
        # socketio/socket.io-client-swift 16, Source/SocketIO/Engine/SocketEngine.swift.
        "transport=websocket&EIO=4",
    ],
)
def test_a_websocket_of_generation_4_without_polling(serve: Serve, origin: str, query: str) -> None:
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
    "query",
    [
        "transport=websocket",  # Swift up to 15.2 names no EIO
        "transport=websocket&EIO=3",  # Swift 16 with version(.two)
        "EIO=3&transport=websocket",  # Dart up to 1.0, .NET with EIO = V3
        "EIO=3&transport=websocket&t=1700000000",  # C++ 2
    ],
)
def test_a_websocket_of_generation_3(serve: Serve, origin: str, query: str) -> None:
    """From the files that the newer ones have, at those versions."""
    running, _ = serve()
    target = f"/socket.io/?{query}"
    client = running.raw_websocket(target=target, headers=headers(running, origin))
    client.handshake()
    assert client.receive() == "40"
    client.send_text('420["echo",1]')
    assert client.receive() == "430[1]"
    assert running.session().dialect.protocol == 3


def test_swift_polls_for_text_and_upgrades(serve: Serve) -> None:
    """SocketEngine.swift and SocketEnginePollable.swift of socket.io-client-swift 16."""
    running, _ = serve()
    target = "/socket.io/?transport=polling&b64=1&EIO=4"
    http = running.http()
    opened = http.get(target)
    sid = json.loads(opened.packets[0][1:])["sid"]
    polling = f"{target}&sid={sid}"
    form = {"Content-Type": "text/plain; charset=UTF-8"}
    body = b'40\x1e451-0["echo",{"_placeholder":true,"num":0}]\x1ebAQI='
    assert http.request("POST", polling, form, body).status == 200
    joined, *answer = http.get(polling).packets
    assert joined.startswith('40{"sid":')
    assert answer == ['461-0[{"_placeholder":true,"num":0}]', "bAQI="]
    client = running.raw_websocket(
        target=f"/socket.io/?transport=websocket&EIO=4&sid={sid}",
        headers=headers(running, ORIGINS[0]),
    )
    client.send_text("2probe")
    assert client.receive() == "3probe"
    client.send_text("5", '421["echo",1]')
    assert client.receive() == "431[1]"


def test_dotnet_asks_for_the_switch_without_a_probe(serve: Serve) -> None:
    """HandleOpenedMessage of SocketIO.cs, and ConnectCoreAsync of
    Session/WebSocket/WebSocketSession.cs, of socket.io-client-csharp 4: it never polls."""
    running, _ = serve()
    http = running.http()
    opened = http.get("/socket.io/?EIO=4&transport=polling")
    sid = json.loads(opened.packets[0][1:])["sid"]
    form = {"Content-Type": "text/plain"}
    http.request("POST", f"/socket.io/?EIO=4&transport=polling&sid={sid}", form, b"40")
    client = running.raw_websocket(target=f"/socket.io/?EIO=4&transport=websocket&sid={sid}")
    client.send_text("5", '421["echo",1]')
    joined = client.receive()
    assert isinstance(joined, str) and joined.startswith('40{"sid":')
    assert client.receive() == "431[1]"


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
