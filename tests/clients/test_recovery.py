"""Real clients whose connection is cut, and who come back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.clients.recovering import NodeClient, node_clients
from tests.support.application import Site, app, serve
from tests.support.line import Line, line_to
from tests.support.waiting import wait_until

__all__ = ["app", "serve"]


@pytest.fixture
def site(serve: Callable[..., Site]) -> Site:
    return serve(connection_state_recovery=True)


@pytest.fixture
def line(site: Site) -> Iterator[Line]:
    with line_to(site.running.port) as line:
        yield line


@pytest.fixture
def start(node: str, npm_clients: Path, line: Line) -> Iterator[Callable[..., NodeClient]]:
    """Starts clients at the other end of the line."""
    with node_clients(node, f"http://127.0.0.1:{line.port}") as start:
        yield start


def _emit_while_away(site: Site, id: str) -> list[list[Any]]:
    """Emit events to its room, its id and everyone; return those that are for it."""
    site.io.to("red").emit("x", 0)
    site.io.to(id).emit("x", 1, "text")
    site.io.to("blue").emit("x", "not for it")
    site.io.volatile.emit("x", "lost")
    site.io.emit("picture", b"bytes")
    site.io.to("red").send({"a": [1]})
    return [["x", 0], ["x", 1, "text"], ["picture", "bytes"], ["message", {"a": [1]}]]


@pytest.mark.parametrize("how", ["cut", "closed"])
@pytest.mark.parametrize(
    "transports", [["websocket"], ["polling"], ["polling", "websocket"]], ids="+".join
)
def test_client_4_gets_what_it_has_missed_once_and_in_order(
    site: Site, line: Line, start: Callable[..., NodeClient], transports: list[str], how: str
) -> None:
    client = start("socket.io-client-4", *transports)
    said = client.hear()
    id = said["connect"]
    assert said["recovered"] is False
    there = site.io.sockets.sockets[id]
    there.join("red")
    there.data["n"] = 1
    if len(transports) > 1:
        wait_until(lambda: there.conn.transport.name == "websocket", what="it has upgraded")
    there.emit("x", "before")
    assert client.hear()["event"][:-1] == ["x", "before"]
    wait_until(lambda: there.conn.transport.ready, what="a poll waits")
    if how == "closed":
        client.close_below()
        assert client.hear() == {"disconnect": "forced close"}
        line.cut()
    else:
        line.cut()
        assert client.hear()["disconnect"] in ("transport close", "transport error")
    wait_until(lambda: id not in site.io.sockets.sockets)
    expected = _emit_while_away(site, id)
    line.mend()
    heard = [client.hear() for _ in expected]
    assert [said["event"][:-1] for said in heard] == expected
    assert client.hear() == {"connect": id, "recovered": True}
    again = site.io.sockets.sockets[id]
    assert again is not there
    assert (again.recovered, again.rooms, again.data) == (True, {id, "red"}, {"n": 1})
    assert again.auth == {"token": "mine"}
    again.emit("x", "after")
    assert client.hear()["event"][:-1] == ["x", "after"]


def test_a_loss_that_the_server_has_not_noticed_is_none_to_client_4(
    site: Site, line: Line, start: Callable[..., NodeClient]
) -> None:
    client = start("socket.io-client-4", "polling")
    id = client.hear()["connect"]
    there = site.io.sockets.sockets[id]
    there.join("red")
    line.cut()
    client.hear()
    expected = _emit_while_away(site, id)  # to a session that may still be open
    line.mend()
    assert [client.hear()["event"][:-1] for _ in expected] == expected
    assert client.hear() == {"connect": id, "recovered": True}


@pytest.mark.parametrize("package", ["socket.io-client-3", "socket.io-client-2"])
def test_clients_before_4_6_come_back_as_somebody_new(
    site: Site, line: Line, start: Callable[..., NodeClient], package: str
) -> None:
    client = start(package, "websocket")
    id = client.hear()["connect"]
    site.io.sockets.sockets[id].join("red")
    line.cut()
    client.hear()
    site.wait_empty()
    site.io.to("red").emit("x", "lost")
    line.mend()
    said = client.hear()
    assert said["connect"] != id
    assert not site.io.sockets.sockets[said["connect"]].recovered
    site.io.emit("x", "after")
    assert client.hear()["event"][:2] == ["x", "after"]
