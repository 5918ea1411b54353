"""Handlers that fail: the log, the signal, the answer; and the client lives on."""

from __future__ import annotations

from typing import Any

import gevent
import pytest
from flask import Flask
from flask.signals import got_request_exception

from flask_realtime import ConnectionRefusedError, Disconnected, signals, socket
from tests.support.application import Site
from tests.support.waiting import wait_until

ERROR = '431[{"error":"internal error"}]'


def _fail(*args: Any) -> None:
    raise ValueError("secret")


def test_the_log_of_the_application_has_event_and_traceback(
    site: Site, app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    site.io.on("x", _fail)
    client = site.client()
    assert client.ask('421["x"]') == ERROR
    (record,) = caplog.records
    assert record.name == app.logger.name
    assert record.getMessage() == "handler of 'x' in / failed"
    assert "Traceback" in caplog.text
    assert "ValueError: secret" in caplog.text
    assert client.got_nothing()


def test_who_debugs_is_told_what_went_wrong(site: Site, app: Flask) -> None:
    app.debug = True
    site.io.on("x", _fail)
    assert site.client().ask('421["x"]') == '431[{"error":"ValueError: secret"}]'


@pytest.mark.parametrize("failure", [gevent.Timeout(3), gevent.GreenletExit()])
def test_gevent_s_own_exceptions_are_failures_too(site: Site, failure: BaseException) -> None:
    @site.io.on("x")
    def handler() -> None:
        raise failure

    site.io.on("disconnecting", handler)
    left: list[str] = []
    site.io.on("disconnect", left.append)
    client = site.client()
    client.send('421["x"]', '422["sync"]')
    assert (client.receive(), client.receive()) == (ERROR, "432[]")
    client.wire.leave()
    site.wait_empty()
    assert left == ["transport close"]


def test_flask_s_signal_is_sent_with_the_application(site: Site, app: Flask) -> None:
    seen: list[Any] = []

    def receiver(sender: Flask, exception: BaseException) -> None:
        seen.append((sender, type(exception), socket.id))

    site.io.on("x", _fail)
    client = site.client()
    with got_request_exception.connected_to(receiver, app):
        assert client.ask('421["x"]') == ERROR
    assert seen == [(app, ValueError, client.id)]


def test_a_refusal_is_no_failure(site: Site, app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    seen: list[Any] = []

    def receiver(sender: Flask, exception: BaseException) -> None:
        seen.append(exception)

    @site.io.on("connect")
    def connect() -> None:
        raise ConnectionRefusedError("no")

    with got_request_exception.connected_to(receiver, app):
        assert site.outsider().ask("40") == '44{"message":"no"}'
    assert seen == []
    assert caplog.records == []


def test_the_signal_names_socket_event_and_error(site: Site) -> None:
    seen: list[Any] = []

    def receiver(sender: Any, **values: Any) -> None:
        seen.append((sender, values["socket"].id, values["event"], str(values["error"])))

    site.io.on("x", _fail)
    client = site.client()
    with signals.handler_failed.connected_to(receiver):
        client.ask('421["x"]')
        wait_until(lambda: seen)
    assert seen == [(site.io.server, client.id, "x", "secret")]


def test_an_error_handler_gives_the_answer_and_nothing_is_logged(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    @site.io.on_error()
    def on_error(error: Exception) -> Any:
        return {"sorry": str(error), "to": socket.id}

    site.io.on("x", _fail)
    client = site.client()
    assert client.ask('421["x"]') == f'431[{{"sorry":"secret","to":"{client.id}"}}]'
    assert caplog.records == []


def test_an_error_handler_belongs_to_its_namespace_and_the_default_to_the_rest(site: Site) -> None:
    site.io.on_error("/chat")(lambda error: "chat's")
    site.io.on_error_default(lambda error: ("default", str(error)))
    site.io.on("x", _fail)
    site.io.of("/chat").on("x", _fail)
    client = site.client()
    client.wire.connect("/chat")
    assert client.ask('421["x"]') == '431["default","secret"]'
    assert client.ask('42/chat,1["x"]') == '43/chat,1["chat\'s"]'


def test_an_error_handler_gets_what_went_wrong_with_the_arguments(site: Site) -> None:
    site.io.on_error_default(lambda error: str(error).partition(",")[0])
    site.io.on("x", lambda one: one)
    assert site.client().ask('421["x"]') == "431[\"'x' came with 0 arguments\"]"


def test_an_error_handler_that_fails_is_logged(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    site.io.on_error_default(lambda error: 1 / 0)
    site.io.on("x", _fail)
    client = site.client()
    assert client.ask('421["x"]') == ERROR
    assert "ZeroDivisionError" in caplog.text
    assert client.got_nothing()


def test_an_error_handler_s_answer_that_cannot_be_carried_is_logged(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    site.io.on_error_default(lambda error: object())
    site.io.on("x", _fail)
    client = site.client()
    assert client.ask('421["x"]') == ERROR
    assert "the answer of an error handler" in caplog.text
    assert client.got_nothing()


def test_on_error_without_parentheses_is_explained(site: Site) -> None:
    with pytest.raises(TypeError, match="parentheses"):
        site.io.on_error(_fail)  # type: ignore[arg-type]


def test_a_handler_that_ends_because_its_own_client_has_left_is_no_failure(
    site: Site, app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    raised: list[Exception] = []
    failed: list[Any] = []

    @site.io.on("x")
    def handler() -> None:
        try:
            socket.call("question")
        except Disconnected as error:
            raised.append(error)
            raise

    site.io.on_error()(failed.append)

    def heard(sender: Flask, exception: Exception) -> None:
        failed.append(exception)

    client = site.client()
    client.send('421["x"]')
    assert client.receive() == '420["question"]'
    with got_request_exception.connected_to(heard, app):
        client.wire.leave()
        site.wait_empty()
    assert len(raised) == 1
    assert failed == []
    assert caplog.records == []


def test_a_handler_that_ends_because_another_client_has_left_has_failed(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    asking, asked = site.client(), site.client()
    sock = site.socket(asked)
    site.io.on("x", lambda: sock.call("question"))
    asking.send('421["x"]')
    assert asked.receive() == '420["question"]'
    asked.wire.leave()
    assert asking.receive() == ERROR
    (record,) = caplog.records
    assert record.getMessage() == "handler of 'x' in / failed"
    assert "Disconnected" in caplog.text
