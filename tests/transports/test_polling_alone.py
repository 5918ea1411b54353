"""The polling transport without HTTP."""

from __future__ import annotations

from typing import Any

import gevent
import pytest

from flask_realtime.exceptions import PacketError
from flask_realtime.protocol.packet import Encoded, PacketType
from flask_realtime.transports.http import Request
from flask_realtime.transports.outbox import Outbox
from flask_realtime.transports.polling import PollingTransport
from tests.engine.harness import RecordingTransport, Sessions
from tests.support.waiting import wait_until


class Payloads:
    """As much of a dialect as polling needs: messages separated by commas."""

    posted = b"ok", "text/html"
    takes_over = False

    def last_word(self, reason: str) -> PacketType:
        return PacketType.CLOSE

    def encode(self, packet: Any) -> Encoded:
        return Encoded((packet.type.name,))

    def encode_payload(self, messages: Any) -> tuple[bytes, str]:
        return ",".join(messages).encode(), "text/plain"

    def decode_payload(self, body: bytes, content_type: str) -> Any:
        if b"!" in body:
            raise PacketError("bad")
        return iter(body.decode().split(","))


@pytest.fixture
def polling() -> PollingTransport:
    dialect: Any = Payloads()
    return PollingTransport(dialect, Outbox(1000))


def test_a_poll_that_ends_after_the_switch_takes_nothing_from_the_next_transport(
    polling: PollingTransport,
) -> None:
    poll = gevent.spawn(polling.get, [], None)
    wait_until(lambda: polling._poll)
    polling.discard()
    following = RecordingTransport(polling.outbox)
    following.stuck = True
    polling.outbox.put(Encoded(("message",)))
    assert poll.get(timeout=5).body == b"NOOP"
    following.stuck = False
    following.flush()
    assert following.sent == ["message"]


def test_while_an_upgrade_is_probed_no_poll_waits_long(polling: PollingTransport) -> None:
    polling.upgrading = True
    assert gevent.spawn(polling.get, [], None).get(timeout=5).body == b"NOOP"


def test_the_goodbye_that_a_poll_takes_is_the_end_of_the_session(polling: PollingTransport) -> None:
    sessions = Sessions()
    session, _, client = sessions.open()
    session.switch(polling)
    poll = gevent.spawn(polling.get, [], None)
    wait_until(lambda: polling._poll)
    session.close("forced close")
    assert poll.get(timeout=5).body == b"CLOSE"
    assert not sessions.engine.sessions
    sessions.stop()


class Counting:
    """A session that counts."""

    def __init__(self) -> None:
        self.received = 0

    def receive(self, message: object) -> None:
        self.received += 1

    def closed(self, reason: str, error: Exception | None = None) -> None:
        raise AssertionError(reason)


def test_a_long_body_lets_others_have_their_turn(polling: PollingTransport) -> None:
    session = polling.listener = Counting()
    request = Request({"REQUEST_METHOD": "POST"}, {}, b"message" + b",message" * 999)
    seen: list[int] = []

    def watch() -> None:
        while not post.ready():
            seen.append(session.received)
            gevent.sleep(0)

    post = gevent.spawn(polling.post, request, [])
    gevent.spawn(watch).join(timeout=5)
    assert post.get().body == b"ok"
    assert session.received == 1000
    assert max(after - before for before, after in zip(seen, seen[1:], strict=False)) <= 100
