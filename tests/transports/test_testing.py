"""The transport of the test client: order, bounds and ends, as a WebSocket has them."""

from __future__ import annotations

import pytest

from flask_realtime.exceptions import PacketError, ProtocolError
from flask_realtime.protocol.packet import Encoded, Message
from flask_realtime.protocol.reason import Reason
from flask_realtime.transports.outbox import Outbox
from flask_realtime.transports.testing import InProcessTransport


class Ends:
    """Both sides: the client, and who listens for it in the server."""

    def __init__(self) -> None:
        self.outbox = Outbox(100)
        self.came: list[Message] = []
        self.went: list[Message] = []
        self.over: list[tuple[str, ProtocolError | None]] = []
        self.gone = 0
        receiver = Receiver(self)
        self.transport = InProcessTransport(receiver, self.outbox, max_size=5)
        self.transport.listener = self

    def receive(self, message: Message) -> None:
        if message == "bad":
            raise PacketError("none")
        self.came.append(message)

    def closed(self, reason: str, error: ProtocolError | None = None) -> None:
        self.over.append((reason, error))

    def put(self, *messages: Message, volatile: bool = False) -> bool:
        return self.outbox.put(Encoded(messages), volatile)


class Receiver:
    def __init__(self, ends: Ends) -> None:
        self.ends_ = ends

    def receive(self, message: Message) -> None:
        self.ends_.went.append(message)

    def ended(self) -> None:
        self.ends_.gone += 1


@pytest.fixture
def ends() -> Ends:
    return Ends()


def test_messages_go_both_ways(ends: Ends) -> None:
    ends.transport.send("one")
    ends.transport.send(b"two")
    assert ends.put("three", b"four") and ends.put("five", volatile=True)
    assert (ends.came, ends.went) == (["one", b"two"], ["three", b"four", "five"])
    assert ends.transport.ready and ends.outbox.drain() and not ends.over


def test_a_client_is_heard_of(ends: Ends) -> None:
    assert not ends.transport.alive
    ends.transport.send("one")
    assert ends.transport.alive


def test_a_probe_is_answered(ends: Ends) -> None:
    ends.transport.probe()
    assert ends.transport.alive


def test_nothing_is_delivered_while_paused(ends: Ends) -> None:
    ends.transport.pause()
    for message in ("one", "two"):
        ends.transport.send(message)
    assert ends.came == []
    ends.transport.resume()
    assert ends.came == ["one", "two"]


def test_what_came_before_a_goodbye_is_delivered_before_it(ends: Ends) -> None:
    ends.transport.pause()
    ends.transport.send("one")
    ends.transport.leave()
    assert not ends.over
    ends.transport.resume()
    assert (ends.came, ends.over, ends.gone) == (["one"], [(Reason.TRANSPORT_CLOSE, None)], 1)


def test_a_client_that_pauses_again_while_it_is_resumed(ends: Ends) -> None:
    ends.transport.pause()
    for message in ("one", "two", "three"):
        ends.transport.send(message)
    ends.transport.leave()

    class Slow(Ends):
        def receive(self, message: Message) -> None:
            super().receive(message)
            ends.transport.pause()

    slow = Slow()
    ends.transport.listener = slow
    ends.transport.resume()
    assert (slow.came, slow.over) == (["one"], [])
    ends.transport.resume()
    ends.transport.resume()
    assert (slow.came, [reason for reason, _ in slow.over]) == (["one", "two", "three"], [])
    ends.transport.resume()
    assert [reason for reason, _ in slow.over] == [Reason.TRANSPORT_CLOSE]


def test_the_client_leaves(ends: Ends) -> None:
    ends.transport.leave()
    ends.transport.leave()
    ends.transport.send("late")
    assert (ends.came, ends.over, ends.gone) == ([], [(Reason.TRANSPORT_CLOSE, None)], 1)
    assert not ends.transport.ready


@pytest.mark.parametrize("message", ["123456", "ü€€", b"123456"])
def test_a_message_that_is_too_big(ends: Ends, message: Message) -> None:
    ends.transport.send("12345")
    ends.transport.send(message)
    ((reason, error),) = ends.over
    assert (ends.came, reason, ends.gone) == (["12345"], Reason.TRANSPORT_ERROR, 1)
    assert "is over 5" in str(error)


def test_a_message_that_is_no_packet(ends: Ends) -> None:
    ends.transport.send("bad")
    ((reason, error),) = ends.over
    assert (reason, str(error), ends.gone) == (Reason.PARSE_ERROR, "none", 1)


def test_the_server_closes_after_what_waits(ends: Ends) -> None:
    ends.outbox.put(Encoded(("last",)), flush=False)
    ends.transport.close()
    assert (ends.went, ends.over, ends.gone) == (["last"], [(Reason.FORCED_CLOSE, None)], 1)
    assert not ends.put("late", volatile=True)


@pytest.mark.parametrize("end", ["abort", "discard"])
def test_the_server_ends_it_without_a_word(ends: Ends, end: str) -> None:
    ends.outbox.put(Encoded(("lost",)), flush=False)
    getattr(ends.transport, end)()
    ends.transport.flush()
    ends.transport.send("late")
    assert (ends.went, ends.came, ends.over, ends.gone) == ([], [], [], 1)
