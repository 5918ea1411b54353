"""What waits for a client's handlers is bounded, in packets and in bytes; nothing of it is lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gevent
import pytest
from gevent.event import Event
from gevent.lock import Semaphore

from flask_realtime.engine.session import Session
from tests.support.application import Site
from tests.support.http import SEPARATOR
from tests.support.waiting import let_run, wait_until

LIMIT = 200_000
KILOBYTES_100 = "x" * 100_000


class Sizes:
    """A handler ``x`` that answers with the size of what it got; and ``wait``, which waits until
    it is let go."""

    def __init__(self, site: Site) -> None:
        self.inside, self.go_on = Event(), Event()
        self.seen: list[int] = []
        site.io.on("wait", self._wait)
        site.io.on("x", self._take)

    def _wait(self) -> None:
        self.inside.set()
        assert self.go_on.wait(10)

    def _take(self, *values: Any) -> int:
        self.seen.append(len(values[0]))
        return self.seen[-1]


def _session(site: Site) -> Session:
    return site.running.session()


def _waiting(site: Site) -> list[int]:
    """The sizes of what waits in the only client's inbox."""
    client: Any = _session(site).client
    return [item.size for item in client._inbox or ()]


def _question(number: int, size: int = 100_000) -> str:
    return f'42{number}["x","{"x" * size}"]'


def test_large_messages_stop_reading_long_before_there_are_many(
    serve: Callable[..., Site],
) -> None:
    site = serve(max_http_buffer_size=LIMIT)
    sizes = Sizes(site)
    client = site.client()
    client.send('42["wait"]')
    assert sizes.inside.wait(10)
    sending = gevent.spawn(client.send, *(_question(number) for number in range(60)))
    wait_until(lambda: _session(site)._paused, what="reading has paused")
    let_run(20)
    assert len(_waiting(site)) == 2
    assert LIMIT <= sum(_waiting(site)) < LIMIT + 1000
    sizes.go_on.set()
    for number in range(60):
        assert client.receive() == f"43{number}[100000]"
    sending.get(timeout=10)
    wait_until(lambda: not _session(site)._paused, what="reading goes on")


def test_the_bound_holds_for_the_bodies_of_polling_too(serve: Callable[..., Site]) -> None:
    site = serve(max_http_buffer_size=LIMIT)
    sizes = Sizes(site)
    client = site.running.polling()
    client.connect()
    client.send('42["wait"]')
    assert sizes.inside.wait(10)
    # The third message goes over the bound, so the body behind it has to wait.
    client.send(_question(0, 60_000), _question(1, 60_000))
    client.send(_question(2, 90_000))
    assert _session(site)._paused
    client.ask_post(SEPARATOR.join(_question(n, 60_000) for n in (3, 4, 5)).encode())
    let_run(20)
    assert len(_waiting(site)) == 3
    sizes.go_on.set()
    answer = client.posts.answer()
    assert (answer.status, answer.body) == (200, b"ok")
    expected = [f"43{n}[{90_000 if n == 2 else 60_000}]" for n in range(6)]
    assert [client.receive() for _ in range(6)] == expected


def test_a_body_stops_in_its_middle_when_its_packets_are_too_large_for_the_inbox(
    serve: Callable[..., Site],
) -> None:
    site = serve(max_http_buffer_size=LIMIT)
    sizes = Sizes(site)
    client = site.running.polling()
    client.connect()
    client.send('42["wait"]', _question(0, 150_000))
    assert sizes.inside.wait(10)
    client.ask_post(SEPARATOR.join(_question(n, 60_000) for n in (1, 2, 3)).encode())
    wait_until(lambda: _session(site)._paused, what="reading has paused")
    let_run(20)
    assert len(_waiting(site)) == 2
    sizes.go_on.set()
    assert client.posts.answer().status == 200
    assert [client.receive() for _ in range(4)] == ["430[150000]"] + [
        f"43{n}[60000]" for n in (1, 2, 3)
    ]


def test_attachments_count_for_the_packet_they_belong_to(serve: Callable[..., Site]) -> None:
    site = serve(max_http_buffer_size=LIMIT)
    sizes = Sizes(site)
    client = site.client()
    client.send('42["wait"]')
    assert sizes.inside.wait(10)
    attachment = bytes(90_000)
    for number in range(5):
        client.send(
            f'452-{number}["x",{{"_placeholder":true,"num":0}},{{"_placeholder":true,"num":1}}]'
        )
        client.wire.send_binary(attachment, bytes(10_000))
    wait_until(lambda: _session(site)._paused, what="reading has paused")
    let_run(20)
    assert len(_waiting(site)) == 2
    assert all(100_000 < size < 100_200 for size in _waiting(site))
    sizes.go_on.set()
    assert [client.receive() for _ in range(5)] == [f"43{n}[90000]" for n in range(5)]


@pytest.mark.parametrize("async_handlers", [False, True])
@pytest.mark.parametrize("size", [LIMIT // 2 - 1000, LIMIT // 2 + 1000, LIMIT - 20])
def test_one_message_always_passes_however_large_it_is(
    serve: Callable[..., Site], size: int, async_handlers: bool
) -> None:
    site = serve(max_http_buffer_size=LIMIT, async_handlers=async_handlers)
    Sizes(site)
    client = site.client()
    for number in range(10, 15):  # one after the other, as their answers come
        assert client.ask(_question(number, size)) == f"43{number}[{size}]"
    assert not _session(site)._paused


def test_small_messages_are_no_matter_of_bytes(serve: Callable[..., Site]) -> None:
    site = serve(max_http_buffer_size=LIMIT)
    sizes = Sizes(site)
    client = site.client()
    client.send('42["wait"]')
    assert sizes.inside.wait(10)
    client.send(*(_question(number, 100) for number in range(900)))
    wait_until(lambda: len(_waiting(site)) == 900)
    assert not _session(site)._paused
    sizes.go_on.set()
    assert [client.receive() for _ in range(900)] == [f"43{n}[100]" for n in range(900)]


class Beside:
    """A handler ``x`` that waits until it is let go, and counts how many runs of it there are."""

    def __init__(self, site: Site) -> None:
        self.running, self.most = 0, 0
        self.may_return = Semaphore(0)
        site.io.on("x", self._run)

    def _run(self, number: int, *_: str) -> int:
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            assert self.may_return.acquire(timeout=10)
            return number
        finally:
            self.running -= 1

    def let_go(self, count: int) -> None:
        for _ in range(count):
            self.may_return.release()


def test_async_handlers_that_run_count_as_what_waits(serve: Callable[..., Site]) -> None:
    site = serve(async_handlers=True, max_inbox=10)
    beside = Beside(site)
    client = site.client()
    client.send(*(f'42{number}["x",{number}]' for number in range(100)))
    wait_until(lambda: beside.running == 10)
    let_run(20)
    assert (beside.running, bool(_session(site)._paused)) == (10, True)
    beside.let_go(4)
    wait_until(lambda: beside.running == 6)
    let_run(20)
    assert (beside.running, bool(_session(site)._paused)) == (6, True)
    beside.let_go(1)  # half of them have returned
    wait_until(lambda: beside.running == 10)
    beside.let_go(95)
    answers = {client.receive() for _ in range(100)}
    assert answers == {f"43{number}[{number}]" for number in range(100)}
    assert beside.most == 10
    wait_until(lambda: not _session(site)._paused)


def test_async_handlers_hold_their_bytes_as_long_as_they_run(serve: Callable[..., Site]) -> None:
    site = serve(async_handlers=True, max_http_buffer_size=LIMIT)
    beside = Beside(site)
    client = site.client()
    sending = gevent.spawn(
        client.send, *(f'42{n}["x",{n},"{KILOBYTES_100}"]' for n in range(10, 30))
    )
    wait_until(lambda: beside.running == 2)
    let_run(20)
    assert beside.running == 2
    beside.let_go(20)
    answers = {client.receive() for _ in range(20)}
    assert answers == {f"43{number}[{number}]" for number in range(10, 30)}
    sending.get(timeout=10)


def test_async_handlers_that_fail_make_room_as_well(serve: Callable[..., Site]) -> None:
    site = serve(async_handlers=True, max_inbox=2)
    site.io.on("x", lambda: 1 / 0)
    client = site.client()
    client.send(*(f'42{number}["x"]' for number in range(10)), '42["nobody handles this"]')
    for _ in range(10):
        assert str(client.receive()).endswith('[{"error":"internal error"}]')
    assert client.got_nothing()
