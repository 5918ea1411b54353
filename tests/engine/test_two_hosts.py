"""One application under two hosts of one process: when one stops, the other goes on."""

from __future__ import annotations

from collections.abc import Iterator

import gevent
import pytest
from flask import Flask
from gevent.event import Event

from flask_realtime import SocketIO, signals
from flask_realtime.wsgi import WSGIServer
from tests.support.app import App, Serve
from tests.support.http import HTTPClient
from tests.support.server import Running, serving
from tests.support.waiting import wait_until
from tests.support.wire import PollingClient, WebSocketClient

HANDSHAKE = "/socket.io/?EIO=4&transport=polling"


class Two:
    """The two hosts; the first is the fixture's own."""

    def __init__(self, running: Running, app: App) -> None:
        self.running = running
        self.app = app
        self.first = running.wsgi
        self.second = WSGIServer(("127.0.0.1", 0), running.wsgi.application, log=None)
        self.second.error_log = self.second.environ["wsgi.errors"] = running.error_log
        self.second.start()

    def websocket(self, host: WSGIServer) -> WebSocketClient:
        assert host.server_port is not None
        client = self.running._opened(WebSocketClient(host.server_port))
        client.handshake()
        client.connect()
        return client

    def polling(self, host: WSGIServer) -> PollingClient:
        assert host.server_port is not None
        client = self.running._opened(PollingClient(host.server_port))
        client.handshake()
        client.connect()
        return client

    def status(self, host: WSGIServer) -> int:
        """How a handshake is answered."""
        assert host.server_port is not None
        client = self.running._opened(HTTPClient(host.server_port))
        answer = client.get(HANDSHAKE)
        if answer.status == 200:
            self.running.sessions[answer.body.decode().split('"')[3]].end("it was a trial")
        return answer.status


@pytest.fixture
def two(serve: Serve) -> Iterator[Two]:
    running, app = serve()
    two = Two(running, app)
    yield two
    two.second.stop(1)


def _echoes(client: WebSocketClient | PollingClient) -> bool:
    if isinstance(client, WebSocketClient):
        client.send_text('421["echo",1]')
    else:
        client.send('421["echo",1]')
    return client.receive() == "431[1]"


@pytest.mark.parametrize("order", [("first", "second"), ("second", "first")])
def test_when_one_stops_its_clients_are_told_and_the_other_goes_on(
    two: Two, order: tuple[str, str]
) -> None:
    leaving, staying = (getattr(two, name) for name in order)
    told = [two.websocket(leaving), two.polling(leaving)]
    kept = [two.websocket(staying), two.polling(staying)]
    two.running.ask(told[1])
    leaving.stop(5)
    assert told[0].closed_with() == 1001
    assert told[1].answer().packets == ["1"]
    assert two.app.reasons == ["server shutting down"] * 2
    assert all(_echoes(client) for client in kept)
    assert two.status(staying) == 200
    staying.stop(5)
    assert kept[0].closed_with() == 1001
    assert two.app.reasons == ["server shutting down"] * 4
    assert not staying.on_stop


def test_the_signal_is_sent_when_the_last_one_stops(two: Two) -> None:
    heard: list[object] = []
    for host in (two.first, two.second):
        two.websocket(host)
    with signals.server_stopping.connected_to(heard.append):
        two.second.stop(1)
        assert heard == []
        two.first.stop(1)
    assert heard == [two.running.engine]


def test_a_host_that_stops_takes_nobody_in_while_the_other_does(two: Two) -> None:
    inside, go_on = Event(), Event()

    @two.running.server.of("/").on("disconnecting")
    def disconnecting() -> None:
        inside.set()
        assert go_on.wait(10)

    two.websocket(two.first)
    two.websocket(two.second)
    assert two.second.server_port is not None
    http = two.running._opened(HTTPClient(two.second.server_port))
    assert http.get("/").status == 404  # it is open before the host stops accepting
    stopping = gevent.spawn(two.second.stop, 5)
    assert inside.wait(10)
    assert http.get(HANDSHAKE).status == 503
    assert two.status(two.first) == 200
    go_on.set()
    stopping.get(timeout=10)
    assert len(two.running.sessions) == 1


def test_each_may_stop_and_start_again_in_turn(two: Two) -> None:
    for _ in range(2):
        for host in (two.first, two.second):
            two.websocket(host)
        for host in (two.first, two.second):
            before = len(two.running.sessions)
            host.stop(1)
            assert len(two.running.sessions) == before - 1
            host.start()
            two.websocket(host)
        for host in (two.first, two.second):
            host.stop(1)
        assert not two.running.sessions
        assert not two.running.server.hosts
        for host in (two.first, two.second):
            host.start()


def test_stop_waits_for_the_handlers_of_its_own_clients_only(two: Two) -> None:
    client = two.websocket(two.first)
    client.send_text('42["block"]')
    assert two.app.blocked.wait(10)
    two.websocket(two.second)
    two.second.stop(1)
    assert two.app.reasons == ["server shutting down"]
    two.app.go.set()
    assert _echoes(client)


def test_all_that_one_application_knows_of_is_told_by_close(two: Two) -> None:
    clients = [two.websocket(two.first), two.websocket(two.second)]
    two.running.server.close()
    assert [client.closed_with() for client in clients] == [1001, 1001]
    wait_until(lambda: len(two.app.reasons) == 2)
    assert (two.status(two.first), two.status(two.second)) == (503, 503)


def test_a_host_is_watched_although_a_tests_client_was_first() -> None:
    io = SocketIO(app := Flask("tested"))
    io.test_client(app)
    engine = io.server.engine
    assert engine._watchdog is None
    with serving(app) as running:
        running.websocket().connect()
        watchdog = engine._watchdog
        assert watchdog is not None and not watchdog._stopped
        running.websocket().connect()
        assert engine._watchdog is watchdog
    assert watchdog._stopped
