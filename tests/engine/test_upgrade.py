"""The move from polling to a WebSocket, step by step, while messages go on."""

from __future__ import annotations

from typing import Any

import gevent

from tests.engine.upgrading import joined, upgraded
from tests.support.app import Serve
from tests.support.waiting import let_run, wait_until

NO_LONGER = {"code": 3, "message": "Bad request", "name": "wrong-transport"}


def test_the_session_goes_on_over_the_websocket(serve: Serve) -> None:
    running, app = serve()
    client = joined(running)
    websocket = upgraded(running, client)
    websocket.send_text('421["echo",1]')
    assert websocket.receive() == "431[1]"
    app.socket.emit("news")
    assert websocket.receive() == '42["news"]'
    assert list(running.sessions) == [client.sid]
    assert app.reasons == []
    assert websocket.leave() == 1000
    assert app.reason() == "transport close"


def test_a_client_that_has_stopped_polling_need_not_probe(serve: Serve) -> None:
    """Elephant.IO, for PHP, asks for the switch at once; Node allows it."""
    running, app = serve()
    client = joined(running)
    app.socket.emit("before")
    websocket = running.probe(client)
    websocket.send_text("5", '421["echo",1]')
    assert websocket.receive() == '42["before"]'
    assert websocket.receive() == "431[1]"
    assert app.reasons == []


def test_a_poll_that_waits_ends_if_there_is_no_probe(serve: Serve) -> None:
    running, _ = serve()
    client = joined(running)
    running.ask(client)
    websocket = running.probe(client)
    websocket.send_text("5", '421["echo",1]')
    assert client.answer().packets == ["6"]
    assert websocket.receive() == "431[1]"


def test_the_probe_is_answered_on_the_websocket_alone(serve: Serve) -> None:
    running, app = serve()
    client = joined(running)
    websocket = running.probe(client)
    app.socket.emit("before")
    websocket.send_text("2probe")
    assert websocket.receive() == "3probe"
    app.socket.emit("after")
    assert client.get() == ['42["before"]', '42["after"]']
    let_run()
    assert not websocket.data
    websocket.send_text("5")


def test_the_poll_that_waits_is_ended_with_a_noop_and_so_is_each_later_one(serve: Serve) -> None:
    running, app = serve()
    client = joined(running)
    running.ask(client)
    websocket = running.probe(client)
    websocket.send_text("2probe")
    assert client.answer().packets == ["6"]
    for _ in range(2):
        with gevent.Timeout(1):
            assert client.get() == ["6"]
    websocket.send_text("5")


def test_a_volatile_message_is_dropped_while_the_upgrade_is_probed(serve: Serve) -> None:
    running, app = serve()
    client = joined(running)
    websocket = running.probe(client)
    websocket.send_text("2probe")
    websocket.receive()
    running.ask(client)
    app.socket.volatile.emit("lost")
    app.socket.emit("kept")
    assert client.answer().packets == ['42["kept"]']
    websocket.send_text("5")
    wait_until(lambda: running.session().transport.name == "websocket")
    app.socket.volatile.emit("now")
    assert websocket.receive() == '42["now"]'


def test_what_waits_at_the_switch_goes_over_the_websocket(serve: Serve) -> None:
    running, app = serve()
    client = joined(running)
    websocket = running.probe(client)
    websocket.send_text("2probe")
    websocket.receive()
    for number in range(3):
        app.socket.emit("n", number, b"\x00")
    websocket.send_text("5")
    for number in range(3):
        assert websocket.receive() == f'451-["n",{number},{{"_placeholder":true,"num":0}}]'
        assert websocket.receive() == b"\x00"


def test_of_a_thousand_messages_none_is_lost_or_out_of_order(serve: Serve) -> None:
    running, app = serve()
    client = joined(running)
    received: list[Any] = []

    def emit() -> None:
        for number in range(1000):
            app.socket.emit("n", number)
            if number % 4 == 0:
                gevent.sleep(0.0001)

    emitting = gevent.spawn(emit)
    while len(received) < 100:
        received += client.get()
    websocket = running.probe(client)
    websocket.send_text("2probe")
    while len(received) < 300:
        received += client.get()
    assert websocket.receive() == "3probe"
    websocket.send_text("5")  # no poll is open: that is when a client asks for it
    while len(received) < 1000:
        received.append(websocket.receive())
    emitting.get(timeout=5)
    assert received == [f'42["n",{number}]' for number in range(1000)]


def test_what_the_client_sends_is_handled_in_order_across_the_switch(serve: Serve) -> None:
    running, app = serve()
    client = joined(running)
    client.send(*[f'42["note",{number}]' for number in range(100)])
    websocket = running.probe(client)
    websocket.send_text("2probe")
    websocket.receive()
    client.send(*[f'42["note",{number}]' for number in range(100, 200)])
    websocket.send_text("5", *[f'42["note",{number}]' for number in range(200, 300)])
    wait_until(lambda: len(app.noted) == 300)
    assert app.noted == list(range(300))


def test_after_the_switch_no_poll_is_answered_any_more(serve: Serve) -> None:
    running, app = serve()
    client = joined(running)
    websocket = upgraded(running, client)
    client.ask()
    assert client.answer().json == NO_LONGER
    assert client.post(b'42["note",1]').json == NO_LONGER
    websocket.send_text('421["echo"]')
    assert websocket.receive() == "431[]"
    assert app.noted == []


def test_a_poll_that_is_open_at_the_switch_ends(serve: Serve) -> None:
    running, app = serve()
    client = joined(running)
    websocket = running.probe(client)
    websocket.send_text("2probe")
    websocket.receive()
    running.ask(client)
    websocket.send_text("5")
    assert client.answer().packets == ["6"]
    websocket.send_text('421["echo"]')
    assert websocket.receive() == "431[]"


def test_a_poll_that_is_dropped_at_the_switch_is_not_missed(serve: Serve) -> None:
    running, app = serve()
    client = joined(running)
    websocket = running.probe(client)
    websocket.send_text("2probe")
    websocket.receive()
    running.ask(client)
    websocket.send_text("5")
    wait_until(lambda: running.session().transport.name == "websocket")
    client.polls.reset()
    let_run()
    websocket.send_text('421["echo"]')
    assert websocket.receive() == "431[]"
    assert app.reasons == []


def test_the_heartbeat_goes_on(serve: Serve) -> None:
    running, app = serve()
    client = joined(running)
    running.pass_by(20)
    websocket = upgraded(running, client)
    running.pass_by(5)
    assert websocket.receive() == "2"
    running.pass_by(20)
    assert app.reason() == "ping timeout"
