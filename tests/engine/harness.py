"""Sessions without sockets: a client layer and a transport that write down what happens."""

from __future__ import annotations

from typing import Any

from flask_realtime.engine.admission import new_id
from flask_realtime.engine.engine import Engine
from flask_realtime.engine.session import Session
from flask_realtime.options import make_options
from flask_realtime.protocol.packet import Message, Packet
from flask_realtime.protocol.request import ClientRequest
from flask_realtime.transports.http import Request
from flask_realtime.transports.outbox import Outbox
from flask_realtime.transports.transport import Transport
from tests.support.time import FakeTime

REQUEST = Request(
    {"REQUEST_METHOD": "GET", "wsgi.url_scheme": "http", "HTTP_HOST": "127.0.0.1"}, {}
)
WANTED = ClientRequest("eio4", "polling", None, False)


class RecordingClient:
    """The layer above a session."""

    def __init__(self, session: Session) -> None:
        self.packets: list[Packet] = []
        self.reasons: list[str] = []
        self.steps: list[str] = []

    def opened(self) -> None:
        self.steps.append("opened")

    def moved(self) -> None:
        self.steps.append("moved")

    def receive(self, packet: Packet) -> None:
        self.packets.append(packet)

    def closed(self, reason: str) -> None:
        self.reasons.append(reason)


class RecordingTransport(Transport):
    """Takes everything at once, unless it is told to be stuck."""

    name = "recording"

    def __init__(self, outbox: Outbox) -> None:
        super().__init__(outbox)
        self.sent: list[Message] = []
        self.calls: list[str] = []
        self.stuck = False

    @property
    def ready(self) -> bool:
        return not self.stuck

    def flush(self) -> None:
        if not self.stuck:
            self.sent += [message for each in self.outbox.take() for message in each.messages]
            self.outbox.drained()

    def probe(self) -> None:
        self.alive = False
        self.calls.append("probe")

    def pause(self) -> None:
        self.calls.append("pause")

    def resume(self) -> None:
        self.calls.append("resume")

    def close(self, reason: str = "") -> None:
        self.calls.append("close")

    def abort(self) -> None:
        self.listener = None
        self.calls.append("abort")

    def discard(self) -> None:
        self.listener = None
        self.calls.append("discard")

    def lost(self, reason: str) -> None:
        """The connection is gone."""
        self._closed(reason)


class RecordingPolls(RecordingTransport):
    """Passes for polling."""

    name = "polling"


class RecordingWebSocket(RecordingTransport):
    """Passes for a WebSocket."""

    name = "websocket"


class Sessions:
    """An engine whose time passes when a test says so."""

    def __init__(self, **options: Any) -> None:
        self.time = FakeTime()
        self.clients: list[RecordingClient] = []
        self.engine = Engine(make_options(**options), self._make_client)
        self.engine.start()
        self.engine.clock.stop()
        self.engine.clock = self.time.clock()

    def _make_client(self, session: Session) -> RecordingClient:
        client = RecordingClient(session)
        self.clients.append(client)
        return client

    def open(
        self,
        wanted: ClientRequest = WANTED,
        kind: type[RecordingTransport] = RecordingTransport,
    ) -> tuple[Session, RecordingTransport, RecordingClient]:
        session = self.engine.make_session(REQUEST, wanted, new_id())
        transport = kind(session.outbox)
        session.open(transport, [])
        assert session.sid in str(transport.sent.pop(0))
        return session, transport, self.clients[-1]

    def pass_by(self, seconds: float) -> None:
        self.time.pass_by(self.engine.clock, seconds)

    def stop(self) -> None:
        self.engine.clock.stop()
        self.engine._watchdog.stop()
