from __future__ import annotations

import gc
import struct
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from socket import SHUT_WR, SO_LINGER, SOL_SOCKET
from typing import Any

import gevent
import pytest
from gevent.event import Event
from gevent.queue import Queue

from flask_realtime.websocket.connection import Connection
from flask_realtime.websocket.messages import Messages
from tests.websocket.conftest import Pair
from tests.websocket.masking import close, frame, text

PATIENCE = 10  # seconds
NEVER = 60.0
BIG = b"x" * 4_000_000  # more than the kernel takes for a client that does not read

over_tcp = pytest.mark.parametrize("pair", ["tcp"], indirect=True)
over_tls = pytest.mark.parametrize("pair", ["tls"], indirect=True)


class Framing(Messages):
    """Can be watched while it goes away: it has no slots, so it has a ``__weakref__``."""


class Owner:
    """What a transport is to its connection."""

    def __init__(self, pair: Pair, data: bytes = b"", close_timeout: float = NEVER) -> None:
        self.client, sock = pair
        self.connection = Connection(sock, Framing(10_000_000), data, close_timeout)
        self.inbox: Queue[Any] = Queue()
        self.writable = Event()
        self.closed = Event()
        self.connection.writable = self.writable.set
        self.connection.closed = self.closed.set

    def start(self) -> Owner:
        self.connection.start(self.readable)
        return self

    def readable(self) -> None:
        messages = self.connection.receive()
        for message in [None] if messages is None else messages:
            self.inbox.put(message)

    def next(self) -> Any:
        return self.inbox.get(timeout=PATIENCE)

    def nothing_comes(self) -> bool:
        """After the hub has looked at every socket."""
        for _ in range(5):
            gevent.sleep(0.001)
        return self.inbox.empty()

    def block(self) -> bytes:
        """Write until the kernel is full; return what the client has to read."""
        written = b""
        while not self.connection.pending:
            written += BIG
            self.connection.write(BIG)
        return written

    def client_reads(self, size: int) -> bytes:
        received = bytearray()
        while len(received) < size:
            piece = self.client.recv(min(65536, size - len(received)))
            assert piece, "the connection ended too early"
            received += piece
        return bytes(received)

    def client_reads_all(self) -> bytes:
        received = bytearray()
        while piece := self.client.recv(65536):
            received += piece
        return bytes(received)


@pytest.fixture(autouse=True)
def no_traceback_of_the_hub(capsys: pytest.CaptureFixture[str]) -> Iterator[None]:
    """What a callback raises is printed by gevent, and no test would see it."""
    yield
    assert "Traceback" not in capsys.readouterr().err


@contextmanager
def without_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def eventually(holds: Callable[[], bool]) -> bool:
    with gevent.Timeout(PATIENCE):
        while not holds():
            gevent.sleep(0.001)
    return True


def reset(client: Any) -> None:
    """Let close() send RST instead of FIN."""
    client.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


# Messages --------------------------------------------------------------------------------


def test_messages_both_ways(pair: Pair) -> None:
    owner = Owner(pair).start()
    owner.client.sendall(text("one") + text("two") + frame(2, b"\xff"))
    assert [owner.next() for _ in range(3)] == ["one", "two", b"\xff"]
    assert owner.connection.write(owner.connection.framing.encode("answer"))
    assert owner.client_reads(8) == b"\x81\x06answer"
    assert owner.connection.pending == 0
    assert not owner.connection.ended
    assert owner.connection.close_code is None


def test_long_message(pair: Pair) -> None:
    owner = Owner(pair).start()
    sending = gevent.spawn(owner.client.sendall, frame(2, BIG) + text("after"))
    assert owner.next() == BIG
    assert owner.next() == "after"
    sending.get(timeout=PATIENCE)


def test_bytes_behind_the_handshake_come_first(pair: Pair) -> None:
    first = text("first")
    owner = Owner(pair, first + text("second")[:3])
    owner.client.sendall(text("second")[3:])
    owner.start()
    assert [owner.next(), owner.next()] == ["first", "second"]


def test_close_frame_behind_the_handshake(pair: Pair) -> None:
    owner = Owner(pair, text("first") + close(1001)).start()
    assert [owner.next(), owner.next()] == ["first", None]
    assert owner.connection.close_code == 1001


def test_nothing_to_read_is_no_message(pair: Pair) -> None:
    owner = Owner(pair)
    assert owner.connection.receive() == []
    owner.client.sendall(text("half")[:5])
    owner.start()
    assert owner.nothing_comes()


@over_tls
def test_tls_record_that_was_decrypted_already(pair: Pair) -> None:
    client, server = pair
    client.sendall(text("left behind"))
    taken = server.recv(3)  # decrypts the whole record
    owner = Owner(pair, taken).start()
    assert owner.next() == "left behind"


def test_ping_is_answered(pair: Pair) -> None:
    owner = Owner(pair).start()
    owner.client.sendall(frame(9, b"here?") + text("a"))
    assert owner.next() == "a"
    assert owner.client_reads(7) == b"\x8a\x05here?"


# A client that does not read -------------------------------------------------------------


def test_the_tail_leaves_when_the_client_reads(pair: Pair) -> None:
    owner = Owner(pair).start()
    expected = owner.block()
    assert not owner.connection.write(b"control")
    assert 0 < owner.connection.pending <= len(expected) + 7
    assert not owner.writable.is_set()
    assert owner.client_reads(len(expected) + 7) == expected + b"control"
    assert owner.writable.wait(PATIENCE)
    assert owner.connection.pending == 0
    assert owner.connection.write(b"again")
    assert owner.client_reads(5) == b"again"


def test_a_tail_that_leaves_in_many_pieces(pair: Pair) -> None:
    owner = Owner(pair).start()
    expected = BIG * 8
    assert not owner.connection.write(expected)
    reading = gevent.spawn(owner.client_reads, len(expected))
    assert reading.get(timeout=PATIENCE) == expected
    assert owner.writable.wait(PATIENCE)


def test_nobody_need_wait_for_the_tail(pair: Pair) -> None:
    owner = Owner(pair).start()
    owner.connection.writable = None
    expected = owner.block()
    assert owner.client_reads(len(expected)) == expected
    assert eventually(lambda: not owner.connection.pending)


def test_writable_may_write(pair: Pair) -> None:
    owner = Owner(pair).start()
    expected = owner.block()

    def writable() -> None:
        owner.connection.write(b"next")

    owner.connection.writable = writable
    assert owner.client_reads(len(expected) + 4) == expected + b"next"


def test_reading_goes_on_while_a_tail_waits(pair: Pair) -> None:
    owner = Owner(pair).start()
    owner.block()
    owner.client.sendall(text("still here"))
    assert owner.next() == "still here"


def test_pings_of_a_client_that_does_not_read_take_no_memory(pair: Pair) -> None:
    owner = Owner(pair).start()
    expected = owner.block()
    before = owner.connection.pending
    for number in range(300):
        owner.client.sendall(frame(9, b"%0125d" % number) + text("sent"))
        assert owner.next() == "sent"
        assert owner.connection.pending <= before
        assert len(owner.connection.framing.replies) < 5000
    kept = owner.connection.framing.replies
    assert kept.endswith(b"\x8a\x7d" + b"%0125d" % 299)
    assert owner.client_reads(len(expected) + len(kept)) == expected + kept
    assert owner.writable.wait(PATIENCE)


def test_writable_means_that_pongs_are_gone_too(pair: Pair) -> None:
    owner = Owner(pair).start()
    expected = owner.block()
    waiting: list[int] = []
    owner.connection.writable = lambda: waiting.append(owner.connection.pending)
    owner.connection.framing.replies = BIG  # a pong that the kernel does not take at once
    assert owner.client_reads(len(expected) + len(BIG)) == expected + BIG
    assert eventually(lambda: waiting == [0])


def test_a_frame_that_many_share_is_not_copied_for_the_slow(pair: Pair) -> None:
    owner = Owner(pair).start()
    owner.block()
    tail = owner.connection._tail
    assert tail is not None
    assert tail.obj is BIG


# Ends --------------------------------------------------------------------------------------


def test_the_client_closes(pair: Pair) -> None:
    owner = Owner(pair).start()
    owner.client.sendall(text("bye") + close(4000, b"enough") + text("ignored"))
    assert [owner.next(), owner.next()] == ["bye", None]
    assert (owner.connection.close_code, owner.connection.close_reason) == (4000, "enough")
    assert owner.connection.ended
    assert owner.client_reads_all() == b"\x88\x02\x0f\xa0"
    assert owner.closed.wait(PATIENCE)
    assert owner.connection.receive() is None
    assert owner.inbox.empty()


def test_the_client_closes_without_a_code(pair: Pair) -> None:
    owner = Owner(pair).start()
    owner.client.sendall(close())
    assert owner.next() is None
    assert owner.connection.close_code == 1005
    assert owner.client_reads_all() == b"\x88\x00"


def test_the_client_closes_while_a_tail_waits(pair: Pair) -> None:
    owner = Owner(pair).start()
    expected = owner.block()
    owner.client.sendall(close(1000))
    assert owner.next() is None
    assert owner.connection.ended
    assert not owner.closed.is_set()
    assert owner.client_reads_all() == expected + b"\x88\x02\x03\xe8"
    assert owner.closed.wait(PATIENCE)


def test_the_client_closes_and_never_reads(pair: Pair) -> None:
    owner = Owner(pair, close_timeout=0.02).start()
    owner.block()
    owner.client.sendall(close(1000))
    assert owner.next() is None
    assert owner.closed.wait(PATIENCE)


def test_end_of_file_without_a_close_frame(pair: Pair) -> None:
    owner = Owner(pair).start()
    owner.client.sendall(text("last"))
    owner.client.shutdown(SHUT_WR)
    assert [owner.next(), owner.next()] == ["last", None]
    assert owner.connection.close_code == 1006
    assert owner.closed.is_set()


def test_the_clients_socket_is_closed(pair: Pair) -> None:
    owner = Owner(pair).start()
    owner.client.close()
    assert owner.next() is None
    assert owner.connection.close_code == 1006


@over_tls
@pytest.mark.parametrize("sent", [close(1000), b"\x81\x01a"])
def test_a_tls_session_ends_by_the_book(pair: Pair, sent: bytes) -> None:
    owner = Owner(pair).start()
    owner.client.suppress_ragged_eofs = False  # raise where the end could be an attacker's
    owner.client.sendall(sent)
    assert len(owner.client_reads_all()) == 4
    owner.client.close()
    assert owner.closed.wait(PATIENCE)


@pytest.mark.parametrize("pair", ["tcp", "tls"], indirect=True)
def test_reset(pair: Pair) -> None:
    owner = Owner(pair).start()
    reset(owner.client)
    assert owner.next() is None
    assert owner.connection.close_code == 1006
    assert owner.closed.is_set()


def test_broken_rule(pair: Pair) -> None:
    owner = Owner(pair).start()
    owner.client.sendall(text("before") + b"\x81\x01a")
    assert [owner.next(), owner.next()] == ["before", None]
    assert owner.connection.close_code == 1002
    assert owner.connection.ended
    assert owner.client_reads_all() == b"\x88\x02\x03\xea"
    assert not owner.closed.is_set()
    owner.client.close()
    assert owner.closed.wait(PATIENCE)


def test_the_close_frame_reaches_a_client_that_goes_on_sending(pair: Pair) -> None:
    owner = Owner(pair).start()
    sending = gevent.spawn(owner.client.sendall, frame(2, b"b" * 20_000_000, key=bytes(4)))
    assert owner.next() is None
    assert owner.connection.close_code == 1009
    sending.get(timeout=PATIENCE)
    assert owner.client_reads_all() == b"\x88\x02\x03\xf1"


def test_who_breaks_a_rule_and_stays_is_closed_in_time(pair: Pair) -> None:
    owner = Owner(pair, close_timeout=0.02).start()
    owner.client.sendall(b"\x81\x01a")
    assert owner.closed.wait(PATIENCE)


def test_close(pair: Pair) -> None:
    owner = Owner(pair).start()
    owner.connection.close(1001, "going")
    assert owner.connection.ended
    assert owner.client_reads(9) == b"\x88\x07\x03\xe9going"
    assert not owner.connection.write(b"late")
    owner.client.sendall(text("too late") + frame(9))
    assert owner.nothing_comes()
    assert not owner.closed.is_set()
    owner.client.sendall(close(1001))
    assert owner.client_reads_all() == b""
    assert owner.closed.wait(PATIENCE)
    assert owner.connection.receive() is None
    assert owner.inbox.empty()
    assert (owner.connection.close_code, owner.connection.close_reason) == (1001, "going")


def test_close_before_start(pair: Pair) -> None:
    owner = Owner(pair, text("unread"))
    owner.connection.close(1008, "no")
    assert owner.client_reads(6) == b"\x88\x04\x03\xf0no"
    owner.client.sendall(close(1008))
    assert owner.client_reads_all() == b""
    assert owner.closed.wait(PATIENCE)


def test_close_when_the_close_frame_is_there_unread(pair: Pair) -> None:
    owner = Owner(pair, close(1000))
    owner.connection.close()
    assert owner.client_reads_all() == b"\x88\x02\x03\xe8"
    assert owner.closed.wait(PATIENCE)


def test_close_twice_sends_one_frame(pair: Pair) -> None:
    owner = Owner(pair).start()
    owner.connection.close()
    owner.connection.close(4000)
    owner.client.sendall(close(1000))
    assert owner.client_reads_all() == b"\x88\x02\x03\xe8"
    assert owner.connection.close_code == 1000


def test_close_of_a_client_that_does_not_answer(pair: Pair) -> None:
    owner = Owner(pair, close_timeout=0.02).start()
    owner.connection.close()
    assert owner.client_reads_all() == b"\x88\x02\x03\xe8"
    assert owner.closed.wait(PATIENCE)


def test_close_of_a_client_that_leaves(pair: Pair) -> None:
    owner = Owner(pair).start()
    owner.connection.close()
    owner.client.close()
    assert owner.closed.wait(PATIENCE)


def test_close_of_a_client_that_breaks_a_rule(pair: Pair) -> None:
    owner = Owner(pair).start()
    owner.connection.close()
    owner.client.sendall(b"\x81\x01a")
    assert owner.client_reads_all() == b"\x88\x02\x03\xe8"
    owner.client.close()
    assert owner.closed.wait(PATIENCE)


def test_close_lets_the_tail_leave_first(pair: Pair) -> None:
    owner = Owner(pair).start()
    expected = owner.block()
    owner.connection.close()
    owner.client.sendall(close(1000))
    assert owner.client_reads_all() == expected + b"\x88\x02\x03\xe8"
    assert owner.closed.wait(PATIENCE)
    assert not owner.writable.is_set()


def test_close_of_a_client_that_has_stopped_sending_and_reads_late(pair: Pair) -> None:
    owner = Owner(pair).start()
    expected = owner.block()
    owner.connection.close()
    owner.client.sendall(close(1000))
    owner.client._sock.shutdown(SHUT_WR)
    assert owner.client_reads_all() == expected + b"\x88\x02\x03\xe8"


def test_close_of_a_client_that_never_reads(pair: Pair) -> None:
    owner = Owner(pair, close_timeout=0.02).start()
    owner.block()
    owner.connection.close()
    assert owner.closed.wait(PATIENCE)
    assert owner.connection.pending == 0


def test_abort(pair: Pair) -> None:
    owner = Owner(pair).start()
    owner.connection.abort()
    assert owner.closed.is_set()
    assert owner.client_reads_all() == b""
    assert owner.connection.close_code == 1006
    assert owner.connection.receive() is None
    assert not owner.connection.write(b"late")
    owner.connection.abort()
    owner.connection.close()
    owner.connection.pause()
    owner.connection.resume()
    assert owner.inbox.empty()


def test_abort_ends_a_close(pair: Pair) -> None:
    owner = Owner(pair).start()
    owner.connection.close()
    owner.connection.abort()
    assert owner.closed.is_set()
    assert owner.connection.close_code == 1000


def test_abort_right_after_a_close(pair: Pair) -> None:
    owner = Owner(pair, close(1000))
    owner.connection.closed = None
    owner.connection.close()
    owner.connection.abort()
    assert owner.client_reads_all() == b"\x88\x02\x03\xe8"
    assert owner.nothing_comes()


def test_a_watcher_that_fires_for_nothing_during_a_close(pair: Pair) -> None:
    owner = Owner(pair).start()
    owner.connection.close()
    owner.connection._drain()  # as for the first half of a TLS record
    owner.client.sendall(close(1000))
    assert owner.closed.wait(PATIENCE)


def test_start_after_the_end_tells_it(pair: Pair) -> None:
    owner = Owner(pair, close(1000))
    assert owner.connection.receive() is None
    owner.start()
    assert owner.next() is None


# Writing to a dead socket --------------------------------------------------------------


def test_a_dead_socket_is_told_soon(pair: Pair) -> None:
    owner = Owner(pair).start()
    owner.client.close()
    while not owner.connection.ended:
        owner.connection.write(b"x" * 1000)  # raises nothing
    assert owner.connection.close_code is None
    assert owner.next() is None
    assert owner.connection.close_code == 1006
    assert owner.closed.is_set()


def test_a_dead_socket_is_told_while_reading_is_paused(pair: Pair) -> None:
    owner = Owner(pair).start()
    owner.connection.pause()
    owner.client.close()
    while not owner.connection.ended:
        owner.connection.write(b"x" * 1000)
    assert owner.next() is None
    assert owner.closed.is_set()


@over_tcp
def test_what_came_before_a_dead_socket_is_read(pair: Pair) -> None:
    owner = Owner(pair).start()
    owner.client.sendall(text("last words"))
    owner.client.close()
    while not owner.connection.ended:
        owner.connection.write(b"x" * 1000)
    assert [owner.next(), owner.next()] == ["last words", None]


def test_the_tail_of_a_client_that_leaves(pair: Pair) -> None:
    owner = Owner(pair).start()
    owner.block()
    owner.client.close()
    assert owner.next() is None
    assert owner.closed.wait(PATIENCE)
    assert owner.connection.pending == 0
    assert not owner.writable.is_set()


@over_tcp
def test_the_tail_of_a_client_that_leaves_while_reading_is_paused(pair: Pair) -> None:
    owner = Owner(pair).start()
    owner.connection.pause()
    owner.block()
    reset(owner.client)
    assert owner.next() is None
    assert owner.connection.close_code == 1006
    assert owner.closed.is_set()


@over_tcp
def test_the_tail_of_a_client_that_leaves_during_a_close(pair: Pair) -> None:
    owner = Owner(pair).start()
    owner.block()
    owner.connection.close(1001)
    owner.client.shutdown(SHUT_WR)
    assert eventually(lambda: not owner.connection._reader.active)  # it would fire for ever
    assert not owner.closed.is_set()
    reset(owner.client)
    assert owner.closed.wait(PATIENCE)
    assert owner.connection.close_code == 1001


def test_what_came_before_the_host_shut_the_socket_down(pair: Pair) -> None:
    owner = Owner(pair).start()
    owner.client.sendall(text("last words"))
    owner.connection._sock._sock.shutdown(SHUT_WR)
    assert not owner.connection.write(b"fails")
    assert owner.connection.ended
    assert [owner.next(), owner.next()] == ["last words", None]
    assert owner.connection.close_code == 1006


@over_tcp
def test_the_tail_is_gone_with_the_socket(pair: Pair) -> None:
    owner = Owner(pair)
    waiting: list[int] = []

    def readable() -> None:
        waiting.append(owner.connection.pending)
        owner.readable()

    owner.connection.start(readable)
    owner.block()
    owner.connection._sock._sock.shutdown(SHUT_WR)
    assert owner.next() is None
    assert waiting == [0]


def test_close_of_a_dead_socket(pair: Pair) -> None:
    owner = Owner(pair).start()
    owner.client.close()
    while not owner.connection.ended:
        owner.connection.write(b"x" * 1000)
    owner.connection.close()
    assert owner.closed.is_set()
    assert owner.nothing_comes()


@over_tcp
def test_close_frame_that_came_before_a_dead_socket(pair: Pair) -> None:
    owner = Owner(pair).start()
    owner.client.sendall(text("last words") + close(4001))
    owner.client.close()
    while not owner.connection.ended:
        owner.connection.write(b"x" * 1000)
    assert [owner.next(), owner.next()] == ["last words", None]
    assert owner.connection.close_code == 4001
    assert owner.closed.is_set()


# Pauses -------------------------------------------------------------------------------------


def test_pause(pair: Pair) -> None:
    owner = Owner(pair).start()
    owner.connection.pause()
    owner.connection.pause()
    owner.client.sendall(text("waits"))
    assert owner.nothing_comes()
    assert owner.connection.write(b"sent")
    assert owner.client_reads(4) == b"sent"
    owner.connection.resume()
    owner.connection.resume()
    assert owner.next() == "waits"
    assert owner.nothing_comes()


def test_pause_keeps_what_came_with_the_handshake(pair: Pair) -> None:
    owner = Owner(pair, text("first"))
    owner.connection.pause()
    owner.start()
    owner.connection.pause()
    assert owner.nothing_comes()
    owner.connection.resume()
    assert owner.next() == "first"


def test_close_reads_on_after_a_pause(pair: Pair) -> None:
    owner = Owner(pair).start()
    owner.connection.pause()
    owner.connection.close()
    owner.connection.pause()
    owner.client.sendall(close(1000))
    assert owner.closed.wait(PATIENCE)


# What is left ---------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["client", "close", "abort", "broken", "vanished"])
def test_no_cycle_is_left(pair: Pair, end: str) -> None:
    with without_collector():
        owner = Owner(pair).start()
        closed = owner.closed
        left: list[weakref.ref[Any]]
        left = [weakref.ref(owner), weakref.ref(owner.connection.framing)]
        if end == "client":
            owner.client.sendall(close(1000))
        elif end == "close":
            owner.connection.close()
            owner.client.sendall(close(1000))
        elif end == "abort":
            owner.connection.abort()
        elif end == "broken":
            owner.client.sendall(b"\x81\x01a")
            assert owner.next() is None
            owner.client.close()
        else:
            owner.client.close()
        assert closed.wait(PATIENCE)
        gevent.sleep(0)
        del owner
        assert [reference() for reference in left] == [None, None]


def test_the_descriptor_is_closed_though_the_host_holds_the_socket(pair: Pair) -> None:
    client, sock = pair
    held = sock.makefile("rb")
    owner = Owner(pair).start()
    owner.connection.abort()
    assert owner.client_reads_all() == b""
    held.close()
    assert sock.fileno() == -1


def test_an_idle_connection_has_no_watcher_but_one(pair: Pair) -> None:
    connection = Owner(pair).start().connection
    assert not hasattr(connection, "__dict__")
    assert connection._reader is not None
    assert connection._writer is connection._timer is connection._tail is None
