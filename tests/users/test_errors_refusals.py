"""Every request that is refused says by a name why, to its client and in the log; a flood of them
is a line and a summary."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from flask_realtime.exceptions import HandshakeError, RequestError
from flask_realtime.protocol.refusals import REFUSALS, refused_by, request_error
from flask_realtime.protocol.request import ClientRequest
from tests.engine.harness import Sessions
from tests.support.app import Serve, serving_apps
from tests.support.http import Answer
from tests.support.server import Running
from tests.support.waiting import let_run, wait_until
from tests.support.wire import PATH

LOGGER = "flask_realtime.engine"
POLL = f"{PATH}?EIO=4&transport=polling"
EVIL = {"Origin": "https://evil.test"}
UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


@pytest.fixture
def serve() -> Iterator[Serve]:
    with serving_apps() as start:
        yield start


@pytest.fixture
def refused(caplog: pytest.LogCaptureFixture) -> Iterator[Callable[[], list[logging.LogRecord]]]:
    """What the log has about refusals."""
    caplog.set_level(logging.DEBUG, LOGGER)

    def records() -> list[logging.LogRecord]:
        let_run()
        return [each for each in caplog.records if each.getMessage().startswith("refused")]

    yield records
    let_run()  # they are written by greenlets; none is left to the next test


def get(running: Running, query: str = "", headers: dict[str, str] | None = None) -> Answer:
    return running.http().get(POLL + query, headers)


def over(running: Running) -> str:
    client = running.polling()
    client.send("1")
    return client.sid


def on_a_websocket(running: Running) -> str:
    return running.websocket().sid


def posted(body: bytes, headers: dict[str, str] | None = None) -> Callable[[Running], Answer]:
    def post(running: Running) -> Answer:
        client = running.polling()
        client.ask_post(body, headers)
        return client.posts.answer()

    return post


def polled_twice(running: Running) -> Answer:
    client = running.polling()
    running.ask(client)
    return running.http().get(client.target)


def closing(running: Running) -> Answer:
    running.polling()
    running.server.close()
    return get(running)


def came_often(running: Running) -> Answer:
    get(running)
    get(running)
    return get(running)


Ask = Callable[[Running], Answer]

REQUESTS: list[tuple[str, Ask, dict[str, Any]]] = [
    ("unknown-transport", lambda running: running.http().get(f"{PATH}?EIO=4"), {}),
    ("unknown-transport", lambda running: get(running), {"transports": "websocket"}),
    ("unknown-sid", lambda running: get(running, "&sid=00abcdefghijklmnopqr"), {}),
    ("unknown-sid", lambda running: get(running, "&sid=nonsense"), {}),
    ("expired", lambda running: get(running, f"&sid={over(running)}"), {}),
    ("foreign-worker", lambda running: get(running, "&sid=07abcdefghijklmnopqr"), {}),
    (
        "unknown-sid",  # the sids are the application's, and name no worker
        lambda running: get(running, "&sid=07abcdefghijklmnopqr"),
        {"generate_id": lambda environ: "x" * 20},
    ),
    ("bad-method", lambda running: running.http().request("PUT", POLL), {}),
    ("bad-handshake", lambda running: running.http().get(POLL.replace("polling", "websocket")), {}),
    ("wrong-transport", lambda running: get(running, f"&sid={on_a_websocket(running)}"), {}),
    ("overlap", polled_twice, {}),
    ("bad-packet", posted(b"garbage"), {}),
    ("bad-packet", posted(b'42["disconnect"]'), {}),
    ("too-large", posted(b"x" * 101), {"max_http_buffer_size": 100}),
    ("stopping", closing, {}),
    ("too-many", came_often, {"handshake_rate_limit": "2/hour"}),
    ("bad-origin", lambda running: get(running, "", EVIL), {}),
    ("bad-origin", lambda running: get(running, "", {"Sec-Fetch-Site": "cross-site"}), {}),
    ("bad-host", lambda running: get(running), {"trusted_hosts": ["chat.test"]}),
    ("not-allowed", lambda running: get(running), {"allow_request": lambda environ: "go away"}),
    ("bad-version", lambda running: running.http().get(POLL.replace("=4", "=9")), {}),
    ("bad-version", lambda running: running.http().get(f"{PATH}2/"), {}),
    ("bad-index", lambda running: running.http().get(POLL.replace("=4", "=3") + "&j=x"), {}),
]


@pytest.mark.parametrize(("name", "ask", "options"), REQUESTS, ids=lambda value: str(value)[:20])
def test_a_refusal_has_the_same_name_in_its_answer_and_in_the_log(
    serve: Serve,
    refused: Callable[[], list[logging.LogRecord]],
    name: str,
    ask: Ask,
    options: dict[str, Any],
) -> None:
    running, _ = serve(**options)
    answer = ask(running)
    kind = REFUSALS[name]
    assert answer.json["name"] == name
    assert answer.json["code"] == kind.code
    assert answer.status == int(kind.http_status[:3])
    if name != "not-allowed":
        assert answer.json["message"].startswith(kind.message)
    (record,) = refused()
    assert record.getMessage().startswith(f"refused ({name}): ")
    assert "127.0.0.1" in record.getMessage()
    assert record.levelno == (logging.DEBUG if kind.expected else logging.WARNING)


def test_a_body_that_is_cut_short_is_named_in_the_log(
    serve: Serve, refused: Callable[[], list[logging.LogRecord]]
) -> None:
    running, _ = serve()
    client = running.polling()
    client.ask_post(b"4", {"Content-Length": "10"})
    client.posts.finish()
    wait_until(refused)
    assert refused()[0].getMessage().startswith("refused (bad-body): ")
    running.polling()


def test_a_handshake_that_is_none_keeps_its_status() -> None:
    error = refused_by(HandshakeError("426 Upgrade Required", "version 8"))
    assert (error.name, error.http_status) == ("bad-handshake", "426 Upgrade Required")


def test_a_session_of_one_generation_takes_no_request_of_another() -> None:
    sessions = Sessions()
    session, *_ = sessions.open()
    other = ClientRequest("eio3", session.transport.name, session.sid, False)
    with pytest.raises(RequestError) as caught:
        sessions.engine.sessions.find_for(other, session.sid)
    assert caught.value.name == "wrong-version"
    sessions.stop()


@pytest.mark.parametrize(
    ("data", "name"), [(b"\x81\x01x", "bad-frame"), (b"\x81\x81\0\0\0\0x", "bad-packet")]
)
def test_who_breaks_a_rule_on_a_websocket_is_named_in_the_log(
    serve: Serve, refused: Callable[[], list[logging.LogRecord]], data: bytes, name: str
) -> None:
    running, app = serve()
    client = running.websocket()
    client.connect()
    client.send(data)
    client.closed_with()
    app.reason()
    (record,) = refused()
    assert record.getMessage().startswith(f"refused ({name}): ")
    assert f"sid='{client.sid}'" in record.getMessage()


def test_a_second_websocket_is_named_in_the_log_without_the_secret(
    serve: Serve, refused: Callable[[], list[logging.LogRecord]]
) -> None:
    running, _ = serve()
    client = running.websocket()
    running.raw_websocket(f"sid={client.sid}").closed_with()
    (record,) = refused()
    assert "refused (wrong-transport): a second WebSocket" in record.getMessage()
    assert client.sid[:6] in record.getMessage()
    assert client.sid not in record.getMessage()


# Many


def refuse_often(running: Running, request: bytes, times: int) -> None:
    http = running.http()
    while times:
        batch = min(times, 200)
        http.send(request * batch)
        for _ in range(batch):
            assert http.answer().status in (400, 403)
        times -= batch


def request(query: str = "", header: str = "X: y") -> bytes:
    return f"GET {POLL}{query} HTTP/1.1\r\nHost: a.test\r\n{header}\r\n\r\n".encode()


def test_a_flood_of_foreign_pages_is_a_line_and_a_summary(
    serve: Serve, refused: Callable[[], list[logging.LogRecord]]
) -> None:
    running, _ = serve()
    refuse_often(running, request(header="Origin: https://evil.test"), 10_000)
    (record,) = refused()
    message = record.getMessage()
    assert "got 'Origin: https://evil.test', expected 'http://a.test'" in message
    assert "header Host" in message
    assert "cors_allowed_origins" in message
    running.pass_by(60)
    first, summary = refused()
    assert first is record
    assert summary.getMessage() == "refused more within the minute: 9999 bad-origin"
    assert summary.levelno == logging.WARNING
    running.pass_by(120)
    assert len(refused()) == 2
    refuse_often(running, request(header="Origin: https://evil.test"), 1)
    assert len(refused()) == 3  # the first of the next minute


def test_stale_pages_after_a_restart_are_no_matter_for_operators(
    serve: Serve, refused: Callable[[], list[logging.LogRecord]]
) -> None:
    running, _ = serve()
    refuse_often(running, request("&sid=00abcdefghijklmnopqr"), 1000)
    refuse_often(running, request(header="Origin: https://evil.test"), 2)
    running.pass_by(60)
    stale = [each for each in refused() if "unknown-sid" in each.getMessage()]
    assert [each.levelno for each in stale] == [logging.DEBUG] * 2
    assert stale[1].getMessage() == "refused more within the minute: 999 unknown-sid"
    warned = [each.getMessage() for each in refused() if each.levelno == logging.WARNING]
    assert warned[1:] == ["refused more within the minute: 1 bad-origin"]


def test_each_kind_has_its_own_first_line_and_all_share_the_summary(
    serve: Serve, refused: Callable[[], list[logging.LogRecord]]
) -> None:
    running, _ = serve()
    for _ in range(3):
        get(running, "", EVIL)
        running.http().get(POLL.replace("=4", "=9"))
    running.pass_by(60)
    assert [each.getMessage().split(":")[0] for each in refused()] == [
        "refused (bad-origin)",
        "refused (bad-version)",
        "refused more within the minute",
    ]
    assert refused()[2].getMessage().endswith(": 2 bad-origin, 2 bad-version")


def test_nothing_is_scheduled_while_nothing_is_refused(serve: Serve) -> None:
    running, _ = serve()
    running.websocket().leave()
    queues = running.engine.clock._queues
    assert 60.0 not in queues
    get(running, "", EVIL)
    assert len(queues[60.0]) == 1
    get(running, "", EVIL)
    assert len(queues[60.0]) == 1
    running.pass_by(60)
    assert not queues[60.0]


def test_what_was_counted_is_told_when_the_server_stops(
    serve: Serve, refused: Callable[[], list[logging.LogRecord]]
) -> None:
    running, _ = serve()
    refuse_often(running, request(header="Origin: https://evil.test"), 5)
    running.server.close()
    assert refused()[-1].getMessage() == "refused more within the minute: 4 bad-origin"


def test_what_a_client_chose_does_not_fill_the_log(
    serve: Serve, refused: Callable[[], list[logging.LogRecord]]
) -> None:
    running, _ = serve()
    get(running, "&sid=" + "x" * 4000)
    get(running, "", {"Origin": "https://" + "x" * 4000})
    running.http().get(f"{PATH}?EIO=4&transport=" + "x" * 4000)
    assert len(refused()) == 3
    assert all(len(each.getMessage()) < 600 for each in refused())


# The table


def documented(root: Path) -> dict[str, tuple[int, int]]:
    """The rows of the table: name → status and code."""
    text = (root / "docs" / "errors.rst").read_text()
    rows = re.findall(r"^   \* - ``([a-z-]+)``\n     - (\d+)\n     - (\d)$", text, re.MULTILINE)
    return {name: (int(status), int(code)) for name, status, code in rows}


def test_the_documents_list_every_refusal_and_no_other(root: Path) -> None:
    known = {name: (int(each.http_status[:3]), each.code) for name, each in REFUSALS.items()}
    assert documented(root) == known


def test_every_refusal_of_the_table_is_made_somewhere(root: Path) -> None:
    sources = "".join(path.read_text() for path in (root / "flask_realtime").rglob("*.py"))
    for name in REFUSALS:
        constant = name.upper().replace("-", "_")
        assert len(re.findall(rf"\b{constant}\b", sources)) >= 2, name


def test_the_words_are_those_of_engine_io() -> None:
    known = {
        0: {"Transport unknown"},
        1: {"Session ID unknown"},
        2: {"Bad handshake method"},
        3: {
            "Bad request",
            "Handshake error",
            "Payload too large",
            "Request too slow",
            "Server shutting down",
            "Too many handshakes",
        },
        4: {"Forbidden"},
        5: {"Unsupported protocol version"},
    }
    for kind in REFUSALS.values():
        assert str(request_error(kind)) == kind.message
        assert kind.message in known[kind.code]


def test_other_requests_are_not_told_of(
    serve: Serve, refused: Callable[[], list[logging.LogRecord]]
) -> None:
    running, _ = serve()
    running.polling().connect()
    running.websocket().connect()
    assert running.http().get("/").status == 404
    upgraded = running.http().get(POLL.replace("polling", "websocket"), UPGRADE)
    assert upgraded.status == 101
    assert refused() == []
