"""A connection does not know the difference: the same, with the framing of Hixie-76 and -75."""

from __future__ import annotations

from typing import Any

import gevent
import pytest
from gevent.event import Event
from gevent.queue import Queue

from flask_realtime.websocket.connection import Connection
from flask_realtime.websocket.hixie76 import HixieMessages
from tests.support.hixie import CLOSE, text
from tests.support.waiting import TIMEOUT, let_run
from tests.websocket.conftest import Pair

NEVER = 60.0  # seconds that no test lasts
MAX_SIZE = 5_000_000
BIG = "x" * 4_000_000

both = pytest.mark.parametrize("closing_handshake", [True, False], ids=["76", "75"])


class Owner:
    """What a transport is to its connection."""

    def __init__(
        self,
        pair: Pair,
        data: bytes = b"",
        closing_handshake: bool = True,
        max_size: int = MAX_SIZE,
        close_timeout: float = NEVER,
    ) -> None:
        self.client, sock = pair
        framing = HixieMessages(max_size, closing_handshake)
        self.connection = Connection(sock, framing, data, close_timeout)
        self.inbox: Queue[Any] = Queue()
        self.closed = Event()
        self.connection.closed = self.closed.set
        self.connection.start(self.readable)

    def readable(self) -> None:
        messages = self.connection.receive()
        for message in [None] if messages is None else messages:
            self.inbox.put(message)

    def next(self) -> Any:
        return self.inbox.get(timeout=TIMEOUT)

    def write(self, message: str) -> None:
        self.connection.write(self.connection.framing.encode(message))

    def client_reads(self) -> bytes:
        """All until the server's FIN."""
        received = bytearray()
        while piece := self.client.recv(65536):
            received += piece
        return bytes(received)


@both
def test_messages_both_ways(pair: Pair, closing_handshake: bool) -> None:
    owner = Owner(pair, text("early") + b"\x00on", closing_handshake)
    assert owner.next() == "early"
    owner.client.sendall(b"e\xff" + text("two"))
    assert [owner.next(), owner.next()] == ["one", "two"]
    owner.write("h\xe9")
    owner.write("")
    owner.client.sendall(CLOSE)
    assert owner.client_reads() == text("h\xe9") + text("") + CLOSE
    assert owner.closed.wait(TIMEOUT)


def test_a_long_message(pair: Pair) -> None:
    owner = Owner(pair)
    sending = gevent.spawn(owner.client.sendall, text(BIG))
    assert owner.next() == BIG
    sending.get()


def test_many_messages_come_in_order(pair: Pair) -> None:
    owner = Owner(pair, b"".join(text(str(number)) for number in range(1000)) + CLOSE)
    assert [owner.next() for _ in range(1001)] == [*map(str, range(1000)), None]


def test_many_messages_wait_while_nobody_reads(pair: Pair) -> None:
    owner = Owner(pair)
    owner.connection.pause()
    owner.client.sendall(b"".join(text(str(number)) for number in range(1000)))
    let_run()
    assert owner.inbox.empty()
    owner.connection.resume()
    assert owner.next() == "0"
    owner.connection.pause()  # in the middle of what was read
    let_run()
    waiting = owner.inbox.qsize()
    assert waiting < 999
    owner.connection.resume()
    assert [owner.next() for _ in range(999)] == [*map(str, range(1, 1000))]


@both
def test_the_client_closes(pair: Pair, closing_handshake: bool) -> None:
    owner = Owner(pair, closing_handshake=closing_handshake)
    owner.client.sendall(text("last") + CLOSE + text("ignored"))
    assert [owner.next(), owner.next()] == ["last", None]
    assert owner.connection.close_code == 1005
    assert owner.client_reads() == CLOSE
    assert owner.closed.wait(TIMEOUT)


@both
def test_the_client_vanishes(pair: Pair, closing_handshake: bool) -> None:
    owner = Owner(pair, closing_handshake=closing_handshake)
    owner.client.sendall(b"\x00half")
    owner.client.close()
    assert owner.next() is None
    assert owner.connection.close_code == 1006
    assert owner.closed.wait(TIMEOUT)


def test_76_answers_the_close_of_the_server(pair: Pair) -> None:
    owner = Owner(pair)
    owner.write("last")
    owner.connection.close(1001, "nobody will know")
    expected = text("last") + CLOSE
    received = b""
    while len(received) < len(expected):
        received += owner.client.recv(100)
    assert received == expected
    assert not owner.closed.is_set()  # input is read up, so that no reset overtakes what was sent
    owner.client.sendall(text("dropped") + CLOSE)
    assert owner.client_reads() == b""
    assert owner.closed.wait(TIMEOUT)
    assert owner.inbox.empty()


def test_75_learns_of_the_close_by_the_end_of_the_stream(pair: Pair) -> None:
    owner = Owner(pair, closing_handshake=False)
    owner.write("last")
    owner.connection.close()
    # An empty frame of the kind that -75 skips comes before it.
    assert owner.client_reads() == text("last") + CLOSE
    assert not owner.closed.is_set()
    owner.client.close()
    assert owner.closed.wait(TIMEOUT)


def test_75_may_go_on_sending_after_the_close(pair: Pair) -> None:
    owner = Owner(pair, text("x") * 1000, closing_handshake=False)
    assert owner.next() == "x"
    owner.connection.close()
    assert owner.client_reads() == CLOSE
    if not hasattr(owner.client, "_sslobj"):  # which has ended at both sides
        owner.client.sendall(text("y") * 1000 + CLOSE + b"\x80")
    owner.client.close()
    assert owner.closed.wait(TIMEOUT)


@both
def test_a_client_that_does_not_answer_the_close(pair: Pair, closing_handshake: bool) -> None:
    owner = Owner(pair, closing_handshake=closing_handshake, close_timeout=0.05)
    owner.connection.close()
    assert owner.closed.wait(TIMEOUT)
    assert owner.client_reads() == CLOSE


def test_the_close_waits_for_what_was_written(pair: Pair) -> None:
    owner = Owner(pair, closing_handshake=False)
    written = b""
    while not owner.connection.pending:  # a kernel takes some megabytes, on one day more than BIG
        owner.write(BIG)
        written += text(BIG)
    owner.connection.close()
    assert owner.client_reads() == written + CLOSE
    owner.client.close()
    assert owner.closed.wait(TIMEOUT)


@both
@pytest.mark.parametrize(
    ("wrong", "code"),
    [(b"\x00\xc0\xff", 1007), (b"\x00" + b"x" * 101, 1009), (b"\x80\x01x", 1002)],
)
def test_a_broken_rule(pair: Pair, closing_handshake: bool, wrong: bytes, code: int) -> None:
    owner = Owner(pair, closing_handshake=closing_handshake, max_size=100)
    owner.client.sendall(text("before") + wrong)
    assert [owner.next(), owner.next()] == ["before", None]
    assert owner.connection.close_code == code
    assert owner.client_reads() == CLOSE
    owner.client.close()
    assert owner.closed.wait(TIMEOUT)
