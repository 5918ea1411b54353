"""A client of a generation that nobody speaks: it is told so, and the log says who it is."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator

import pytest

from flask_realtime.protocol.refusals import BAD_VERSION, request_error
from flask_realtime.transports.http import Request
from tests.support.app import Serve, serving_apps
from tests.support.server import Running
from tests.support.waiting import let_run

Refused = Callable[[], list[str]]


@pytest.fixture
def serve() -> Iterator[Serve]:
    with serving_apps() as start:
        yield start


@pytest.fixture
def refused(caplog: pytest.LogCaptureFixture) -> Iterator[Refused]:
    """The lines of the log about refusals."""
    caplog.set_level(logging.WARNING, "flask_realtime.engine")

    def lines() -> list[str]:
        let_run()
        return [line for line in caplog.messages if line.startswith("refused")]

    yield lines
    let_run()


def ask(running: Running, agent: str, target: str = "/socket.io/?EIO=7&transport=polling") -> None:
    assert running.http().get(target, {"User-Agent": agent}).status == 400


@pytest.mark.parametrize(
    ("target", "seen"),
    [
        ("/socket.io/?EIO=7&transport=polling", "EIO=7"),
        ("/socket.io/?EIO=1&transport=websocket", "EIO=1"),
        ("/socket.io/2/", "protocol=2"),
        ("/socket.io/0/xhr-polling/sid", "protocol=0"),
    ],
)
def test_the_answer_and_the_log_name_what_was_seen_and_what_is_spoken(
    serve: Serve, refused: Refused, target: str, seen: str
) -> None:
    running, _ = serve()
    answer = running.http().get(target, {"User-Agent": "Old App/1.2"})
    assert answer.status == 400
    assert (answer.json["code"], answer.json["name"]) == (5, "bad-version")
    (line,) = refused()
    for text in (answer.json["message"], line.replace("'", "")):
        assert seen in text
        assert "EIO=4, 3 and 2" in text and "protocol=1" in text
    assert "127.0.0.1" in line and "'Old App/1.2'" in line


def test_what_is_no_number_is_not_repeated_to_the_client(serve: Serve, refused: Refused) -> None:
    running, _ = serve()
    answer = running.http().get("/socket.io/?transport=polling&EIO=%3Cscript%3E")
    assert answer.status == 400
    assert answer.headers["content-type"] == "application/json"
    assert b"script" not in answer.body
    assert "<script>" in refused()[0]


def test_each_client_is_told_of_once(serve: Serve, refused: Refused) -> None:
    """Not once per process: the second that cannot connect matters as much as the first."""
    running, _ = serve()
    for _ in range(3):
        for agent in ("Tablet/1", "Kiosk/2"):
            ask(running, agent)
        running.pass_by(61)
    told = [line for line in refused() if "bad-version)" in line]
    assert len(told) == 2
    assert "Tablet/1" in told[0] and "Kiosk/2" in told[1]
    more = [line for line in refused() if "more" in line]
    assert more == ["refused more within the minute: 2 bad-version"] * 2


def test_who_makes_up_names_fills_neither_the_log_nor_the_memory(
    serve: Serve, refused: Refused
) -> None:
    running, _ = serve()
    ask(running, "x" * 5000)
    engine, error = running.engine, request_error(BAD_VERSION, "EIO=7")
    log = engine._refusals
    for number in range(1, 2000):
        made_up = Request({"REMOTE_ADDR": "127.0.0.1", "HTTP_USER_AGENT": str(number)}, {})
        log.tell(engine.clock, error, made_up, None)
    assert len(refused()) == 20
    assert all(len(line) < 400 for line in refused())
    running.pass_by(60)
    assert refused()[20:] == ["refused more within the minute: 1980 bad-version"]
    for number in range(2000):
        if number % 20 == 0:
            running.pass_by(60)
        made_up = Request({"REMOTE_ADDR": "127.0.0.1", "HTTP_USER_AGENT": f"x{number}"}, {})
        log.tell(engine.clock, error, made_up, None)
    assert len(log._clients) == 1000


def test_a_missing_eio_is_generation_3_and_a_path_with_1_is_0_9(serve: Serve) -> None:
    running, _ = serve()
    client = running.eio3("")
    assert client.receive() == "40"
    assert running.session().dialect.name == "eio3"
    client.send("1")
    running.client_09()
    assert running.session().dialect.name == "sio09"
