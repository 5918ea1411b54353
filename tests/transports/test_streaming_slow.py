"""Streams whose clients do not read: what they are not sent, and when they are given up."""

from __future__ import annotations

from typing import Any

import gevent

from tests.support.waiting import let_run, wait_until

KIB = 1024


def test_a_client_that_does_not_read_gets_no_volatile_messages(begin: Any) -> None:
    served = begin(receive_buffer=4096)
    served.socket.emit("big", "x" * 3_000_000)
    wait_until(lambda: served.session.transport.pending)
    let_run(20)
    assert not served.socket.volatile.emit("lost")
    served.stream.piece()
    wait_until(lambda: served.session.transport.ready)
    assert served.socket.volatile.emit("now")
    assert b"now" in served.stream.piece()


def test_drain_waits_until_the_kernel_has_taken_all(begin: Any) -> None:
    served = begin(receive_buffer=4096)
    served.socket.emit("big", "x" * 3_000_000)
    assert served.socket.drain(timeout=0.05) is False
    drained = gevent.spawn(served.socket.drain)
    served.stream.piece()
    assert drained.get(timeout=5) is True


def stuck(begin: Any, **options: Any) -> Any:
    """A client that does not read, with more in the host's hands than the kernel takes."""
    served = begin(receive_buffer=4096, **options)
    served.socket.emit("big", "x" * 3_000_000)
    wait_until(lambda: served.session.transport.pending)
    let_run(20)
    assert served.session.transport.pending
    return served


def test_a_client_that_does_not_read_is_closed_when_too_much_waits(
    begin: Any, full: list[str]
) -> None:
    served = stuck(begin, max_outbox_size=4_000_000)
    transport, held = served.session.transport, 0
    while served.socket.emit("news", "x" * 16 * KIB):
        held = max(held, served.session.outbox.size + transport.pending)
    assert 3_900_000 < held <= 4_000_000
    assert served.app.reason() == "outbox full"
    wait_until(lambda: full == ["outbox"])
    # The host's greenlet, which waited for this client, is free: the connection ends.
    wait_until(served.is_freed)
    assert not served.running.sessions
    assert transport.pending == 0


def test_a_goodbye_waits_for_a_client_that_does_not_read_for_so_long_only(begin: Any) -> None:
    served = stuck(begin)
    served.socket.disconnect(close=True)
    assert served.app.reason() == "server namespace disconnect"
    let_run()
    assert served.running.sessions
    served.running.pass_by(30)
    assert not served.running.sessions
    wait_until(served.is_freed)


def test_a_stream_that_is_stuck_lets_another_transport_go_on(begin: Any) -> None:
    served = stuck(begin)
    served.socket.emit("news")
    served.client.transport = "xhr-polling"
    assert served.client.receive() == '5:::{"name":"news"}'
    wait_until(served.is_freed)
    assert served.app.reasons == []
