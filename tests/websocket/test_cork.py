"""What is written before a connection starts leaves together: the handshake and what follows it."""

from __future__ import annotations

import gevent
import pytest
from gevent.socket import create_connection

from tests.load.wires import upgrade
from tests.support.server import make_server, serving
from tests.support.waiting import let_run, wait_until
from tests.websocket.conftest import Pair
from tests.websocket.masking import close
from tests.websocket.test_connection import BIG, Owner, over_tcp

HEAD = b"HTTP/1.1 101 Switching Protocols\r\n\r\n"


def corked(pair: Pair) -> Owner:
    owner = Owner(pair)
    owner.connection.cork()
    assert owner.connection.write(HEAD)
    return owner


def has_come(owner: Owner) -> bytes:
    """What the client has now, without waiting."""
    owner.client.setblocking(False)
    try:
        received: bytes = owner.client.recv(65536)
        return received
    except OSError:
        return b""
    finally:
        owner.client.settimeout(10)


def test_nothing_leaves_until_the_connection_starts_and_then_all_of_it(pair: Pair) -> None:
    owner = corked(pair)
    assert owner.connection.write(b"first")
    assert has_come(owner) == b""
    owner.start()
    owner.connection.write(b"second")
    assert owner.client_reads(len(HEAD) + 11) == HEAD + b"firstsecond"


def test_a_connection_that_is_closed_before_it_starts_sends_all(pair: Pair) -> None:
    owner = corked(pair)
    owner.connection.close(1008, "no")
    assert owner.client_reads(len(HEAD) + 6) == HEAD + b"\x88\x04\x03\xf0no"
    owner.client.sendall(close(1008))
    assert owner.client_reads_all() == b""


def test_a_connection_that_is_aborted_sends_nothing(pair: Pair) -> None:
    owner = corked(pair)
    owner.connection.abort()
    owner.connection.uncork()
    assert owner.client_reads_all() == b""


def test_what_the_kernel_does_not_take_leaves_later(pair: Pair) -> None:
    owner = corked(pair)
    for _ in range(4):
        owner.connection.write(BIG)
    owner.start()
    assert owner.connection.pending
    assert owner.client_reads(len(HEAD) + 4 * len(BIG)) == HEAD + 4 * BIG
    assert owner.writable.wait(10)


@over_tcp
def test_a_client_that_is_gone_ends_it(pair: Pair) -> None:
    owner = corked(pair)
    owner.client.close()
    owner.start()
    assert owner.next() is None
    assert owner.closed.wait(10)


@over_tcp
def test_a_connection_that_is_closed_before_it_starts_has_one_watcher(pair: Pair) -> None:
    """libev ends the process where one is left on a descriptor that was closed."""
    loop = gevent.get_hub().loop
    owner = corked(pair)
    before = loop.activecnt
    owner.connection.close()
    closing = loop.activecnt
    owner.start()
    let_run()
    assert loop.activecnt == closing
    owner.client.close()
    assert owner.closed.wait(10)
    wait_until(lambda: loop.activecnt == before)


def test_a_session_that_fails_as_it_begins_closes_its_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object) -> None:
        raise ValueError("a failure of ours")

    with serving(make_server()) as running:
        monkeypatch.setattr(running.engine, "open_websocket", fail)
        with create_connection(("127.0.0.1", running.port), timeout=10) as client:
            client.sendall(upgrade())
            assert client.recv(65536) == b""
            assert "a failure of ours" in running.error_log.getvalue()
            running.error_log.truncate(0)
