"""Two processes that are one cluster, and real clients of both."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest

from tests.clients.hosts import Host, Running, running

PROGRAM = Path(__file__).parent / "cluster.js"


@pytest.fixture(scope="module")
def nodes() -> Iterator[list[Running]]:
    """Two servers, `one` and `two`."""
    with ExitStack() as stack:
        # The addresses of UNIX sockets must be short.
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        hosts = [Host(name, partial(_command, name, folder)) for name in ("one", "two")]
        yield [stack.enter_context(running(host)) for host in hosts]


def _command(name: str, folder: str, port: int) -> list[str]:
    return ["-m", "tests.clients.cluster_app", name, folder]  # on any port; it is started once


@pytest.mark.parametrize("generation", ["4", "2"])
def test_servers_tell_and_ask_each_other_and_clients_of_both_see_it(
    nodes: list[Running], node: str, npm_clients: Path, generation: str
) -> None:
    package, urls = f"socket.io-client-{generation}", [each.url for each in nodes]
    done = subprocess.run(
        [node, str(PROGRAM), package, *urls], capture_output=True, text=True, timeout=20
    )
    first, second = json.loads(done.stdout)
    assert first == [["answer", [{"two": 42}]], ["answers", [{"two": 8}]]]
    assert second == [["told", "hello, from one by two"], ["asked", 21], ["asked", 4]]
