"""A hidden page, whose timers its browser lets fire once a minute, stays connected: with default
options, whatever its client's generation and transport. What comes over the network is handled at
once even there."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.support.app import App, Serve, serving_apps
from tests.support.old_wire import Client09, EIO3Client, packets_of
from tests.support.server import Running
from tests.support.waiting import wait_until
from tests.support.wire import PING, PONG, WebSocketClient
from tests.websocket.masking import frame

MINUTES = 5
STEP = 2.5
"""Seconds between two looks at what has come: all that answers it answers within this time."""


@pytest.fixture
def served() -> Iterator[tuple[Running, App]]:
    serve: Serve
    with serving_apps() as serve:
        yield serve()


def pass_minutes(running: Running, page: Callable[[], None], timer: Callable[[], None]) -> None:
    """Let minutes pass.

    :param page: does what a page does at once when something comes.
    :param timer: does what it does by itself, and has to wait for its timer with.
    """
    for _ in range(MINUTES):
        for _ in range(int(60 / STEP)):
            running.pass_by(STEP)
            page()
        timer()
        page()


def nothing() -> None:
    """No timer of the page matters."""


def polled(running: Running, client: EIO3Client | Client09) -> Callable[[], None]:
    """Polls again as soon as a poll is answered."""
    transport = running.sessions[client.sid].transport

    def poll_again() -> None:
        while not transport.ready:
            assert client.answer().status == 200
            running.ask(client)

    running.ask(client)
    return poll_again


@pytest.mark.parametrize("jsonp", [None, "0"], ids=["XHR", "JSONP"])
def test_clients_1_x_and_2_x_over_polling(
    served: tuple[Running, App], jsonp: str | None
) -> None:
    running, app = served
    client = running.eio3(jsonp=jsonp)
    client.receive()
    pass_minutes(running, polled(running, client), lambda: client.send("2"))
    app.socket.emit("still here")
    assert packets_of(client.answer()) == ['42["still here"]']
    assert app.reasons == []


def test_clients_1_x_and_2_x_over_websocket(served: tuple[Running, App]) -> None:
    running, app = served
    client = running.raw_websocket(target="/socket.io/?EIO=3&transport=websocket")
    client.handshake()
    assert client.receive() == "40"
    transport = running.session().transport

    def answer_pings() -> None:
        if not transport.alive:
            ponged(client)
            wait_until(lambda: transport.alive)

    def ping() -> None:
        client.send_text("2")
        assert client.receive() == "3"

    transport.alive = True
    pass_minutes(running, answer_pings, ping)
    app.socket.emit("still here")
    assert client.receive() == '42["still here"]'
    assert app.reasons == []


def ponged(client: WebSocketClient) -> None:
    """Answer a ping as every browser does by itself, without the page (RFC 6455, 5.5.3)."""
    first, payload = client._next_frame()
    assert first == 0x80 | PING
    client.send(frame(PONG, payload))


@pytest.mark.parametrize("transport", ["xhr-polling", "jsonp-polling"])
def test_clients_0_9_over_polling(served: tuple[Running, App], transport: str) -> None:
    running, app = served
    client = running.client_09(transport)
    assert client.receive() == "1::"
    pass_minutes(running, polled(running, client), nothing)
    app.socket.emit("still here")
    assert b"still here" in client.answer().body
    assert app.reasons == []


def test_clients_0_9_in_an_iframe(served: tuple[Running, App]) -> None:
    running, app = served
    client = running.client_09("htmlfile")
    stream = running.stream(client)
    stream.piece(), stream.piece()
    session = running.session()

    def answer_pings() -> None:
        if session._unanswered:
            assert b"2::" in stream.piece()
            client.send("2::")
            assert not session._unanswered

    pass_minutes(running, answer_pings, nothing)
    app.socket.emit("still here")
    assert b"still here" in stream.piece()
    assert app.reasons == []


@pytest.mark.parametrize(
    ("target", "ping", "pong"),
    [
        ("/socket.io/?EIO=4&transport=websocket", "2", "3"),
        ("/socket.io/1/websocket/SID", "2::", "2::"),
    ],
    ids=["4.x", "0.9"],
)
def test_clients_that_are_pinged_on_a_websocket(
    served: tuple[Running, App], target: str, ping: str, pong: str
) -> None:
    running, app = served
    if "SID" in target:
        target = target.replace("SID", running.client_09().sid)
    client = running.raw_websocket(target=target)
    if "EIO" in target:
        client.handshake()
        client.connect()
    else:
        assert client.receive() == "1::"
    session = running.session()

    def answer_pings() -> None:
        if session._unanswered:
            assert client.receive() == ping
            client.send_text(pong)
            wait_until(lambda: not session._unanswered)

    pass_minutes(running, answer_pings, nothing)
    app.socket.emit("still here")
    assert "still here" in str(client.receive())
    assert app.reasons == []


def test_clients_4_x_over_polling(served: tuple[Running, App]) -> None:
    running, app = served
    client = running.polling()
    client.connect()
    transport = running.session().transport
    running.ask(client)

    def answer_pings() -> None:
        while not transport.ready:
            packets = client.answer().packets
            running.ask(client)
            if packets == ["2"]:
                client.send("3")

    pass_minutes(running, answer_pings, nothing)
    assert app.reasons == []
