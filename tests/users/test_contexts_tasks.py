"""Background tasks are in the application's context, and in nobody's request."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask, current_app, has_request_context, request, session

import flask_realtime
from flask_realtime import SocketIO
from flask_realtime.exceptions import ContextError
from tests.support.application import Site


def test_a_task_has_the_application_and_can_emit(site: Site) -> None:
    def work() -> str:
        flask_realtime.emit("progress", 50, broadcast=True)
        return current_app.name

    site.io.on("begin", lambda: site.io.start_background_task(work).get(timeout=5))
    client = site.client()
    client.send('421["begin"]')
    assert [client.receive(), client.receive()] == ['42["progress",50]', '431["tested"]']


@pytest.mark.parametrize(
    "use", [lambda: request.path, lambda: session["user"], lambda: session.update(a=1)]
)
def test_a_task_that_uses_a_request_is_told_what_to_do_instead(
    app: Flask, capfd: pytest.CaptureFixture[str], use: Callable[[], Any]
) -> None:
    def work() -> None:
        assert not has_request_context()  # libraries ask this before they use it
        use()

    task = SocketIO(app).start_background_task(work)
    with pytest.raises(ContextError, match=r"work ran as a background task.*give it as arguments"):
        task.get(timeout=5)
    assert "ContextError" in capfd.readouterr().err  # gevent's: nobody has to ask the task


def test_other_errors_of_a_task_are_its_own(app: Flask) -> None:
    def work() -> None:
        raise RuntimeError("something else")

    with pytest.raises(RuntimeError, match="^something else$"):
        SocketIO(app).start_background_task(work).get(timeout=5)
