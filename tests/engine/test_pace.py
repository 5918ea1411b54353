"""The heartbeat's times that only some generations know: of polls in 0.9, and the grace of 4.x."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from flask_realtime.protocol.request import ClientRequest
from tests.engine.harness import RecordingPolls, RecordingWebSocket, Sessions
from tests.support.app import Serve

Make = Callable[..., Sessions]
POLLS = ClientRequest("sio09", "polling", None)


def times_of(running: object) -> str:
    """What a client 0.9 is told, behind its sid."""
    answer = running.http().get("/socket.io/1/")  # type: ignore[attr-defined]
    return ":".join(answer.body.decode().split(":")[1:3])


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({}, "45:45"),
        ({"polling_duration": 20, "close_timeout": 15}, "45:45"),
        ({"polling_duration": 30, "close_timeout": 60}, "90:90"),
        ({"heartbeat_interval": 20, "heartbeat_timeout": 60}, "80:80"),
        ({"ping_interval": (25, 5)}, "45:45"),
    ],
)
def test_what_a_client_09_is_told_holds_on_each_transport(
    serve: Serve, options: dict[str, float], told: str
) -> None:
    running, _ = serve(**options)
    assert times_of(running) == told


def test_the_clients_4_are_told_of_the_grace(serve: Serve) -> None:
    running, _ = serve(ping_interval=(10, 2.5), ping_timeout=5)
    client = running.polling()
    assert (client.terms["pingInterval"], client.terms["pingTimeout"]) == (12500, 5000)
    assert client.connect()
    running.ask(client)
    running.pass_by(10)
    assert client.answer().packets == ["2"]  # it does not count for us


@pytest.mark.parametrize("away", [20, 60])
def test_a_poll_is_ended_after_its_duration_and_the_client_may_stay_away(
    make_sessions: Make, away: float
) -> None:
    sessions = make_sessions(polling_duration=20, close_timeout=away)
    _, transport, client = sessions.open(POLLS, RecordingPolls)
    for count in range(1, 6):
        sessions.pass_by(20)
        assert transport.calls == ["probe"] * count
        transport.alive = True
    sessions.pass_by(20)
    transport.alive = False
    sessions.pass_by(away - 0.25)
    assert client.reasons == []
    sessions.pass_by(0.25)
    assert client.reasons == ["ping timeout"]


def test_who_polls_late_is_there(make_sessions: Make) -> None:
    sessions = make_sessions(polling_duration=20, close_timeout=60)
    _, transport, client = sessions.open(POLLS, RecordingPolls)
    sessions.pass_by(20 + 50)
    transport.alive = True
    sessions.pass_by(10)
    assert transport.calls == ["probe", "probe"]  # the time-out is over, and the duration long so
    assert client.reasons == []


@pytest.mark.parametrize("generation", ["sio09", "eio3", "eio4"])
def test_elsewhere_they_mean_nothing(make_sessions: Make, generation: str) -> None:
    sessions = make_sessions(polling_duration=2, close_timeout=90)
    wanted = ClientRequest(generation, "websocket", None)
    _, transport, client = sessions.open(wanted, RecordingWebSocket)
    sessions.pass_by(24.75)
    assert (transport.sent, transport.calls) == ([], [])
    sessions.pass_by(20.25)
    assert client.reasons == ["ping timeout"]
