"""Whatever way a client goes, all that the server had for it goes, too: sessions, sockets, rooms,
what waits for answers, deadlines, greenlets, file descriptors."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import gevent
import pytest
from gevent.event import Event
from greenlet import greenlet

from flask_realtime.socketio.acks import Acks
from tests.support.app import App, Serve, serving_apps
from tests.support.server import Running
from tests.support.waiting import let_run, wait_until

CYCLES = 25


@pytest.fixture
def serve() -> Iterator[Serve]:
    with serving_apps() as start:
        yield start
        let_run()


class Held(NamedTuple):
    """What a server and its process hold."""

    sessions: int
    sockets: int
    rooms: int
    members: int
    waiting: int
    deadlines: int
    connections: int
    greenlets: int
    descriptors: int


def held(running: Running) -> Held:
    root = running.server.of("/")
    adapter: Any = root.adapter
    clock = running.engine.clock
    objects = gc.get_objects()
    return Held(
        len(running.sessions),
        len(root.sockets),
        len(adapter._rooms),
        len(adapter._joined),
        sum(len(each._pending) for each in objects if type(each) is Acks),
        sum(not each.cancelled for queue in clock._queues.values() for each in queue)
        + sum(not each[2].cancelled for each in clock._heap),
        len(running.wsgi.connections),
        # By type(): what isinstance() asks of a proxy, it may have nothing to answer by.
        sum(issubclass(type(each), greenlet) and not each.dead for each in objects),
        len(os.listdir("/proc/self/fd")),
    )


# Ways to go; each leaves the client closed on its side


def is_refused(running: Running) -> None:
    client = running.websocket()
    client.send_text('40{"refuse":true}')
    assert str(client.receive()).startswith("44")
    client.reset()


def is_refused_while_polling(running: Running) -> None:
    client = running.polling()
    client.send('40{"refuse":true}')
    assert client.receive().startswith("44")
    client.send("1")
    client.close()


def is_refused_and_stays(running: Running) -> None:
    client = running.websocket()
    client.send_text('40{"refuse":true}')
    assert str(client.receive()).startswith("44")
    running.pass_by(46)
    assert client.closed_with() == 1000
    client.close()


def joins_nothing(running: Running) -> None:
    client = running.polling()
    running.pass_by(46)
    client.close()
    running.pass_by(31)  # nobody came for the goodbye


def leaves_questions_open(running: Running) -> None:
    client = running.websocket()
    client.connect()
    client.send_text('42["ask me",20]')
    for _ in range(20):
        assert "question" in str(client.receive())
    client.reset()


def leaves_while_it_is_asked(running: Running) -> None:
    client = running.websocket()
    client.connect()
    client.send_text('42["call me"]')
    assert "question" in str(client.receive())
    client.reset()


def leaves_while_its_handler_waits(running: Running) -> None:
    client = running.websocket()
    client.connect()
    client.send_text('42["wait"]')
    client.reset()


def leaves_in_its_upgrade(running: Running) -> None:
    client = running.polling()
    client.connect()
    websocket = running.probe(client)
    websocket.send_text("2probe")
    websocket.receive()
    websocket.reset()
    client.reset()
    running.pass_by(46)


def stays_half_upgraded(running: Running) -> None:
    client = running.polling()
    client.connect()
    websocket = running.probe(client)
    wait_until(lambda: running.sessions[client.sid].upgrade)
    running.pass_by(46)
    websocket.closed_with()
    websocket.close()
    client.close()


def vanishes_between_polls(running: Running) -> None:
    client = running.polling()
    client.connect()
    client.close()
    running.pass_by(46)


def vanishes_in_its_handshake(running: Running) -> None:
    http = running.http()
    http.send(b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: a\r\nUpgrade: web")
    http.reset()


def says_too_much(running: Running) -> None:
    client = running.polling()
    client.connect()
    client.post(b"x" * 1_000_001)
    client.close()


def is_sent_too_much(running: Running) -> None:
    client = running.polling()
    client.connect()
    client.send('42["send me",1]')
    wait_until(lambda: client.sid not in running.sessions)
    client.close()


WAYS = [
    is_refused,
    is_refused_while_polling,
    is_refused_and_stays,
    joins_nothing,
    leaves_questions_open,
    leaves_while_it_is_asked,
    leaves_while_its_handler_waits,
    leaves_in_its_upgrade,
    stays_half_upgraded,
    vanishes_between_polls,
    vanishes_in_its_handshake,
    says_too_much,
    is_sent_too_much,
]


def add_handlers(running: Running, app: App) -> Event:
    root = running.server.of("/")
    go_on = Event()

    def connect(auth: Any) -> bool:
        return not auth

    def connection(socket: Any) -> None:
        socket.join("lobby", f"own {socket.id}")
        socket.on("ask me", lambda times: [ask(socket) for _ in range(times)] and None)
        socket.on("call me", lambda: socket.call("question"))
        socket.on("wait", lambda: go_on.wait(10) and None)
        socket.on("send me", lambda number: send_much(socket))

    def ask(socket: Any) -> None:
        socket.emit("question", callback=print)

    def send_much(socket: Any) -> None:
        while socket.emit("news", "x" * 500_000):
            pass

    root.on("connect", connect)
    root.on("connection", connection)
    return go_on


@pytest.mark.parametrize("way", WAYS, ids=lambda way: str(way.__name__))
def test_nothing_is_left_of_a_client_however_it_goes(
    serve: Serve, way: Callable[[Running], None]
) -> None:
    running, app = serve()
    running.server.start()
    go_on = add_handlers(running, app)
    go_on.set()  # handlers that wait do so only for a moment
    hub: Any = gevent.get_hub()

    def settle() -> Held:
        wait_until(lambda: not running.sessions and not running.wsgi.connections)
        wait_until(lambda: not running.server.of("/").sockets)
        running.engine._refusals.close()
        let_run()
        running._clients.close()
        gc.collect()
        return held(running)

    for _ in range(2):
        way(running)  # what is made once is there from now on
        before = settle()
    watchers = hub.loop.activecnt
    for _ in range(CYCLES):
        way(running)
    after = settle()
    wait_until(lambda: hub.loop.activecnt <= watchers, what="the watchers are closed")
    assert after == before
    assert (after.sessions, after.sockets, after.rooms, after.deadlines) == (0, 0, 0, 0)


def test_what_a_client_holds_is_counted(serve: Serve) -> None:
    """So that the test above can fail."""
    running, app = serve()
    add_handlers(running, app).set()
    running.websocket().leave()
    wait_until(lambda: not running.wsgi.connections)
    before = held(running)
    client = running.websocket()
    client.connect()
    client.send_text('42["ask me",3]')
    for _ in range(3):
        client.receive()
    after = held(running)
    assert after.sessions - before.sessions == 1
    assert after.sockets - before.sockets == 1
    assert after.rooms - before.rooms >= 2
    assert after.waiting - before.waiting == 3
    assert after.deadlines > before.deadlines
    assert after.descriptors > before.descriptors
