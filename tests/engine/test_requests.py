"""Each request that cannot be served, and the words of Engine.IO that answer it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.app import Serve
from tests.support.http import Answer
from tests.support.server import Running

WEBSOCKET = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}

UNKNOWN_TRANSPORT = {"code": 0, "message": "Transport unknown", "name": "unknown-transport"}
UNKNOWN_SID = {"code": 1, "message": "Session ID unknown", "name": "unknown-sid"}
BAD_METHOD = {"code": 2, "message": "Bad handshake method", "name": "bad-method"}
BAD_HANDSHAKE = {"code": 3, "message": "Bad request", "name": "bad-handshake"}
WRONG_TRANSPORT = {"code": 3, "message": "Bad request", "name": "wrong-transport"}
FORBIDDEN = {"code": 4, "message": "Forbidden", "name": "bad-origin"}
WRONG_VERSION = {"code": 3, "message": "Bad request", "name": "wrong-version"}
BAD_INDEX = {"code": 3, "message": "Bad request", "name": "bad-index"}


def unsupported(seen: str) -> dict[str, Any]:
    """What is said of a generation that is not spoken."""
    spoken = "spoken are EIO=4, 3 and 2, and protocol=1"
    message = f"Unsupported protocol version: {seen}; {spoken}"
    return {"code": 5, "message": message, "name": "bad-version"}


def ask(
    running: Running, query: str, method: str = "GET", headers: dict[str, str] | None = None
) -> Answer:
    return running.http().request(method, f"/socket.io/?{query}", headers)


@pytest.mark.parametrize(
    ("method", "query", "headers", "error"),
    [
        ("GET", "", {}, UNKNOWN_TRANSPORT),
        ("GET", "EIO=4", {}, UNKNOWN_TRANSPORT),
        ("GET", "EIO=4&transport=", {}, UNKNOWN_TRANSPORT),
        ("GET", "EIO=4&transport=carrier-pigeon", {}, UNKNOWN_TRANSPORT),
        ("GET", "EIO=4&transport=flashsocket", WEBSOCKET, UNKNOWN_TRANSPORT),
        ("GET", "EIO=4&transport=Polling", {}, UNKNOWN_TRANSPORT),
        ("GET", "EIO=4&transport=polling&sid=nobody", {}, UNKNOWN_SID),
        ("POST", "EIO=4&transport=polling&sid=nobody", {}, UNKNOWN_SID),
        ("GET", "EIO=4&transport=websocket&sid=nobody", WEBSOCKET, UNKNOWN_SID),
        ("POST", "EIO=4&transport=polling", {}, BAD_METHOD),
        ("PUT", "EIO=4&transport=polling", {}, BAD_METHOD),
        ("DELETE", "EIO=4&transport=polling", {}, BAD_METHOD),
        ("POST", "EIO=4&transport=websocket", WEBSOCKET, BAD_METHOD),
        ("GET", "EIO=4&transport=websocket", {}, BAD_HANDSHAKE),
        ("GET", "EIO=4&transport=polling", {"Origin": "http://evil.test"}, FORBIDDEN),
        ("GET", "EIO=4&transport=polling", {"Sec-Fetch-Site": "cross-site"}, FORBIDDEN),
        ("POST", "EIO=4&transport=polling&sid=nobody", {"Origin": "null"}, FORBIDDEN),
        (
            "GET",
            "EIO=4&transport=websocket",
            {**WEBSOCKET, "Origin": "http://evil.test"},
            FORBIDDEN,
        ),
        ("GET", "EIO=3&transport=polling&j=x", {}, BAD_INDEX),
        ("GET", "EIO=3&transport=polling&j=-1", {}, BAD_INDEX),
        ("GET", "EIO=5&transport=polling", {}, unsupported("EIO=5")),
        ("GET", "EIO=4.0&transport=polling", {}, unsupported("EIO is no number")),
        ("GET", "EIO=%3Cscript%3E&transport=polling", {}, unsupported("EIO is no number")),
        ("GET", "EIO=1&transport=websocket", WEBSOCKET, unsupported("EIO=1")),
    ],
)
def test_a_request_that_cannot_be_served_is_answered_with_its_code(
    serve: Serve, method: str, query: str, headers: dict[str, str], error: dict[str, Any]
) -> None:
    running, _ = serve()
    answer = ask(running, query, method, headers)
    assert answer.json == error
    assert answer.status == (403 if error is FORBIDDEN else 400)
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    assert not running.sessions


def test_head_opens_no_session(serve: Serve) -> None:
    running, _ = serve()
    assert ask(running, "EIO=4&transport=polling", "HEAD").status == 400
    assert not running.sessions


def test_a_refused_request_leaves_its_connection_usable(serve: Serve) -> None:
    running, _ = serve()
    http = running.http()
    assert http.get("/socket.io/?EIO=4&transport=none").status == 400
    assert http.get("/socket.io/?EIO=4&transport=polling").status == 200


@pytest.mark.parametrize(
    ("header", "value", "status"),
    [
        ("Sec-WebSocket-Key", "", 400),
        ("Sec-WebSocket-Key", "short", 400),
        ("Sec-WebSocket-Version", "", 400),
        ("Sec-WebSocket-Version", "6", 426),
        ("Connection", "keep-alive", 400),
    ],
)
def test_a_handshake_that_is_none_opens_no_session(
    serve: Serve, header: str, value: str, status: int
) -> None:
    running, _ = serve()
    headers = {**WEBSOCKET, header: value}
    answer = ask(running, "EIO=4&transport=websocket", headers=headers)
    assert answer.status == status
    assert answer.json == BAD_HANDSHAKE
    if status == 426:
        assert answer.headers["sec-websocket-version"] == "13, 8, 7"
    assert not running.sessions


def test_a_session_belongs_to_its_transport_and_its_dialect(serve: Serve) -> None:
    running, app = serve()
    websocket = running.websocket()
    websocket.connect()
    for method in ("GET", "POST"):
        answer = ask(running, f"EIO=4&transport=polling&sid={websocket.sid}", method)
        assert (answer.status, answer.json) == (400, WRONG_TRANSPORT)
    polling = running.polling()
    answer = ask(running, f"EIO=4&transport=websocket&sid={polling.sid}")
    assert answer.json == BAD_HANDSHAKE
    answer = ask(running, f"EIO=3&transport=polling&sid={polling.sid}")
    assert answer.json == WRONG_VERSION
    websocket.send_text('42["note",1]')
    polling.connect()
    assert app.reasons == []


def test_of_a_key_that_comes_twice_the_first_counts(serve: Serve) -> None:
    running, _ = serve()
    answer = ask(running, "EIO=4&transport=polling&transport=none&EIO=3")
    assert answer.status == 200


def test_a_query_of_too_many_keys_is_no_request_of_a_client(serve: Serve) -> None:
    running, _ = serve()
    query = "EIO=4&transport=polling&" + "&".join(f"a{number}=1" for number in range(200))
    assert ask(running, query).status == 400


@pytest.mark.parametrize(
    ("transports", "polling", "websocket"),
    [("polling", 200, 400), ("websocket", 400, 101), (["polling", "websocket"], 200, 101)],
)
def test_only_the_transports_that_are_on_are_served(
    serve: Serve, transports: Any, polling: int, websocket: int
) -> None:
    running, _ = serve(transports=transports)
    assert ask(running, "EIO=4&transport=polling").status == polling
    answer = ask(running, "EIO=4&transport=websocket", headers=WEBSOCKET)
    assert answer.status == websocket
    if websocket == 400:
        assert answer.json == UNKNOWN_TRANSPORT


@pytest.mark.parametrize(
    "options", [{"transports": "polling"}, {"allow_upgrades": False}], ids=str
)
def test_upgrades_are_offered_only_where_they_are_possible(
    serve: Serve, options: dict[str, Any]
) -> None:
    running, _ = serve(**options)
    assert running.polling().terms["upgrades"] == []


def test_other_paths_belong_to_the_application(serve: Serve) -> None:
    running, _ = serve(path="live")
    query = "?EIO=4&transport=polling"
    http = running.http()
    for path in ("/", "/liver/", "/socket.io/", "/other/live/"):
        assert http.get(path + query).body == b"not ours\n", path
    for path in ("/live/", "/live", "/live/more/"):
        assert http.get(path + query).status == 200, path


# Pages of other origins


def test_an_allowed_page_may_read_every_answer(serve: Serve) -> None:
    running, _ = serve(cors_allowed_origins="https://a.test")
    http = running.http()
    origin = {"Origin": "https://a.test"}

    def check(answer: Answer, status: int) -> None:
        assert answer.status == status
        assert answer.headers["access-control-allow-origin"] == "https://a.test"
        assert answer.headers["access-control-allow-credentials"] == "true"
        assert answer.headers["vary"] == "Origin"

    client = running.polling(headers=origin)
    running.ask(client)
    check(client.post(b"40"), 200)
    check(client.answer(), 200)
    check(client.post(b""), 400)
    check(http.get("/socket.io/?EIO=4&transport=polling", origin), 200)
    check(http.get("/socket.io/?EIO=4&transport=none", origin), 400)
    check(http.get("/socket.io/?EIO=4&transport=polling&sid=nobody", origin), 400)
    check(http.request("OPTIONS", "/socket.io/?EIO=4&transport=polling", origin), 204)


def test_a_preflight_needs_no_session(serve: Serve) -> None:
    running, _ = serve(cors_allowed_origins="https://a.test")
    http = running.http()
    for query in ("EIO=4&transport=polling", "EIO=4&transport=polling&sid=nobody"):
        headers = {
            "Origin": "https://a.test",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "content-type",
            "Sec-Fetch-Site": "cross-site",
        }
        answer = http.request("OPTIONS", f"/socket.io/?{query}", headers)
        assert answer.status == 204
        assert answer.headers["access-control-allow-methods"] == "GET,POST"
        assert answer.headers["access-control-allow-headers"] == "Content-Type"
    assert not running.sessions


def test_a_page_that_may_not_connect_may_read_nothing(serve: Serve) -> None:
    running, _ = serve(cors_allowed_origins="https://a.test")
    http = running.http()
    evil = {"Origin": "https://evil.test"}
    for method in ("GET", "POST", "OPTIONS"):
        answer = http.request(method, "/socket.io/?EIO=4&transport=polling", evil)
        assert (answer.status, answer.json) == (403, FORBIDDEN)
        assert not any(name.startswith("access-control") for name in answer.headers)


def test_a_websocket_of_an_allowed_page_is_opened(serve: Serve) -> None:
    running, _ = serve(cors_allowed_origins="https://a.test")
    running.websocket(headers={"Origin": "https://a.test"}).connect()
    running.websocket(headers={"Origin": f"ws://127.0.0.1:{running.port}"}).connect()
    running.websocket().connect()
