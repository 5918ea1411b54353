"""A thousand clients are asked at once, over WebSockets of another process."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator

import pytest
from gevent import subprocess

from flask_realtime import AckTimeout
from tests.conftest import ROOT
from tests.support.application import Site, app, serve
from tests.support.waiting import let_run, outcome, wait_until

__all__ = ["app", "serve"]

CLIENTS, SILENT = 1000, 10


@pytest.fixture
def site(serve: Callable[..., Site]) -> Iterator[Site]:
    """The application, with all its clients."""
    site = serve()
    command = [sys.executable, "-m", "tests.load.answering"]
    numbers = [str(each) for each in (site.running.port, CLIENTS, SILENT)]
    process = subprocess.Popen([*command, *numbers], cwd=ROOT, stdin=subprocess.DEVNULL)
    try:
        wait_until(lambda: len(site.io.sockets.sockets) == CLIENTS, 30, "all have come")
        yield site
    finally:
        process.kill()
        process.wait()


def test_all_answers_are_returned_and_the_silent_are_named(site: Site) -> None:
    answered = 0

    @site.io.on("answered")
    def count() -> None:
        nonlocal answered
        answered += 1

    ids = set(site.io.sockets.sockets)
    answers = site.io.timeout(30).emit_with_ack("all")
    assert len(answers) == CLIENTS
    assert set(answers) == ids
    wait_until(lambda: answered == CLIENTS, what="all have answered")

    asked = outcome(site.io.timeout(20).emit_with_ack, "some")
    wait_until(lambda: answered == 2 * CLIENTS - SILENT, what="all but the silent have answered")
    site.running.pass_by(19)  # no pings in this time
    let_run()
    assert not asked.ready()
    site.running.pass_by(1)
    error = asked.get(timeout=10)
    assert type(error) is AckTimeout
    assert len(error.answers) == CLIENTS - SILENT
    assert len(error.silent) == SILENT
    assert set(error.answers) | set(error.silent) == ids
