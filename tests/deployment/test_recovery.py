"""A real client that loses its connection and comes back, by TLS: to our own server, and through
nginx as the deployment page has it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import pytest
from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from flask_realtime import SocketIO
from tests.clients.recovering import NodeClient, node_clients
from tests.support.line import Line, line_to
from tests.support.nginx import documented_block, nginx_with
from tests.support.server import serving
from tests.support.waiting import wait_until


class Place(NamedTuple):
    """An application that is reached by a line.

    :param start: starts a client of a package on some transports.
    """

    io: SocketIO
    line: Line
    start: Callable[..., NodeClient]


@pytest.fixture(params=["our own server", "nginx"])
def place(
    request: pytest.FixtureRequest, node: str, npm_clients: Path, tls: Path
) -> Iterator[Place]:
    app = Flask("tested")
    io = SocketIO(app, connection_state_recovery=True)
    with ExitStack() as stack:
        if request.param == "nginx":
            app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1)  # type: ignore[method-assign]
            server = stack.enter_context(serving(app))
            page, folder = (request.getfixturevalue(name) for name in ("page", "tmp_path"))
            block = documented_block(page, "server_name", tls, server.port)
            nginx = nginx_with(request.getfixturevalue("nginx"), folder, block)
            port = stack.enter_context(nginx).port
        else:
            port = stack.enter_context(serving(app, certfile=str(tls), keyfile=str(tls))).port
        line = stack.enter_context(line_to(port))
        url = f"https://127.0.0.1:{line.port}"
        yield Place(io, line, stack.enter_context(node_clients(node, url, tls)))


@pytest.mark.parametrize("transports", [["websocket"], ["polling"]], ids="+".join)
def test_client_4_gets_what_it_has_missed_once_and_in_order(
    place: Place, transports: list[str]
) -> None:
    io = place.io
    client = place.start("socket.io-client-4", *transports)
    id = client.hear()["connect"]
    there = io.sockets.sockets[id]
    there.join("red")
    there.data["n"] = 1
    assert there.handshake.secure
    there.emit("x", "before")
    assert client.hear()["event"][:-1] == ["x", "before"]
    wait_until(lambda: there.conn.transport.ready, what="a poll waits")
    place.line.cut()
    assert client.hear()["disconnect"] in ("transport close", "transport error")
    wait_until(lambda: id not in io.sockets.sockets, what="the server has noticed")
    io.to("red").emit("x", 0)
    io.to("blue").emit("x", "not for it")
    io.to(id).emit("picture", b"bytes")
    place.line.mend()
    heard = [client.hear()["event"][:-1] for _ in range(2)]
    assert heard == [["x", 0], ["picture", "bytes"]]
    assert client.hear() == {"connect": id, "recovered": True}
    again = io.sockets.sockets[id]
    assert (again.recovered, again.rooms, again.data) == (True, {id, "red"}, {"n": 1})
    again.emit("x", "after")
    assert client.hear()["event"][:-1] == ["x", "after"]
