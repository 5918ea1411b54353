"""Clients 0.9 drop what they wait for when they leave, while their last POST is on its way."""

from __future__ import annotations

from flask_realtime.transports.http_transport import HTTPTransport
from tests.support.app import App, Serve
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


def seen(running: Running) -> bool:
    """Whether the server has seen that the client let go."""
    transport = running.session().transport
    assert isinstance(transport, HTTPTransport)
    return transport._left


def says_goodbye(running: Running, app: App, client: Client09) -> None:
    assert client.post(b'5:::{"name":"note","args":[1]}').body == b"1"
    assert app.reason() == "transport error"
    assert app.noted == [1]
    assert not running.sessions


def test_what_comes_behind_a_dropped_poll_is_handled(serve: Serve) -> None:
    running, app = serve()
    says_goodbye(running, app, let_go_of_a_poll(running))


def test_what_comes_behind_a_dropped_stream_is_handled(serve: Serve) -> None:
    running, app = serve()
    client = running.client_09("htmlfile")
    stream = running.stream(client)
    assert b"1::" in stream.piece() + stream.piece()
    stream.close()
    wait_until(lambda: seen(running), what="the server has seen it")
    says_goodbye(running, app, client)


def test_who_polls_again_is_there_still_and_has_lost_nothing(serve: Serve) -> None:
    running, app = serve()
    client = let_go_of_a_poll(running)
    app.socket.emit("n", 1)
    client.polls = HTTPClient(running.port)
    assert messages_of(client.poll()) == ['5:::{"name":"n","args":[1]}']
    transport = running.session().transport
    assert isinstance(transport, HTTPTransport)
    transport._stayed_away()  # as the time will come
    assert not app.reasons
    client.close()
