"""Engine.IO 4: the server pings, the client answers in time or is gone."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from flask_realtime.engine.session import Session
from tests.engine.harness import RecordingClient, RecordingTransport, Sessions

Make = Callable[..., Sessions]
Opened = tuple[Session, RecordingTransport, RecordingClient]


@pytest.fixture
def sessions(make_sessions: Make) -> Sessions:
    return make_sessions(ping_interval=25, ping_timeout=20)


def test_a_ping_is_sent_after_each_interval(sessions: Sessions) -> None:
    session, transport, _ = sessions.open()
    sessions.pass_by(24.75)
    assert transport.sent == []
    sessions.pass_by(0.25)
    assert transport.sent == ["2"]


def test_the_next_interval_begins_with_the_answer(sessions: Sessions) -> None:
    session, transport, _ = sessions.open()
    sessions.pass_by(25)
    sessions.pass_by(10)
    session.receive("3")
    sessions.pass_by(24.75)
    assert transport.sent == ["2"]
    sessions.pass_by(0.25)
    assert transport.sent == ["2", "2"]


def test_a_client_that_answers_lives(sessions: Sessions) -> None:
    session, transport, client = sessions.open()
    for _ in range(20):
        sessions.pass_by(25)
        session.receive("3")
    assert transport.sent == ["2"] * 20
    assert client.reasons == []


def test_a_client_that_does_not_answer_is_gone(sessions: Sessions) -> None:
    session, transport, client = sessions.open()
    sessions.pass_by(25 + 19.75)
    assert client.reasons == []
    sessions.pass_by(0.25)
    assert client.reasons == ["ping timeout"]
    assert "abort" in transport.calls
    assert session.sid not in sessions.engine.sessions


def test_other_packets_are_no_answer(sessions: Sessions) -> None:
    session, _, client = sessions.open()
    sessions.pass_by(25)
    session.receive('42["news"]')
    sessions.pass_by(20)
    assert client.reasons == ["ping timeout"]
    assert len(client.packets) == 1


def test_an_answer_that_nobody_asked_for_changes_nothing(sessions: Sessions) -> None:
    session, transport, client = sessions.open()
    sessions.pass_by(20)
    session.receive("3")
    sessions.pass_by(5)
    assert transport.sent == ["2"]
    session.receive("3")
    session.receive("3")
    sessions.pass_by(25)
    assert transport.sent == ["2", "2"]
    assert client.reasons == []


def test_a_client_that_pings_breaks_the_rules(sessions: Sessions) -> None:
    session, transport, client = sessions.open()
    session.receive("2")
    assert client.reasons == ["transport error"]
    assert "abort" in transport.calls
    assert transport.sent == []


def test_a_stall_of_the_server_is_not_the_clients_silence(sessions: Sessions) -> None:
    """The answer lay in the kernel when the deadline came."""
    session, transport, client = sessions.open()
    sessions.pass_by(25)
    sessions.time.now += 60  # nothing ran
    sessions.engine.clock.run()
    assert client.reasons == []
    session.receive("3")
    sessions.pass_by(24)
    assert client.reasons == []
    sessions.pass_by(2)
    assert transport.sent == ["2", "2"]


def test_no_ping_comes_after_the_end(sessions: Sessions) -> None:
    session, transport, client = sessions.open()
    session.close("forced close")
    sessions.pass_by(60)
    assert transport.sent == []
    assert client.reasons == ["forced close"]


# While the inbox is full we do not read, so the answer is not missed; the client must still hear
# from us, or it would leave.


def test_while_the_inbox_is_full_pings_go_on_and_answers_are_not_missed(
    make_sessions: Make,
) -> None:
    sessions = make_sessions(ping_interval=5, ping_timeout=20)
    session, transport, client = sessions.open()
    session.pause()
    sessions.pass_by(19.75)
    assert transport.sent == ["2", "2", "2"]
    assert client.reasons == []
    session.resume()
    sessions.pass_by(0.25)
    assert transport.sent == ["2"] * 4
    sessions.pass_by(19.75)
    assert client.reasons == []
    sessions.pass_by(0.25)
    assert client.reasons == ["ping timeout"]


def test_a_ping_that_is_unanswered_when_the_inbox_fills_is_not_held_against_the_client(
    make_sessions: Make,
) -> None:
    sessions = make_sessions(ping_interval=30, ping_timeout=20)
    session, transport, client = sessions.open()
    sessions.pass_by(30)
    sessions.pass_by(15)
    session.pause()
    sessions.pass_by(15)  # the ping's deadline is over
    session.resume()
    assert client.reasons == []
    sessions.pass_by(15)
    assert transport.sent == ["2", "2"]  # thirty seconds after the pause began


def test_an_inbox_that_stays_full_ends_the_session(sessions: Sessions) -> None:
    session, transport, client = sessions.open()
    session.pause()
    session.pause()
    assert transport.calls == ["pause"]
    sessions.pass_by(19.75)
    assert client.reasons == []
    sessions.pass_by(0.25)
    assert client.reasons == ["inbox full"]
    assert "abort" in transport.calls


def test_an_inbox_that_is_emptied_in_time_goes_on(sessions: Sessions) -> None:
    session, transport, client = sessions.open()
    for _ in range(3):
        session.pause()
        sessions.pass_by(10)
        session.resume()
        session.resume()
        sessions.pass_by(0.5)
        session.receive("3")
    assert transport.calls == ["pause", "resume"] * 3
    assert client.reasons == []
