"""Adapters that cannot start, at first."""

from __future__ import annotations

from typing import Any

import pytest
from gevent import Timeout

from flask_realtime import MemoryAdapter, Server


class Unlucky(MemoryAdapter):
    """Starts in the root namespace; in another when `reachable`."""

    reachable = True

    def __init__(self, local: Any) -> None:
        super().__init__(local)
        self._name = local.name
        self.running = 0

    def start(self) -> None:
        if self._name != "/" and not Unlucky.reachable:
            raise Timeout(1, ConnectionError("nobody is there"))
        self.running += 1

    def close(self) -> None:
        self.running -= 1


@pytest.fixture
def server() -> Server:
    server = Server(adapter=Unlucky)
    server.of("/chat")
    server.of("/later")
    return server


def running(server: Server) -> list[int]:
    return [each.adapter.running for each in server.namespaces.values()]  # type: ignore[attr-defined]


def test_the_next_request_tries_again(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Unlucky, "reachable", False)
    for _ in range(2):
        with pytest.raises(Timeout):
            server.start()
        assert running(server) == [0, 0, 0]
    monkeypatch.setattr(Unlucky, "reachable", True)
    for _ in range(2):
        server.start()
        assert running(server) == [1, 1, 1]
    server.close()
    assert running(server) == [0, 0, 0]
    server.start()  # by a request that comes too late
    assert running(server) == [0, 0, 0]
    server.engine.clock.stop()


def test_a_host_that_begins_tries_again(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Unlucky, "reachable", False)
    with pytest.raises(Timeout):
        server.start()
    server.close()
    with pytest.raises(Timeout):
        server.attend("host")
    monkeypatch.setattr(Unlucky, "reachable", True)
    server.attend("host")
    assert running(server) == [1, 1, 1]
    server.leave("host")
    assert running(server) == [0, 0, 0]
    server.engine.clock.stop()
