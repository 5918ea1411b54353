"""Real clients in a Node process, which is started once for all tests of a process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.seeds.web import Pages, Web
from tests.support.server import watched_hub


@pytest.fixture(scope="session")
def pages(node: str, npm_clients: Path) -> Iterator[Pages]:
    """Where pages are opened."""
    with closing(Pages(node)) as pages:
        yield pages


@pytest.fixture
def web(pages: Pages) -> Iterator[Web]:
    """Servers and pages that end with the test; the loop is left as it was."""
    with watched_hub(), closing(Web(pages)) as web:
        yield web


@pytest.fixture
def secure_web(node: str, npm_clients: Path, tls: Path) -> Iterator[Web]:
    """As ``web``, with clients that believe the certificate of the tests."""
    with closing(Pages(node, tls)) as pages, watched_hub(), closing(Web(pages)) as web:
        yield web
