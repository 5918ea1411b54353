"""The handshake as handlers see it: what came, what each socket has for itself, what is added."""

from __future__ import annotations

from time import time
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask, request
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix

from flask_realtime import SocketIO, socket
from flask_realtime.socketio.handshake import Address
from tests.support.application import Site
from tests.support.server import make_server, serving
from tests.support.waiting import wait_until


def test_it_is_made_when_it_is_asked_for_and_no_sooner(site: Site) -> None:
    client = site.client()
    session = site.running.session()
    assert session.request.handshake is None
    sock = site.socket(client)
    assert sock._handshake is None
    assert sock.handshake is sock.handshake
    assert session.request.handshake is not None


def test_what_it_says(site: Site) -> None:
    began = int(time() * 1000)
    headers = {"X-Key": "sesame", "Origin": f"http://127.0.0.1:{site.running.port}"}
    client = site.client(auth={"token": 1}, query="a=1&a=2&b=%20x", headers=headers)
    handshake = site.socket(client).handshake
    assert handshake.headers["x-key"] == handshake.headers["X-Key"] == "sesame"
    assert "X-KEY" in handshake.headers and handshake.headers.get("none") is None
    assert began - 5 <= handshake.issued <= int(time() * 1000)
    assert handshake.time.split()[3].isdigit()
    assert handshake.address == handshake.address.address == "127.0.0.1"
    assert isinstance(handshake.address, Address) and handshake.address.port > 0
    assert (handshake.xdomain, handshake.secure) == (True, False)
    assert handshake.url == "/socket.io/?EIO=4&transport=websocket&a=1&a=2&b=%20x"
    assert handshake.query["a"] == "1" and handshake.query.getlist("a") == ["1", "2"]
    assert (handshake.query["b"], handshake.query["EIO"]) == (" x", "4")
    assert handshake.query.getlist("none") == []
    assert handshake.auth == {"token": 1}


def test_items_and_attributes_are_the_same_and_the_session_shares_them(site: Site) -> None:
    site.io.of("/chat")
    client = site.client(auth={"who": "root"})
    id = client.wire.connect("/chat", {"who": "chat"})
    root, chat = site.socket(client), site.io.of("/chat").sockets[id]
    root.handshake.user = "zoe"
    chat.handshake["level"] = 3
    root.handshake.query["own"] = "x"
    assert (chat.handshake["user"], root.handshake.level) == ("zoe", 3)
    assert (root.handshake.auth, chat.handshake["auth"]) == ({"who": "root"}, {"who": "chat"})
    assert "own" not in chat.handshake.query
    assert dict(chat.handshake)["user"] == "zoe"
    assert len(chat.handshake) == len(dict(root.handshake))
    del root.handshake["level"]
    del root.handshake.user
    assert "user" not in chat.handshake and chat.handshake.get("level") is None
    with pytest.raises(AttributeError, match="the handshake has no 'user'; it has headers"):
        chat.handshake.user  # noqa: B018
    with pytest.raises(AttributeError, match="'auth' to delete"):
        del chat.handshake.auth


def test_the_query_of_a_namespace_lies_over_that_of_the_connection(site: Site) -> None:
    site.io.of("/chat")
    client = site.running.eio3("EIO=3&who=all&lang=de")
    assert client.receive() == "40"
    client.send("40/chat?who=chat&who=second&x=1,")
    assert client.receive() == "40/chat,"
    (root,) = site.io.sockets.sockets.values()
    (chat,) = site.io.of("/chat").sockets.values()
    assert root.handshake.query["who"] == "all" and "x" not in root.handshake.query
    query = chat.handshake.query
    assert (query["who"], query["lang"], query["x"], query["EIO"]) == ("chat", "de", "1", "3")
    assert query.getlist("who") == ["chat"]
    assert chat.handshake.auth == {"who": "chat", "lang": "de", "x": "1"}


def test_the_query_of_an_endpoint_of_0_9(site: Site) -> None:
    site.io.of("/chat")
    client = site.running.client_09()
    assert client.receive() == "1::"
    client.send("1::/chat?name=zoe")
    assert client.receive() == "1::/chat"
    (chat,) = site.io.of("/chat").sockets.values()
    assert chat.handshake.query["name"] == "zoe"


def test_behind_a_proxy_the_address_is_the_clients_and_its_port_is_unknown(app: Flask) -> None:
    io = SocketIO(app)
    app.wsgi_app = ProxyFix(app.wsgi_app)  # type: ignore[method-assign]
    headers = {"X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "https"}
    with serving(app) as running:
        running.websocket(headers=headers).connect()
        (sock,) = io.sockets.sockets.values()
        assert sock.handshake.address == "192.0.2.7"
        assert sock.handshake.address.port is None
        assert sock.handshake.secure


def test_a_path_with_signs_is_written_as_a_url(app: Flask) -> None:
    io = SocketIO(app)
    inner, prefix = app.wsgi_app, "/ünï".encode().decode("latin-1")
    app.wsgi_app = DispatcherMiddleware(inner, {prefix: inner})  # type: ignore[method-assign]
    with serving(app) as running:
        running.websocket(path=quote("/ünï/socket.io/")).connect()
        (sock,) = io.sockets.sockets.values()
        assert sock.handshake.url.startswith(quote("/ünï") + "/socket.io/?EIO=4")


def test_the_request_is_flasks(site: Site) -> None:
    seen: list[Any] = []

    @site.io.on("look")
    def look() -> None:
        request.seen = "once"
        seen.append(socket.request is request._get_current_object())

    client = site.client(query="a=b")
    client.send('42["look"]')
    wait_until(lambda: seen)
    sock = site.socket(client)
    assert seen == [True]
    assert sock.request.seen == "once"  # type: ignore[attr-defined]
    assert sock.request.args["a"] == "b"
    assert sock.environ is sock.request.environ
    assert sock.environ["REQUEST_METHOD"] == "GET"


def test_without_flask_the_request_is_werkzeugs() -> None:
    server = make_server()
    with serving(server) as running:
        running.websocket("a=b").connect()
        (sock,) = server.of("/").sockets.values()
        assert sock.request is sock.request
        assert sock.request.args["a"] == "b"
        assert sock.client.request is sock.request
        assert sock.environ["wsgi.input"].read() == b""


def test_the_client_behind_the_socket(site: Site) -> None:
    site.io.of("/chat")
    client = site.client()
    id = client.wire.connect("/chat")
    root, chat = site.socket(client), site.io.of("/chat").sockets[id]
    assert root.client is chat.client
    assert root["/chat"] is chat and chat["/"] is root
    assert "/chat" in root.client and "/none" not in root.client
    with pytest.raises(KeyError, match="the client is not in '/none'; its namespaces: /, /chat"):
        root["/none"]
    assert root.client.id == client.wire.sid != root.id
    assert root.client.conn is root.conn
    assert root.client.sockets == {"/": root, "/chat": chat}
    assert (root.nsp, root.transport) == (root.namespace, "websocket")
    assert (root.connected, root.disconnected) == (True, False)
    client.wire.reset()
    wait_until(lambda: root.disconnected)
    assert not root.connected
