"""Streams under other hosts, which send the pieces by their own means and must not complain."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from time import monotonic

import pytest

from tests.clients import hosts
from tests.clients.hosts import Host, Running, running
from tests.support.http import HTTPClient
from tests.support.old_wire import Client09, Stream
from tests.support.waiting import wait_until

MODULE = "tests.transports.streams_app"


def _gunicorn(worker: str) -> Callable[[int], list[str]]:
    settings = ["--config=tests/clients/gunicorn_conf.py", f"--worker-class={worker}"]
    return lambda port: [
        "-m", "gunicorn", *settings, f"--bind=127.0.0.1:{port}", f"{MODULE}:app"
    ]  # fmt: skip


HOSTS = [
    Host(hosts.OWN.name, lambda port: ["-m", MODULE, "own", str(port)]),
    Host(hosts.GUNICORN.name, _gunicorn("gevent")),
    Host(hosts.WORKER.name, _gunicorn("flask_realtime.wsgi.gunicorn.Worker")),
    Host(hosts.PYWSGI.name, lambda port: ["-m", MODULE, "pywsgi", str(port)]),
]
TRANSPORTS = ["htmlfile", "xhr-multipart"]


@pytest.fixture(scope="module", params=HOSTS, ids=[host.name for host in HOSTS])
def process(request: pytest.FixtureRequest) -> Iterator[Running]:
    with running(request.param) as server:
        yield server


@pytest.fixture
def server(process: Running) -> Iterator[Running]:
    yield process
    process.check()


def kept(server: Running) -> dict[str, int]:
    """How many greenlets and open files the server has."""
    http = HTTPClient(server.port)  # a new one each time: gunicorn waits two seconds for the next
    counts: dict[str, int] = http.get("/kept").json
    http.close()
    return counts


def more(server: Running, before: dict[str, int]) -> bool:
    """Whether it has more than before."""
    return any(count > before[name] for name, count in kept(server).items())


class Streaming:
    """A client 0.9 whose stream has begun."""

    def __init__(self, port: int, transport: str, receive_buffer: int | None = None) -> None:
        self.client = Client09(port, transport)
        self.client.handshake()
        self.sid = self.client.sid
        self.send = self.client.send
        self.stream = Stream(port, receive_buffer)
        self.stream.open(self.client.target, self.client.headers)
        self.read_to(b"1::")

    def read_to(self, text: bytes) -> bytes:
        read = b""
        while text not in read:
            piece = self.stream.piece()
            assert piece, f"ended before {text!r}: {read[-100:]!r}"
            read += piece
        return read

    def close(self) -> None:
        self.client.close()
        self.stream.close()


@pytest.fixture
def open_stream(server: Running) -> Iterator[Callable[..., Streaming]]:
    with ExitStack() as stack:

        def start(transport: str, receive_buffer: int | None = None) -> Streaming:
            streaming = Streaming(server.port, transport, receive_buffer)
            stack.callback(streaming.close)
            return streaming

        yield start


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_messages_arrive_at_once_until_the_stream_ends(
    open_stream: Callable[..., Streaming], transport: str
) -> None:
    streaming = open_stream(transport)
    for number in range(3):
        sent = monotonic()
        streaming.send(f'5:::{{"name":"say","args":["<{number}>"]}}')
        streaming.read_to(f"{number}>".encode())
        assert monotonic() - sent < 1
    streaming.send('5:::{"name":"go"}')
    assert b"0::" in b"".join(streaming.stream.pieces())


@pytest.mark.parametrize("leave", ["close", "reset"])
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_client_that_is_gone_is_noticed_within_a_second(
    open_stream: Callable[..., Streaming], server: Running, transport: str, leave: str
) -> None:
    streaming = open_stream(transport)
    began = monotonic()
    getattr(streaming.stream, leave)()
    server.log.wait_for(f"left {streaming.sid} transport error", timeout=5)
    assert monotonic() - began < 1


def test_a_client_that_does_not_read_is_closed_and_its_greenlet_is_free(
    open_stream: Callable[..., Streaming], server: Running
) -> None:
    before = kept(server)
    streaming = open_stream("htmlfile", receive_buffer=4096)
    streaming.client.polls.close()
    streaming.send('5:::{"name":"say much","args":[1,3000000]}')
    assert more(server, before)
    streaming.send('5:::{"name":"say much","args":[400,16000]}')
    server.log.wait_for(f"left {streaming.sid} outbox full")
    streaming.client.posts.close()
    wait_until(lambda: not more(server, before), what="the greenlet of the stream is gone")
    assert not streaming.stream.at_end()


def test_over_http_1_0_the_stream_ends_with_its_connection(server: Running) -> None:
    client = Client09(server.port, "htmlfile")
    client.handshake()
    stream = Stream(server.port)
    stream.open(client.target, client.headers, version="1.0")
    assert "chunked" not in stream.head
    client.send('5:::{"name":"go"}')
    stream.at_end()
    assert stream.data.startswith(b"<html>")
    assert b"1::" in stream.data and b"0::" in stream.data
    client.close()
    stream.close()


def test_a_request_behind_a_stream_is_answered_when_it_has_ended(
    open_stream: Callable[..., Streaming], server: Running
) -> None:
    streaming = open_stream("htmlfile")
    streaming.stream.ask("/kept")
    streaming.send('5:::{"name":"say","args":["still here"]}')
    streaming.read_to(b"still here")
    streaming.send('5:::{"name":"go"}')
    streaming.stream.pieces()
    assert b" 200 " in streaming.stream.read_head()


def test_two_hundred_streams_that_end_in_every_way_leave_nothing(server: Running) -> None:
    first = Streaming(server.port, "htmlfile")  # the greenlet that runs handlers stays
    first.send("0::")
    server.log.wait_for(f"left {first.sid} ")
    first.close()
    before = kept(server)
    ways: list[Callable[[Streaming], object]] = [
        lambda each: each.stream.close(),
        lambda each: each.stream.reset(),
        lambda each: each.stream.finish(),
        lambda each: each.send("0::"),
        lambda each: each.send('5:::{"name":"go"}'),
    ]
    streams = []
    for number in range(200):
        each = Streaming(server.port, TRANSPORTS[number % 2])
        streams.append(each)
        ways[number % len(ways)](each)
        each.client.close()
    for each in streams:
        server.log.wait_for(f"left {each.sid} ")
        each.close()
    wait_until(lambda: not more(server, before), what="everything of the streams is gone")


@pytest.mark.parametrize("host", HOSTS, ids=[host.name for host in HOSTS])
def test_a_server_that_stops_ends_its_streams(host: Host) -> None:
    with running(host) as server:
        streams = [Streaming(server.port, transport) for transport in TRANSPORTS]
        stuck = Streaming(server.port, "htmlfile", receive_buffer=4096)
        stuck.send('5:::{"name":"say much","args":[1,3000000]}')
        assert server.stop() == 0
        for each in streams:
            each.stream.at_end()
            if host.name in (hosts.OWN.name, hosts.WORKER.name):  # the others say nothing of it
                assert b"7:::1+0" in each.stream.data
        stuck.stream.at_end()
        for each in (*streams, stuck):
            each.close()
