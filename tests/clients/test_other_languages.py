"""Real clients that are not JavaScript, of each generation, over each transport that they have.

Each is installed by ``make test`` into a folder of its own, for no two go together, and plays in a
process of its own: see ``others/play.py``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.clients.hosts import OWN, Host, Running

PLAY = Path(__file__).parent / "others" / "play.py"
FOLDERS = Path(__file__).parents[2] / ".venv" / "clients"
SCENARIOS = ("connect", "echo", "binary", "room", "order", "leave", "sent_away")


class Client(NamedTuple):
    """One row.

    :param folder: what it is installed as, ``package-version``.
    :param kind: the class in ``others`` that plays it.
    :param transports: each as the client is told it, the last being where it ends up.
    :param lacks: the scenarios that it cannot play.
    """

    folder: str
    kind: str
    protocol: int
    transports: tuple[str, ...]
    lacks: tuple[str, ...] = ()

    def name(self, transports: str, scenario: str) -> str:
        return f"{self.folder}-{self.kind}-{transports}-{scenario}"


ENGINE_IO = ("polling", "websocket", "polling,websocket")
OLDER = ("xhr-polling", "websocket")
CLIENTS = (
    Client("python-socketio-5", "Threads", 4, ENGINE_IO),
    Client("python-socketio-5", "Asyncio", 4, ENGINE_IO),
    Client("python-socketio-4", "Threads", 3, ENGINE_IO),
    Client("python-socketio-4", "Asyncio", 3, ENGINE_IO),
    # For servers 0.9, 1.x and 2.x. None has binary; the latter two always begin by polling.
    Client("socketIO-client-0.5", "Blocking", 1, (*OLDER, "jsonp-polling"), ("binary",)),
    Client("socketIO-client-0.7", "Blocking", 3, OLDER, ("binary",)),
    Client("socketIO-client-nexus-0.7", "BlockingText", 3, OLDER, ("binary",)),
)
ROWS = [
    pytest.param(client, transports, scenario, id=client.name(transports, scenario))
    for client in CLIENTS
    for transports in client.transports
    for scenario in SCENARIOS
    if scenario not in client.lacks
]


# python-engineio 3 gives up when a pong has not come within the interval, which is short else.
PATIENT = Host(
    "io.run, few heartbeats",
    lambda port: ["-m", "tests.clients.app", str(port), "ping_interval=10"],
)


@pytest.fixture
def host(client: Client) -> Host:
    return PATIENT if client.folder == "python-socketio-4" else OWN


def folder_of(client: Client) -> Path:
    """Where a client is installed."""
    folder = FOLDERS / client.folder
    if not (folder / ".installed").exists():
        missing = f"{client.folder} is not installed: make test"
        pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
    return folder


class Player:
    """The process of a client, which plays a scenario at a time; a new one after a failure."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._start()

    def _start(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(PLAY)],
            env={**os.environ, "PYTHONPATH": str(self._folder)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def play(self, *words: str) -> None:
        """Play what the words say, see ``others/play.py``; fail as it does."""
        assert self._process.stdin is not None and self._process.stdout is not None
        print(json.dumps(words), file=self._process.stdin, flush=True)
        failed = json.loads(self._process.stdout.readline() or '"it has ended"')
        if failed is not None:
            self.close()
            self._start()
            pytest.fail(failed)

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


@pytest.fixture(scope="module")
def player() -> Iterator[Callable[[Client], Player]]:
    """Gives the process of a client; it is started when it is first asked for."""
    players: dict[Path, Player] = {}
    with ExitStack() as stack:

        def get(client: Client) -> Player:
            folder = folder_of(client)
            if folder not in players:
                players[folder] = Player(folder)
                stack.callback(players[folder].close)
            return players[folder]

        yield get


@pytest.mark.parametrize(("client", "transports", "scenario"), ROWS)
def test_a_client(
    server: Running,
    player: Callable[[Client], Player],
    client: Client,
    transports: str,
    scenario: str,
) -> None:
    arguments = [client.kind, transports, str(client.protocol), scenario, server.url]
    player(client).play(*arguments)
