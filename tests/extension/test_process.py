"""What needs a process of its own: forks, ``io.run``, signals, and the examples."""

from __future__ import annotations

import re
import signal
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.application import Client
from tests.support.program import Program
from tests.support.wire import WebSocketClient, socket_id


def connect(port: int, namespace: str = "/") -> Client:
    wire = WebSocketClient(port)
    wire.handshake()
    client = Client(wire)
    client.id = wire.connect(namespace)
    return client


def test_importing_and_initialising_start_nothing_and_survive_a_fork(
    start: Callable[[str], Program],
) -> None:
    program = start(
        """
        import gc, os, threading
        import gevent
        from gevent._hub_local import get_hub_if_exists
        from greenlet import greenlet
        from flask import Flask
        from flask_realtime import SocketIO
        from flask_realtime.wsgi import WSGIServer
        from tests.support.wire import WebSocketClient

        app = Flask("forked")
        io = SocketIO(app)
        io.on("pid", os.getpid)
        assert get_hub_if_exists() is None
        assert len([each for each in gc.get_objects() if isinstance(each, greenlet)]) <= 1
        assert threading.active_count() == 1

        def child():
            server = WSGIServer(("127.0.0.1", 0), app, log=None)
            server.start()
            wire = WebSocketClient(server.server_port)
            wire.handshake()
            wire.connect()
            wire.send_text('421["pid"]')
            assert wire.receive() == f"431[{os.getpid()}]"
            return wire.sid

        pipes = []
        for _ in range(2):
            read, write = os.pipe()
            if os.fork() == 0:
                os.write(write, child().encode())
                os._exit(0)
            os.close(write)
            pipes.append(read)
        sids = {os.read(read, 100) for read in pipes}
        print("sids:", len(sids), {os.wait()[1] for _ in pipes})
        """
    )
    assert program.line_with("sids:") == "sids: 2 {0}\n"
    assert program.end() == (0, "")


SERVED = """
    import gevent
    from flask import Flask
    from flask_realtime import SocketIO, socket

    app = Flask("served")
    io = SocketIO(app)

    @io.on("disconnect")
    def disconnect(reason):
        gevent.sleep(0.01)
        print("left:", reason)

    io.on("sync", lambda: None)
    io.on("stop", lambda: gevent.spawn(io.stop) and None)

    io.run(app, port=0)
    print("over")
"""


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, "io.stop()"])
def test_the_end_of_run_tells_clients_and_runs_their_handlers(
    start: Callable[[str], Program], how: int | str
) -> None:
    program = start(SERVED)
    client = connect(program.port())
    if isinstance(how, int):
        assert client.ask('421["sync"]') == "431[]"
        program.send_signal(how)
    else:
        client.send('42["stop"]')
    assert client.wire.closed_with() == 1001
    client.wire.close()
    status, output = program.end()
    assert status == 0
    assert output.endswith("left: server shutting down\nover\n")


def _python_blocks(file: Path, marker: str) -> list[str]:
    """The blocks of Python in a document."""
    blocks = re.findall(rf"{re.escape(marker)}\n\n((?:    .*\n|\n)+)", file.read_text())
    return [textwrap.dedent(block) for block in blocks]


def test_the_example_of_the_readme_works(start: Callable[[str], Program], root: Path) -> None:
    (example, *_) = _python_blocks(root / "README.rst", ".. code-block:: python")
    program = start(example.replace("io.run(app)", "io.run(app, port=0)"))
    port = program.port()
    ada, grace = connect(port), connect(port)
    for client in (ada, grace):
        client.wire.connect("/chat")
    assert ada.ask('421["nickname","Ada"]') == '431["welcome"]'
    ada.send('42/chat,["message","hi"]')
    assert grace.receive() == '42/chat,["message","Ada","hi"]'
    for client in (ada, grace):
        client.wire.close()


def test_the_chat_of_the_quickstart_works(start: Callable[[str], Program], root: Path) -> None:
    (example, *_) = _python_blocks(root / "docs" / "quickstart.rst", ".. code-block:: python")
    program = start(example.replace("io.run(app)", "io.run(app, port=0)"))
    port = program.port()
    ada, grace = connect(port), connect(port)
    ada.send('42["nickname","Ada"]', '42["message","hi"]')
    assert grace.receive() == '42["message","Ada","hi"]'
    for client in (ada, grace):
        client.wire.close()


def test_the_other_pieces_of_the_quickstart_work(
    start: Callable[[str], Program], root: Path
) -> None:
    (_, *pieces) = _python_blocks(root / "docs" / "quickstart.rst", ".. code-block:: python")
    begin = "from flask import Flask\nfrom flask_realtime import SocketIO, socket\n"
    begin += 'app = Flask("pieces")\nio = SocketIO(app)\n'
    program = start("\n".join([begin, *pieces, "io.run(app, port=0)"]))
    client = Client(WebSocketClient(program.port()))
    client.wire.handshake()
    assert client.ask("40") == '44{"message":"not authorized","data":{"retry":false}}'
    id = socket_id(client.ask('40{"token":"secret"}'), "/")
    assert client.ask('421["add",1,2]') == "431[3]"
    client.wire.connect("/chat")
    other = Client(WebSocketClient(client.wire.sock.getpeername()[1]))
    other.wire.handshake()
    other_id = other.wire.connect("/chat")
    assert client.ask('42/chat,1["enter","tea"]') == "43/chat,1[]"
    other.send('42/chat,["enter","tea"]')
    assert client.receive() == f'42/chat,["entered","{other_id}"]'
    assert id != other_id
    for each in (client, other):
        each.wire.close()
