from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from flask_realtime import signals
from tests.support.app import App, Serve, serving_apps
from tests.support.server import Running


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts a server with these options, whose root namespace writes down what happens."""
    with serving_apps() as start:
        yield start


@pytest.fixture
def full() -> Iterator[list[str]]:
    """Which bounds were met, as operators hear it."""
    heard: list[str] = []

    def inbox(sender: object, session: object) -> None:
        heard.append("inbox")

    def outbox(sender: object, session: object) -> None:
        heard.append("outbox")

    with signals.inbox_full.connected_to(inbox), signals.outbox_full.connected_to(outbox):
        yield heard


STREAMS = ["htmlfile", "xhr-multipart"]


@pytest.fixture(params=STREAMS)
def transport(request: pytest.FixtureRequest) -> str:
    """Every transport that streams."""
    return str(request.param)


class Streamed:
    """A server, and one client on a stream."""

    def __init__(
        self, running: Running, app: App, transport: str, receive_buffer: int | None = None
    ) -> None:
        self.running, self.app = running, app
        self.client = running.client_09(transport)
        self.stream = running.stream(self.client, receive_buffer)
        self.head = self.stream.piece()
        assert b"1::" in self.stream.piece()
        self.socket = app.sockets[-1]
        self.session = running.sessions[self.client.sid]

    def is_freed(self) -> bool:
        """Whether the greenlet of the stream is gone, and only polls and posts are open."""
        return len(self.running.wsgi.connections) == 2


@pytest.fixture
def begin(serve: Serve, transport: str) -> Callable[..., Streamed]:
    """Serves, and opens a stream of each kind."""

    def start(receive_buffer: int | None = None, **options: Any) -> Streamed:
        running, app = serve(transports=["websocket", "xhr-polling", *STREAMS], **options)
        return Streamed(running, app, transport, receive_buffer)

    return start
