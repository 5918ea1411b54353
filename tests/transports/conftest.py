from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.app import Serve, serving_apps


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts a server with these options, whose root namespace writes down what happens."""
    with serving_apps() as start:
        yield start
