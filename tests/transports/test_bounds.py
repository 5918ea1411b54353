"""Who does not read, and who sends more than is handled: bounded, and told to operators."""

from __future__ import annotations

import pytest

from flask_realtime.protocol.packet import Message
from flask_realtime.transports.websocket import WebSocketTransport
from tests.support.app import Serve
from tests.support.waiting import let_run, wait_until
from tests.support.wire import CLOSE, TEXT, Closed, WebSocketClient
from tests.websocket.masking import frame

KIB = 1024


# The outbox


def test_a_websocket_client_that_never_reads_is_closed(serve: Serve, full: list[str]) -> None:
    running, app = serve(max_outbox_size=256 * KIB)
    client = running.websocket(receive_buffer=4096)
    client.connect()
    socket, session = app.socket, running.session()
    held = 0
    while socket.emit("news", "x" * 16 * KIB):
        held = max(held, session.outbox.size + session.transport.pending)
    assert held <= 256 * KIB
    assert app.reason() == "outbox full"
    wait_until(lambda: full == ["outbox"])
    assert not running.sessions
    assert session.transport.pending == 0
    assert socket.emit("news") is False
    with pytest.raises((Closed, AssertionError, ConnectionResetError)):
        while True:  # what the kernel had, and then the end in the middle of a frame
            client.receive()


def test_a_polling_client_that_never_polls_is_closed(serve: Serve, full: list[str]) -> None:
    running, app = serve(max_outbox_size=64 * KIB)
    client = running.polling()
    client.connect()
    taken = 0
    while app.socket.emit("news", "x" * KIB):
        taken += 1
    assert 60 <= taken <= 64
    assert app.reason() == "outbox full"
    wait_until(lambda: full == ["outbox"])
    assert not running.sessions


def test_one_big_message_passes_whatever_the_bound_is(serve: Serve) -> None:
    running, app = serve(max_outbox_size=1)
    client = running.polling()
    client.connect()
    assert app.socket.emit("big", "x" * 1_000_000)
    assert len(client.receive()) > 1_000_000


def test_a_broadcast_loses_only_who_does_not_read(serve: Serve, full: list[str]) -> None:
    running, app = serve(max_outbox_size=64 * KIB)
    deaf = running.polling()
    deaf.connect()
    clients = [running.websocket() for _ in range(5)]
    for client in clients:
        client.connect()
    root = app.socket.namespace
    for number in range(100):
        root.emit("n", number, "x" * KIB)
        for client in clients:
            assert str(client.receive()).startswith(f'42["n",{number},')
    assert app.reason() == "outbox full"
    assert len(running.sessions) == 5
    wait_until(lambda: full == ["outbox"])


# The inbox


def flood(client: WebSocketClient, packets: int) -> None:
    client.send(b"".join(frame(TEXT, b'42["note",%d]' % number) for number in range(packets)))


def test_a_full_inbox_stops_reading_until_it_is_worked_off(
    serve: Serve, full: list[str]
) -> None:
    running, app = serve(max_inbox=10)
    client = running.websocket()
    client.connect()
    transport = running.session().transport
    assert isinstance(transport, WebSocketTransport)
    client.send_text('42["block"]')
    assert app.blocked.wait(5)
    flood(client, 5000)
    wait_until(lambda: full == ["inbox"])
    let_run(20)
    assert len(app.socket.client._inbox or ()) == 10
    assert transport.connection._paused
    app.go.set()
    wait_until(lambda: len(app.noted) == 5000)
    assert app.noted == list(range(5000))
    assert app.reasons == []


class Sips:
    """Takes one message at a time."""

    def __init__(self, transport: WebSocketTransport) -> None:
        self._transport = transport
        self.taken: list[Message] = []

    def receive(self, message: Message) -> None:
        self.taken.append(message)
        self._transport.pause()

    def closed(self, reason: str, error: Exception | None = None) -> None:
        raise AssertionError(reason)


def test_whoever_has_enough_again_at_once_is_not_given_more(serve: Serve) -> None:
    running, _ = serve()
    client = running.websocket()
    session = running.session()
    transport = session.transport
    assert isinstance(transport, WebSocketTransport)
    sips = transport.listener = Sips(transport)
    client.send_text("a", "b", "c")
    wait_until(lambda: sips.taken == ["a"])
    client.send_text("d")
    for taken in (["a", "b"], ["a", "b", "c"]):
        transport.resume()
        assert sips.taken == taken
        assert transport.connection._paused
        let_run()
        assert sips.taken == taken
    transport.resume()
    wait_until(lambda: sips.taken == ["a", "b", "c", "d"])
    transport.listener = session


def test_one_clients_full_inbox_stops_nobody_else(serve: Serve) -> None:
    running, app = serve(max_inbox=10)
    slow, other = running.websocket(), running.websocket()
    slow.connect()
    other.connect()
    slow.send_text('42["block"]')
    assert app.blocked.wait(5)
    flood(slow, 100)
    other.send_text('421["echo",1]')
    assert other.receive() == "431[1]"
    app.go.set()
    wait_until(lambda: len(app.noted) == 100)


def test_while_the_inbox_is_full_the_server_keeps_pinging(serve: Serve, full: list[str]) -> None:
    running, app = serve(max_inbox=10, ping_interval=5, ping_timeout=30)
    client = running.websocket()
    client.connect()
    client.send_text('42["block"]')
    assert app.blocked.wait(5)
    flood(client, 100)
    wait_until(lambda: full == ["inbox"])
    for _ in range(4):
        running.pass_by(5)
        assert client.receive() == "2"
        client.send_text("3")  # stays unread
    app.go.set()
    wait_until(lambda: len(app.noted) == 100)
    running.pass_by(5)
    assert client.receive() == "2"
    assert app.reasons == []


@pytest.mark.parametrize("transport", ["websocket", "polling"])
def test_an_inbox_that_stays_full_closes_the_session(
    serve: Serve, full: list[str], transport: str
) -> None:
    running, app = serve(max_inbox=10)
    client = getattr(running, transport)()
    client.connect()
    if transport == "websocket":
        client.send_text('42["block"]')
        flood(client, 100)
    else:
        client.ask_post(b'42["block"]' + b'\x1e42["note",0]' * 100)
    wait_until(lambda: full == ["inbox"])
    running.pass_by(20)
    if transport == "websocket":
        assert client.closed_with() is not None
    else:
        answer = client.posts.answer()
        assert (answer.status, answer.json["name"]) == (400, "expired")
    assert app.blocked.is_set()
    assert not app.socket.connected  # known while its handler still runs
    assert not running.sessions
    app.go.set()
    assert app.reason() == "inbox full"
    assert full == ["inbox"]


def test_what_is_in_a_full_inbox_is_handled_although_the_client_is_gone(
    serve: Serve, full: list[str]
) -> None:
    running, app = serve(max_inbox=10)
    client = running.websocket()
    client.connect()
    client.send_text('42["block"]')
    flood(client, 100)
    wait_until(lambda: full == ["inbox"])
    running.pass_by(20)
    client.closed_with()
    app.go.set()
    assert app.reason() == "inbox full"
    # Ten that waited, or nine and the one at which the handler was.
    assert app.noted == list(range(len(app.noted)))
    assert 9 <= len(app.noted) <= 10


def test_what_came_before_a_close_is_handled_although_it_was_too_much(serve: Serve) -> None:
    running, app = serve(max_inbox=10)
    client = running.websocket()
    client.connect()
    events = b"".join(frame(TEXT, b'42["note",%d]' % number) for number in range(100))
    client.send(frame(TEXT, b'42["block"]') + events + frame(CLOSE, b"\x03\xe8"))
    assert app.blocked.wait(5)
    let_run()
    assert app.socket.connected
    app.go.set()
    assert app.reason() == "transport close"
    assert app.noted == list(range(100))


def test_a_client_that_is_sent_away_with_a_full_inbox_hears_of_it(
    serve: Serve, full: list[str]
) -> None:
    running, app = serve(max_inbox=10)
    client = running.websocket()
    client.connect()
    client.send_text('42["block"]')
    flood(client, 100)
    wait_until(lambda: full == ["inbox"])
    app.socket.disconnect(close=True)
    assert client.receive() == "41"
    assert client.closed_with() == 1000
    app.go.set()
    assert app.reason() == "server namespace disconnect"
    assert not running.sessions


def test_an_answer_passes_a_handler_that_waits(serve: Serve) -> None:
    running, app = serve()
    running.server.of("/").on("ask", lambda: app.noted.append(app.socket.call("question")))
    client = running.websocket()
    client.connect()
    client.send_text('42["ask"]', '42["note","behind"]')
    assert client.receive() == '420["question"]'
    client.send_text('430["answer"]')
    wait_until(lambda: app.noted == ["answer", "behind"])
