"""Protocol 1: the server pings where the connection stays open, and ends polls where not."""

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

Make = Callable[..., Sessions]
Opened = tuple[Session, RecordingTransport, RecordingClient]
TERMS = {"ping_interval": 25, "ping_timeout": 20}


class RecordingFrame(RecordingTransport):
    """Passes for a forever iframe."""

    name = "htmlfile"


class RecordingScripts(RecordingTransport):
    """Passes for polling by scripts."""

    name = "jsonp-polling"


STREAMS = pytest.mark.parametrize("kind", [RecordingWebSocket, RecordingFrame])
POLLS = pytest.mark.parametrize("kind", [RecordingPolls, RecordingScripts])


@pytest.fixture
def sessions(make_sessions: Make) -> Sessions:
    return make_sessions(**TERMS)


def open_session(sessions: Sessions, kind: type[RecordingTransport]) -> Opened:
    return sessions.open(ClientRequest("sio09", kind.name, None), kind)


@STREAMS
def test_on_a_stream_the_server_pings_and_the_client_answers(
    sessions: Sessions, kind: type[RecordingTransport]
) -> None:
    session, transport, client = open_session(sessions, kind)
    for _ in range(5):
        sessions.pass_by(25)
        session.receive("2::")
    assert transport.sent == ["2::"] * 5
    assert transport.calls == []
    assert client.reasons == []


@STREAMS
def test_on_a_stream_who_does_not_answer_is_gone(
    sessions: Sessions, kind: type[RecordingTransport]
) -> None:
    session, transport, client = open_session(sessions, kind)
    sessions.pass_by(25)
    session.receive("5:::" + '{"name":"news"}')  # is no answer
    transport.alive = True
    sessions.pass_by(19.75)
    assert client.reasons == []
    sessions.pass_by(0.25)
    assert client.reasons == ["ping timeout"]


@POLLS
def test_who_polls_is_probed_and_lives_by_polling_again(
    sessions: Sessions, kind: type[RecordingTransport]
) -> None:
    session, transport, client = open_session(sessions, kind)
    for _ in range(5):  # nothing more may be between them: the client's own time-out is 45
        sessions.pass_by(25)
        transport.alive = True
    assert transport.sent == []
    assert transport.calls == ["probe"] * 5
    assert client.reasons == []


@POLLS
def test_who_does_not_poll_again_is_gone(
    sessions: Sessions, kind: type[RecordingTransport]
) -> None:
    session, transport, client = open_session(sessions, kind)
    transport.alive = True
    sessions.pass_by(44.75)
    assert client.reasons == []
    sessions.pass_by(0.25)
    assert client.reasons == ["ping timeout"]


@POLLS
def test_what_looks_like_a_ping_of_a_client_that_polls_is_answered_by_nothing(
    sessions: Sessions, kind: type[RecordingTransport]
) -> None:
    session, transport, client = open_session(sessions, kind)
    session.receive("2::")
    assert (transport.sent, client.packets, client.reasons) == ([], [], [])


# Both of the client's time-outs are what the handshake says, and begin anew with whatever comes.


@pytest.mark.parametrize("kind", [RecordingPolls, RecordingWebSocket])
@pytest.mark.parametrize(("interval", "timeout"), [(25, 20), (60, 6)])
def test_while_the_inbox_is_full_something_comes_within_the_clients_time_out(
    make_sessions: Make, kind: type[RecordingTransport], interval: float, timeout: float
) -> None:
    sessions = make_sessions(ping_interval=interval, ping_timeout=timeout)
    session, transport, client = open_session(sessions, kind)
    sessions.pass_by(1)
    session.pause()
    silence = longest = 0.0
    while not client.reasons:
        before = len(transport.sent)
        sessions.pass_by(0.25)
        silence = 0.0 if len(transport.sent) > before else silence + 0.25
        longest = max(longest, silence)
    assert client.reasons == ["inbox full"]
    assert longest < interval + timeout
    assert "probe" not in transport.calls


def test_over_polling_the_probe_is_a_noop_and_the_next_poll(serve: Serve) -> None:
    running, app = serve(**TERMS)
    client = running.client_09()
    assert client.poll().body == b"1::"
    for _ in range(3):
        running.ask(client)
        running.pass_by(25)
        assert client.answer().body == b"8::"
    app.socket.emit("news")
    assert client.poll().body == b'5:::{"name":"news"}'
    running.pass_by(25 + 20)
    assert app.reason() == "ping timeout"


def test_over_an_iframe_the_ping_is_a_script_and_its_answer_a_post(serve: Serve) -> None:
    running, app = serve(**TERMS)
    client = running.client_09("htmlfile")
    stream = running.stream(client)
    assert len(stream.piece()) == 256
    assert b"1::" in stream.piece()
    for _ in range(3):
        running.pass_by(25)
        assert stream.piece() == b'<script>_("2::");</script>'
        client.send("2::")
    running.pass_by(24)
    assert app.reasons == []
    running.pass_by(1 + 20)
    assert app.reason() == "ping timeout"
