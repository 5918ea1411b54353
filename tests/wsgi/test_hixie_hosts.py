"""WebSockets of before RFC 6455 under every host, in a process that must not complain."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.clients import hosts
from tests.clients.hosts import Host, Running, running
from tests.support.hixie import CHALLENGE, CLOSE, KEYS, PROOF, HixieClient, text
from tests.wsgi.hixie_app import MAX_SIZE

MODULE = "tests.wsgi.hixie_app"


def _gunicorn(worker: str) -> Callable[[int], list[str]]:
    settings = ["--config=tests/clients/gunicorn_conf.py", f"--worker-class={worker}"]
    return lambda port: [
        "-m", "gunicorn", *settings, f"--bind=127.0.0.1:{port}", f"{MODULE}:application"
    ]  # fmt: skip


def _module(host: str) -> Callable[[int], list[str]]:
    return lambda port: ["-m", MODULE, host, str(port)]


HOSTS = [
    Host(hosts.OWN.name, _module("own")),
    Host(hosts.GUNICORN.name, _gunicorn("gevent")),
    Host(hosts.WORKER.name, _gunicorn("flask_realtime.wsgi.gunicorn.Worker")),
    Host(hosts.PYWSGI.name, _module("pywsgi")),
]


@pytest.fixture(scope="module", params=HOSTS, ids=[host.name for host in HOSTS])
def process(request: pytest.FixtureRequest) -> Iterator[Running]:
    with running(request.param) as server:
        yield server


@pytest.fixture
def client(process: Running) -> Iterator[HixieClient]:
    client = HixieClient(process.port)
    yield client
    client.close()
    process.check()


def test_76(client: HixieClient, process: Running) -> None:
    lines = client.open("/chat?a=1", behind=text("early") + b"\x00ha")
    assert "Sec-WebSocket-Origin: http://example.com" in lines
    assert f"Sec-WebSocket-Location: ws://127.0.0.1:{process.port}/chat?a=1" in lines
    assert client.receive() == "early"
    client.send(b"lf\xff" + text("h\xe9\U0001f600") + text("x" * 100_000))
    assert [client.receive() for _ in range(3)] == ["half", "h\xe9\U0001f600", "x" * 100_000]
    client.send(CLOSE + text("after the end"))
    assert client.ends_with(CLOSE)


def test_75(client: HixieClient, process: Running) -> None:
    lines = client.open_75("/", behind=text("early"))
    assert f"WebSocket-Location: ws://127.0.0.1:{process.port}/" in lines
    assert client.receive() == "early"
    client.send_text("late")
    assert client.receive() == "late"
    client.finish()
    assert client.ends_with(b"")


def test_the_head_goes_out_before_the_challenge_comes(client: HixieClient) -> None:
    client.ask("/", KEYS)
    client.read_head()
    assert client.data == b""
    for index in range(len(CHALLENGE)):
        client.send(CHALLENGE[index : index + 1])
    assert client.read(16) == PROOF
    client.send_text("hello")
    assert client.receive() == "hello"


def test_a_request_that_comes_byte_by_byte(client: HixieClient) -> None:
    whole: list[bytes] = []
    send = client.send
    client.send = whole.append  # type: ignore[method-assign]
    client.ask("/", KEYS, CHALLENGE + text("hello"))
    for byte in b"".join(whole):
        send(bytes([byte]))
    assert client.read_head().startswith(b"HTTP/1.1 101 ")
    assert client.read(16) == PROOF
    assert client.receive() == "hello"


def test_the_server_closes(client: HixieClient) -> None:
    client.open("/")
    client.send_text("close")
    assert client.receive() == "close"
    assert client.read(2) == CLOSE
    client.send(CLOSE)
    assert client.ends_with(b"")


def test_the_server_closes_75(client: HixieClient) -> None:
    client.open_75("/")
    client.send_text("close")
    assert client.receive() == "close"
    assert client.ends_with(CLOSE)


@pytest.mark.parametrize("wrong", [b"\x80\x01x", b"\x00\xc0\xff", b"\x00" + b"x" * (MAX_SIZE + 1)])
def test_a_frame_that_is_wrong(client: HixieClient, wrong: bytes) -> None:
    client.open("/")
    client.send_text("before")
    assert client.receive() == "before"
    client.send(wrong)
    assert client.ends_with(CLOSE)


@pytest.mark.parametrize("behind", [b"", CHALLENGE[:7]])
def test_a_client_that_leaves_before_its_challenge(client: HixieClient, behind: bytes) -> None:
    client.ask("/", KEYS, behind)
    client.read_head()
    client.finish()
    assert client.ends_with(b"")


def test_a_client_that_vanishes_before_its_challenge(process: Running) -> None:
    client = HixieClient(process.port)
    client.ask("/", KEYS)
    client.read_head()
    client.reset()
    other = HixieClient(process.port)
    other.open("/")
    other.close()


def test_keys_that_hide_no_number(client: HixieClient) -> None:
    client.ask("/", {**KEYS, "Sec-WebSocket-Key1": "12345"})
    assert client.read_head().startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize(
    "command",
    [
        _module("gevent-websocket"),
        _gunicorn("geventwebsocket.gunicorn.workers.GeventWebSocketWorker"),
    ],
    ids=["handler", "worker"],
)
def test_gevent_websocket_refuses_it_itself(command: Callable[[int], list[str]]) -> None:
    server = Running(Host("gevent-websocket", command))
    server.start()
    try:
        client = HixieClient(server.port)
        client.ask("/", KEYS, CHALLENGE)
        # Its body never comes, and there is a traceback: it is text, where Python 3 wants bytes.
        assert client.read_head().startswith(b"HTTP/1.1 426 ")
        client.close()
    finally:
        server.kill()
