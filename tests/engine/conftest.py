from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.engine.harness import Sessions
from tests.support.app import Serve, serving_apps


@pytest.fixture
def make_sessions() -> Iterator[Callable[..., Sessions]]:
    """Makes an engine with an injected clock, with these options."""
    with ExitStack() as stack:

        def make(**options: Any) -> Sessions:
            sessions = Sessions(**options)
            stack.callback(sessions.stop)
            return sessions

        yield make


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts a server with these options, whose root namespace writes down what happens."""
    with serving_apps() as start:
        yield start
