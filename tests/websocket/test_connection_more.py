"""What a connection has in hand, and no watcher will tell of: kept back, or decrypted already."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.waiting import wait_until
from tests.websocket.conftest import Pair
from tests.websocket.masking import close, frame, text
from tests.websocket.test_connection import Owner, over_tcp, over_tls
from tests.websocket.test_deflate import compressed, compressing

SIZE = 10_000
MESSAGES = [chr(97 + number) * SIZE for number in range(20)]
BOMB = b"".join(compressed(1, message.encode()) for message in MESSAGES)


@pytest.fixture(autouse=True)
def no_traceback_of_the_hub(capsys: pytest.CaptureFixture[str]) -> Iterator[None]:
    yield
    assert "Traceback" not in capsys.readouterr().err


def inflating(pair: Pair, data: bytes = b"") -> Owner:
    """The owner of a connection whose messages may have SIZE bytes each, and be compressed."""
    owner = Owner(pair, data)
    owner.connection.framing = compressing(SIZE)
    return owner


def test_all_that_was_kept_back_comes_without_another_byte(pair: Pair) -> None:
    owner = inflating(pair).start()
    owner.client.sendall(BOMB)
    assert [owner.next() for _ in MESSAGES] == MESSAGES
    assert owner.nothing_comes()


def test_what_was_kept_back_comes_before_what_follows(pair: Pair) -> None:
    owner = inflating(pair, BOMB).start()
    owner.client.sendall(text("after"))
    assert [owner.next() for _ in MESSAGES] == MESSAGES
    assert owner.next() == "after"


@over_tcp
def test_nothing_more_is_inflated_while_the_owner_pauses(pair: Pair) -> None:
    owner = inflating(pair, BOMB)
    received: list[object] = []

    def readable() -> None:
        received.append(owner.connection.receive())
        owner.connection.pause()

    owner.connection.start(readable)
    wait_until(lambda: received)
    owner.client.sendall(text("after"))
    assert owner.nothing_comes()
    for number, message in enumerate(MESSAGES):
        assert received[number:] == [[message]]
        owner.connection.resume()
        wait_until(lambda count=number + 2: len(received) == count)
    assert received[-1] == ["after"]


def test_pings_between_are_answered(pair: Pair) -> None:
    owner = inflating(pair).start()
    data = compressed(1, b"x" * SIZE) + frame(9, b"ping") + compressed(1, b"y" * SIZE)
    owner.client.sendall(data)
    assert [owner.next(), owner.next()] == ["x" * SIZE, "y" * SIZE]
    assert owner.client_reads(6) == b"\x8a\x04ping"


def test_the_end_comes_behind_what_was_kept_back(pair: Pair) -> None:
    owner = inflating(pair).start()
    owner.client.sendall(BOMB + close(4000, b"done"))
    assert [owner.next() for _ in MESSAGES] == MESSAGES
    assert owner.next() is None
    assert (owner.connection.close_code, owner.connection.close_reason) == (4000, "done")
    assert owner.closed.wait(10)


@over_tcp
def test_a_client_that_has_left_is_heard_to_the_end(pair: Pair) -> None:
    owner = inflating(pair).start()
    owner.client.sendall(BOMB)
    owner.client.close()
    assert [owner.next() for _ in MESSAGES] == MESSAGES
    assert owner.next() is None
    assert owner.connection.close_code == 1006


def test_our_close_sees_the_client_s_behind_what_was_kept_back(pair: Pair) -> None:
    owner = inflating(pair, BOMB + close(1000))
    received: list[object] = []

    def readable() -> None:
        received.append(owner.connection.receive())
        owner.connection.close(4001)

    owner.connection.start(readable)
    assert owner.closed.wait(10)
    assert owner.client_reads_all() == b"\x88\x02\x0f\xa1"
    assert received == [MESSAGES[:1]]


@over_tls
@pytest.mark.parametrize("first", [text("first"), frame(9)], ids=["a message", "a ping"])
def test_what_is_decrypted_already_is_not_forgotten(pair: Pair, first: bytes) -> None:
    """One record of TLS holds more than one read takes."""
    owner = Owner(pair).start()
    long = "x" * 6000
    owner.client.sendall(first + b"".join(text(long) for _ in range(2)))
    if first != frame(9):
        assert owner.next() == "first"
    assert [owner.next(), owner.next()] == [long, long]


@over_tls
def test_many_pings_in_one_record_do_not_hide_what_follows(pair: Pair) -> None:
    owner = Owner(pair).start()
    owner.client.sendall(frame(9) * 700 + text("after"))
    assert owner.next() == "after"


def test_who_pauses_before_the_start_is_given_nothing(pair: Pair) -> None:
    owner = Owner(pair)
    owner.connection.pause()
    owner.start()
    owner.client.sendall(text("waits"))
    assert owner.nothing_comes()
    owner.connection.resume()
    assert owner.next() == "waits"


def test_what_came_with_the_handshake_waits_for_the_resume(pair: Pair) -> None:
    owner = Owner(pair, text("first"))
    owner.connection.pause()
    owner.start()
    owner.client.sendall(text("second"))
    assert owner.nothing_comes()
    owner.connection.resume()
    assert [owner.next(), owner.next()] == ["first", "second"]
