"""One session from its handshake to its end, without sockets."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from flask_realtime import signals
from flask_realtime.engine.admission import make_sid, new_id
from flask_realtime.engine.states import SessionState
from flask_realtime.exceptions import EncodeError, PacketError
from flask_realtime.options import make_options
from flask_realtime.protocol.packet import Packet, PacketType
from tests.engine.harness import REQUEST, WANTED, RecordingTransport, Sessions
from tests.support.waiting import let_run, wait_until

Make = Callable[..., Sessions]


def event(*data: object) -> Packet:
    return Packet(PacketType.EVENT, data=list(data))


@pytest.fixture
def sessions(make_sessions: Make) -> Sessions:
    return make_sessions(max_outbox_size=1000)


def test_the_first_packet_tells_the_client_the_terms(make_sessions: Make) -> None:
    sessions = make_sessions(ping_interval=1.5, ping_timeout=0.25, max_http_buffer_size=5000)
    session = sessions.engine.make_session(REQUEST, WANTED, new_id())
    transport = RecordingTransport(session.outbox)
    session.open(transport, ["websocket"])
    (packet,) = transport.sent
    assert isinstance(packet, str) and packet[0] == "0"
    assert json.loads(packet[1:]) == {
        "sid": session.sid,
        "upgrades": ["websocket"],
        "pingInterval": 1500,
        "pingTimeout": 250,
        "maxPayload": 5000,
    }


def test_sids_are_20_safe_characters_and_never_the_same(sessions: Sessions) -> None:
    sids = [make_sid(make_options(), REQUEST, ()) for _ in range(200)]
    assert len(set(sids)) == 200
    for sid in sids:
        assert len(sid) == 20
        assert sid.replace("-", "").replace("_", "").isalnum() and sid.isascii()
        assert sid.startswith("00")


def test_packets_reach_the_layer_above_in_order(sessions: Sessions) -> None:
    session, _, client = sessions.open()
    for number in range(10):
        session.receive(f'42["n",{number}]')
    assert [packet.data for packet in client.packets] == [["n", number] for number in range(10)]


def test_attachments_are_waited_for(sessions: Sessions) -> None:
    session, _, client = sessions.open()
    session.receive('451-["n",{"_placeholder":true,"num":0}]')
    assert client.packets == []
    session.receive(b"\x01")
    assert client.packets == [event("n", b"\x01")]


@pytest.mark.parametrize("packet", ["5", "6", "0", "3"])
def test_packets_without_a_meaning_here_are_passed_over(sessions: Sessions, packet: str) -> None:
    session, _, client = sessions.open()
    session.receive(packet)
    assert (client.packets, client.reasons) == ([], [])


def test_what_is_no_packet_is_the_transports_matter(sessions: Sessions) -> None:
    session, _, client = sessions.open()
    with pytest.raises(PacketError):
        session.receive("garbage")
    assert client.reasons == []


def test_a_client_that_says_goodbye_is_gone(sessions: Sessions) -> None:
    session, transport, client = sessions.open()
    session.receive("1")
    assert client.reasons == ["transport close"]
    assert transport.calls[0] == "discard"
    assert not sessions.engine.sessions


def test_a_lost_transport_ends_the_session_once(sessions: Sessions) -> None:
    session, transport, client = sessions.open()
    transport.lost("transport close")
    transport.lost("transport error")
    session.end("ping timeout")
    session.close("forced close")
    assert client.reasons == ["transport close"]
    assert session.state is SessionState.CLOSED
    assert not sessions.engine.sessions


def test_after_the_end_nothing_is_taken_or_sent(sessions: Sessions) -> None:
    session, transport, client = sessions.open()
    session.close("forced close")
    assert session.send(event("late")) is False
    session.receive('42["late"]')
    session.pause()
    session.resume()
    assert (transport.sent, client.packets) == ([], [])


def test_a_session_that_we_close_is_there_until_its_transport_has_said_goodbye(
    sessions: Sessions,
) -> None:
    session, transport, client = sessions.open()
    session.close("forced close")
    assert client.reasons == ["forced close"]  # known at once
    assert session.state is SessionState.CLOSING
    assert sessions.engine.sessions.find(session.sid) is session
    transport.lost("forced close")
    assert client.reasons == ["forced close"]
    assert session.state.value == "closed"
    assert not sessions.engine.sessions


def test_the_goodbye_is_not_waited_for_for_ever(sessions: Sessions) -> None:
    session, transport, client = sessions.open()
    session.close("forced close")
    sessions.pass_by(29.75)
    assert session.sid in sessions.engine.sessions
    sessions.pass_by(0.25)
    assert not sessions.engine.sessions
    assert transport.calls[-1] == "abort"
    assert client.reasons == ["forced close"]


def test_a_message_that_cannot_be_carried_raises_where_it_is_sent(sessions: Sessions) -> None:
    session, transport, _ = sessions.open()
    with pytest.raises(EncodeError):
        session.send(event("n", object()))
    assert session.send(event("n", 1))
    assert transport.sent == ['42["n",1]']


def test_who_does_not_read_is_closed_but_not_by_whoever_sends(sessions: Sessions) -> None:
    """The sender may be in the middle of a broadcast."""
    full: list[object] = []
    session, transport, client = sessions.open()
    transport.stuck = True
    with signals.outbox_full.connected_to(lambda sender, session: full.append(session)):
        assert session.send(event("x" * 900))
        assert session.send(event("x" * 900)) is False
        assert session.send(event("x" * 900)) is False
        assert client.reasons == []
        wait_until(lambda: client.reasons)
        let_run()
    assert client.reasons == ["outbox full"]
    assert full == [session]
    assert transport.calls[-1] == "abort"


def test_what_waited_for_a_session_that_is_over_is_not_kept(sessions: Sessions) -> None:
    session, transport, _ = sessions.open()
    transport.stuck = True
    session.send(event("x" * 500))
    session.end("ping timeout")
    assert not session.outbox
    assert session.outbox.size == 0


def test_operators_hear_of_the_beginning_and_of_the_end(sessions: Sessions) -> None:
    heard: list[tuple[str, object]] = []

    def opened(sender: object, session: object) -> None:
        heard.append(("opened", session))

    def closed(sender: object, session: object, reason: str) -> None:
        heard.append((reason, session))

    with signals.session_opened.connected_to(opened, sender=sessions.engine):
        with signals.session_closed.connected_to(closed, sender=sessions.engine):
            session, transport, _ = sessions.open()
            transport.lost("transport close")
            wait_until(lambda: len(heard) == 2)
            let_run()
    assert heard == [("opened", session), ("transport close", session)]


def test_operators_hear_once_of_an_inbox_that_is_full(sessions: Sessions) -> None:
    heard: list[object] = []
    session, _, _ = sessions.open()
    with signals.inbox_full.connected_to(lambda sender, session: heard.append(session)):
        session.pause()
        session.pause()
        wait_until(lambda: heard)
        let_run()
    assert heard == [session]


def test_the_outbox_goes_along_to_another_transport(sessions: Sessions) -> None:
    session, first, client = sessions.open()
    first.stuck = True
    session.send(event("n", 1))
    second = RecordingTransport(session.outbox)
    session.switch(second)
    session.send(event("n", 2))
    assert (first.sent, second.sent) == ([], ['42["n",1]', '42["n",2]'])
    second.lost("transport close")
    assert client.reasons == ["transport close"]


def test_a_full_inbox_stops_the_next_transport_too(sessions: Sessions) -> None:
    session, _, _ = sessions.open()
    session.pause()
    second = RecordingTransport(session.outbox)
    session.switch(second)
    assert second.calls == ["pause"]
    session.resume()
    assert second.calls == ["pause", "resume"]


def test_who_waits_for_an_empty_outbox_is_woken_by_the_end(sessions: Sessions) -> None:
    session, transport, _ = sessions.open()
    transport.stuck = True
    session.send(event("n"))
    session.end("ping timeout")
    assert session.outbox.drain(timeout=5)  # at once: nothing is left that could leave
