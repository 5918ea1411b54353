"""`accept_websocket` under every host, in a process of its own, which must not complain."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.clients import hosts
from tests.clients.hosts import Host, Running, running
from tests.support.http import HTTPClient
from tests.support.wire import Closed, WebSocketClient
from tests.websocket.masking import close, frame, text
from tests.wsgi.websocket_app import MAX_SIZE

MODULE = "tests.wsgi.websocket_app"


def _gunicorn(worker: str) -> Callable[[int], list[str]]:
    settings = ["--config=tests/clients/gunicorn_conf.py", f"--worker-class={worker}"]
    return lambda port: [
        "-m", "gunicorn", *settings, f"--bind=127.0.0.1:{port}", f"{MODULE}:application"
    ]  # fmt: skip


def _module(host: str) -> Callable[[int], list[str]]:
    return lambda port: ["-m", MODULE, host, str(port)]


GEVENT_WEBSOCKET_WORKER = "geventwebsocket.gunicorn.workers.GeventWebSocketWorker"

# The hosts of the clients' matrix, by its names, with an application of their own here.
COMMANDS = {
    hosts.OWN: _module("own"),
    hosts.GUNICORN: _gunicorn("gevent"),
    hosts.WORKER: _gunicorn("flask_realtime.wsgi.gunicorn.Worker"),
    hosts.PYWSGI: _module("pywsgi"),
    hosts.GEVENT_WEBSOCKET: _module("gevent-websocket"),
    hosts.GEVENT_WEBSOCKET_WORKER: _gunicorn(GEVENT_WEBSOCKET_WORKER),
}
HOSTS = [Host(host.name, command) for host, command in COMMANDS.items()]

# Their 101 is out before we are asked: they negotiate nothing, and refuse by closing.
UPGRADED = {hosts.GEVENT_WEBSOCKET.name, hosts.GEVENT_WEBSOCKET_WORKER.name}


def test_no_host_is_left_out() -> None:
    assert set(COMMANDS) == set(hosts.HOSTS)


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

        def open_websocket(path: str, **options: Any) -> WebSocketClient:
            client = WebSocketClient(server.port, path=path, **options)
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


@pytest.mark.parametrize("code", [1000, 1001, 1011, 3000, 4999])
def test_a_close_code_comes_back(connect: Connect, code: int) -> None:
    client = connect("/")
    assert client.leave(code) == code
    assert client.at_end()


@pytest.mark.parametrize("code", [0, 999, 1004, 1005, 1006, 1015, 2999, 5000])
def test_a_close_code_that_must_not_be_sent(connect: Connect, code: int) -> None:
    client = connect("/")
    assert client.leave(code) == 1002


def test_a_message_that_is_too_big(connect: Connect) -> None:
    client = connect("/")
    client.send_binary(bytes(MAX_SIZE))
    assert client.receive() == bytes(MAX_SIZE)
    client.send(frame(2, bytes(MAX_SIZE + 1))[:20])  # known by its header alone
    assert client.closed_with() == 1009


@pytest.mark.parametrize(
    ("wrong", "code"),
    [(b"\x81\x01x", 1002), (b"\xf1\x80\0\0\0\0", 1002), (frame(1, b"\xff"), 1007)],
    ids=["not masked", "reserved bits", "no UTF-8"],
)
def test_a_frame_that_is_wrong(connect: Connect, wrong: bytes, code: int) -> None:
    client = connect("/")
    client.send_text("before")
    assert client.receive() == "before"
    client.send(wrong)
    assert client.closed_with() == code


def test_a_client_that_says_nothing_more_is_waited_for(connect: Connect) -> None:
    client = connect("/")
    client.send(frame(9, b"are you there"))
    client.send_text("yes")
    assert client.receive() == "yes"
    assert client.pongs == [b"are you there"]


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [("chat", "chat"), ("other, chat,v2.chat", "v2.chat"), ("other", None), ("", None)],
)
def test_the_best_subprotocol_is_chosen(
    connect: Connect, server: Running, offered: str, chosen: str | None
) -> None:
    client = connect("/subprotocol", headers={"Sec-WebSocket-Protocol": offered})
    chosen = None if server.host.name in UPGRADED else chosen
    assert client.receive() == str(chosen)
    line = f"Sec-WebSocket-Protocol: {chosen}\r\n"
    assert (line in client.head) == (chosen is not None)
    assert ("Sec-WebSocket-Protocol" in client.head) == (chosen is not None)


def test_pages_of_others_may_not_connect_where_only_the_own_may(
    connect: Connect, server: Running
) -> None:
    own = connect("/own", headers={"Origin": f"http://127.0.0.1:{server.port}"})
    own.send_text("hello")
    assert own.receive() == "hello"
    foreign = {"Origin": "http://evil.example"}
    if server.host.name in UPGRADED:
        assert connect("/own", headers=foreign).closed_with() in (1000, None)
        return
    http = HTTPClient(server.port)
    handshake = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
                 "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}  # fmt: skip
    assert http.get("/own", {**handshake, **foreign}).status == 403
    http.close()


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


def test_an_application_that_fails_in_the_block(connect: Connect, server: Running) -> None:
    client = connect("/IntendedError")
    assert client.closed_with() == 1011
    client.send(close(1011))
    assert client.at_end()
    server.log.wait_for(r"^(\w+\.)*IntendedError$")  # the whole traceback is there


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
    [("/", True, ""), ("/default", True, NO_CONTEXT), ("/takeover", True, NAME)],
)
def test_the_package_ws(
    server: Running, node: str, npm_clients: Path, path: str, offer: Any, extensions: str
) -> None:
    extensions = "" if server.host.name in UPGRADED else extensions
    exchange_with_ws(server, node, path, offer, extensions)


@pytest.fixture(scope="module")
def own() -> Iterator[Running]:
    """One host for what is the same to all: their part ends with the name of the extension."""
    with running(HOSTS[0]) as server:
        yield server


@pytest.mark.parametrize(
    ("path", "offer", "extensions"),
    [
        ("/default", False, ""),
        ("/all", True, NO_CONTEXT),
        ("/takeover", {"serverNoContextTakeover": True}, f"{NAME}; server_no_context_takeover"),
        ("/takeover", {"clientNoContextTakeover": True}, f"{NAME}; client_no_context_takeover"),
        ("/takeover", {"serverMaxWindowBits": 10}, f"{NAME}; server_max_window_bits=10"),
        ("/takeover", {"clientMaxWindowBits": 10}, f"{NAME}; client_max_window_bits=10"),
        ("/small", True, f"{NAME}; server_max_window_bits=9; client_max_window_bits=9"),
    ],
)
def test_the_package_ws_with_all_that_can_be_negotiated(
    own: Running, node: str, npm_clients: Path, path: str, offer: Any, extensions: str
) -> None:
    exchange_with_ws(own, node, path, offer, extensions)


def exchange_with_ws(server: Running, node: str, path: str, offer: Any, extensions: str) -> None:
    """Have the package ws send much and get it back, compressed as was negotiated."""
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
