"""When the server stops, every client is told, and nobody is let in any more."""

from __future__ import annotations

from flask_realtime import signals
from tests.support.app import Serve
from tests.support.http import HTTPClient
from tests.support.server import make_server
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
    assert answer.json == {"code": 3, "message": "Server shutting down"}
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
