"""The package's loggers, which belong to the whole process: a test leaves them as they were."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator

import pytest

from flask_realtime.scopes import PACKAGE, SCOPES


def loggers() -> list[logging.Logger]:
    """All of them."""
    return [logging.getLogger(name) for name in (PACKAGE, *(f"{PACKAGE}.{one}" for one in SCOPES))]


@pytest.fixture
def quiet_loggers() -> Iterator[None]:
    """Undo what a test does to them."""
    before = [(one, one.level, one.propagate, list(one.handlers)) for one in loggers()]
    yield
    for logger, level, propagate, handlers in before:
        logger.setLevel(level)
        logger.propagate = propagate
        logger.handlers[:] = handlers


def is_no_stall(record: logging.LogRecord) -> bool:
    """Whether a line of the log is another one than the watchdog's: that nothing ran for long."""
    return not str(record.msg).startswith("nothing else ran")


def without_stalls(said: str) -> str:
    """What a process has said on stderr, but for the watchdog, each time with its stack."""
    return re.sub(r"^nothing else ran .*?\n\n", "", said, flags=re.MULTILINE | re.DOTALL)
