"""Mutated traffic against a whole server over TCP: `make fuzz-server RUNS=20000`.

Plain HTTP, WebSocket behind a valid handshake, bodies of POST with a valid sid, and upgrades. At
the end the server must have nothing left of it, have logged no traceback, and serve as before.
"""

from __future__ import annotations

import argparse
import gc
import logging
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from random import Random
from typing import Any

import gevent
from gevent import Greenlet

from flask_realtime.socketio.server import Server
from tests.support.http import HTTPClient, Wire
from tests.support.server import Running, make_server, serving
from tests.support.waiting import TIMEOUT, let_run, wait_until
from tests.support.wire import WebSocketClient
from tests.websocket.masking import close, frame

from .http_targets import HTTP_TARGETS, WEBSOCKET
from .mutator import mutations
from .socketio_targets import BETWEEN, SOCKETIO_TARGETS, TOKENS, join
from .target import Target, cut
from .websocket_targets import FRAME_TOKENS, FRAMES

PATIENCE = TIMEOUT
"""Seconds in which greenlets and files have to be gone."""

_ECHO = '42["echo",{"a":[1,null,"x"]}]'
_BINARY = ('421["echo"]', '451-7["echo",{"_placeholder":true,"num":0}]', b"\0\1")
SESSIONS = Target(
    SOCKETIO_TARGETS["eio4 sessions, simplejson"].run,
    tuple(
        join(messages)
        for messages in (
            ("40", _ECHO, "3", '427["say","y"]', "41"),
            ("40", *_BINARY, "1"),
            ("40/a,", "40", "40", '42/a,["echo"]', "41/a,", '42["say"]'),
            ("2probe", "5", "40", _ECHO, "6"),
            ("3", "3", "2", "40", '431["x"]', '43999["x"]', '42["echo"]' * 3),
        )
    ),
    TOKENS,
)
STREAMS = Target(
    HTTP_TARGETS["HTTP requests"].run,
    (
        *HTTP_TARGETS["HTTP requests"].corpus,
        b"GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: a\r\n\r\n" * 2,
        b"POST /socket.io/?EIO=4&transport=polling&sid=00aaaaaaaaaaaaaaaaaa HTTP/1.1\r\nHost: a\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n2\r\n40\r\n0\r\n\r\n",
        b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: a\r\nOrigin: http://a\r\n"
        + WEBSOCKET
        + frame(1, b"40"),
        b"OPTIONS /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: a\r\nOrigin: http://b\r\n\r\n",
        b"GET /socket.io/socket.io.js HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n",
    ),
    HTTP_TARGETS["HTTP requests"].tokens,
)
FRAME_STREAMS = Target(
    STREAMS.run,
    (*FRAMES, *(frame(1, text.encode(), key=bytes(4)) for text in ("40", _ECHO, "3", "41", "1"))),
    FRAME_TOKENS,
)


class Attacks:
    """What strangers do to one server.

    :param seed: decides what they do.
    """

    def __init__(self, running: Running, seed: str) -> None:
        self._running = running
        self._random = Random(seed)
        self._streams = mutations(STREAMS, seed)
        self._frames = mutations(FRAME_STREAMS, seed)
        self._sessions = mutations(SESSIONS, seed)
        self._kinds = (self.http, self.frames, self.messages, self.polling, self.upgrade)

    def one(self) -> str:
        """Do one of them to its end; return what it was."""
        attack: Callable[[], str] = self._random.choice(self._kinds)
        return attack()

    def http(self) -> str:
        """A stream of requests, in pieces."""
        wire = HTTPClient(self._running.port)
        _say_all(wire, next(self._streams))
        return "HTTP"

    def frames(self) -> str:
        """A WebSocket whose frames are broken."""
        wire = self._websocket()
        _say_all(wire, frame(1, b"40") + b"".join(next(self._frames) for _ in range(3)))
        return "WebSocket frames"

    def messages(self) -> str:
        """A WebSocket whose messages are broken."""
        _say_all(self._websocket(), _framed(next(self._sessions)))
        return "WebSocket messages"

    def polling(self) -> str:
        """Bodies of POST to a session that exists."""
        client = self._running.polling()
        client.ask_post(_body(next(self._sessions)))
        status = client.posts.answer().status
        assert status in (200, 400, 413), status
        client.close()
        return f"POST {status}"

    def upgrade(self) -> str:
        """The second connection of a polling session."""
        client = self._running.polling()
        _say_all(self._websocket(f"sid={client.sid}"), _framed(next(self._sessions)))
        client.close()
        return "upgrade"

    def _websocket(self, query: str = "") -> WebSocketClient:
        return WebSocketClient(self._running.port, query)


def _framed(session: bytes) -> bytes:
    """The messages of a session in frames, and a close in half of the cases."""
    frames = b"".join(
        frame(2, message[1:], key=bytes(4)) if message[:1] == b"\0" else frame(1, message)
        for message in session.split(BETWEEN)
    )
    return frames + close(1000) if len(session) % 2 else frames


def _body(session: bytes) -> bytes:
    return session.replace(BETWEEN + b"\0", BETWEEN + b"b")


def _say_all(wire: Wire, data: bytes) -> None:
    """Say it in pieces and read what comes, until both have ended; the server may end it first."""
    pieces = [data] if len(data) > 2000 else cut(data)
    with suppress(ConnectionError):
        for piece in pieces:
            wire.send(piece)
        wire.finish()
    while wire.more():
        wire.data = b""
    wire.close()


# Around them


class Log(logging.Handler):
    """Keeps what should not have been logged: every traceback above INFO."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.bad: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        text = self.format(record)
        if record.levelno > logging.INFO and (record.exc_info or "Traceback" in text):
            self.bad.append(text)


@contextmanager
def watched_log() -> Iterator[Log]:
    """Listens to the package's loggers."""
    log = Log()
    logger = logging.getLogger("flask_realtime")
    logger.addHandler(log)
    try:
        yield log
    finally:
        logger.removeHandler(log)


def echo_server() -> Server:
    """A server with two handlers that take anything."""
    server = make_server(ping_interval=10, ping_timeout=10, max_http_buffer_size=50_000)
    for name in ("/", "/a"):
        namespace = server.of(name)
        namespace.on("echo", lambda *args: args)
        namespace.on("say", lambda *args: server.of("/").emit("said", *args))
    return server


def attack(runs: int, seed: str = "1", server: Server | None = None) -> Counter[str]:
    """Attack a server; return what was done.

    :param server: by default an :func:`echo_server`.
    :raises AssertionError: if it does not take it well.
    """
    kinds: Counter[str] = Counter()
    server = server or echo_server()
    with watched_log() as log, serving(server) as running:
        _serves(running)
        before = _left()
        attacks = Attacks(running, seed)
        for number in count(1):
            kinds[attacks.one()] += 1
            if number % 250 == 0 or number == runs:
                _recovers(running, before)
                assert not log.bad, log.bad[0]
            if number == runs:
                break
        _serves(running)
    return kinds


def _serves(running: Running) -> None:
    client = running.websocket()
    client.connect()
    client.send_text('421["echo",2]')
    assert client.receive() == "431[2]"
    client.close()
    other = running.polling()
    other.connect()
    other.send("41", "1")
    other.close()
    _end_sessions(running)


def _end_sessions(running: Running) -> None:
    """Who left in the middle of polling is missed when its time is up."""
    running._clients.close()
    let_run()
    running.pass_by(60)
    wait_until(lambda: not running.sessions, what="all sessions have ended")
    wait_until(lambda: not running.wsgi.connections, what="all connections are closed")


def _recovers(running: Running, before: tuple[int, int]) -> None:
    _end_sessions(running)

    def recovered() -> bool:
        return all(now <= then for now, then in zip(_left(), before, strict=True))

    what = f"as many greenlets and files as before, {before}, not {_left()}"
    wait_until(recovered, PATIENCE, what)


def _left() -> tuple[int, int]:
    """How many greenlets and files there are."""
    gevent.sleep(0)
    gc.collect()
    # By type(): among the objects are proxies of others, which may be gone.
    greenlets = [each for each in gc.get_objects() if issubclass(type(each), Greenlet)]
    alive = sum(not each.dead for each in greenlets)
    return alive, len(os.listdir("/proc/self/fd"))


def main() -> int:
    """Run as the command line says; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.server", description=__doc__)
    parser.add_argument("--runs", type=int, default=20_000)
    parser.add_argument("--seed", default="1", help="another one makes other traffic")
    options: Any = parser.parse_args()
    for kind, number in sorted(attack(options.runs, options.seed).items()):
        print(f"{kind:20} {number:>9,}")
    print("nothing found")
    return 0


if __name__ == "__main__":
    sys.exit(main())
