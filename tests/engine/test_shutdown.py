"""When the server stops, every client is told, and nobody is let in any more."""

from __future__ import annotations

import gevent
from gevent.event import Event

from flask_realtime import signals
from flask_realtime.wsgi import WSGIServer
from tests.support.app import Serve
from tests.support.http import HTTPClient
from tests.support.server import Running, make_server
from tests.support.waiting import let_run, wait_until

HANDSHAKE = "/socket.io/?EIO=4&transport=polling"


def test_every_session_is_told_and_every_handler_runs(serve: Serve) -> None:
    running, app = serve()
    websocket, waiting, between = running.websocket(), running.polling(), running.polling()
    for client in (websocket, waiting, between):
        client.connect()
    running.ask(waiting)
    running.server.close()
    assert websocket.closed_with() == 1001
    assert waiting.answer().packets == ["1"]
    assert between.get() == ["1"]
    wait_until(lambda: len(app.reasons) == 3)
    assert app.reasons == ["server shutting down"] * 3
    assert not running.sessions


def test_what_was_sent_before_still_arrives(serve: Serve) -> None:
    running, app = serve()
    websocket, polling = running.websocket(), running.polling()
    websocket.connect()
    polling.connect()
    app.socket.namespace.emit("last words")
    running.server.close()
    assert websocket.receive() == '42["last words"]'
    assert polling.get() == ['42["last words"]']
    assert polling.get() == ["1"]


def test_no_new_session_is_opened(serve: Serve) -> None:
    running, _ = serve()
    old = running.polling()
    running.server.close()
    answer = running.http().get(HANDSHAKE)
    assert answer.status == 503
    assert answer.json == {"code": 3, "message": "Server shutting down", "name": "stopping"}
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    answer = running.http().get("/socket.io/?EIO=4&transport=websocket", upgrade)
    assert answer.status == 503
    assert list(running.sessions) == [old.sid]
    assert old.get() == ["1"]


def test_an_upgrade_in_progress_ends_too(serve: Serve) -> None:
    running, app = serve()
    client = running.polling()
    client.connect()
    websocket = running.probe(client)
    websocket.send_text("2probe")
    assert websocket.receive() == "3probe"
    running.server.close()
    assert client.get() == ["1"]
    assert websocket.closed_with() == 1000
    assert app.reason() == "server shutting down"


def test_closing_twice_closes_once(serve: Serve) -> None:
    running, app = serve()
    running.websocket().connect()
    heard: list[object] = []
    with signals.server_stopping.connected_to(heard.append):
        running.server.close()
        running.server.close()
        assert app.reason() == "server shutting down"
        let_run()
    assert len(heard) == 1
    assert app.reasons == ["server shutting down"]


def test_a_server_that_never_served_closes_in_peace() -> None:
    make_server().close()


def test_stopping_the_host_tells_the_clients(serve: Serve) -> None:
    running, app = serve()
    client = running.websocket()
    client.connect()
    running.wsgi.stop(1)
    assert client.closed_with() == 1001
    assert app.reasons == ["server shutting down"]


def test_a_client_in_the_middle_of_its_poll_does_not_hold_up_the_stop(serve: Serve) -> None:
    running, app = serve()
    client = running.polling()
    client.connect()
    running.ask(client)
    running.wsgi.stop(5)
    assert client.answer().packets == ["1"]
    assert not running.wsgi.connections


def test_a_request_that_begins_while_the_server_stops_is_answered(serve: Serve) -> None:
    running, app = serve()
    http: HTTPClient = running.http()
    assert http.get(HANDSHAKE).status == 200
    running.server.close()
    assert http.get(HANDSHAKE).status == 503


def _lives(running: Running) -> None:
    """A client can come, by either transport, and is served."""
    websocket, polling = running.websocket(), running.polling()
    for client in (websocket, polling):
        client.connect()
    websocket.send_text('421["echo",1]')
    assert websocket.receive() == "431[1]"
    polling.send('421["echo",2]')
    assert polling.receive() == "431[2]"


def test_a_host_that_is_started_again_serves_again(serve: Serve) -> None:
    running, app = serve()
    for times in range(1, 4):
        _lives(running)
        assert len(running.wsgi.on_stop) == 1
        running.wsgi.stop(1)
        assert app.reasons == ["server shutting down"] * 2 * times
        running.wsgi.start()
    _lives(running)


def test_another_host_may_serve_the_application_when_the_first_has_stopped(serve: Serve) -> None:
    running, app = serve()
    _lives(running)
    running.wsgi.stop(1)
    first, running.wsgi = running.wsgi, _second_host(running)
    _lives(running)
    running.wsgi.stop(1)
    assert app.reasons == ["server shutting down"] * 4
    assert not first.on_stop


def _second_host(running: Running) -> WSGIServer:
    host = WSGIServer(("127.0.0.1", 0), running.wsgi.application, log=None)
    host.error_log = host.environ["wsgi.errors"] = running.error_log
    host.start()
    return host


def test_the_watchdog_is_back_when_a_host_is_started_again(serve: Serve) -> None:
    running, _ = serve()
    running.polling()
    before = running.engine._watchdog
    running.wsgi.stop(1)
    running.wsgi.start()
    running.polling()
    assert running.engine._watchdog is not before
    assert (before._stopped, running.engine._watchdog._stopped) == (True, False)


def test_nobody_gets_in_between_the_hooks_and_the_end_of_the_connections(serve: Serve) -> None:
    running, app = serve()
    inside, go_on = Event(), Event()

    @running.server.of("/").on("disconnecting")
    def disconnecting() -> None:
        inside.set()
        assert go_on.wait(10)

    running.websocket().connect()
    http = running.http()
    assert http.get("/").status == 404  # it is open before the host stops accepting
    stopping = gevent.spawn(running.wsgi.stop, 5)
    assert inside.wait(10)
    answer = http.get(HANDSHAKE)
    assert (answer.status, answer.json["message"]) == (503, "Server shutting down")
    assert not running.sessions
    go_on.set()
    stopping.get(timeout=10)
    assert app.reasons == ["server shutting down"]
