"""A handler that takes long: what it sends arrives meanwhile, and nobody is lost for it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from gevent import get_hub

from tests.support.application import Site
from tests.support.documents import code_block
from tests.support.loggers import is_no_stall
from tests.support.program import Program
from tests.support.waiting import wait_until
from tests.support.wire import PollingClient, WebSocketClient

# Each step waits until the client has got the last one: were it held back, this would never end.
STEPS = """
import os
import time

import gevent
from flask import Flask
from flask_realtime import SocketIO, emit

app = Flask("steps")
io = SocketIO(app)


@io.on("begin")
def begin(wait):
    sleep = {"time": time.sleep, "gevent": gevent.sleep}[wait]
    for step in range(5):
        emit("step", step)
        give_up = time.monotonic() + 10
        while not os.path.exists(f"seen {step}"):
            assert time.monotonic() < give_up
            sleep(0.005)


io.run(app, port=0)
"""


@pytest.mark.parametrize(
    ("kind", "wait"),
    [(WebSocketClient, "time"), (WebSocketClient, "gevent"), (PollingClient, "gevent")],
)
def test_what_a_handler_emits_arrives_while_it_runs(
    start: Callable[..., Program],
    tmp_path: Path,
    kind: type[WebSocketClient] | type[PollingClient],
    wait: str,
) -> None:
    client: Any = kind(start(STEPS).port())
    client.handshake()
    client.connect()
    send = client.send if kind is PollingClient else client.send_text
    send(f'421["begin","{wait}"]')
    for step in range(5):
        assert client.receive() == f'42["step",{step}]'
        (tmp_path / f"seen {step}").touch()
    assert client.receive() == "431[]"
    client.close()


STALL = """
import time
from pathlib import Path

from flask import Flask
from flask_realtime import SocketIO

app = Flask("stalled")
io = SocketIO(app, ping_interval=0.3, ping_timeout=1)
io.on("sync", lambda: None)


@io.on("block")
def block():
    Path("blocked").touch()
    time.sleep(2.5)


io.run(app, port=0)
"""


def answer_to(wire: WebSocketClient, packet: str) -> str:
    """Ask, and answer pings until the answer comes."""
    wire.send_text(packet)
    while (message := str(wire.receive())) == "2":
        wire.send_text("3")
    return message


def test_a_blocked_process_is_told_with_the_line_and_nobody_is_timed_out_for_it(
    start: Callable[..., Program], tmp_path: Path
) -> None:
    program = start(STALL)
    port = program.port()
    blocking, pinged = WebSocketClient(port), WebSocketClient(port)
    for wire in (pinged, blocking):
        wire.handshake()
        wire.connect()
    assert pinged.receive() == "2"
    blocking.send_text('421["block"]')
    wait_until((tmp_path / "blocked").exists)
    pinged.send_text("3")  # in time, but nobody reads it until it is too late
    assert answer_to(blocking, '422["sync"]') == "431[]"
    assert answer_to(pinged, '422["sync"]') == "432[]"
    program.line_with("a call blocked the whole process")
    line = STALL.splitlines().index("    time.sleep(2.5)") + 1
    assert f'program.py", line {line}, in block' in program.line_with("in block")
    assert "time.sleep(2.5)" in program.line_with("time.sleep")
    for wire in (pinged, blocking):
        wire.close()


def test_work_in_the_thread_pool_keeps_the_heartbeat_alive(serve: Callable[..., Site]) -> None:
    site = serve(ping_interval=0.05)
    go_on = threading.Event()

    def compute(number: int) -> int:
        assert go_on.wait(10)  # as a long computation would, it stops its own thread alone
        return number * number

    site.io.on("compute", lambda number: get_hub().threadpool.apply(compute, (number,)))
    client = site.client()
    client.send('421["compute",7]')
    for _ in range(3):
        assert client.receive() == "2"
        client.send("3")
    go_on.set()
    while (message := client.receive()) == "2":
        client.send("3")
    assert message == "431[49]"


def test_the_example_of_the_thread_pool_works(site: Site, root: Path) -> None:
    page = root / "docs" / "blocking.rst"
    example = code_block(page, "python", "threadpool")
    threads: list[int] = []

    def compute(number: int) -> int:
        threads.append(threading.get_ident())
        return number * number

    exec(example, {"io": site.io, "compute": compute})
    assert site.client().ask('421["square",7]') == "431[49]"
    assert threading.get_ident() not in threads


def test_the_page_shows_the_warning_as_it_is_and_the_pool_as_large_as_it_is(
    site: Site, root: Path, caplog: pytest.LogCaptureFixture
) -> None:
    page = root / "docs" / "blocking.rst"
    said = code_block(page, "text", "nothing else ran").splitlines()[0].rstrip(" …")
    caplog.handler.removeFilter(is_no_stall)
    site.io.server.engine._stalled(1.8, "")
    wait_until(lambda: said in caplog.text)
    assert not any(is_no_stall(each) for each in caplog.records)  # or it would disturb other tests
    assert get_hub().threadpool_size == 10
