"""A Redis in a process of its own, that tests stop, hold up and start again."""

from __future__ import annotations

import os
import random
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

import gevent
import pytest
from gevent import socket

TIMEOUT = 10.0


class RedisServer:
    """One that keeps what it has when it is killed.

    :param command: the path of redis-server.
    :param folder: an empty one, for its files.
    :param arguments: further ones, such as ``"--requirepass", "secret"``.
    """

    def __init__(self, command: str, folder: Path, *arguments: str) -> None:
        self._command = command
        self._folder = folder
        self._arguments = arguments
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()
        #: Where it listens, too.
        self.path = folder / "redis.sock"

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        with (self._folder / "redis.log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._command, "--bind", "127.0.0.1", "--port", str(self.port)]
                + ["--dir", str(self._folder), "--unixsocket", str(self.path), "--save", ""]
                + ["--appendonly", "yes", "--appendfsync", "always", *self._arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={"PATH": os.environ["PATH"]},
            )
        deadline = monotonic() + TIMEOUT
        while not self._answers():
            assert self._process.poll() is None and monotonic() < deadline, self.log
            gevent.sleep(0.005)

    def _answers(self) -> bool:
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
                sock.settimeout(1)
                sock.connect(str(self.path))
                sock.sendall(b"PING\r\n")
                answer: bytes = sock.recv(100)
        except OSError:
            return False
        return answer.startswith((b"+PONG", b"-NOAUTH"))

    @property
    def log(self) -> str:
        """All that it has said."""
        return (self._folder / "redis.log").read_text()

    def kill(self) -> None:
        """End it at once, also while it is held."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    @contextmanager
    def held(self) -> Iterator[None]:
        """For ``with``: it does not run meanwhile, and its connections stay."""
        process = self._process
        assert process is not None
        process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            process.send_signal(signal.SIGCONT)  # nothing happens if it was killed

    def ask(self, *command: str) -> str:
        """Send it a command; return its reply as it is on the wire, a short one."""
        parts = [f"*{len(command)}", *(f"${len(part)}\r\n{part}" for part in command), ""]
        with socket.create_connection(("127.0.0.1", self.port), TIMEOUT) as sock:
            sock.sendall("\r\n".join(parts).encode())
            reply: bytes = sock.recv(65536)
        return reply.decode().strip()


@contextmanager
def redis_running(command: str, folder: Path, *arguments: str) -> Iterator[RedisServer]:
    """Run a Redis until the end of the block; see :class:`RedisServer`."""
    server = RedisServer(command, folder, *arguments)
    server.start()
    try:
        yield server
    finally:
        server.kill()


def free_port() -> int:
    """A port that nobody has, and that the system gives to nobody by itself: it has to be free
    again each time that Redis starts, and Redis takes no socket from us."""
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


@pytest.fixture(scope="module")
def redis(redis_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A Redis for the tests of a file; one that stops it starts it again."""
    with redis_running(redis_server, tmp_path_factory.mktemp("redis")) as server:
        yield server
