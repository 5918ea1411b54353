"""One client's events in order, answers when the work is done; and frames that never mix."""

from __future__ import annotations

import json
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import gevent
import pytest
from gevent.event import Event

from flask_realtime import Socket
from tests.support.application import Site
from tests.support.waiting import let_run, wait_until

SLOW, QUICK = '421["slow"]', '422["quick"]'


@pytest.fixture
def go_on() -> Event:
    return Event()


def handlers(site: Site, go_on: Event) -> list[str]:
    done: list[str] = []

    def slow() -> str:
        assert go_on.wait(10)
        done.append("slow")
        return "slow"

    def quick() -> str:
        done.append("quick")
        return "quick"

    site.io.on("slow", slow)
    site.io.on("quick", quick)
    return done


def test_by_default_one_client_s_events_keep_their_order_and_others_go_on(
    site: Site, go_on: Event
) -> None:
    done = handlers(site, go_on)
    client, other = site.client(), site.client()
    client.send(SLOW, QUICK)
    assert other.ask(QUICK) == '432["quick"]'
    let_run()
    assert done == ["quick"]  # the other's
    go_on.set()
    assert [client.receive(), client.receive()] == ['431["slow"]', '432["quick"]']
    assert done == ["quick", "slow", "quick"]


@pytest.mark.parametrize("async_handlers", [False, True])
def test_an_answer_says_that_the_handler_has_returned(
    serve: Callable[..., Site], go_on: Event, async_handlers: bool
) -> None:
    site = serve(async_handlers=async_handlers)
    done = handlers(site, go_on)
    client = site.client()
    client.send(SLOW)
    let_run()
    with pytest.raises(TimeoutError):
        client.wire.receive(timeout=0.02)
    assert done == []
    go_on.set()
    assert client.receive() == '431["slow"]'
    assert done == ["slow"]


def test_with_async_handlers_a_quick_event_passes_a_slow_one(
    serve: Callable[..., Site], go_on: Event
) -> None:
    site = serve(async_handlers=True)
    done = handlers(site, go_on)
    client = site.client()
    client.send(SLOW, QUICK)
    assert client.receive() == '432["quick"]'
    go_on.set()
    assert client.receive() == '431["slow"]'
    assert done == ["quick", "slow"]


def test_async_handlers_are_no_more_at_a_time_than_the_inbox_holds(
    serve: Callable[..., Site], go_on: Event
) -> None:
    site = serve(async_handlers=True, max_inbox=5)
    running: list[int] = []

    def handler(number: int) -> None:
        running.append(number)
        go_on.wait(10)

    site.io.on("x", handler)
    client = site.client()
    client.send(*(f'42{n}["x",{n}]' for n in range(40)))
    wait_until(lambda: len(running) == 5)
    let_run(20)
    assert len(running) == 5
    go_on.set()
    answers = {client.receive() for _ in range(40)}
    assert answers == {f"43{n}[]" for n in range(40)}


def received(wire: Any) -> Iterator[tuple[list[Any], list[bytes]]]:
    """The events that come, each with the attachments that its own header announces."""
    while True:
        text = wire.receive()
        assert isinstance(text, str), "an attachment without its event"
        head, _, _ = text.partition("[")
        count = int(head[2:-1]) if head.startswith("45") else 0
        assert head in ("42", f"45{count}-"), text
        attachments = [wire.receive() for _ in range(count)]
        assert all(isinstance(each, bytes) for each in attachments), "a frame in between"
        yield json.loads(text[len(head) :]), attachments


@pytest.fixture
def hasty_threads() -> Iterator[None]:
    """Threads that take turns in the middle of everything."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


def emitter(socket: Socket, name: int, count: int) -> Iterator[None]:
    """Send numbered events, with and without attachments, one at each step."""
    for number in range(count):
        mark = bytes([name, number])
        if number % 2:
            socket.emit("binary", name, number, mark, {"more": mark * 300})
        else:
            socket.emit("text", name, number, "x" * (number * 10))
        yield


@pytest.mark.usefixtures("hasty_threads")
def test_fifty_greenlets_and_five_threads_send_text_and_binary_on_one_socket(site: Site) -> None:
    client = site.client(receive_buffer=100_000)  # so that much has to wait
    socket = site.socket(client)
    in_greenlets = {name: 20 for name in range(50)}
    in_threads = {name: 200 for name in range(50, 55)}
    together = threading.Barrier(len(in_threads))

    def in_greenlet(name: int, count: int) -> None:
        for _ in emitter(socket, name, count):
            gevent.sleep(0)

    def in_thread(name: int, count: int) -> None:
        together.wait(10)
        for _ in emitter(socket, name, count):
            pass

    started = [threading.Thread(target=in_thread, args=each) for each in in_threads.items()]
    for thread in started:
        thread.start()
    spawned = [gevent.spawn(in_greenlet, *each) for each in in_greenlets.items()]
    expected = in_greenlets | in_threads
    seen: Counter[int] = Counter()
    events = received(client.wire)
    for _ in range(sum(expected.values())):
        (event, name, number, *_), attachments = next(events)
        assert seen[name] == number, f"of emitter {name}"
        seen[name] += 1
        mark = bytes([name, number])
        assert attachments == ([mark, mark * 300] if event == "binary" else [])
    assert seen == expected
    gevent.joinall(spawned, raise_error=True)
    for thread in started:
        thread.join()
    assert client.got_nothing()
