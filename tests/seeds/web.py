"""Servers as the reference documents write them, and pages that visit them with real clients."""

from __future__ import annotations

import json
import os
import textwrap
from collections.abc import Callable
from contextlib import ExitStack, closing
from itertools import count
from pathlib import Path
from typing import Any

import gevent
from gevent import subprocess

from flask_realtime import Server, SocketIO
from flask_realtime.wsgi import WSGIServer
from tests.support.http import Answer, HTTPClient
from tests.support.waiting import wait_until

HOST = "127.0.0.1"


class Page:
    """A page that was opened, whose script runs."""

    def __init__(self, pages: Pages, number: int) -> None:
        self._pages = pages
        self._number = number
        #: The arguments of each ``console.log``.
        self.logged: list[list[Any]] = []
        self.failed: list[str] = []
        self._closed = False

    def hear(self, message: dict[str, Any]) -> None:
        if "logged" in message:
            self.logged.append(message["logged"])
        elif "failed" in message:
            self.failed.append(message["failed"])
        else:
            self._closed = True

    def logs(self, *expected: Any) -> None:
        """Wait for as many ``console.log`` as there are arguments here, each of one value or, as a
        list, of several; see whether these are all there are.
        """
        lines = self._wait_for(expected)
        assert self.logged == lines

    def sees(self, *expected: Any) -> None:
        """As :meth:`logs`, in any order."""
        lines = self._wait_for(expected)
        assert sorted(map(str, self.logged)) == sorted(map(str, lines))

    def _wait_for(self, expected: tuple[Any, ...]) -> list[list[Any]]:
        self._wait(lambda: len(self.logged) >= len(expected), f"a page sees {expected}")
        return [each if isinstance(each, list) else [each] for each in expected]

    def close(self) -> None:
        """Leave the page."""
        if not self._closed:
            self._pages.say({"close": self._number})
            self._wait(lambda: self._closed, "the page is closed")

    def _wait(self, condition: Callable[[], bool], what: str) -> None:
        wait_until(lambda: condition() or self.failed or self._pages.ended, what=what)
        assert not self.failed, self.failed[0]
        assert not self._pages.ended, f"Node has ended: {self._pages.ended}"


class Pages:
    """The Node process that has the pages.

    :param command: the path of Node.js.
    :param certificate: of an authority that it is to believe beside those it knows.
    """

    def __init__(self, command: str, certificate: Path | None = None) -> None:
        self._process = subprocess.Popen(
            [command, str(Path(__file__).parent / "pages.js")],
            env={**os.environ, "NODE_EXTRA_CA_CERTS": str(certificate or "")},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        self._numbers = count(1)
        self._pages: dict[int, Page] = {}
        #: Why nothing more comes from it.
        self.ended = ""
        self._reader = gevent.spawn(self._read)
        gevent.sleep()  # which waits from now on, and so is no news to those who look at the loop

    def open(self, client: str, url: str, script: str) -> Page:
        """Open a page.

        :param client: the generation of its socket.io-client.
        :param url: where it is from.
        :param script: gets ``io``, ``url``, ``console`` and ``require``.
        """
        number = next(self._numbers)
        page = self._pages[number] = Page(self, number)
        script = textwrap.dedent(script)
        self.say({"open": number, "client": client, "url": url, "script": script})
        return page

    def say(self, message: dict[str, Any]) -> None:
        self._process.stdin.write(json.dumps(message) + "\n")
        self._process.stdin.flush()

    def _read(self) -> None:
        try:
            for line in self._process.stdout:
                message = json.loads(line)
                self._pages[message["page"]].hear(message)
            self.ended = f"status {self._process.wait()}"
        except Exception as error:
            self.ended = f"{error!r} after {line!r}"

    def close(self) -> None:
        self._reader.kill()
        self._process.kill()
        self._process.wait()
        self._process.stdin.close()
        self._process.stdout.close()


class Web:
    """The servers of a test, and the pages that visit them; all are closed at its end."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._servers = ExitStack()
        self._visits = ExitStack()

    def host(self, io: Server | SocketIO, server: WSGIServer | None = None) -> str:
        """Have a server closed at the end; return its URL.

        :param server: what serves it; None if it listens itself.
        """
        server = server or (io.http_server if isinstance(io, Server) else io.wsgi_server)
        assert server is not None, "it does not listen"
        self._servers.callback(_stop, io, server)
        if server.ssl_enabled:
            return f"https://localhost:{server.server_port}"
        return f"http://{HOST}:{server.server_port}"

    def open(self, url: str, client: str, script: str) -> Page:
        """Open a page; see :meth:`Pages.open`."""
        page = self._pages.open(client, url, script)
        self._visits.callback(page.close)
        return page

    def close(self) -> None:
        with self._servers, self._visits:
            pass


def get(url: str, headers: dict[str, str] | None = None, data: bytes | None = None) -> Answer:
    """Ask for a page as a browser does, or with `data` as a script in it does."""
    host, _, path = url.removeprefix("http://").partition("/")
    with closing(HTTPClient(int(host.rpartition(":")[2]))) as client:
        method = "GET" if data is None else "POST"
        return client.request(method, f"/{path}", headers, data)


def _stop(io: Server | SocketIO, server: WSGIServer) -> None:
    io.close()
    server.stop(1)
    engine = io.engine if isinstance(io, Server) else io.server.engine
    for session in list(engine.sessions.values()):
        session.end("nobody comes for the goodbye")
    if engine.hub is not None:
        engine.clock.stop()
        engine._watchdog.stop()
