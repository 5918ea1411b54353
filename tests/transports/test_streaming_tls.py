"""Streams over TLS, where the bytes on the socket are not those of HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from time import monotonic

import pytest

from tests.support.app import App
from tests.support.old_wire import Client09, Stream
from tests.support.server import Running, make_server, serving
from tests.support.tls import encrypted, make_certificate
from tests.support.waiting import let_run, wait_until


class Streaming:
    """A client 0.9 with a stream over TLS."""

    def __init__(self, running: Running, receive_buffer: int | None = None) -> None:
        client = Client09(running.port, "htmlfile")
        encrypted(client.polls), encrypted(client.posts)
        client.headers = {"Sec-Fetch-Site": "same-origin"}
        client.handshake()
        self.client = client
        self.stream = encrypted(Stream(running.port, receive_buffer))
        self.stream.open(client.target, client.headers)
        self.stream.piece()
        assert b"1::" in self.stream.piece()

    def close(self) -> None:
        self.client.close()
        self.stream.close()


@pytest.fixture
def served(openssl: str, tmp_path: Path) -> Iterator[tuple[Running, App]]:
    server = make_server()
    app = App(server)
    with serving(server, **make_certificate(openssl, tmp_path)) as running:
        yield running, app


def test_messages_arrive_at_once(served: tuple[Running, App]) -> None:
    running, app = served
    streaming = Streaming(running)
    for number in range(3):
        sent = monotonic()
        app.socket.emit("n", number)
        assert f"[{number}]" in streaming.stream.piece().decode()
        assert monotonic() - sent < 1
    app.socket.disconnect(close=True)
    assert b"0::" in b"".join(streaming.stream.pieces())
    streaming.close()


@pytest.mark.parametrize("leave", ["with a word", "by FIN", "by RST"])
def test_a_client_that_is_gone_is_noticed_within_a_second(
    served: tuple[Running, App], leave: str
) -> None:
    running, app = served
    streaming = Streaming(running)
    began = monotonic()
    if leave == "with a word":
        with suppress(OSError):  # the server's last words come behind it
            streaming.stream.sock.unwrap()
    else:
        streaming.stream.reset() if leave == "by RST" else streaming.stream.close()
    assert app.reason() == "transport error"
    assert monotonic() - began < 1
    streaming.close()


def test_a_client_that_does_not_read_is_closed_and_its_greenlet_is_free(
    served: tuple[Running, App],
) -> None:
    running, app = served
    streaming = Streaming(running, receive_buffer=4096)
    transport = running.session().transport
    app.socket.emit("big", "x" * 3_000_000)
    wait_until(lambda: transport.pending)
    let_run(20)
    assert transport.pending
    while app.socket.emit("news", "x" * 16_000):
        pass
    assert app.reason() == "outbox full"
    wait_until(lambda: len(running.wsgi.connections) == 2)  # for polls and posts
    streaming.close()
