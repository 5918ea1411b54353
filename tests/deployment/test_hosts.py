"""The commands and programs of the deployment page, and its table of what each host does."""

from __future__ import annotations

import re
import signal
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import gevent
import pytest

from tests.clients.hosts import find_complaints
from tests.deployment.tls_client import UPGRADE, ask
from tests.support.deployed import APP, Deployed
from tests.support.documents import code_block, code_blocks, replaced, table
from tests.support.http import HTTPClient
from tests.support.waiting import TIMEOUT
from tests.support.wire import PollingClient, WebSocketClient

HANDSHAKE = "/socket.io/?EIO=4&transport=polling"
WEBSOCKET = "/socket.io/?EIO=4&transport=websocket"
GEVENT_WEBSOCKET = {
    "from app import app, io\n": (
        "from app import app, io\nfrom geventwebsocket.handler import WebSocketHandler\n"
    ),
    'WSGIServer(("127.0.0.1", 8000), app)': (
        'WSGIServer(("127.0.0.1", 8000), app, handler_class=WebSocketHandler)'
    ),
}


Deploy = Callable[..., Deployed]


class Way(NamedTuple):
    """How a row of the table is started: by a command of the page, or by a program of it."""

    command: str = ""
    program: str = ""
    changes: dict[str, str] = {}


WAYS = {
    "``io.run``": Way(command="python app.py"),
    "``flask realtime run``": Way(command="flask --app app realtime run --host"),
    "``WSGIServer``": Way(program="from flask_realtime.wsgi import WSGIServer"),
    "gunicorn, our worker": Way(command="gunicorn -k flask_realtime.wsgi.gunicorn.Worker --worker"),
    "gunicorn, gevent's worker": Way(command="gunicorn -k gevent --worker"),
    "``gevent.pywsgi``": Way(program="from gevent.pywsgi import WSGIServer"),
    "gevent-websocket": Way(
        program="from gevent.pywsgi import WSGIServer", changes=GEVENT_WEBSOCKET
    ),
    "gunicorn, gevent-websocket's worker": Way(command="gunicorn -k geventwebsocket"),
}


def start(deploy: Deploy, page: Path, way: Way) -> Deployed:
    """Do what the page says."""
    if way.program:
        text = replaced(code_block(page, "python", way.program), way.changes)
        return deploy("python serve.py", {"serve.py": text})
    last_lines = code_block(page, "python", "__main__")
    return deploy(_line(code_blocks(page, "shell"), way.command), {"app.py": APP + last_lines})


def _line(blocks: list[str], begin: str) -> str:
    """The only line of some blocks that begins so."""
    lines = [line for block in blocks for line in block.splitlines() if line.startswith(begin)]
    assert len(lines) == 1, lines
    return lines[0]


@pytest.fixture(scope="module")
def rows(page: Path) -> dict[str, dict[str, bool]]:
    """What the table says of each host."""
    head, *rows = table(page, "Hosts")
    means = {"yes": True, "no": False}
    return {
        row[0]: {name: means[cell] for name, cell in zip(head[1:], row[1:], strict=True)}
        for row in rows
    }


def test_each_row_of_the_table_is_tested(rows: dict[str, dict[str, bool]]) -> None:
    assert list(rows) == list(WAYS)


@pytest.mark.parametrize("name", WAYS)
def test_a_host_does_what_the_table_says(
    deploy: Deploy, page: Path, rows: dict[str, dict[str, bool]], name: str
) -> None:
    host = start(deploy, page, WAYS[name])
    port = host.port()
    seen = {
        "Patches the standard library": ask(port, "/", tls=False).body == b"patched",
        "Compressed messages": _compresses(port),
    }
    websocket, polling = WebSocketClient(port), PollingClient(port)
    websocket.handshake()
    polling.handshake()
    ids = {websocket.connect(), polling.connect()}
    seen["WebSocket"] = True  # else there is no answer to connect()

    polling.ask()
    told = gevent.spawn(_is_told, websocket, polling)
    host.send_signal(signal.SIGTERM)
    status, output = host.end()
    assert (status, find_complaints(output.splitlines())) == (0, []), output
    seen["At SIGTERM clients are told"] = told.get(timeout=10)
    left = set(re.findall(r"^left (\S+) server shutting down$", output, re.MULTILINE))
    assert left in (ids, set())
    seen["``disconnect`` handlers run"] = left == ids
    assert seen == rows[name]


def _compresses(port: int) -> bool:
    client = HTTPClient(port)
    client.ask("GET", WEBSOCKET, {**UPGRADE, "Sec-WebSocket-Extensions": "permessage-deflate"})
    head = client.read_head()
    client.close()
    assert b" 101 " in head
    return b"permessage-deflate" in head


def _is_told(websocket: WebSocketClient, polling: PollingClient) -> bool:
    """Whether both clients are told that the session is over; they leave, as clients do."""
    code = websocket.closed_with()
    websocket.close()
    try:
        packet = polling.answer().body
    except AssertionError:  # the connection was cut
        packet = b""
    polling.close()
    assert (code, packet) in ((1001, b"1"), (None, b"")), (code, packet)
    return code is not None


# What --worker-connections counts


@pytest.mark.parametrize(
    ("name", "counts"), [("gunicorn, our worker", False), ("gunicorn, gevent's worker", True)]
)
def test_a_websocket_is_one_of_the_worker_connections_or_is_not(
    deploy: Deploy, page: Path, name: str, counts: bool
) -> None:
    line = _line(code_blocks(page, "shell"), WAYS[name].command)
    host = deploy(replaced(line, {"--worker-connections 10000": "--worker-connections 2"}))
    port = host.port()
    clients = [WebSocketClient(port) for _ in range(2)]
    for client in clients:
        client.handshake()
    asking = HTTPClient(port)
    asking.ask("GET", "/")
    if counts:
        asking.sock.settimeout(0.3)
        with pytest.raises(TimeoutError):
            asking.more()
        asking.sock.settimeout(TIMEOUT)
        clients.pop().close()  # only now is there room for another one
    assert asking.answer().body == b"patched"
    for client in (*clients, asking):
        client.close()


# TLS


@pytest.mark.parametrize("command", ["flask", "gunicorn -k flask_realtime", "gunicorn -k gevent"])
def test_the_commands_for_tls_serve_https(
    deploy: Deploy, page: Path, tls: Path, command: str
) -> None:
    line = _line([code_block(page, "shell", "--cert ")], command)
    _serves_https(deploy(_with_certificate(line, tls)))


def test_run_serves_https_as_the_page_says(deploy: Deploy, page: Path, tls: Path) -> None:
    run = code_block(page, "python", "certfile=").replace('host="0.0.0.0"', 'host="127.0.0.1"')
    text = "from app import app, io\n" + _with_certificate(run, tls)
    _serves_https(deploy("python serve.py", {"serve.py": text}))


def _with_certificate(text: str, tls: Path) -> str:
    return replaced(text, {"certificate.pem": str(tls), "key.pem": str(tls)})


def _serves_https(host: Deployed) -> None:
    port = host.port()
    assert ask(port, HANDSHAKE).status == 200
    assert ask(port, WEBSOCKET, UPGRADE).status == 101
    host.send_signal(signal.SIGTERM)
    assert host.end()[0] == 0


# Below a prefix


def test_the_command_for_a_prefix_serves_below_it(deploy: Deploy, page: Path) -> None:
    line = _line(code_blocks(page, "shell"), "SCRIPT_NAME=/app ")
    _serves_below_app(deploy(line))


def test_the_dispatcher_of_the_page_serves_below_a_prefix(deploy: Deploy, page: Path) -> None:
    begin = 'from flask import Flask\nfrom app import app\nsite = Flask("site")\n'
    dispatcher = code_block(page, "python", "DispatcherMiddleware")
    serve = code_block(page, "python", "from flask_realtime.wsgi import WSGIServer")
    serve = replaced(serve, {"8000), app)": "8000), application)"})
    _serves_below_app(deploy("python serve.py", {"serve.py": begin + dispatcher + serve}))


def _serves_below_app(host: Deployed) -> None:
    port = host.port()
    assert ask(port, "/app" + HANDSHAKE, tls=False).status == 200
    assert ask(port, "/app" + WEBSOCKET, UPGRADE, tls=False).status == 101
    assert ask(port, HANDSHAKE, tls=False).status == 404


@pytest.mark.parametrize(
    ("name", "status"), [("gunicorn, our worker", 404), ("gunicorn, gevent's worker", 200)]
)
def test_a_header_for_a_prefix_is_heard_by_gunicorn_s_own_worker_only(
    deploy: Deploy, page: Path, name: str, status: int
) -> None:
    host = start(deploy, page, WAYS[name])
    answer = ask(host.port(), "/app" + HANDSHAKE, {"SCRIPT_NAME": "/app"}, tls=False)
    assert answer.status == status


# Where it does not run


@pytest.mark.parametrize(
    "line",
    [
        "flask --app app run --port 8000",
        "gunicorn --bind 127.0.0.1:8000 app:app",
        "gunicorn -k gthread --threads 2 --bind 127.0.0.1:8000 app:app",
    ],
)
def test_where_it_does_not_run_it_says_so_and_serves_the_rest(deploy: Deploy, line: str) -> None:
    host = deploy(line)
    port = host.port()
    refused = ask(port, HANDSHAKE, tls=False)
    assert refused.status == 503
    for command in (b"io.run(app)", b"flask --app", b"gunicorn -k gevent"):
        assert command in refused.body
    assert ask(port, "/", tls=False).body == b"not patched"
    assert ask(port, "/socket.io/socket.io.js", tls=False).status == 200
