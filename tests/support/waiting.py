"""Waiting for something to become true."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Any

import gevent

TIMEOUT = 10.0
"""How long anything may take before a test gives up, seconds: far more than it needs."""


def wait_until(condition: Callable[[], Any], timeout: float = TIMEOUT, what: object = "") -> None:
    """Let the server run until `condition` holds; fail if it does not within `timeout`.

    :param what: what is waited for, as the failure tells it.
    """
    deadline = monotonic() + timeout
    while not condition():
        assert monotonic() < deadline, f"still not true after {timeout} s: {what or condition}"
        gevent.sleep(0.002)


def let_run(rounds: int = 5) -> None:
    """Let the loop see what has arrived, and do all that it causes: to show that nothing comes."""
    for _ in range(rounds):
        gevent.sleep(0.001)


def outcome(function: Callable[..., Any], *args: Any, **kwargs: Any) -> gevent.Greenlet[..., Any]:
    """Run a function in a greenlet, whose value is what it returns, or the exception it raises."""

    def run() -> Any:
        try:
            return function(*args, **kwargs)
        except Exception as error:
            return error

    return gevent.spawn(run)
