"""`spawn`: what the greenlets of a server are made by, and how many there may be."""

from __future__ import annotations

import gevent
import gevent.pool
import pytest
from gevent.event import Event

from tests.support.waiting import let_run, wait_until

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


class Slow:
    """An application whose requests end when they are told to."""

    def __init__(self):
        self.running = 0
        self.go = Event()

    def __call__(self, environ, start_response):
        self.running += 1
        assert self.go.wait(10)
        self.running -= 1
        start_response("200 OK", [("Connection", "close")])
        return [b"hello"]


def ask(connect, server, count):
    clients = [connect(server) for _ in range(count)]
    for client in clients:
        client.send(GET)
    return clients


@pytest.mark.parametrize("make", [lambda: 2, lambda: gevent.pool.Pool(2)], ids=["int", "pool"])
def test_a_full_pool_is_told_once_and_serves_all(serve, connect, make):
    slow = Slow()
    server = serve(slow, spawn=make())
    clients = ask(connect, server, 5)
    wait_until(lambda: slow.running == 2, what="two requests run")
    let_run()
    assert slow.running == 2 and server.full()
    slow.go.set()
    assert [client.read_all().endswith(b"hello") for client in clients] == [True] * 5
    slow.go.clear()
    clients = ask(connect, server, 5)
    wait_until(lambda: slow.running == 2, what="two requests run")
    let_run()
    slow.go.set()
    assert [client.read_all().endswith(b"hello") for client in clients] == [True] * 5
    assert server.error_log.getvalue() == (
        "all 2 connections that spawn allows are taken: until one of them ends, further clients "
        "wait. This is said once.\n"
    )


def test_a_pool_that_does_not_fill_up_is_not_worth_a_word(serve, connect):
    server = serve(Slow(), spawn=3)
    server.application.go.set()
    clients = ask(connect, server, 2)
    assert all(client.read_all().endswith(b"hello") for client in clients)
    assert server.error_log.getvalue() == ""


@pytest.mark.parametrize("make", [lambda: 2, lambda: gevent.pool.Pool(2)], ids=["int", "pool"])
def test_a_server_that_is_started_again_keeps_its_bound(serve, connect, make):
    slow = Slow()
    server = serve(slow, spawn=make())
    server.stop()
    server.start()
    clients = ask(connect, server, 4)
    wait_until(lambda: slow.running == 2, what="two requests run")
    let_run()
    assert slow.running == 2 and len(server.pool) == 2
    slow.go.set()
    assert [client.read_all().endswith(b"hello") for client in clients] == [True] * 4


def test_a_server_that_is_started_again_spawns_as_before(serve, connect):
    spawned = []

    def spawn(*args):
        spawned.append(args)
        return gevent.spawn_raw(*args)

    slow = Slow()
    slow.go.set()
    server = serve(slow, spawn=spawn)
    for number in range(1, 3):
        (client,) = ask(connect, server, 1)
        assert client.read_all().endswith(b"hello")
        assert len(spawned) == number
        server.stop()
        server.start()
