"""One byte too many: refused at once, told with size, limit and option, and never kept."""

from __future__ import annotations

import gc
import json
import logging
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from gevent import Timeout, subprocess
from greenlet import greenlet

from tests.engine.upgrading import joined
from tests.support.app import Serve, serving_apps
from tests.support.http import HTTPClient
from tests.support.server import Running
from tests.support.waiting import let_run, wait_until
from tests.support.wire import BINARY, TEXT
from tests.websocket.masking import frame

LIMIT = 1000
OPTIONS = {"max_http_buffer_size": LIMIT}


@pytest.fixture
def serve() -> Iterator[Serve]:
    with serving_apps() as start:
        yield start
        let_run()


@pytest.fixture
def refused(caplog: pytest.LogCaptureFixture) -> Callable[[], str]:
    """The one refusal that the log has."""
    caplog.set_level(logging.DEBUG, "flask_realtime.engine")

    def message() -> str:
        let_run()
        (line,) = [each for each in caplog.messages if each.startswith("refused")]
        return line

    return message


def event(size: int) -> bytes:
    """An event of that many bytes."""
    return b'42["note","' + b"x" * (size - 13) + b'"]'


def check(line: str, sid: str, size: str) -> None:
    assert line.startswith("refused (too-large): ")
    assert f"sid='{sid}'" in line
    assert size in line
    assert f"max_http_buffer_size={LIMIT}" in line


def test_over_polling_the_limit_passes_and_a_byte_more_is_413(
    serve: Serve, refused: Callable[[], str]
) -> None:
    running, app = serve(**OPTIONS)
    client = running.polling()
    client.connect()
    assert client.post(event(LIMIT)).status == 200
    wait_until(lambda: len(app.noted) == 1)
    answer = client.post(event(LIMIT + 1))
    assert (answer.status, answer.json["name"]) == (413, "too-large")
    assert app.reason() == "transport error"
    assert len(app.noted) == 1
    check(refused(), client.sid, str(LIMIT + 1))


@pytest.mark.parametrize("opcode", [TEXT, BINARY])
def test_over_websocket_the_limit_passes_and_a_byte_more_is_1009(
    serve: Serve, refused: Callable[[], str], opcode: int
) -> None:
    running, app = serve(**OPTIONS)
    client = running.websocket()
    client.connect()
    client.send_text(event(LIMIT).decode())
    wait_until(lambda: len(app.noted) == 1)
    client.send(frame(opcode, event(LIMIT + 1)))
    assert client.closed_with() == 1009
    assert app.reason() == "transport error"
    assert len(app.noted) == 1
    check(refused(), client.sid, str(LIMIT + 1))


def test_the_refusal_does_not_wait_for_what_is_refused(serve: Serve) -> None:
    """The first bytes of a body, or of a frame, say how long it will be."""
    running, app = serve(**OPTIONS)
    client = running.polling()
    client.connect()
    client.posts.ask("POST", client.target, {"Content-Length": "1000000"})
    assert client.posts.answer().status == 413
    websocket = running.websocket()
    websocket.send(b"\x81\xff" + (2**40).to_bytes(8, "big") + b"mask")
    assert websocket.closed_with() == 1009


def test_a_body_without_length_is_not_read_beyond_the_limit(
    serve: Serve, refused: Callable[[], str]
) -> None:
    running, app = serve(**OPTIONS)
    client = running.polling()
    client.connect()
    client.posts.ask("POST", client.target, {"Transfer-Encoding": "chunked"})
    client.posts.send(b"400\r\n" + b"x" * 1024)  # and does not end
    assert client.posts.answer().status == 413
    check(refused(), client.sid, f"more than {LIMIT}")


def test_fragments_count_together(serve: Serve, refused: Callable[[], str]) -> None:
    running, app = serve(**OPTIONS)
    client = running.websocket()
    client.connect()
    part = frame(TEXT, b"4" * 600)
    client.send(bytes([part[0] & 0x7F]) + part[1:])
    client.send(frame(0, b"4" * 600))
    assert client.closed_with() == 1009
    assert f"max_http_buffer_size={LIMIT}" in refused()


def test_many_bodies_that_are_too_large_leave_nothing(serve: Serve) -> None:
    running, _ = serve(**OPTIONS)
    wire = [_post_too_large(running.http(), running)]
    before = _greenlets()
    for _ in range(1000):
        _post_too_large(wire[0], running)
    wait_until(lambda: not running.sessions)
    wait_until(lambda: _greenlets() <= before, what="the greenlets are gone")


def test_a_body_for_nobody_is_not_read(serve: Serve) -> None:
    running, _ = serve()
    http = running.http()
    http.ask("POST", "/socket.io/?EIO=4&transport=polling&sid=nobody", {"Content-Length": "900000"})
    answer = http.answer()  # although nothing of it has come
    assert (answer.status, answer.json["name"]) == (400, "unknown-sid")


def _post_too_large(http: HTTPClient, running: Running) -> HTTPClient:
    target = "/socket.io/?EIO=4&transport=polling"
    sid = json.loads(http.get(target).packets[0][1:])["sid"]
    target += f"&sid={sid}"
    poster = HTTPClient(running.port)
    assert poster.request("POST", target, body=b"x" * (LIMIT + 1)).status == 413
    poster.close()
    return http


def _greenlets() -> int:
    # By type(): what isinstance() asks of a proxy, it may have nothing to answer by.
    return sum(issubclass(type(each), greenlet) and not each.dead for each in gc.get_objects())


# In the middle of an upgrade


@pytest.mark.parametrize("probed", [False, True])
def test_in_the_middle_of_an_upgrade_it_ends_the_session_at_once(
    serve: Serve, probed: bool
) -> None:
    running, app = serve(**OPTIONS)
    client = joined(running)
    websocket = running.probe(client)
    if probed:
        websocket.send_text("2probe")
        assert websocket.receive() == "3probe"
    wait_until(lambda: running.session().upgrade)
    assert client.post(event(LIMIT + 1)).status == 413
    assert websocket.closed_with() is not None
    assert app.reason() == "transport error"
    assert not running.sessions


PROGRAM = """
const { io } = require("socket.io-client-4");
const heard = [];
const socket = io("http://127.0.0.1:" + process.argv[1], {
  transports: JSON.parse(process.argv[2]), reconnectionDelay: 10, reconnectionDelayMax: 10,
});
socket.on("connect", () => {
  heard.push("connect");
  if (heard.length > 1) return finish();
  socket.emit("note", "x".repeat(20000));
});
socket.on("disconnect", reason => heard.push(reason));
const started = Date.now();
function finish() {
  console.log(JSON.stringify({ heard, milliseconds: Date.now() - started }));
  process.exit(0);
}
setTimeout(finish, 15000);
"""


@pytest.mark.parametrize(
    "transports", [["polling"], ["websocket"], ["polling", "websocket"]], ids="+".join
)
def test_a_real_client_is_closed_at_once_and_comes_back(
    serve: Serve, node: str, npm_clients: Path, transports: list[str]
) -> None:
    """Its message is lost, and it knows: without an end it would wait for the next ping."""
    running, app = serve(max_http_buffer_size=10_000)
    heard: Any = run_node(node, npm_clients, PROGRAM, running.port, json.dumps(transports))
    first, reason, again = heard["heard"]
    assert (first, again) == ("connect", "connect")
    assert reason in ("transport error", "transport close")
    assert heard["milliseconds"] < 10_000
    assert app.reason() == "transport error"
    assert app.noted == []


def run_node(node: str, folder: Path, program: str, *args: object) -> Any:
    """Run a program with the npm clients; return the JSON that it prints."""
    command = [node, "-e", textwrap.dedent(program), "--", *map(str, args)]
    with Timeout(20, AssertionError("the program does not end")):
        done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)
