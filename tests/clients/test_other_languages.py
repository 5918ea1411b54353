"""Real clients that are not JavaScript, of each generation, over each transport that they have.

Each is installed by ``make test`` into a folder of its own, for no two go together, and plays in a
process of its own: see ``others/play.py``.
"""

from __future__ import annotations

import os
import subprocess
import sys
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


@pytest.fixture
def host() -> Host:
    return OWN


def folder_of(client: Client) -> Path:
    """Where a client is installed."""
    folder = FOLDERS / client.folder
    if not (folder / ".installed").exists():
        missing = f"{client.folder} is not installed: make test"
        pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
    return folder


@pytest.mark.parametrize(("client", "transports", "scenario"), ROWS)
def test_a_client(server: Running, client: Client, transports: str, scenario: str) -> None:
    arguments = [client.kind, transports, str(client.protocol), scenario, server.url]
    played = subprocess.run(
        [sys.executable, str(PLAY), *arguments],
        env={**os.environ, "PYTHONPATH": str(folder_of(client))},
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert played.returncode == 0, played.stderr
