"""Engine.IO 3: the client pings, and the server looks for signs of life all the same, since the
timers of a hidden page may be a minute late."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from flask_realtime.engine.session import Session
from flask_realtime.protocol.request import ClientRequest
from tests.engine.harness import (
    RecordingClient,
    RecordingPolls,
    RecordingTransport,
    RecordingWebSocket,
    Sessions,
)
from tests.support.app import Serve
from tests.support.old_wire import EIO3Client
from tests.support.server import Running
from tests.support.waiting import wait_until
from tests.support.wire import PING, PONG, Closed, WebSocketClient
from tests.websocket.masking import frame

Make = Callable[..., Sessions]
Opened = tuple[Session, RecordingTransport, RecordingClient]
TERMS = {"ping_interval": 25, "ping_timeout": 20}

CARRIERS = pytest.mark.parametrize("kind", [RecordingPolls, RecordingWebSocket])


@pytest.fixture
def sessions(make_sessions: Make) -> Sessions:
    return make_sessions(**TERMS)


def open_session(sessions: Sessions, kind: type[RecordingTransport] = RecordingPolls) -> Opened:
    return sessions.open(ClientRequest("eio3", kind.name, None), kind)


@CARRIERS
def test_a_ping_is_answered_by_a_pong_with_its_data(
    sessions: Sessions, kind: type[RecordingTransport]
) -> None:
    session, transport, _ = open_session(sessions, kind)
    session.receive("2")
    session.receive("2probe")
    assert transport.sent == ["3", "3probe"]


@CARRIERS
def test_a_client_that_pings_in_time_is_not_probed(
    sessions: Sessions, kind: type[RecordingTransport]
) -> None:
    session, transport, client = open_session(sessions, kind)
    for _ in range(10):
        sessions.pass_by(24.75)
        session.receive("2")
    assert transport.sent == ["3"] * 10
    assert transport.calls == []
    assert client.reasons == []


@CARRIERS
def test_who_is_silent_is_probed_by_the_transport_and_not_by_a_packet(
    sessions: Sessions, kind: type[RecordingTransport]
) -> None:
    _, transport, _ = open_session(sessions, kind)
    sessions.pass_by(25)
    assert (transport.sent, transport.calls) == ([], ["probe"])


@CARRIERS
def test_a_client_whose_pings_are_late_lives_by_its_transport(
    sessions: Sessions, kind: type[RecordingTransport]
) -> None:
    session, transport, client = open_session(sessions, kind)
    for number in range(1, 721):  # three minutes, with a ping in each
        sessions.pass_by(0.25)
        if transport.calls and not transport.alive:
            transport.alive = True  # polled again, or answered the ping of WebSocket
        if number % 240 == 0:
            session.receive("2")
    assert client.reasons == []
    assert transport.sent == ["3"] * 3
    assert len(transport.calls) >= 3


@CARRIERS
def test_a_client_that_has_vanished_is_noticed_in_time(
    sessions: Sessions, kind: type[RecordingTransport]
) -> None:
    session, transport, client = open_session(sessions, kind)
    transport.alive = True  # before the probe, which alone counts
    sessions.pass_by(25 + 19.75)
    assert client.reasons == []
    sessions.pass_by(0.25)
    assert client.reasons == ["ping timeout"]
    assert transport.calls[:2] == ["probe", "abort"]
    assert session.sid not in sessions.engine.sessions


def test_a_ping_counts_as_an_answer_to_the_probe(sessions: Sessions) -> None:
    session, _, client = open_session(sessions)
    sessions.pass_by(25 + 19)
    session.receive("2")
    sessions.pass_by(24)
    assert client.reasons == []


def test_a_pong_of_the_client_does_no_harm(sessions: Sessions) -> None:
    session, transport, client = open_session(sessions)
    session.receive("3")
    assert (client.reasons, client.packets, transport.sent) == ([], [], [])


# While the inbox is full its pings are not read, and it leaves when nothing comes within the time
# that it was told.


@pytest.mark.parametrize(("interval", "timeout"), [(25, 20), (5, 20), (60, 6), (25, 60)])
def test_while_the_inbox_is_full_noops_come_often_enough_for_the_client(
    make_sessions: Make, interval: float, timeout: float
) -> None:
    sessions = make_sessions(ping_interval=interval, ping_timeout=timeout)
    session, transport, client = open_session(sessions)
    sessions.pass_by(1)
    session.pause()
    silence = longest = 0.0
    while not client.reasons:
        before = len(transport.sent)
        sessions.pass_by(0.25)
        silence = 0.0 if len(transport.sent) > before else silence + 0.25
        longest = max(longest, silence)
    assert client.reasons == ["inbox full"]
    assert set(transport.sent) == {"6"}
    assert longest <= timeout / 2
    assert "probe" not in transport.calls


def test_a_probe_that_waits_when_the_inbox_fills_is_not_held_against_the_client(
    sessions: Sessions,
) -> None:
    session, transport, client = open_session(sessions)
    sessions.pass_by(25 + 15)
    assert transport.calls == ["probe"]
    session.pause()
    sessions.pass_by(15)  # the probe's deadline is over
    session.resume()
    sessions.pass_by(5)
    assert client.reasons == []


# Over real connections


def eio3_websocket(running: Running) -> WebSocketClient:
    client = running.raw_websocket(target="/socket.io/?EIO=3&transport=websocket")
    client.handshake()
    assert client.receive() == "40"
    return client


def eio3_polling(running: Running) -> EIO3Client:
    client = running.eio3()
    assert client.receive() == "40"
    running.ask(client)
    return client


def test_a_websocket_whose_pings_are_answered_stays_open_without_a_ping_of_its_own(
    serve: Serve,
) -> None:
    running, app = serve(**TERMS)
    client = eio3_websocket(running)
    for _ in range(6):
        running.pass_by(25)
        first, payload = client._next_frame()
        assert first == 0x80 | PING
        client.send(frame(PONG, payload))
        wait_until(lambda: running.session().transport.alive)
    running.pass_by(24)
    assert app.reasons == []
    client.send_text("2")
    assert client.receive() == "3"


def test_a_websocket_that_answers_nothing_is_closed(serve: Serve) -> None:
    running, app = serve(**TERMS)
    client = eio3_websocket(running)
    running.pass_by(45)
    assert app.reason() == "ping timeout"
    assert client._next_frame()[0] == 0x80 | PING
    with pytest.raises(Closed):
        client.receive()


def test_who_polls_again_stays_connected_without_a_ping(serve: Serve) -> None:
    running, app = serve(**TERMS)
    client = eio3_polling(running)
    for _ in range(6):
        running.pass_by(25)
        assert client.answer().body == b"1:6"
        running.ask(client)
    running.pass_by(24)
    assert app.reasons == []


def test_a_ping_that_is_posted_is_answered_by_the_poll(serve: Serve) -> None:
    running, _ = serve(**TERMS)
    client = eio3_polling(running)
    client.send("2")
    assert client.answer().body == b"1:3"


def test_who_does_not_poll_again_is_gone(serve: Serve) -> None:
    running, app = serve(**TERMS)
    client = eio3_polling(running)
    running.pass_by(25)
    assert client.answer().body == b"1:6"
    running.pass_by(19)
    assert app.reasons == []
    running.pass_by(1)
    assert app.reason() == "ping timeout"
