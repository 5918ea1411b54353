"""Values that belong to a client's session, and ``socket.data``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from flask_realtime import Disconnected
from tests.support.application import Site
from tests.support.waiting import wait_until


def _sessions(site: Site) -> dict[str, Any]:
    kept: dict[str, Any] = site.io.server.store._sessions  # type: ignore[attr-defined]
    return kept


def test_values_are_set_read_and_deleted(site: Site) -> None:
    sock = site.socket(site.client())
    assert not sock.has("nickname")
    assert sock.get("nickname") is None
    assert sock.get("nickname", "nobody") == "nobody"
    sock.set("nickname", "Ada")
    assert sock.has("nickname")
    assert sock.get("nickname", "nobody") == "Ada"
    sock.delete("nickname")
    sock.delete("nickname")
    assert not sock.has("nickname")


def test_none_is_a_value(site: Site) -> None:
    sock = site.socket(site.client())
    sock.set("x", None)
    assert sock.has("x")
    assert sock.get("x", "default") is None


def test_values_are_shared_by_a_client_s_namespaces_and_by_nobody_else(site: Site) -> None:
    site.io.of("/chat")
    client, other = site.client(), site.client()
    chat = site.io.of("/chat").sockets[client.wire.connect("/chat")]
    site.socket(client).set("nickname", "Ada")
    assert chat.get("nickname") == "Ada"
    assert not site.socket(other).has("nickname")
    client.send("41")
    assert chat.get("nickname") == "Ada"


def test_values_outlive_the_session_for_a_while(serve: Callable[..., Site]) -> None:
    site = serve(store_expiration=0.05)
    seen: list[Any] = []
    client = site.client()
    sock = site.socket(client)
    sock.set("nickname", "Ada")
    site.io.on("disconnect", lambda: seen.append(sock.get("nickname")))
    client.wire.leave()
    site.wait_empty()
    assert seen == ["Ada"]
    wait_until(lambda: not _sessions(site))
    assert not sock.has("nickname")


@pytest.mark.parametrize("polling", [False, True])
def test_nothing_is_kept_for_who_has_left(serve: Callable[..., Site], polling: bool) -> None:
    # Over polling a session that we close waits for the poll that takes its last messages.
    site = serve(store_expiration=0.01)
    errors: list[Exception] = []
    wire = site.running.polling() if polling else site.running.websocket()
    sock = site.io.sockets.sockets[wire.connect()]

    def disconnect() -> None:
        try:
            sock.set("too", "late")
        except Exception as error:
            errors.append(error)

    site.io.on("disconnect", disconnect)
    sock.disconnect(close=True)
    site.wait_empty()
    assert isinstance(errors[0], Disconnected)
    assert not _sessions(site)


def test_leaving_a_namespace_keeps_the_values_of_the_session(site: Site) -> None:
    client = site.client()
    site.socket(client).set("nickname", "Ada")
    client.send("41")
    again = site.io.sockets.sockets[client.wire.connect()]
    assert again.get("nickname") == "Ada"


def test_data_belongs_to_one_socket(site: Site) -> None:
    site.io.of("/chat")
    client = site.client()
    chat = site.io.of("/chat").sockets[client.wire.connect("/chat")]
    root = site.socket(client)
    root.data["x"] = object()
    assert root.data is root.data
    assert chat.data == {}
    client.send("41")
    again = site.io.sockets.sockets[client.wire.connect()]
    assert again.data == {}
