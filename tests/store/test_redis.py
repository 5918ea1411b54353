"""The store in a real Redis."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from threading import Thread
from time import monotonic
from typing import Any

import gevent
import pytest

from flask_realtime.contracts.store import StoreContract
from flask_realtime.exceptions import OptionError, StoreError
from flask_realtime.store.redis import RedisStore
from tests.support.redis import RedisServer, free_port, redis_running
from tests.support.waiting import outcome, wait_until

_numbers = count()


@pytest.fixture
def make(redis: RedisServer) -> Iterator[Callable[..., RedisStore]]:
    """Makes stores, one as the other on values that no other test sees."""
    prefix = f"test{next(_numbers)}:"
    made: list[RedisStore] = []

    def make(url: str = redis.url, **options: Any) -> RedisStore:
        made.append(RedisStore(url, **{"prefix": prefix, **options}))
        return made[-1]

    yield make
    for store in made:
        store.close()


@pytest.fixture
def store(make: Callable[..., RedisStore]) -> RedisStore:
    return make()


class TestRedisStore(StoreContract):
    @pytest.fixture(autouse=True)
    def _make(self, make: Callable[..., RedisStore]) -> None:
        self.make = make  # type: ignore[method-assign]




# What is in Redis


def test_values_are_a_hash_of_json(make: Callable[..., RedisStore], redis: RedisServer) -> None:
    store = make(prefix="a prefix:")
    store.set("s1", "nickname", {"first": "Ada"})
    assert redis.ask("HGET", "a prefix:s1", "nickname").endswith('{"first":"Ada"}')


def test_nothing_stays_for_ever(store: RedisStore, redis: RedisServer) -> None:
    def seconds(session: str) -> int:
        return int(redis.ask("TTL", f"{store._prefix}{session}").removeprefix(":"))

    store.set("s1", "key", 1)
    store.increment("s2", "n")
    assert 86000 < seconds("s1") <= 86400
    assert 86000 < seconds("s2") <= 86400
    store.expire("s1", 100)
    store.set("s1", "other", 1)
    store.increment("s1", "n")
    assert 0 < seconds("s1") <= 100
    store.expire("s1", None)
    assert 86000 < seconds("s1") <= 86400
    assert store.renewal is not None and store.renewal < 86000 / 2


def test_what_is_no_json_is_told(store: RedisStore, redis: RedisServer) -> None:
    redis.ask("HSET", f"{store._prefix}s1", "key", "{")
    with pytest.raises(StoreError, match="no JSON"):
        store.get("s1", "key")


def test_what_redis_refuses_is_told(store: RedisStore, redis: RedisServer) -> None:
    redis.ask("SET", f"{store._prefix}s1", "no hash")
    for call in (lambda: store.get("s1", "key"), lambda: store.set("s1", "key", 1)):
        with pytest.raises(StoreError, match=r"127\.0\.0\.1:\d+ has refused: .*WRONGTYPE"):
            call()
    store.set("s2", "key", 1)
    assert store.get("s2", "key") == 1


def test_scripts_that_redis_has_forgotten(store: RedisStore, redis: RedisServer) -> None:
    assert store.increment("s1", "n") == 1
    redis.ask("SCRIPT", "FLUSH")
    assert store.increment("s1", "n") == 2
    store.set("s1", "key", 1)
    assert store.all("s1") == {"n": 2, "key": 1}


# Connections


def test_nothing_is_connected_before_the_first_command() -> None:
    RedisStore("redis://127.0.0.1:1")


def test_there_are_as_many_connections_as_asked_for(
    make: Callable[..., RedisStore], redis: RedisServer
) -> None:
    store = make(url=f"{redis.url}?client_name=bounded", max_connections=3)
    calls = [gevent.spawn(store.increment, "s1", "n") for _ in range(30)]
    gevent.joinall(calls, raise_error=True)
    assert redis.ask("CLIENT", "LIST").count("name=bounded") == 3
    store.close()
    wait_until(lambda: "name=bounded" not in redis.ask("CLIENT", "LIST"))


def test_a_connection_waits_and_nobody_else_does(store: RedisStore, redis: RedisServer) -> None:
    store.set("s1", "key", 1)
    with redis.held():
        reading = gevent.spawn(store.get, "s1", "key")
        beats = 0
        deadline = monotonic() + 0.1
        while monotonic() < deadline:
            gevent.sleep(0.001)
            beats += 1
        assert beats > 10
        assert not reading.ready()
    assert reading.get(timeout=10) == 1


def test_an_unused_connection_that_redis_has_closed_is_not_used(
    store: RedisStore, redis: RedisServer
) -> None:
    assert store.increment("s1", "n") == 1
    redis.ask("CLIENT", "KILL", "TYPE", "normal")
    assert store.increment("s1", "n") == 2


def test_what_was_interrupted_leaves_no_reply_behind(
    store: RedisStore, redis: RedisServer
) -> None:
    store.set("s1", "a", "the first")
    store.set("s1", "b", "the second")
    with redis.held():
        reading = gevent.spawn(store.get, "s1", "a")
        gevent.idle()
        reading.kill()
    assert store.get("s1", "b") == "the second"


def test_the_timeout_of_another_is_not_ours(store: RedisStore, redis: RedisServer) -> None:
    store.set("s1", "key", 1)
    with redis.held(), gevent.Timeout(0.01) as timeout:
        with pytest.raises(gevent.Timeout) as caught:
            store.get("s1", "key")
    assert caught.value is timeout


def test_each_thread_has_its_own(store: RedisStore) -> None:
    seen: list[Any] = []

    def run() -> None:
        seen.append(store.increment("s1", "n"))
        store.close()
        gevent.get_hub().destroy()

    store.increment("s1", "n")
    thread = Thread(target=run)
    thread.start()
    wait_until(lambda: not thread.is_alive())
    assert seen == [2]
    assert store.increment("s1", "n") == 3


def test_unix_sockets_and_databases(make: Callable[..., RedisStore], redis: RedisServer) -> None:
    over_unix = make(url=f"unix://{redis.path}?db=3")
    over_unix.set("s1", "key", 1)
    assert make(url=f"redis://127.0.0.1:{redis.port}/3").get("s1", "key") == 1
    assert make().get("s1", "key") is None


def test_passwords_and_tls(redis_server: str, tls: Path, tmp_path: Path) -> None:
    secure = ["--requirepass", "s3cret", "--tls-port"]
    port = free_port()
    files = ["--tls-cert-file", "--tls-key-file", "--tls-ca-cert-file"]
    arguments = [*secure, str(port), "--tls-auth-clients", "no"]
    arguments += [word for name in files for word in (name, str(tls))]
    with redis_running(redis_server, tmp_path, *arguments) as server:
        end = f"?ssl_ca_certs={tls}"
        store = RedisStore(f"rediss://:s3cret@localhost:{port}/0{end}")
        store.set("s1", "key", 1)
        plain = RedisStore(f"redis://:s3cret@127.0.0.1:{server.port}")
        assert plain.get("s1", "key") == 1
        _refuses(f"redis://:wrong-one@127.0.0.1:{server.port}", "invalid (username|password)")
        _refuses(f"redis://127.0.0.1:{server.port}", "Authentication required")
        _refuses(f"rediss://:wrong-one@localhost:{port}", "certificate verify failed")
        # An address that the certificate does not know.
        elsewhere = f"rediss://:s3cret@127.1:{port}/0{end}"
        _refuses(elsewhere, "certificate is not valid for '127.1'")
        careless = RedisStore(f"{elsewhere}&ssl_check_hostname=no")
        blind = RedisStore(f"rediss://:s3cret@127.1:{port}/0?ssl_cert_reqs=none")
        assert careless.get("s1", "key") == blind.get("s1", "key") == 1
        for one in (store, plain, careless, blind):
            one.close()


def _refuses(url: str, told: str) -> None:
    with pytest.raises(StoreError, match=f"(?i){told}") as caught:
        RedisStore(url).get("s1", "key")
    assert "wrong-one" not in str(caught.value)
    assert caught.value.__cause__ is not None


# A Redis that is lost


@contextmanager
def within(seconds: float) -> Iterator[None]:
    with gevent.Timeout(seconds, AssertionError(f"not within {seconds} s")):
        yield


def test_a_lost_redis_is_told_and_found_again_with_all_it_had(
    store: RedisStore, redis: RedisServer
) -> None:
    store.set("s1", "key", "kept")
    redis.kill()
    for call in _calls(store):
        with within(5), pytest.raises(StoreError, match="cannot be reached: .*refused") as caught:
            call()
        assert caught.value.__cause__ is not None
    redis.start()
    assert store.get("s1", "key") == "kept"
    store.set("s1", "key", "new")
    redis.kill()
    redis.start()
    assert store.get("s1", "key") == "new"


def _calls(store: RedisStore) -> list[Callable[[], Any]]:
    return [
        lambda: store.set("s1", "key", 1),
        lambda: store.get("s1", "key"),
        lambda: store.has("s1", "key"),
        lambda: store.delete("s1", "key"),
        lambda: store.all("s1"),
        lambda: store.increment("s1", "n"),
        lambda: store.expire("s1", 1),
        lambda: store.expire("s1", None),
        lambda: store.drop("s1"),
    ]


def test_a_redis_that_does_not_answer_is_told_within_the_timeout(
    make: Callable[..., RedisStore], redis: RedisServer
) -> None:
    store = make(timeout=0.2, max_connections=2)
    store.set("s1", "key", "kept")
    with redis.held():
        # More than there are connections: who waits for one is told in time, too.
        reading = [outcome(store.get, "s1", "key") for _ in range(10)]
        with within(3):
            gevent.joinall(reading)
    for one in reading:
        assert isinstance(one.value, StoreError)
        assert "has not answered within 0.2 s" in str(one.value)
    assert store.get("s1", "key") == "kept"


def test_a_redis_that_ends_while_it_is_asked(store: RedisStore, redis: RedisServer) -> None:
    store.set("s1", "key", 1)
    with redis.held():
        reading = outcome(store.get, "s1", "key")
        gevent.sleep(0.01)
        redis.kill()
        assert isinstance(reading.get(timeout=3), StoreError)
    redis.start()
    assert store.get("s1", "key") == 1


# Other processes

ADD = """
import sys
if sys.argv[3] == "patched":
    from gevent import monkey
    monkey.patch_all()
from flask_realtime.store.redis import RedisStore
store = RedisStore(sys.argv[1], prefix=sys.argv[2])
import gevent
adding = [gevent.spawn(lambda: [store.increment("s1", "n") for _ in range(20)]) for _ in range(50)]
gevent.joinall(adding, raise_error=True)
store.set("s1", "told by the other", [1])
print(*sum((one.value for one in adding), []))
"""


def test_two_processes_share_values_and_count_together(
    store: RedisStore, redis: RedisServer, root: Path
) -> None:
    command = [sys.executable, "-c", ADD, redis.url, store._prefix]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    processes = [
        subprocess.Popen([*command, how], stdout=subprocess.PIPE, env=environment)
        for how in ("patched", "unpatched")
    ]
    sums: list[int] = []
    for process in processes:
        output, _ = process.communicate(timeout=50)
        sums += map(int, output.split())
    assert sorted(sums) == list(range(1, 2001))
    assert store.all("s1") == {"n": 2000, "told by the other": [1]}


FORK = """
import os, sys
import gevent
from flask_realtime.store.redis import RedisStore
store = RedisStore(sys.argv[1], prefix=sys.argv[2])
store.increment("s1", "n")
reading, writing = os.pipe()
child = gevent.fork()
for _ in range(100):
    store.increment("s1", "n")
if child == 0:
    os._exit(0)
os.close(writing)
os.read(reading, 1)  # until the child has ended
print(store.get("s1", "n"))
"""


def test_a_forked_process_has_connections_of_its_own(
    store: RedisStore, redis: RedisServer, root: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FORK, redis.url, store._prefix],
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        timeout=50,
    )
    assert done.stdout == "201\n", done.stderr


# Mistakes


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"url": "http://localhost"}, "URL"),
        ({"url": "redis://localhost:port"}, "redis:// URL cannot be used"),
        ({"url": "redis://localhost/?nonsense=1"}, "nonsense"),
        ({"url": "rediss://localhost/?ssl_validate_ocsp=1"}, "ssl_validate_ocsp is not offered"),
        ({"url": object()}, "takes a URL"),
        ({"prefix": None}, "prefix is text"),
        ({"json": 5}, "json"),
        ({"timeout": 0}, "timeout"),
        ({"timeout": 5000}, "seconds.*did you mean 5"),
        ({"max_connections": 0}, "max_connections"),
    ],
)
def test_a_mistake_is_told_where_the_store_is_made(arguments: dict[str, Any], told: str) -> None:
    with pytest.raises(OptionError, match=told):
        RedisStore(**arguments)


def test_a_password_is_not_told() -> None:
    assert repr(RedisStore("redis://:s3cret@a.org:5/1")) == "<RedisStore at a.org:5>"
    with pytest.raises(OptionError) as caught:
        RedisStore("redis://:s3cret@a.org:5/1?nonsense=1")
    assert "s3cret" not in str(caught.value)


def test_without_redis_py_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "flask_realtime.store.redis_commands", raising=False)
    monkeypatch.setitem(sys.modules, "redis.exceptions", None)
    with pytest.raises(OptionError, match=r"pip install 'Flask-Realtime\[redis\]'"):
        RedisStore()
