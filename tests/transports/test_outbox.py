"""What waits to be sent to one client: in order, and bounded."""

from __future__ import annotations

import gevent
import pytest

from flask_realtime.protocol.packet import Encoded
from flask_realtime.transports.outbox import Outbox
from tests.engine.harness import RecordingTransport
from tests.support.waiting import let_run


class Transport(RecordingTransport):
    """May hold bytes that the kernel has not taken."""

    held = 0

    @property
    def pending(self) -> int:
        return self.held


@pytest.fixture
def outbox() -> Outbox:
    return Outbox(limit=100)


@pytest.fixture
def transport(outbox: Outbox) -> Transport:
    return Transport(outbox)


def text(size: int, letter: str = "x") -> Encoded:
    return Encoded((letter * size,))


def test_a_message_leaves_at_once_if_it_can(outbox: Outbox, transport: Transport) -> None:
    assert outbox.put(text(3))
    assert transport.sent == ["xxx"]
    assert (bool(outbox), outbox.size) == (False, 0)


def test_what_cannot_leave_waits_in_order(outbox: Outbox, transport: Transport) -> None:
    transport.stuck = True
    for letter in "abc":
        assert outbox.put(text(2, letter))
    assert outbox
    assert outbox.size == 6
    transport.stuck = False
    outbox.put(text(2, "d"))
    assert transport.sent == ["aa", "bb", "cc", "dd"]
    assert (bool(outbox), outbox.size) == (False, 0)


def test_a_message_and_its_attachments_stay_together(
    outbox: Outbox, transport: Transport
) -> None:
    transport.stuck = True
    outbox.put(Encoded(("text", b"\x00\x01")))
    assert outbox.size == 6
    outbox.put(text(1))
    assert [each.messages for each in outbox.take()] == [("text", b"\x00\x01"), ("x",)]


def test_sizes_are_bytes_on_the_wire(outbox: Outbox, transport: Transport) -> None:
    transport.stuck = True
    outbox.put(Encoded(("é😀",)))
    assert outbox.size == 6


def test_one_message_passes_however_big_it_is(outbox: Outbox, transport: Transport) -> None:
    transport.stuck = True
    assert outbox.put(text(1_000_000))
    with pytest.raises(OverflowError):
        outbox.put(text(1))
    assert len(outbox.take()) == 1


def test_the_bound_is_exact_and_what_is_refused_is_not_kept(
    outbox: Outbox, transport: Transport
) -> None:
    transport.stuck = True
    outbox.put(text(60, "a"))
    outbox.put(text(40, "b"))
    assert outbox.size == 100
    with pytest.raises(OverflowError, match="100 bytes wait, 1 more"):
        outbox.put(text(1))
    assert [each.messages[0][:1] for each in outbox.take()] == ["a", "b"]
    assert outbox.put(text(60))


def test_what_the_kernel_has_not_taken_counts(outbox: Outbox, transport: Transport) -> None:
    transport.held = 90
    transport.stuck = True
    assert outbox.put(text(10))
    with pytest.raises(OverflowError):
        outbox.put(text(1))


def test_after_everything_has_left_there_is_room_again(
    outbox: Outbox, transport: Transport
) -> None:
    for _ in range(10):
        transport.stuck = True
        outbox.put(text(90))
        transport.stuck = False
        outbox.put(text(10))
    assert len(transport.sent) == 20


def test_a_volatile_message_leaves_at_once_or_never(
    outbox: Outbox, transport: Transport
) -> None:
    assert outbox.put(text(1, "a"), volatile=True)
    transport.stuck = True
    assert outbox.put(text(1, "b"), volatile=True) is False
    transport.stuck = False
    outbox.put(text(1, "c"))
    assert transport.sent == ["a", "c"]


def test_a_volatile_message_does_not_pass_what_waits(
    outbox: Outbox, transport: Transport
) -> None:
    transport.stuck = True
    outbox.put(text(1, "a"))
    assert outbox.put(text(1, "b"), volatile=True) is False
    transport.stuck = False
    transport.flush()
    assert transport.sent == ["a"]


def test_a_volatile_message_leaves_behind_what_was_only_held_back(
    outbox: Outbox, transport: Transport
) -> None:
    outbox.put(text(1, "a"), flush=False)
    assert outbox.put(text(1, "b"), volatile=True)
    assert transport.sent == ["a", "b"]


def test_a_volatile_message_never_overflows(outbox: Outbox, transport: Transport) -> None:
    transport.stuck = True
    outbox.put(text(100))
    assert outbox.put(text(50), volatile=True) is False


def test_who_knows_that_more_comes_may_hold_back_the_flush(
    outbox: Outbox, transport: Transport
) -> None:
    outbox.put(text(1, "a"), flush=False)
    assert transport.sent == []
    assert outbox.size == 1
    outbox.put(text(1, "b"))
    assert transport.sent == ["a", "b"]


def test_an_empty_outbox_is_drained(outbox: Outbox, transport: Transport) -> None:
    assert outbox.drain(timeout=5)
    outbox.put(text(1))
    assert outbox.drain(timeout=5)


def test_drain_waits_until_all_has_left(outbox: Outbox, transport: Transport) -> None:
    transport.stuck = True
    outbox.put(text(1))
    waiting = [gevent.spawn(outbox.drain) for _ in range(2)]
    let_run()
    assert not any(each.ready() for each in waiting)
    transport.stuck = False
    transport.flush()
    assert [each.get(timeout=5) for each in waiting] == [True, True]


def test_drain_gives_up_after_its_time(outbox: Outbox, transport: Transport) -> None:
    transport.stuck = True
    outbox.put(text(1))
    assert outbox.drain(timeout=0.01) is False


def test_drain_waits_for_the_kernel_too(outbox: Outbox, transport: Transport) -> None:
    outbox.put(text(1))
    transport.held = 1
    assert outbox.drain(timeout=0.01) is False


def test_a_closed_outbox_keeps_nothing_and_wakes_who_waits(
    outbox: Outbox, transport: Transport
) -> None:
    transport.stuck = True
    outbox.put(text(50))
    waiting = gevent.spawn(outbox.drain)
    let_run()
    outbox.close()
    assert waiting.get(timeout=5)
    assert (bool(outbox), outbox.size, outbox.take()) == (False, 0, [])
    assert outbox.drain(timeout=5)
