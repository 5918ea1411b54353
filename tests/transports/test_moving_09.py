"""A client 0.7 to 0.9 goes on over another transport while a POST of its is not all taken."""

from __future__ import annotations

import pytest

from flask_realtime.transports.websocket import WebSocketTransport
from tests.support.app import App, Serve
from tests.support.http import Answer
from tests.support.old_wire import FORM, Client09, form, framed
from tests.support.server import Running
from tests.support.waiting import let_run, wait_until
from tests.support.wire import TEXT, WebSocketClient
from tests.websocket.masking import frame

BLOCK = '5:::{"name":"block"}'
INBOX = 10


def note(number: int) -> str:
    return f'5:::{{"name":"note","args":[{number}]}}'


class Filled:
    """A client whose inbox is full, with more to come in the POST that filled it."""

    def __init__(self, serve: Serve, behind: str = "") -> None:
        self.running: Running
        self.app: App
        self.running, self.app = serve(max_inbox=INBOX, transports=TRANSPORTS)
        self.client = self.running.client_09()
        assert self.client.receive() == "1::"
        body = framed(BLOCK, *map(note, range(100))) + behind
        self.client.ask_post(body.encode())
        assert self.app.blocked.wait(5)
        self.session = self.running.session()
        wait_until(self.is_paused)

    def is_paused(self) -> bool:
        return self.session._paused is not None

    @property
    def waiting(self) -> int:
        return len(self.app.socket.client._inbox or ())

    def move(self, transport: str) -> Client09:
        """Go on over another transport; return the client there."""
        client = self.running._opened(Client09(self.running.port, transport, sid=self.client.sid))
        if transport in ("htmlfile", "xhr-multipart"):
            self.running.stream(client)
        else:
            client.ask()
        wait_until(lambda: self.session.transport.name == transport)
        return client

    def move_to_websocket(self) -> tuple[WebSocketClient, WebSocketTransport]:
        target = f"/socket.io/1/websocket/{self.client.sid}"
        client = self.running.raw_websocket(target=target)
        wait_until(lambda: self.session.transport.name == "websocket")
        transport = self.session.transport
        assert isinstance(transport, WebSocketTransport)
        return client, transport

    def answer(self) -> Answer:
        return self.client.posts.answer()


TRANSPORTS = ["websocket", "xhr-polling", "jsonp-polling", "htmlfile", "xhr-multipart"]
ELSEWHERE = pytest.mark.parametrize("transport", ["jsonp-polling", "htmlfile", "xhr-multipart"])


@ELSEWHERE
def test_the_rest_of_a_post_waits_and_is_taken_on_the_next_transport(
    serve: Serve, transport: str
) -> None:
    filled = Filled(serve)
    filled.move(transport)
    let_run(20)
    assert filled.waiting <= INBOX
    filled.app.go.set()
    assert filled.answer().body == b"1"
    wait_until(lambda: len(filled.app.noted) == 100)
    assert filled.app.noted == list(range(100))
    assert filled.app.reasons == []


def test_the_rest_of_a_post_waits_and_is_taken_on_a_websocket(serve: Serve) -> None:
    filled = Filled(serve)
    filled.move_to_websocket()
    let_run(20)
    assert filled.waiting <= INBOX
    filled.app.go.set()
    assert filled.answer().body == b"1"
    wait_until(lambda: len(filled.app.noted) == 100)
    assert filled.app.noted == list(range(100))


def test_the_rest_of_a_post_follows_through_several_transports(serve: Serve) -> None:
    filled = Filled(serve)
    filled.move("htmlfile")
    filled.move_to_websocket()
    filled.move("jsonp-polling")
    filled.app.go.set()
    assert filled.answer().body == b"1"
    wait_until(lambda: filled.app.noted == list(range(100)))


@pytest.mark.parametrize("between", ["htmlfile", "websocket"])
def test_a_post_on_the_next_transport_comes_behind_the_rest(serve: Serve, between: str) -> None:
    filled = Filled(serve)
    filled.move_to_websocket() if between == "websocket" else filled.move(between)
    client = filled.move("jsonp-polling")
    client.ask_post(form(note(100)), FORM)
    let_run(20)
    filled.app.go.set()
    assert client.posts.answer().body == b"1"
    assert filled.answer().body == b"1"
    wait_until(lambda: len(filled.app.noted) == 101)
    assert filled.app.noted == list(range(101))


def test_a_mistake_in_the_rest_ends_the_session(serve: Serve) -> None:
    filled = Filled(serve, behind="\ufffdx\ufffd")
    filled.move("htmlfile")
    filled.app.go.set()
    assert filled.answer().status == 400
    assert filled.app.reason() == "parse error"
    assert not filled.running.sessions


@pytest.mark.parametrize("transport", ["htmlfile", "websocket"])
def test_a_rest_that_is_never_taken_is_not_answered_as_if_it_were(
    serve: Serve, transport: str
) -> None:
    filled = Filled(serve)
    filled.move_to_websocket() if transport == "websocket" else filled.move(transport)
    filled.running.pass_by(filled.running.engine.options.ping_timeout)
    assert filled.answer().body != b"1"
    filled.app.go.set()
    assert filled.app.reason() == "inbox full"


def test_a_websocket_is_not_read_while_the_inbox_is_full(serve: Serve) -> None:
    filled = Filled(serve)
    client, transport = filled.move_to_websocket()
    client.sock.settimeout(0.5)
    big = frame(TEXT, b"3:::" + b"x" * 500_000)
    with pytest.raises(TimeoutError):
        for _ in range(100):  # 50 MB, which no kernel takes for who does not read
            client.sock.sendall(big)
    assert transport._held == []
    filled.app.go.set()
    wait_until(lambda: not filled.is_paused())
