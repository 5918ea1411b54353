"""What other OS threads may read and do, while clients come and go."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask

from flask_realtime import SocketIO
from flask_realtime.exceptions import EncodeError
from flask_realtime.extension.python_socketio import Manager
from tests.support.application import Site
from tests.support.waiting import wait_until


class Busy(dict[str, Any]):
    """Sockets of which one comes and one goes whenever one is looked at."""

    def __init__(self, sockets: dict[str, Any]) -> None:
        super().__init__({id: Looked(self, socket) for id, socket in sockets.items()})

    def move(self, socket: Any) -> None:
        self[f"new {len(self)}"] = Looked(self, socket)
        self.pop(list(self)[1], None)


class Looked:
    def __init__(self, sockets: Busy, socket: Any) -> None:
        self._sockets = sockets
        self._socket = socket

    def __getattr__(self, name: str) -> Any:
        self._sockets.move(self._socket)
        return getattr(self._socket, name)


@pytest.fixture
def io(app: Flask) -> Iterator[SocketIO]:
    """Two clients are in a room."""
    io = SocketIO(app)
    for _ in range(2):
        io.test_client(app)
    io.sockets_join("room")
    real = io.sockets.sockets
    io.sockets.sockets = Busy(real)
    yield io
    io.sockets.sockets = real


def _first(io: SocketIO) -> str:
    return next(iter(io.sockets.sockets))


@pytest.mark.parametrize(
    "read",
    [
        lambda io, manager: io.server.environ,
        lambda io, manager: manager.rooms["/"]["room"],
        lambda io, manager: list(manager.get_participants("/", "room")),
        lambda io, manager: list(manager.get_participants("/", None)),
        lambda io, manager: manager.sid_from_eio_sid("?", "/") is None,
    ],
)
def test_who_is_there_can_be_read_while_they_come_and_go(
    io: SocketIO, read: Callable[[SocketIO, Manager], Any]
) -> None:
    assert read(io, io.server.manager)


def test_who_is_asked_is_found_in_the_thread_that_owns_them(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, answers, looked = site.client(), list[Any](), list[int]()
    adapter: Any = site.io.sockets.adapter
    ids_in = adapter.ids_in

    def look(selection: Any) -> list[str]:
        looked.append(threading.get_ident())
        found: list[str] = ids_in(selection)
        return found

    monkeypatch.setattr(adapter, "ids_in", look)
    failed: list[EncodeError] = []

    def ask() -> None:
        site.io.emit("question", 1, callback=answers.append)
        try:
            site.io.emit("question", object(), callback=answers.append)
        except EncodeError as error:
            failed.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    assert client.receive() == '420["question",1]'
    client.send('430["answer"]')
    wait_until(lambda: answers)
    thread.join()
    assert (answers, set(looked)) == (["answer"], {threading.get_ident()})
    assert len(failed) == 1 and client.got_nothing()
