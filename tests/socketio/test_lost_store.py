"""A Redis that is lost, slow or late: what handlers, other clients and the values notice of it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import gevent
import pytest
from gevent.event import Event

from flask_realtime import Disconnected, MemoryStore, socket
from flask_realtime.exceptions import StoreError
from flask_realtime.socketio import expiries
from flask_realtime.store.redis import RedisStore
from tests.support.application import Site
from tests.support.redis import RedisServer
from tests.support.waiting import let_run, outcome, wait_until

Serve = Callable[..., Site]
_prefixes = count()


@pytest.fixture
def store(redis: RedisServer) -> Iterator[RedisStore]:
    store = RedisStore(redis.url, prefix=f"lost{next(_prefixes)}:", timeout=2)
    yield store
    store.close()


@pytest.fixture
def left(store: RedisStore, redis: RedisServer) -> Callable[[str], float]:
    """Says how long the values of a key stay, in seconds; -2 where there are none."""

    def left(key: str) -> float:
        return int(redis.ask("PTTL", f"{store._prefix}{key}").removeprefix(":")) / 1000

    return left


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that could not be reached is told again soon."""
    monkeypatch.setattr(expiries, "_RETRY", 0.01)


def test_a_handler_that_asks_a_lost_redis_fails_and_the_next_one_does_not(
    serve: Serve, store: RedisStore, redis: RedisServer
) -> None:
    site = serve(store=store)
    site.io.on("get", lambda: socket.get("nickname"))
    errors: list[Any] = []

    @site.io.on_error()
    def failed(error: Exception) -> str:
        errors.append(error)
        return "sorry"

    client = site.client()
    site.socket(client).set("nickname", "Ada")
    redis.kill()
    assert client.ask('421["get"]') == '431["sorry"]'
    assert isinstance(errors[0], StoreError)
    told: list[Any] = []
    site.socket(client).get("nickname", lambda error, value: told.append((error, value)))
    assert isinstance(told[0][0], StoreError) and told[0][1] is None
    redis.start()
    assert client.ask('422["get"]') == '432["Ada"]'
    assert len(errors) == 1


def test_who_waits_for_redis_holds_nobody_else_up(
    serve: Serve, store: RedisStore, redis: RedisServer
) -> None:
    site = serve(store=store)
    site.io.on("get", lambda: socket.get("nickname"))
    waiting, other = site.client(), site.client()
    site.socket(waiting).set("nickname", "Ada")
    with redis.held():
        waiting.send('421["get"]')
        assert other.ask('422["sync"]') == "432[]"
        # What it stores nothing for asks nobody.
        assert other.ask('423["get"]') == "433[]"
    assert waiting.receive() == '431["Ada"]'


@pytest.mark.usefixtures("soon")
def test_the_end_of_a_session_is_told_a_redis_that_was_lost_when_it_is_back(
    serve: Serve, store: RedisStore, redis: RedisServer, left: Callable[[str], float],
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    site = serve(store=store, store_expiration=50)
    keys = []
    for _ in range(3):
        client = site.client()
        sock = site.socket(client)
        sock.set("nickname", "Ada")
        assert left(sock.store_key) > 80000
        keys.append(sock.store_key)
    redis.kill()
    with caplog.at_level(logging.WARNING, "flask_realtime.server"):
        for sock in list(site.io.sockets.sockets.values()):
            sock.disconnect(close=True)
        site.wait_empty()
        wait_until(lambda: caplog.messages)
        gevent.sleep(0.05)
    assert [message.partition(":")[0] for message in caplog.messages] == [
        "until when values are kept is told later"
    ]
    redis.start()
    wait_until(lambda: all(40 < left(key) <= 50 for key in keys))
    wait_until(lambda: site.io.server.expiries._telling is None)


@pytest.mark.usefixtures("soon")
def test_who_comes_back_while_redis_is_lost_loses_nothing(
    serve: Serve, store: RedisStore, redis: RedisServer, left: Callable[[str], float]
) -> None:
    site = serve(store=store, connection_state_recovery={"max_disconnection_duration": 50})
    sock = site.socket(site.client())
    sock.set("nickname", "Ada")
    key = sock.store_key
    sock.disconnect(close=True)
    site.wait_empty()
    wait_until(lambda: 40 < left(key) <= 50)
    redis.kill()
    back = site.socket(site.client())
    back.client.take_over(key)
    with pytest.raises(StoreError):
        back.get("nickname")
    redis.start()
    wait_until(lambda: left(key) > 80000)
    assert back.get("nickname") == "Ada"


def test_the_latest_word_on_a_key_is_told_last(
    serve: Serve, store: RedisStore, redis: RedisServer, left: Callable[[str], float]
) -> None:
    expiries = serve(store=store).io.server.expiries
    store.set("s1", "x", 1)
    store.set("s2", "x", 1)
    with redis.held():
        expiries.set("s1", 50)
        let_run()  # that is on its way
        expiries.set("s2", 60)
        expiries.set("s1", None)
    expiries.wait(5)
    assert left("s1") > 80000
    assert 50 < left("s2") <= 60


def test_values_of_a_session_that_lives_are_kept_again_and_again(
    serve: Serve, store: RedisStore, left: Callable[[str], float], redis: RedisServer
) -> None:
    store.renewal = 0.02
    site = serve(store=store, store_expiration=50)
    sock = site.socket(site.client())
    sock.set("nickname", "Ada")
    key = sock.store_key
    for _ in range(2):
        redis.ask("PEXPIRE", f"{store._prefix}{key}", "60000")
        wait_until(lambda: left(key) > 80000)
    sock.disconnect(close=True)
    site.wait_empty()
    wait_until(lambda: left(key) <= 50)
    gevent.sleep(0.05)
    assert left(key) <= 50


def test_what_is_written_while_the_session_ends_ends_with_it(serve: Serve) -> None:
    class Slow(MemoryStore):
        waits = True

        def set(self, session: str, key: str, value: Any) -> None:
            writing.wait()
            super().set(session, key, value)

    writing = Event()
    store = Slow()
    site = serve(store=store, store_expiration=50)
    client = site.client()
    sock = site.socket(client)
    setting = outcome(sock.set, "nickname", "Ada")
    let_run()
    client.wire.reset()
    site.wait_empty()
    site.io.server.expiries.wait(5)
    assert not store._ends
    writing.set()
    assert setting.get(timeout=5) is sock
    wait_until(lambda: sock.store_key in store._ends)
    with pytest.raises(Disconnected):
        sock.set("nickname", "Bob")


def test_a_server_that_stops_tells_the_ends_first(
    serve: Serve, store: RedisStore, redis: RedisServer, left: Callable[[str], float]
) -> None:
    site = serve(store=store, store_expiration=50)
    sock = site.socket(site.client())
    sock.set("nickname", "Ada")
    with redis.held():
        closing = gevent.spawn(site.io.close)
        site.wait_empty()
        gevent.sleep(0.05)
        assert not closing.ready()
    closing.get(timeout=5)
    assert 40 < left(sock.store_key) <= 50


@pytest.mark.parametrize("waits", [False, True])
def test_a_mistake_in_a_store_is_logged_and_stops_no_other_end(
    serve: Serve, caplog: pytest.LogCaptureFixture, waits: bool
) -> None:
    class Mistaken(MemoryStore):
        def expire(self, session: str, seconds: float | None) -> None:
            if self.get(session, "nickname") == "Ada":
                raise ValueError("a mistake")
            super().expire(session, seconds)

    store = Mistaken()
    store.waits = waits
    site = serve(store=store, store_expiration=50)
    for name in ("Ada", "Bob"):
        client = site.client()
        site.socket(client).set("nickname", name)
        client.wire.leave()
        site.wait_empty()
    wait_until(lambda: len(store._ends) == 1)
    (record,) = caplog.records
    assert record.exc_info and str(record.exc_info[1]) == "a mistake"


def test_clients_that_store_nothing_ask_redis_nothing(serve: Serve) -> None:
    store: Any = RedisStore("redis://127.0.0.1:1")
    site = serve(store=store)
    client = site.client()
    sock = site.socket(client)
    assert (sock.get("x"), sock.has("x"), sock.all(), sock.store_key) == (None, False, {}, "")
    sock.delete("x")
    client.wire.leave()
    site.wait_empty()
    assert not store._redis._pools
    assert site.io.server.expiries._telling is None
