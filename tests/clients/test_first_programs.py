"""The first program of the reference documents, with no framework, and the client of each time."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
from gevent import subprocess

from tests.support.program import Program
from tests.support.program import start as start

PROGRAM = """
    import flask_realtime

    io = flask_realtime.listen(0, "127.0.0.1")
    print("listens on", io.http_server.server_port)

    @io.on("connection")
    def connection(socket):
        socket.emit("news", {"hello": "world"})
        socket.on("my other event", print)
        socket.on("disconnect", lambda reason: print("bye:", reason))

    io.serve_forever()
"""
DEBUG = "import os; os.environ['DEBUG'] = 'socket.io:socket,socket.io:client'\n"
CLIENT = """
    const socket = require(process.argv[1]).connect(process.argv[2]);
    socket.on("news", data => {
      socket.emit("my other event", { my: data.hello });
      setTimeout(() => socket.disconnect(), 100);
    });
"""
"""It ends by itself once its goodbye is sent, however long that takes beside an upgrade."""


@pytest.mark.parametrize("version", ["0.9", "1", "2", "4"])
def test_a_server_of_a_few_lines_serves_the_client_of_its_time_and_tells_each_packet(
    start: Callable[..., Program], node: str, npm_clients: Path, version: str
) -> None:
    program = start(f"{DEBUG}{textwrap.dedent(PROGRAM)}")
    port = program.line_with("listens on").split()[-1]
    client = npm_clients / "node_modules" / f"socket.io-client-{version}"
    command = [node, "-e", CLIENT, str(client), f"http://127.0.0.1:{port}"]
    subprocess.run(command, check=True, timeout=30)
    program.line_with("-> CONNECT /")
    assert "-> EVENT / 'news' [{'hello': 'world'}]" in program.line_with("'news'")
    assert "<- EVENT / 'my other event' [{'my': 'world'}]" in program.line_with("my other event")
    assert program.line_with("{'my'") == "{'my': 'world'}\n"
    assert program.line_with("bye:") == "bye: client namespace disconnect\n"
