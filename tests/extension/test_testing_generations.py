"""The test client in each generation: the same test, and what differs."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask, request

from flask_realtime import ConnectionRefusedError, SocketIO, disconnect, emit, send, socket
from flask_realtime.exceptions import OptionError

GENERATIONS = ["0.9", 3, 4]


@pytest.fixture(params=GENERATIONS)
def protocol(request: pytest.FixtureRequest) -> int | str:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
def io(app: Flask) -> SocketIO:
    io = SocketIO(app)
    for there in (io.of("/"), io.of("/test")):
        there.on("message", lambda text: (send(text), text)[1])
        there.on("echo", lambda *args: (emit("echoed", args), args)[1])
        there.on("ask", lambda: [socket.call("question", 1), "asked"])
        there.on("exit", lambda: disconnect())
    return io


@pytest.mark.parametrize("namespace", ["/", "/test"])
def test_a_conversation(io: SocketIO, app: Flask, protocol: int | str, namespace: str) -> None:
    client = io.test_client(app, namespace, protocol=protocol)
    assert client.is_connected(namespace)
    assert client.send("hello ü", callback=True, namespace=namespace) == "hello ü"
    values = [{"a": [1, None, "ü\u2028"]}, 2.5, True]
    assert client.emit("echo", *values, callback=True, namespace=namespace) == values
    assert client.get_received(namespace) == [
        {"name": "message", "args": "hello ü", "namespace": namespace},
        {"name": "echoed", "args": values, "namespace": namespace},
    ]


@pytest.mark.parametrize("namespace", ["/", "/test"])
def test_a_client_is_asked(io: SocketIO, app: Flask, protocol: int | str, namespace: str) -> None:
    client = io.test_client(app, namespace, protocol=protocol)
    client.emit("ask", callback=True, namespace=namespace)
    (question,) = client.get_received(namespace)
    assert client.ack(question, {"yes": 1}) == [{"yes": 1}, "asked"]


def test_the_generation_is_known(io: SocketIO, app: Flask, protocol: int | str) -> None:
    seen: list[Any] = []
    io.on("connect", lambda: seen.append(socket.protocol))
    io.test_client(app, protocol=protocol)
    assert seen == [1 if protocol == "0.9" else protocol]


def test_a_query_and_headers(io: SocketIO, app: Flask, protocol: int | str) -> None:
    seen: list[Any] = []
    io.on("connect", lambda: seen.append((request.args["a"], request.headers["X-Own"])))
    io.test_client(app, query_string="?a=b", headers={"X-Own": "c"}, protocol=protocol)
    assert seen == [("b", "c")]


def test_a_query_like_the_protocol_s_own(io: SocketIO, app: Flask, protocol: int | str) -> None:
    other = io.test_client(app, protocol=protocol)
    query = f"sid={other.eio_sid}&EIO=9&transport=none&disconnect=1"
    seen: list[Any] = []
    io.on("connect", lambda: seen.append(request.query_string.decode()))
    client = io.test_client(app, query_string=query, protocol=protocol)
    assert client.is_connected() and client.eio_sid != other.eio_sid
    assert seen == [query]


@pytest.mark.parametrize("namespace", ["/", "/test"])
def test_auth(io: SocketIO, app: Flask, protocol: int | str, namespace: str) -> None:
    seen: list[Any] = []
    io.of(namespace).on("connect", lambda auth: seen.append(auth))
    io.test_client(app, namespace, auth={"token": "x&y"}, protocol=protocol)
    assert seen == [{"token": "x&y"}]


@pytest.mark.parametrize("namespace", ["/", "/test"])
def test_a_refusal(io: SocketIO, app: Flask, protocol: int | str, namespace: str) -> None:
    def connect() -> None:
        raise ConnectionRefusedError("not you")

    io.of(namespace).on("connect", connect)
    client = io.test_client(app, namespace, protocol=protocol)
    assert not client.is_connected(namespace)
    told = "unauthorized" if protocol == "0.9" else "not you"
    assert client.refused == {namespace: {"message": told}}


@pytest.mark.parametrize("data", [5, {"retry": False}, "text"])
def test_a_refusal_with_data(io: SocketIO, app: Flask, protocol: int | str, data: Any) -> None:
    def connect() -> None:
        raise ConnectionRefusedError("not you", data)

    io.on("connect", connect)
    told = io.test_client(app, protocol=protocol).refused["/"]
    whole = {"message": "not you", "data": data}
    # Of a refusal 1.x and 2.x are told the data in the place of the message, a number apart.
    instead = {"message": data} if isinstance(data, str) else {"message": "", "data": data}
    expected = {
        "0.9": {"message": "unauthorized"}, 3: whole if data == 5 else instead, 4: whole
    }
    assert told == expected[protocol]


def test_a_handshake_that_is_refused(app: Flask, protocol: int | str) -> None:
    io = SocketIO(app, allow_request=lambda environ: "come back later")
    client = io.test_client(app, protocol=protocol)
    assert client.refused == {"/": {"message": "come back later"}}
    assert not client.is_connected() and not io.server.engine.sessions


@pytest.mark.parametrize("namespace", ["/", "/test"])
def test_leaving(io: SocketIO, app: Flask, protocol: int | str, namespace: str) -> None:
    ends: list[str] = []
    io.of(namespace).on("disconnect", lambda reason: ends.append(reason))
    client = io.test_client(app, namespace, protocol=protocol)
    client.disconnect(namespace)
    assert ends == [io.reason.CLIENT_DISCONNECT]
    assert not client.is_connected(namespace) and not io.server.engine.sessions


@pytest.mark.parametrize("namespace", ["/", "/test"])
def test_being_sent_away(io: SocketIO, app: Flask, protocol: int | str, namespace: str) -> None:
    client = io.test_client(app, namespace, protocol=protocol)
    client.emit("exit", namespace=namespace)
    assert client.connected[namespace] is False


@pytest.mark.parametrize("namespace", ["/", "/test"])
def test_the_id_of_its_socket(
    io: SocketIO, app: Flask, protocol: int | str, namespace: str
) -> None:
    client = io.test_client(app, namespace, protocol=protocol)
    assert list(io.of(namespace).sockets) == [client.get_sid(namespace)]
    client.disconnect(namespace)
    with pytest.raises(RuntimeError):
        client.get_sid(namespace)


def test_older_clients_are_in_the_root_namespace_in_any_case(
    io: SocketIO, app: Flask, protocol: int | str
) -> None:
    client = io.test_client(app, "/test", protocol=protocol)
    assert client.is_connected() == (protocol != 4)


def test_binary(io: SocketIO, app: Flask, protocol: int | str) -> None:
    client = io.test_client(app, protocol=protocol)
    io.emit("picture", b"\x04\xff")
    (picture,) = client.get_received()
    told = {"base64": True, "data": "BP8="} if protocol == "0.9" else b"\x04\xff"
    assert picture["args"] == [told]


@pytest.mark.parametrize("protocol", [3, 4])
def test_another_parser(app: Flask, protocol: int) -> None:
    io = SocketIO(app, serializer="msgpack")
    there = io.of("/test")
    there.on("echo", lambda *args: (emit("echoed", args), args)[1])
    client = io.test_client(app, "/test", protocol=protocol)
    values = [{"a": [b"\x04\xff", 2.5, None]}, "ü"]
    assert client.emit("echo", *values, callback=True, namespace="/test") == values
    assert [packet["args"] for packet in client.get_received("/test")] == [values]
    refused = io.test_client(app, "/nowhere", protocol=protocol)
    assert "Invalid namespace" in str(refused.refused["/nowhere"])
    client.disconnect("/test")
    assert not there.sockets


def test_generations_meet(io: SocketIO, app: Flask) -> None:
    clients = [io.test_client(app, protocol=protocol) for protocol in GENERATIONS]
    io.emit("news", "ü")
    assert [client.get_received()[0]["args"] for client in clients] == [["ü"]] * 3


@pytest.mark.parametrize("transports", [["polling"], ["websocket"]])
def test_whatever_transports_there_are(
    app: Flask, protocol: int | str, transports: list[str]
) -> None:
    io = SocketIO(app, transports=transports)
    assert io.test_client(app, protocol=protocol).is_connected()


@pytest.mark.parametrize("protocol", [5, "4", True, None])
def test_a_generation_that_is_not_there(io: SocketIO, app: Flask, protocol: Any) -> None:
    with pytest.raises(OptionError, match="protocol is one of '0.9', 3, 4"):
        io.test_client(app, protocol=protocol)
