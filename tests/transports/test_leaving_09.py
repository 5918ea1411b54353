"""Clients 0.9 drop what they wait for when they leave, while their last POST is on its way. And a
network may do that to who stays."""

from __future__ import annotations

from time import monotonic

import pytest

from flask_realtime.transports.http_transport import HTTPTransport
from flask_realtime.transports.polling import PollingTransport
from tests.support.app import Serve
from tests.support.http import HTTPClient
from tests.support.old_wire import Client09, messages_of
from tests.support.server import Running
from tests.support.waiting import wait_until


def let_go_of_a_poll(running: Running) -> Client09:
    client = running.client_09()
    assert client.receive() == "1::"
    running.ask(client)
    client.polls.close()
    wait_until(lambda: seen(running), what="the server has seen it")
    return client


def transport_of(running: Running) -> HTTPTransport:
    transport = running.session().transport
    assert isinstance(transport, HTTPTransport)
    return transport


def seen(running: Running) -> bool:
    """Whether the server has seen that the client let go."""
    return transport_of(running)._leaving is not None


def post(client: Client09) -> None:
    assert client.post(b'5:::{"name":"note","args":[1]}').body == b"1"


def test_what_comes_behind_a_dropped_poll_is_handled(serve: Serve) -> None:
    running, app = serve()
    client = let_go_of_a_poll(running)
    post(client)
    wait_until(lambda: app.noted == [1])
    transport = transport_of(running)
    transport._returned()
    transport._stayed_away()  # as the time will come
    assert app.reason() == "transport error"
    assert not running.sessions


def test_what_comes_behind_a_dropped_stream_is_handled(serve: Serve) -> None:
    running, app = serve()
    client = running.client_09("htmlfile")
    stream = running.stream(client)
    assert b"1::" in stream.piece() + stream.piece()
    stream.close()
    wait_until(lambda: seen(running), what="the server has seen it")
    post(client)
    assert app.reason() == "transport error"  # soon
    assert app.noted == [1]
    assert not running.sessions


def test_who_polls_again_is_there_still_and_has_lost_nothing(serve: Serve) -> None:
    running, app = serve()
    client = let_go_of_a_poll(running)
    app.socket.emit("n", 1)
    client.polls = HTTPClient(running.port)
    assert messages_of(client.poll()) == ['5:::{"name":"n","args":[1]}']
    assert not seen(running)
    assert not app.reasons
    client.close()


def test_who_has_lost_a_poll_has_some_time_to_come_back(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert PollingTransport.linger == 5
    monkeypatch.setattr(PollingTransport, "linger", 0.3)
    running, app = serve()
    let_go_of_a_poll(running)
    left = monotonic()
    assert app.reason() == "transport error"
    assert monotonic() - left > 0.2


def test_a_post_begins_the_time_anew(serve: Serve) -> None:
    running, app = serve()
    client = let_go_of_a_poll(running)
    before = transport_of(running)._leaving
    assert before is not None
    post(client)
    assert before.dead
    assert seen(running)


@pytest.mark.parametrize("transport", ["xhr-polling", "htmlfile"])
def test_who_goes_on_over_another_transport_has_come_back(serve: Serve, transport: str) -> None:
    running, app = serve()
    client = let_go_of_a_poll(running)
    before = transport_of(running)._leaving
    assert before is not None
    client.transport, client.polls = transport, running.http()
    client.ask()
    wait_until(lambda: before.dead)
    assert client.sid in running.sessions
