"""Records a client: ``python -m tests.clients.record NAME PROTOCOL COMMAND …`` in the checkout.

The application of ``recorded_app.py`` is served, and a proxy in front of it writes down what passes
until the command has ended. In the command ``{port}`` is the proxy's port; it should join ``/`` and
``/chat``, and then use the events ``echo``, ``say`` and ``ask``, rest for a heartbeat, and leave.
``others/play.py … recorded http://127.0.0.1:{port}`` does it for the clients in Python. What comes
out is ``recordings/NAME.json``; see ``recording.py`` for what it says.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import gevent
from gevent import socket, subprocess
from gevent.server import StreamServer

from tests.clients import recording
from tests.clients.recorded_app import make_app
from tests.clients.recording import Step
from tests.support.http import Answer
from tests.support.server import serving
from tests.support.waiting import wait_until

# A session's or a socket's id, in packets and in the answer to the handshake of 0.9.
ID = re.compile(r'"sid": ?"([\w-]{20})"|^([\w-]{20}):\d+:\d+:')


class Line:
    """One connection; makes steps of the bytes that pass, each b"" being an end."""

    def __init__(self, number: int, protocol: int) -> None:
        self._number = number
        self._protocol = protocol
        self._data = {"client": b"", "server": b""}
        self._asked: list[list[str]] = []
        self._used = False
        self._frames = False
        self._ended = False

    def steps(self, who: str, data: bytes) -> Iterator[Step]:
        """The steps that some bytes complete; none after the first end."""
        if self._ended:
            return
        self._data[who] += data
        while (step := self._step(who)) is not None:
            self._used = True
            yield {"on": self._number, **step}
        if not data:
            self._ended = True
            if self._used:
                yield {"on": self._number, "ends": who}

    def _step(self, who: str) -> Step | None:
        take: Any = recording.take_frame if self._frames else recording.take_http
        taken = take(self._data[who])
        if taken is None:
            return None
        what, self._data[who] = taken
        if self._frames:
            return {"sends" if who == "client" else "told": what}
        return self._request(*what) if who == "client" else self._answer(*what)

    def _request(self, head: list[str], body: bytes) -> Step:
        self._asked.append(head)
        step: Step = {"request": head}
        return {**step, "body": recording.written(body)} if body else step

    def _answer(self, head: list[str], body: bytes) -> Step:
        request = self._asked.pop(0)
        fields = recording.headers(head)
        answer = Answer(int(head[0].split()[1]), fields, body)
        if answer.status == 101:
            self._frames = True
            return {"answer": 101}
        step: Step = {"answer": answer.status, "type": fields.get("content-type", "")}
        if answer.status == 200 and recording.is_poll(request):
            return {**step, "packets": recording.packets(self._protocol, answer)}
        return {**step, "body": recording.written(body)}


class Proxy:
    """Passes connections on to a server, and writes down what they carry."""

    def __init__(self, port: int, protocol: int) -> None:
        self.steps: list[Step] = []
        self.open = 0
        self._port = port
        self._protocol = protocol
        self._connections = 0

    def __call__(self, client: socket.socket, address: object) -> None:
        self.open += 1
        self._connections += 1
        line = Line(self._connections, self._protocol)
        server = socket.create_connection(("127.0.0.1", self._port))
        for each in (client, server):
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        both = (
            gevent.spawn(self._carry, line, "client", client, server),
            gevent.spawn(self._carry, line, "server", server, client),
        )
        gevent.joinall(both)
        self.open -= 1

    def _carry(self, line: Line, who: str, source: Any, target: Any) -> None:
        data = b"more"
        while data:
            try:
                data = source.recv(65536)
            except OSError:
                data = b""
            self.steps += line.steps(who, data)
            try:
                target.sendall(data) if data else target.shutdown(socket.SHUT_WR)
            except OSError:
                data = b""  # the other side has gone


def main(name: str, protocol: int, command: list[str]) -> int:
    """Record a command; return its exit code. One that fails is not kept."""
    app, left = make_app()
    with serving(app) as running, _proxy(running.port, protocol) as (proxy, port):
        filled = [word.replace("{port}", str(port)) for word in command]
        code: int = subprocess.run(filled).returncode
        wait_until(lambda: not proxy.open and not running.sessions, 60, "all has ended")
    if code:
        return code
    made = {"client": name, "protocol": protocol, "left": sorted(left), "steps": proxy.steps}
    recording.save(recording.FOLDER / f"{name}.json", anonymous(made, port))
    return code


@contextmanager
def _proxy(port: int, protocol: int) -> Iterator[tuple[Proxy, int]]:
    proxy = Proxy(port, protocol)
    server = StreamServer(("127.0.0.1", 0), proxy)
    server.start()
    try:
        yield proxy, server.server_port
    finally:
        server.stop()


def anonymous(made: dict[str, Any], port: int) -> dict[str, Any]:
    """The same without the names and the port that were that run's own."""
    names = (name for step in made["steps"] for text in _told(step) for name in ID.findall(text))
    text = json.dumps(made).replace(f":{port}", ":<port>")
    for number, pair in enumerate(dict.fromkeys(names), 1):
        text = text.replace("".join(pair), f"<id {number}>")
    anonymous: dict[str, Any] = json.loads(text)
    return anonymous


def _told(step: Step) -> Iterator[str]:
    for data in (*step.get("packets", ()), step.get("told"), step.get("body")):
        if isinstance(data, str):
            yield data


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), sys.argv[3:]))
