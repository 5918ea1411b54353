"""Values that belong to a client's session, in each store; and ``socket.data``."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Callable
from itertools import count
from time import monotonic
from typing import Any

import gevent
import pytest

from flask_realtime import Disconnected, MemoryStore, socket
from flask_realtime.exceptions import EncodeError, EventError, OptionError, UsageError
from flask_realtime.socketio.server import Server
from flask_realtime.store.redis import RedisStore
from tests.support.application import Site
from tests.support.waiting import wait_until

Serve = Callable[..., Site]
_prefixes = count()


class _Serve:
    """Serves with a store of its own."""

    def __init__(self, serve: Serve, store: Any) -> None:
        self._serve = serve
        self.store = store

    def __call__(self, **options: Any) -> Site:
        return self._serve(store=self.store, **options)

    def left(self, key: str) -> float:
        """How long the values of a key stay, unless somebody says more, in seconds."""
        if isinstance(self.store, MemoryStore):
            return self.store._ends.get(key, math.inf) - monotonic()
        milliseconds: int = self.store._redis.run("PTTL", self.store._name(key))
        return milliseconds / 1000


@pytest.fixture(params=["memory", "redis"])
def serve_stored(serve: Serve, request: pytest.FixtureRequest) -> Any:
    if request.param == "memory":
        yield _Serve(serve, MemoryStore())
        return
    url = request.getfixturevalue("redis").url
    store = RedisStore(url, prefix=f"storage{next(_prefixes)}:")
    yield _Serve(serve, store)
    store.close()


@pytest.fixture
def stored(serve_stored: _Serve) -> Site:
    return serve_stored()


def test_values_are_set_read_and_deleted(stored: Site) -> None:
    sock = stored.socket(stored.client())
    assert not sock.has("nickname")
    assert sock.get("nickname") is None
    assert sock.get("nickname", "nobody") == "nobody"
    assert sock.delete("nickname") is sock
    assert sock.all() == {}
    assert sock.set("nickname", "Ada") is sock
    assert sock.has("nickname")
    assert sock.get("nickname", "nobody") == "Ada"
    assert sock.set("age", 36).all() == {"nickname": "Ada", "age": 36}
    sock.delete("nickname").del_("nickname")
    assert not sock.has("nickname")
    assert sock.all() == {"age": 36}


def test_none_is_a_value(stored: Site) -> None:
    sock = stored.socket(stored.client())
    sock.set("x", None)
    assert sock.has("x")
    assert sock.get("x", "default") is None


def test_numbers_are_added_to(stored: Site) -> None:
    sock = stored.socket(stored.client())
    assert sock.increment("visits") == 1
    assert sock.increment("visits", 2.5) == 3.5
    adding = [gevent.spawn(sock.increment, "points", 2) for _ in range(50)]
    gevent.joinall(adding, raise_error=True)
    assert sock.all() == {"visits": 3.5, "points": 100}


def test_values_are_shared_by_a_client_s_namespaces_and_by_nobody_else(stored: Site) -> None:
    stored.io.of("/chat")
    client, other = stored.client(), stored.client()
    chat = stored.io.of("/chat").sockets[client.wire.connect("/chat")]
    stored.socket(client).set("nickname", "Ada")
    assert chat.get("nickname") == "Ada"
    assert not stored.socket(other).has("nickname")
    client.send("41")
    assert chat.get("nickname") == "Ada"


# Callbacks, as in Socket.IO 0.9


def test_each_method_calls_back(stored: Site) -> None:
    sock = stored.socket(stored.client())
    told: list[Any] = []

    def note(*values: Any) -> None:
        told.append(values)

    assert sock.set("nickname", "Ada", note) is sock
    assert sock.get("nickname", note) is None
    sock.get("other", note)
    sock.has("nickname", note)
    sock.increment("n", note)
    sock.increment("n", 2, note)
    sock.delete("nickname", note)
    sock.all(note)
    assert told == [(None,), (None, "Ada"), (None, None), (None, True), (None, 1), (None, 3),
                    (None,), (None, {"n": 3})]  # fmt: skip


def test_a_callback_gets_as_much_as_it_takes(stored: Site) -> None:
    sock = stored.socket(stored.client())
    told: list[Any] = []
    sock.set("nickname", "Ada", lambda: told.append("set"))
    sock.set("nickname", "Ada", lambda error, value: told.append((error, value)))
    sock.get("nickname", lambda error: told.append(error))
    assert told == ["set", (None, None), None]
    with pytest.raises(EventError, match="keyword argument"):
        sock.set("x", 1, lambda *, wrong: None)
    assert not sock.has("x")


def test_the_snippet_of_socket_io_0_9(stored: Site) -> None:
    @stored.io.on("set nickname")
    def set_nickname(name: str) -> None:
        socket.set("nickname", name, lambda: socket.emit("ready"))

    @stored.io.on("msg")
    def msg() -> None:
        socket.get("nickname", lambda err, name: socket.emit("message by", name))

    client = stored.client()
    assert client.ask('42["set nickname","Ada"]') == '42["ready"]'
    assert client.ask('42["msg"]') == '42["message by","Ada"]'


def test_the_client_s_own_callback_may_be_told(stored: Site) -> None:
    @stored.io.on("set")
    def put(name: str, ack: Any) -> None:
        socket.set("nickname", name, ack)

    assert stored.client().ask('421["set","Ada"]') == "431[null]"


def test_a_client_that_has_left_is_told_the_callback(stored: Site) -> None:
    sock = stored.socket(stored.client())
    told: list[Any] = []
    sock.disconnect(close=True)
    wait_until(lambda: sock.client.gone)
    sock.set("x", 1, told.append)
    sock.increment("x", lambda error, value: told.append((error, value)))
    assert isinstance(told[0], Disconnected)
    assert isinstance(told[1][0], Disconnected) and told[1][1] is None


# Mistakes


def test_mistakes_are_raised_with_or_without_a_callback(stored: Site) -> None:
    sock = stored.socket(stored.client())
    told: list[Any] = []
    sock.set("name", "Ada")
    for callback in (), (told.append,):
        with pytest.raises(EncodeError, match=r"'x' cannot be kept: .*\['a'\] is an object"):
            sock.set("x", {"a": object()}, *callback)
        with pytest.raises(EncodeError, match="keys that are text, not 5"):
            sock.set(5, 1, *callback)  # type: ignore[arg-type]
        with pytest.raises(UsageError, match="'name' is no number"):
            sock.increment("name", 1, *callback)
    assert told == []
    assert sock.all() == {"name": "Ada"}


def test_a_key_is_text_also_where_nothing_is_kept(stored: Site) -> None:
    sock = stored.socket(stored.client())
    for method in (sock.get, sock.has, sock.delete):
        with pytest.raises(EncodeError, match="keys that are text, not 5"):
            method(5)


# Until when


def test_values_outlive_the_session_for_a_while(serve_stored: _Serve) -> None:
    stored = serve_stored(store_expiration=50)
    seen: list[Any] = []
    client = stored.client()
    sock = stored.socket(client)
    sock.set("nickname", "Ada")
    assert serve_stored.left(sock.store_key) > 80000
    stored.io.on("disconnect", lambda: seen.append(sock.get("nickname")))
    client.wire.leave()
    wait_until(lambda: seen == ["Ada"])
    wait_until(lambda: 40 < serve_stored.left(sock.store_key) <= 50)


def test_then_they_are_gone(serve_stored: _Serve) -> None:
    stored = serve_stored(store_expiration=0.01)
    sock = stored.socket(stored.client())
    sock.set("nickname", "Ada")
    sock.disconnect(close=True)
    wait_until(lambda: not sock.has("nickname"))


@pytest.mark.parametrize("polling", [False, True])
def test_nothing_is_kept_for_who_has_left(serve_stored: _Serve, polling: bool) -> None:
    # Over polling a session that we close waits for the poll that takes its last messages.
    stored = serve_stored()
    errors: list[Exception] = []
    wire = stored.running.polling() if polling else stored.running.websocket()
    sock = stored.io.sockets.sockets[wire.connect()]

    def disconnect() -> None:
        try:
            sock.set("too", "late")
        except Exception as error:
            errors.append(error)

    stored.io.on("disconnect", disconnect)
    sock.disconnect(close=True)
    stored.wait_empty()
    assert isinstance(errors[0], Disconnected)
    assert sock.store_key == ""


def test_leaving_a_namespace_keeps_the_values_of_the_session(stored: Site) -> None:
    client = stored.client()
    stored.socket(client).set("nickname", "Ada")
    client.send("41")
    again = stored.io.sockets.sockets[client.wire.connect()]
    assert again.get("nickname") == "Ada"


def _join(site: Site, pid: str | None = None) -> tuple[Any, Any, str]:
    """Join as who may come back; return the client, the socket, and by what it comes back."""
    client = site.outsider()
    client.join("/", pid and {"pid": pid})
    packet = str(client.receive())
    told = json.loads(packet[2:])
    return client, site.io.sockets.sockets[told["sid"]], told["pid"]


def test_who_comes_back_has_the_values_and_keeps_them(serve_stored: _Serve) -> None:
    recovery = {"max_disconnection_duration": 50}
    stored = serve_stored(store_expiration=10, connection_state_recovery=recovery)
    client, sock, pid = _join(stored)
    key = sock.set("nickname", "Ada").store_key
    client.wire.reset()
    stored.wait_empty()
    wait_until(lambda: 40 < serve_stored.left(key) <= 50)
    client, again, _ = _join(stored, pid)
    assert again.recovered
    assert again.get("nickname") == "Ada"
    assert again.store_key == key
    wait_until(lambda: serve_stored.left(key) > 80000)
    assert again.set("age", 36).all() == {"nickname": "Ada", "age": 36}
    client.wire.leave()
    stored.wait_empty()
    wait_until(lambda: 40 < serve_stored.left(key) <= 50)


def test_who_comes_back_and_had_none_asks_nobody(serve_stored: _Serve) -> None:
    stored = serve_stored(connection_state_recovery=True)
    client, _, pid = _join(stored)
    client.wire.reset()
    stored.wait_empty()
    _, again, _ = _join(stored, pid)
    assert again.recovered
    assert again.store_key == ""
    assert again.client.values is None


# From elsewhere


def test_another_server_with_the_same_store_reads_by_the_key(serve_stored: _Serve) -> None:
    stored = serve_stored()
    sock = stored.socket(stored.client())
    assert sock.store_key == ""
    sock.set("nickname", "Ada")
    assert sock.store_key not in ("", sock.client.id, sock.id)
    assert serve_stored.store.get(sock.store_key, "nickname") == "Ada"


def test_other_threads(stored: Site) -> None:
    sock = stored.socket(stored.client())
    seen: list[Any] = []

    def run() -> None:
        sock.set("nickname", "Ada", lambda: seen.append(threading.current_thread()))
        seen.append(sock.get("nickname"))
        seen.append(sock.increment("n", 5))
        try:
            sock.set("x", object())
        except Exception as error:
            seen.append(error)
        seen.append(sock.all())

    thread = threading.Thread(target=run)
    thread.start()
    wait_until(lambda: not thread.is_alive())
    assert seen[0] is thread
    assert seen[1:3] == ["Ada", 5]
    assert isinstance(seen[3], EncodeError)
    assert seen[4] == {"nickname": "Ada", "n": 5}


def test_a_store_is_asked_by_the_thread_that_serves_only(serve: Serve) -> None:
    class Noting(MemoryStore):
        def set(self, session: str, key: str, value: Any) -> None:
            asked.add(threading.current_thread())
            super().set(session, key, value)

        def get(self, session: str, key: str, default: Any = None) -> Any:
            asked.add(threading.current_thread())
            return super().get(session, key, default)

    asked: set[threading.Thread] = set()
    site = serve(store=Noting())
    sock = site.socket(site.client())
    thread = threading.Thread(target=lambda: sock.set("nickname", "Ada").get("nickname"))
    thread.start()
    wait_until(lambda: not thread.is_alive())
    assert asked == {threading.current_thread()}
    assert sock.get("nickname") == "Ada"


# The option


def test_a_store_is_chosen_by_its_url(serve: Serve, redis: Any) -> None:
    site = serve(store=redis.url)
    assert isinstance(site.io.server.store, RedisStore)
    site.socket(site.client()).set("nickname", "Ada")
    site.io.server.store.close()


def test_a_store_is_a_setting() -> None:
    server = Server()
    first, own = server.store, MemoryStore()
    assert isinstance(first, MemoryStore)
    assert server.set("store", "memory://").store is not first
    assert server.set("store", own).store is own
    assert server.get("store") is own
    assert Server(store=own).store is own
    assert Server({"store": "redis://localhost"}, store=own).store is not own
    server.start()
    with pytest.raises(OptionError, match="store cannot change any more"):
        server.set("store", "memory://")


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
