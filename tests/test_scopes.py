"""Debugging by scopes: DEBUG=socket.io* in the environment, and the options for the same."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from flask_realtime import SocketIO, scopes
from flask_realtime.engine.session import Session
from flask_realtime.engine.traced import TracedSession, describe
from flask_realtime.options import make_options
from flask_realtime.protocol.msgpack import MsgPackParser
from flask_realtime.protocol.packet import Packet, PacketType
from flask_realtime.scopes import PACKAGE, SCOPES, enable
from flask_realtime.socketio.client import Client
from flask_realtime.socketio.server import Server
from flask_realtime.socketio.traced import TracedClient
from tests.support.app import serving_apps
from tests.support.documents import code_block
from tests.support.loggers import quiet_loggers as quiet_loggers
from tests.support.old_wire import Client09, EIO3Client
from tests.support.server import Running, serving
from tests.support.waiting import let_run, wait_until
from tests.support.wire import connect_packet

pytestmark = pytest.mark.usefixtures("quiet_loggers")

ABOVE = {"server", "namespace", "socket", "client", "adapter"}
BELOW = {"engine", "session", "transport"}


def enabled() -> set[str]:
    """The layers that tell everything."""
    return {
        name
        for name in SCOPES
        if logging.getLogger(f"{PACKAGE}.{name}").isEnabledFor(logging.DEBUG)
    }


@pytest.mark.parametrize(
    ("patterns", "names"),
    [
        ("", set()),
        ("1", set()),
        ("express:*", set()),
        ("socket.io*", ABOVE),
        ("socket.io:*", ABOVE - {"adapter"}),
        ("engine*", BELOW),
        ("engine", {"engine"}),
        ("engine:*", BELOW - {"engine"}),
        ("socket.io:client", {"client"}),
        ("socket.io:client,engine:ws", {"client", "transport"}),
        ("socket.io:client socket.io:socket", {"client", "socket"}),
        ("socket.io*,-socket.io:client", ABOVE - {"client"}),
        ("-socket.io:client,*", set(SCOPES) - {"client"}),
        ("*", set(SCOPES)),
        ("flask_realtime*", set(SCOPES)),
        ("flask_realtime.session", {"session"}),
        ("flask_realtime:session", {"session"}),
        ("engine?", set()),
        ("[e]ngine", set()),
    ],
)
def test_patterns_turn_on(patterns: str, names: set[str]) -> None:
    enable(patterns)
    assert enabled() == names


def test_the_environment_says_so_to_each_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEBUG", "socket.io:client")
    Server()
    assert enabled() == {"client"}


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({}, set()),
        ({"logger": True}, ABOVE),
        ({"engineio_logger": True}, BELOW),
        ({"logger": True, "engineio_logger": True}, ABOVE | BELOW),
        ({"log_level": 3}, set(SCOPES)),
        ({"log_level": "info"}, set()),
        ({"log": True, "log_level": 1}, ABOVE),
    ],
)
def test_options_turn_on(options: dict[str, Any], names: set[str]) -> None:
    Server(options)
    assert enabled() == names


def test_what_was_turned_on_is_turned_off() -> None:
    server = Server({"logger": True, "log_level": "debug"})
    server.set("log", False)
    assert enabled() == set(SCOPES)
    server.set("log level", None)
    assert enabled() == set()


def test_a_server_that_says_nothing_leaves_the_environments_word(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DEBUG", "engine")
    Server({"logger": True})
    Server()
    assert enabled() == ABOVE | {"engine"}


@pytest.mark.parametrize(("level", "told"), [(0, "e"), (1, "ew"), (2, "ewi"), (3, "ewid")])
def test_the_level_says_what_is_told(
    level: int, told: str, caplog: pytest.LogCaptureFixture
) -> None:
    log = Server({"log_level": level}).log
    caplog.clear()
    for letter, tell in zip("ewid", (log.error, log.warn, log.info, log.debug), strict=True):
        tell(letter)
    assert "".join(record.message for record in caplog.records) == told


class Kept(logging.Handler):
    """Keeps what it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


@pytest.fixture
def kept() -> Iterator[tuple[logging.Logger, Kept]]:
    """A logger of the application's, and what its handler has got."""
    logger, handler = logging.getLogger("tests.own"), Kept()
    logger.addHandler(handler)
    yield logger, handler
    logger.removeHandler(handler)


def test_a_logger_of_the_applications_gets_the_lines_instead(
    kept: tuple[logging.Logger, Kept], caplog: pytest.LogCaptureFixture
) -> None:
    logger, handler = kept
    server = Server({"logger": logger})
    server.of("/chat")
    assert handler.messages == ["namespace / is made", "namespace /chat is made"]
    assert caplog.messages == handler.messages  # by that logger, and not once more by ours
    server.set("logger", False)
    server.of("/other")
    assert len(handler.messages) == 2


def test_one_of_ours_is_not_given_its_own_lines() -> None:
    log = logging.getLogger(f"{PACKAGE}.server")
    Server({"logger": log}).of("/chat")
    assert log.handlers == []


# Packets

TARGETS = ["4.x", "2.x", "0.9"]


def play(running: Running, client: str) -> None:
    """Let a client say ``hello``, be answered, hear of it, and leave."""
    if client == "4.x":
        new = running.websocket()
        new.connect()
        new.send_text('427["say","hello"]')
        assert {new.receive(), new.receive()} == {'42["said","hello"]', "437[true]"}
        new.leave()
    elif client == "2.x":
        old: EIO3Client = running.eio3()
        old.send('427["say","hello"]')
        assert {old.receive() for _ in range(3)} == {"40", '42["said","hello"]', "437[true]"}
        old.send("1")
    else:
        oldest: Client09 = running.client_09()
        assert oldest.poll().body == b"1::"
        oldest.send('5:7+::{"name":"say","args":["hello"]}')
        assert b"said" in oldest.poll().body
        oldest.send("0::")


@pytest.mark.parametrize("client", TARGETS)
def test_each_packet_is_a_line(client: str, caplog: pytest.LogCaptureFixture) -> None:
    enable("*")
    with serving_apps() as serve:
        running, app = serve()
        play(running, client)
        app.reason()
        sid = app.socket.client.session.sid
        let_run()
    by = {name: [] for name in SCOPES}  # type: dict[str, list[str]]
    for record in caplog.records:
        layer, _, _ = record.name.removeprefix(f"{PACKAGE}.").partition(".")
        by[layer].append(record.message)
    short = f"{sid[:6]}…"
    assert f"{short} <- EVENT / 'say' ['hello'] id=7" in by["socket"]
    assert f"{short} -> EVENT / 'said' ['hello']" in by["socket"]
    assert f"{short} -> ACK / [True] id=7" in by["socket"]
    assert any(f"{short} -> CONNECT /" in line for line in by["client"])
    assert any("is gone: " in line for line in by["client"])
    assert any("asks to join /" in line for line in by["namespace"])
    assert any("has left /" in line for line in by["namespace"])
    assert any(f"{short} begins" in line for line in by["session"])
    assert any(f"{short} ends: " in line for line in by["session"])
    assert any(f"{short} -> OPEN" in line for line in by["session"])
    assert any("hello" in line and " <- " in line for line in by["transport"])
    assert any("said" in line and " -> " in line for line in by["transport"])
    assert "namespace / is made" in by["server"]


@pytest.mark.parametrize("name", ["namespace", "socket", "client", "session", "transport"])
def test_one_scope_tells_alone(name: str, caplog: pytest.LogCaptureFixture) -> None:
    enable(f"{PACKAGE}.{name}")
    with serving_apps() as serve:
        running, app = serve()
        play(running, "4.x")
        app.reason()
        let_run()
    assert {record.name for record in caplog.records} == {f"{PACKAGE}.{name}"}


def test_rooms_are_told_of(caplog: pytest.LogCaptureFixture) -> None:
    enable("socket.io-adapter")
    with serving_apps() as serve:
        running, app = serve()
        client = running.websocket()
        client.connect()
        client.send_text('421["echo"]')
        client.receive()
        app.socket.join("red")
        app.socket.leave("red")
        let_run()
    who = f"{app.socket.id[:6]}…"
    assert caplog.messages == [f"{who} joins 'red' of /", f"{who} leaves 'red' of /"]


@pytest.mark.parametrize("client", TARGETS)
def test_no_line_tells_the_secret_of_a_session(
    client: str, caplog: pytest.LogCaptureFixture
) -> None:
    enable("*")
    with serving_apps() as serve:
        running, app = serve()
        play(running, client)
        app.reason()
        sid = app.socket.client.session.sid
        let_run()
    assert caplog.records and sid not in caplog.text


@pytest.mark.parametrize("serializer", ["default", "msgpack"])
@pytest.mark.parametrize("transport", ["websocket", "polling"])
def test_no_line_tells_by_what_a_client_may_come_back(
    serializer: str, transport: str, caplog: pytest.LogCaptureFixture
) -> None:
    enable("*")
    app, auth = Flask("tested"), {"pid": ID, "offset": "a"}
    io = SocketIO(app, connection_state_recovery=True, serializer=serializer)
    (binary,) = MsgPackParser().encode(Packet(PacketType.CONNECT, "/", auth))
    assert isinstance(binary, bytes)
    with serving(app) as running:
        if transport == "polling":
            text = f"b{b64encode(binary).decode()}"
            running.polling().send(connect_packet("/", auth) if serializer == "default" else text)
        elif serializer == "default":
            running.websocket().send_text(connect_packet("/", auth))
        else:
            running.websocket().send_binary(binary)
        wait_until(lambda: [each for each in io.sockets.sockets.values() if each.accepted])
        (socket,) = io.sockets.sockets.values()
        assert socket.ticket is not None
        let_run()
        known = [ID, socket.id, socket.ticket.pid]
    assert [each for each in known if each in caplog.text] == []
    assert caplog.text.count("abcdef") == 2  # the message, and what it says


def test_what_nobody_wants_to_know_costs_nothing() -> None:
    with serving_apps() as serve:
        running, app = serve()
        early = running.websocket()
        early.connect()
        session = running.session()
        assert (type(session), type(session.client)) == (Session, Client)
        enable("socket.io:client")
        late = running.websocket()
        late.connect()
        session = next(each for each in running.sessions.values() if each is not session)
        assert (type(session), type(session.client)) == (TracedSession, TracedClient)
        early.send_text('421["echo"]')
        assert early.receive() == "431[]"


ID = "abcdefGHI-_123456789"
LONG = [{"key": "x" * 1000}] * 20


@pytest.mark.parametrize(
    ("packet", "told"),
    [
        (Packet(PacketType.EVENT, "/chat", ["message", "hi", 5], 3), "EVENT /chat 'message' ['hi', 5] id=3"),  # noqa: E501
        (Packet(PacketType.EVENT, "/", ["x"]), "EVENT / 'x' []"),
        (Packet(PacketType.ACK, "/", [b"\0\1"], 0), r"ACK / [b'\x00\x01'] id=0"),
        (Packet(PacketType.CONNECT, "/", {"sid": ID}), "CONNECT / {'sid': 'abcdef…'}"),
        (Packet(PacketType.CONNECT, "/", {"pid": ID, "offset": "a"}), "CONNECT / {'offset': 'a', 'pid': 'abcdef…'}"),  # noqa: E501
        (Packet(PacketType.CONNECT, "/", {"pid": 5, "sid": None}), "CONNECT / {'pid': 5, 'sid': None}"),  # noqa: E501
        (Packet(PacketType.CONNECT, "/", "token"), "CONNECT / 'token'"),
        (Packet(PacketType.DISCONNECT, "/chat"), "DISCONNECT /chat"),
        (Packet(PacketType.PING), "PING"),
        (Packet(PacketType.PONG, data="probe"), "PONG 'probe'"),
        (Packet(PacketType.OPEN, data='{"sid":"secret"}'), "OPEN"),
    ],
)  # fmt: skip
def test_a_packet_is_described(packet: Packet, told: str) -> None:
    assert describe(packet) == told


def test_much_data_is_cut() -> None:
    assert len(describe(Packet(PacketType.EVENT, "/", ["x", LONG, "y" * 10_000]))) < 600


# Where the application has no logging of its own

PROGRAM = """
import logging, sys
from flask_realtime import Server
from flask_realtime.standalone import listen
if len(sys.argv) > 1:
    logging.basicConfig(format="own %(name)s %(message)s")
io = Server()
io.of("/chat")
logging.getLogger("flask_realtime.engine").warning("a warning")
"""


def run(*args: str, debug: str = "socket.io*") -> str:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, *args],
        env={**os.environ, "DEBUG": debug},
        capture_output=True,
        text=True,
        check=True,
        timeout=50,
    ).stderr


def test_lines_go_to_standard_error() -> None:
    lines = run().splitlines()
    assert [line.partition(" flask_realtime.")[2] for line in lines] == [
        "server: namespace / is made",
        "server: namespace /chat is made",
        "engine: a warning",
    ]


def test_or_where_the_application_wants_them_once() -> None:
    assert run("own").splitlines() == [
        "own flask_realtime.server namespace / is made",
        "own flask_realtime.server namespace /chat is made",
        "own flask_realtime.engine a warning",
    ]


def test_nothing_is_told_by_default() -> None:
    assert run(debug="").splitlines() == ["a warning"]


def test_every_scope_is_documented_and_used(root: Path) -> None:
    sources = "".join(path.read_text() for path in (root / PACKAGE).rglob("*.py"))
    text = (root / "docs" / "logging.rst").read_text()
    for name, elsewhere in SCOPES.items():
        assert f'getLogger("{PACKAGE}.{name}")' in sources, name
        for one in (f"{PACKAGE}.{name}", *elsewhere):
            assert f"``{one}``" in text, one


def test_the_documentation_can_be_written(root: Path) -> None:
    lines = code_block(root / "docs" / "logging.rst", "python", "engineio_logger").splitlines()
    assert len(lines) == 4
    for line in lines:  # each is another way
        exec(line, {"SocketIO": SocketIO, "app": Flask("any"), "logging": logging})
    assert ABOVE | BELOW == enabled()


def test_options_that_say_nothing_change_nothing() -> None:
    scopes.apply(make_options())
    assert enabled() == set()
