"""A handler that fails, or that an event does not fit, is seen by whoever looks after the
application, and its client is answered."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.signals import got_request_exception

from tests.support.application import Site


@pytest.fixture
def reported(app: Flask) -> Any:
    """What Flask's signal has told, as error trackers hear it."""
    seen: list[BaseException] = []

    def report(sender: Flask, exception: BaseException, **values: Any) -> None:
        assert sender is app
        seen.append(exception)

    with got_request_exception.connected_to(report):
        yield seen


def _fail(*args: Any) -> None:
    raise ValueError("secret")


def test_an_exception_is_logged_reported_and_answered(
    site: Site, app: Flask, reported: list[BaseException], caplog: pytest.LogCaptureFixture
) -> None:
    site.io.on("x", _fail)
    client = site.client()
    assert client.ask('421["x","what the client sent"]') == '431[{"error":"internal error"}]'
    assert [str(error) for error in reported] == ["secret"]
    (record,) = caplog.records
    assert record.name == app.logger.name
    assert record.exc_info
    assert "what the client sent" not in record.getMessage()


def test_wrong_arguments_are_logged_reported_and_answered(
    site: Site, app: Flask, reported: list[BaseException], caplog: pytest.LogCaptureFixture
) -> None:
    called = []

    @site.io.on("x")
    def handler(a: Any, b: Any) -> None:
        called.append((a, b))

    client = site.client()
    assert client.ask('421["x",1]') == '431[{"error":"internal error"}]'
    assert client.ask('422["x",1]') == '432[{"error":"internal error"}]'
    assert called == []
    assert [type(error).__name__ for error in reported] == ["ArgumentsError"] * 2
    (record,) = caplog.records  # once: the client could go on for ever
    assert record.name == app.logger.name
    assert "'x' came with 1 argument, its handler" in record.getMessage()
    assert client.got_nothing()


def test_contexts_are_torn_down_after_wrong_arguments_too(site: Site, app: Flask) -> None:
    errors: list[BaseException | None] = []
    app.teardown_request(errors.append)
    site.io.on("x", lambda: None)
    site.client().ask('421["x",1]')
    assert [type(error).__name__ for error in errors] == ["ArgumentsError"]


def test_the_application_shapes_the_answer(site: Site) -> None:
    site.io.on("x", _fail)
    site.io.on("y", lambda: None)

    @site.io.on_error()
    def tell(error: BaseException) -> dict[str, Any]:
        return {"ok": False, "what": type(error).__name__}

    client = site.client()
    assert client.ask('421["x"]') == '431[{"ok":false,"what":"ValueError"}]'
    assert client.ask('422["y",1]') == '432[{"ok":false,"what":"ArgumentsError"}]'


def test_who_debugs_sees_the_event_and_its_arguments(
    site: Site, app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    app.debug = True
    site.io.on("x", _fail)
    answer = site.client().ask('421["x",{"a":[1,2]},"y"]')
    assert answer == '431[{"error":"ValueError: secret"}]'
    (record,) = caplog.records
    message = "handler of 'x' in / failed, called with [{'a': [1, 2]}, 'y']"
    assert record.getMessage() == message


def test_long_arguments_are_shortened(
    site: Site, app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    app.debug = True
    site.io.on("x", _fail)
    site.client().ask('421["x","' + "y" * 100_000 + '"]')
    assert len(caplog.records[0].getMessage()) < 300
