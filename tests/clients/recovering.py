"""Clients that come back when their connection is lost, each in a Node process."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from gevent import Timeout
from gevent.subprocess import PIPE, Popen

PROGRAM = Path(__file__).parent / "recovery.js"


class NodeClient:
    """A client in a Node process.

    :param node: the path of Node.js.
    :param package: the name that the client is installed by.
    :param url: of the server.
    :param certificate: of an authority that it is to believe beside those it knows.
    """

    def __init__(
        self,
        node: str,
        package: str,
        url: str,
        transports: list[str],
        certificate: Path | None = None,
    ) -> None:
        self._process: Any = Popen(
            [node, str(PROGRAM), package, url, *transports],
            env={**os.environ, "NODE_EXTRA_CA_CERTS": str(certificate or "")},
            stdin=PIPE,
            stdout=PIPE,
        )

    def hear(self) -> dict[str, Any]:
        """What it says next."""
        with Timeout(20, AssertionError("the client says nothing")):
            said: dict[str, Any] = json.loads(self._process.stdout.readline())
        return said

    def close_below(self) -> None:
        """Have it close its connection as if it were lost."""
        self._process.stdin.write(b"\n")
        self._process.stdin.flush()

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


@contextmanager
def node_clients(
    node: str, url: str, certificate: Path | None = None
) -> Iterator[Callable[..., NodeClient]]:
    """Gives a function that starts a client of a package on some transports, until the end of the
    block."""
    with ExitStack() as stack:

        def start(package: str, *transports: str) -> NodeClient:
            client = NodeClient(node, package, url, list(transports), certificate)
            stack.callback(client.close)
            return client

        yield start
