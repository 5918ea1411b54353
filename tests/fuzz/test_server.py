"""Mutated traffic over TCP leaves a server as it was."""

from __future__ import annotations

from typing import NoReturn

import gevent
import pytest
from gevent.event import Event

from tests.fuzz.server import attack, echo_server


def test_a_server_is_as_before_when_strangers_have_sent_rubbish() -> None:
    kinds = attack(400)
    assert len(kinds) >= 6, kinds
    assert min(kinds.values()) > 3, kinds


def test_a_traceback_in_the_log_would_be_noticed() -> None:
    server = echo_server()

    @server.of("/").on("say")
    def fail(*args: object) -> NoReturn:
        raise KeyError("planted")

    with pytest.raises(AssertionError, match="planted"):
        attack(40, server=server)


def test_a_greenlet_that_is_left_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.fuzz.server.PATIENCE", 0.1)
    server, never = echo_server(), Event()

    @server.of("/").on("say")
    def leave(*args: object) -> None:
        left.append(gevent.spawn(never.wait))

    left: list[gevent.Greenlet] = []
    try:
        with pytest.raises(AssertionError, match="greenlets"):
            attack(20, server=server)
    finally:
        gevent.killall(left)
    assert left
