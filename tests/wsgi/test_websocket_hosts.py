"""`accept_websocket` under every host, in a process of its own, which must not complain."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.clients.hosts import Host, Running, running
from tests.support.http import HTTPClient
from tests.support.wire import Closed, WebSocketClient
from tests.websocket.masking import close, text

MODULE = "tests.wsgi.websocket_app"


def _gunicorn(port: int) -> list[str]:
    options = ["--worker-class=gevent", f"--bind=127.0.0.1:{port}"]
    settings = "--config=tests/clients/gunicorn_conf.py"
    return ["-m", "gunicorn", settings, *options, f"{MODULE}:application"]


HOSTS = (
    Host("WSGIServer", lambda port: ["-m", MODULE, str(port)]),
    Host("gunicorn -k gevent", _gunicorn),
)


@pytest.fixture(scope="module", params=HOSTS, ids=[host.name for host in HOSTS])
def process(request: pytest.FixtureRequest) -> Iterator[Running]:
    with running(request.param) as server:
        yield server


@pytest.fixture
def server(process: Running) -> Iterator[Running]:
    yield process
    process.check()


Connect = Callable[..., WebSocketClient]


@pytest.fixture
def connect(server: Running) -> Iterator[Connect]:
    """Opens a WebSocket at a path; it is closed after the test."""
    with ExitStack() as stack:

        def open_websocket(path: str, behind: bytes = b"") -> WebSocketClient:
            client = WebSocketClient(server.port, path=path, behind=behind)
            stack.callback(client.close)
            return client

        yield open_websocket


def test_echo_and_close(connect: Connect) -> None:
    client = connect("/", behind=text("early"))
    assert client.receive() == "early"
    client.send_text("x" * 100_000)
    assert client.receive() == "x" * 100_000
    client.send(close(4321, b"done") + text("after the end"))
    with pytest.raises(Closed) as closed:
        client.receive()
    assert closed.value.code == 4321
    assert client.at_end()  # and not a byte of HTTP


def test_the_server_closes(connect: Connect) -> None:
    client = connect("/close")
    with pytest.raises(Closed) as closed:
        client.receive()
    assert (closed.value.code, closed.value.reason) == (4000, "enough")
    client.send(close(4000))
    assert client.at_end()


def test_a_client_that_vanishes(connect: Connect) -> None:
    connect("/", behind=text("x") * 100).reset()
    client = connect("/")
    assert client.leave() == 1000
    assert client.at_end()


def test_an_application_that_fails_in_the_block(connect: Connect) -> None:
    client = connect("/IntendedError")
    assert client.closed_with() == 1011
    client.send(close(1011))
    assert client.at_end()


def test_a_handshake_that_is_refused_leaves_the_connection_to_http(server: Running) -> None:
    client = HTTPClient(server.port)
    for _ in range(2):
        answer = client.get("/")
        assert (answer.status, answer.body) == (400, b"")
    client.close()


NAME = "permessage-deflate"
NO_CONTEXT = f"{NAME}; server_no_context_takeover; client_no_context_takeover"


@pytest.mark.parametrize(
    ("path", "offer", "extensions"),
    [
        ("/", True, ""),
        ("/default", False, ""),
        ("/default", True, NO_CONTEXT),
        ("/all", True, NO_CONTEXT),
        ("/takeover", True, NAME),
        ("/takeover", {"serverNoContextTakeover": True}, f"{NAME}; server_no_context_takeover"),
        ("/takeover", {"clientNoContextTakeover": True}, f"{NAME}; client_no_context_takeover"),
        ("/takeover", {"serverMaxWindowBits": 10}, f"{NAME}; server_max_window_bits=10"),
        ("/takeover", {"clientMaxWindowBits": 10}, f"{NAME}; client_max_window_bits=10"),
        ("/small", True, f"{NAME}; server_max_window_bits=9; client_max_window_bits=9"),
    ],
)
def test_the_package_ws(
    server: Running, node: str, npm_clients: Path, path: str, offer: Any, extensions: str
) -> None:
    program = str(Path(__file__).parent / "websocket_client.js")
    url = f"ws://127.0.0.1:{server.port}{path}"
    done = subprocess.run(
        [node, program, url, json.dumps(offer)], capture_output=True, text=True, timeout=40
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["code"] == 4001
    assert said["extensions"] == extensions
    # 6.8 MB, of which 0.9 cannot be compressed.
    assert (said["bytes"] < 2_000_000) == bool(extensions)
