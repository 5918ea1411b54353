"""Clients that come and go leave nothing behind, and nothing waits for the garbage collector."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import gevent
import pytest
from greenlet import greenlet

from flask_realtime.engine.session import Session
from flask_realtime.engine.upgrade import Upgrade
from flask_realtime.socketio.client import Client
from flask_realtime.socketio.socket import Socket
from flask_realtime.transports.outbox import Outbox
from flask_realtime.transports.polling import PollingTransport
from flask_realtime.transports.websocket import WebSocketTransport
from flask_realtime.websocket.connection import Connection
from flask_realtime.wsgi.http_connection import HTTPConnection
from tests.support.app import Serve
from tests.support.http import HTTPClient
from tests.support.server import Running
from tests.support.waiting import wait_until
from tests.support.wire import PollingClient, WebSocketClient

CYCLES = 400
"""Clients of each kind; five kinds make 2,000 for a transport."""

KINDS = (
    Session,
    Upgrade,
    Client,
    Socket,
    Outbox,
    PollingTransport,
    WebSocketTransport,
    Connection,
    HTTPConnection,
    greenlet,
)


def alive() -> Counter[str]:
    """How many objects of each kind there are."""
    found = (type(each) for each in gc.get_objects())
    return Counter(kind.__name__ for kind in found if issubclass(kind, KINDS))


@pytest.fixture
def uncollected() -> Iterator[None]:
    """Without the collector, only what has no cycles goes away."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


# How a client on a WebSocket may end


def closes(running: Running) -> None:
    client = WebSocketClient(running.port)
    client.handshake()
    client.connect()
    client.leave()
    client.close()


def vanishes(running: Running) -> None:
    client = WebSocketClient(running.port)
    client.handshake()
    client.connect()
    client.send_text('421["echo",1]')
    client.sock.close()


def resets(running: Running) -> None:
    client = WebSocketClient(running.port)
    client.handshake()
    client.connect()
    client.reset()


def breaks_a_rule(running: Running) -> None:
    client = WebSocketClient(running.port)
    client.handshake()
    client.send_text("garbage")
    client.closed_with()
    client.close()


def is_lost_in_its_handshake(running: Running) -> None:
    client = HTTPClient(running.port)
    head = b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: a\r\n"
    client.send(head + b"Upgrade: websocket\r\n")
    client.reset()
    client = HTTPClient(running.port)
    client.send(
        head + b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    client.reset()


# … and one that polls


def says_goodbye(running: Running) -> None:
    client = PollingClient(running.port)
    client.handshake()
    client.connect()
    client.send("1")
    client.close()


def drops_its_poll(running: Running) -> None:
    client = PollingClient(running.port)
    client.handshake()
    client.connect()
    running.ask(client)
    client.reset()


def posts_garbage(running: Running) -> None:
    client = PollingClient(running.port)
    client.handshake()
    client.post(b"garbage")
    client.close()


def is_lost_in_its_upgrade(running: Running) -> None:
    client = PollingClient(running.port)
    client.handshake()
    websocket = WebSocketClient(running.port, f"sid={client.sid}")
    websocket.send_text("2probe")
    websocket.receive()
    websocket.reset()
    client.send("1")
    client.close()


def upgrades_and_vanishes(running: Running) -> None:
    client = PollingClient(running.port)
    client.handshake()
    client.connect()
    websocket = WebSocketClient(running.port, f"sid={client.sid}")
    websocket.send_text("2probe", "5", '421["echo",1]')
    while websocket.receive() != "431[1]":
        pass
    websocket.reset()
    client.close()


ENDS = [
    closes,
    vanishes,
    resets,
    breaks_a_rule,
    is_lost_in_its_handshake,
    says_goodbye,
    drops_its_poll,
    posts_garbage,
    is_lost_in_its_upgrade,
    upgrades_and_vanishes,
]


@pytest.mark.parametrize("end", ENDS, ids=lambda end: str(end.__name__))
def test_many_clients_leave_nothing_behind(
    serve: Serve, uncollected: None, end: Callable[[Running], None]
) -> None:
    running, app = serve()
    hub: Any = gevent.get_hub()

    def quiet() -> bool:
        return not running.sessions and not running.wsgi.connections

    end(running)  # what is made once, such as workers, is there from now on
    wait_until(quiet)
    app.sockets.clear()
    watchers, before = hub.loop.activecnt, alive()
    for _ in range(CYCLES):
        end(running)
        app.sockets.clear()
    wait_until(quiet)
    app.sockets.clear()
    wait_until(lambda: hub.loop.activecnt <= watchers, what="the watchers are closed")
    wait_until(lambda: not alive() - before, what="the objects are gone")
    clock = running.engine.clock
    running.engine._refusals.close()  # which has its own minute, whoever is still there
    deadlines = [deadline for queue in clock._queues.values() for deadline in queue]
    assert all(deadline.cancelled for deadline in deadlines)
    assert not clock._heap


def test_a_client_that_is_there_is_counted(serve: Serve) -> None:
    """So that the test above can fail."""
    running, app = serve()
    before = alive()
    running.websocket().connect()
    client = running.polling()
    running.probe(client)
    wait_until(lambda: running.sessions[client.sid].upgrade)
    more = alive() - before
    assert more["Session"] == more["Client"] == 2
    assert more["Socket"] == more["Upgrade"] == 1
    assert more["WebSocketTransport"] == more["Connection"] == 2
    assert more["PollingTransport"] == 1
    assert more["Outbox"] == 3


@pytest.mark.parametrize("transport", ["polling", "websocket"])
def test_clients_that_are_silently_lost_are_forgotten_with_their_ping(
    serve: Serve, uncollected: None, transport: str
) -> None:
    running, app = serve()
    before = alive()
    clients = [getattr(running, transport)() for _ in range(50)]
    for client in clients:
        client.connect()
    running.pass_by(25)
    assert app.reasons == []
    running.pass_by(20)
    wait_until(lambda: len(app.reasons) == 50)
    assert set(app.reasons) == {"ping timeout"}
    for client in clients:
        client.close()
    app.sockets.clear()
    wait_until(lambda: not running.sessions and not running.wsgi.connections)
    left = ("Session", "Client", "Socket", "PollingTransport", "WebSocketTransport", "Outbox")
    wait_until(lambda: not any((alive() - before)[kind] for kind in left))
