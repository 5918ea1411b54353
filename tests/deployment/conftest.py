"""The deployment page, and what it takes to do what it says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.clients.hosts import Host, Running, running
from tests.clients.node import Node
from tests.support.deployed import APP, Deployed
from tests.support.deployed import deploy as deployed


@pytest.fixture(scope="session")
def page(root: Path) -> Path:
    return root / "docs" / "deployment.rst"


@pytest.fixture(scope="session")
def clients(node: str, npm_clients: Path, tls: Path) -> Iterator[Node]:
    """Real clients, which believe the throwaway certificate."""
    program = Node(node, certificate=tls)
    yield program
    program.close()


@pytest.fixture
def deploy(root: Path, tmp_path: Path) -> Iterator[Callable[..., Deployed]]:
    """Runs a command of the page beside ``app.py``, on another port.

    It takes the files to write as well, by their names, ``app.py`` among them; where a program
    does not say on which port it serves, that is added.
    """
    with ExitStack() as stack:

        def run(line: str, files: dict[str, str] | None = None, **environ: str) -> Deployed:
            for name, text in {"app.py": APP, **(files or {})}.items():
                (tmp_path / name).write_text(_said_on_another_port(text))
            line = line.replace("--graceful-timeout 5", "--graceful-timeout 1")
            program = deployed(_said_on_another_port(line), tmp_path, root, **environ)
            stack.callback(program.kill)
            return program

        yield run


def _said_on_another_port(text: str) -> str:
    for port in ("8000", "8443"):
        text = text.replace(port, "0")
    say = 'server.start(); print(f"http://127.0.0.1:{server.server_port}", flush=True)'
    return text.replace("server.serve_forever()", f"{say}\nserver.serve_forever()")


Proxied = Callable[..., Running]


@pytest.fixture(scope="module")
def proxied() -> Iterator[Proxied]:
    """Runs the application behind a ``ProxyFix`` that believes what it is given; once each."""
    servers: dict[tuple[str, ...], Running] = {}
    with ExitStack() as stack:

        def run(*believed: str) -> Running:
            if believed not in servers:
                host = Host(
                    f"io.run behind a proxy {believed}",
                    lambda port: ["-m", "tests.deployment.proxied", str(port), *believed],
                )
                servers[believed] = stack.enter_context(running(host))
            return servers[believed]

        yield run
