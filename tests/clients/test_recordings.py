"""What real clients in other languages said, said again: the server must answer as it did then.

The clients were built once, beside the checkout (those in Python are played live as well), and
spoke to ``recorded_app.py`` through the proxy of ``record.py``, which tells how that is done. Here
the bytes of each connection are sent in the recorded order, and what the server answers is compared
packet by packet with what the client was told.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections import deque
from pathlib import Path
from typing import Any

import pytest
from gevent.select import select

from tests.clients import recording
from tests.clients.recorded_app import PING_INTERVAL, make_app
from tests.clients.recording import Data, Step
from tests.support.http import HTTPClient
from tests.support.server import Running, serving
from tests.support.time import FakeTime
from tests.support.waiting import wait_until
from tests.websocket.masking import frame

# What the server says because time has passed: the ping of Engine.IO 4, of 0.9, of the WebSocket
# below Engine.IO 3, and the end of an empty poll of Engine.IO 3 and of 0.9.
DUE: tuple[Data, ...] = ("2", "2::", {"ping": ""}, "6", "8::")
# Of these, and of the answers to pings and probes, the order with all else is a matter of moments.
HEARTBEATS: tuple[Data, ...] = (*DUE, "3", "3probe")
OPCODES = {name: opcode for opcode, name in recording.OPCODES.items()}
RFC_6455 = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
RECORDINGS = sorted(recording.FOLDER.glob("*.json"))


class Replay:
    """One recording, played to a server whose time passes when a heartbeat is due."""

    def __init__(self, running: Running, protocol: int) -> None:
        self._running = running
        self._protocol = protocol
        self._time = FakeTime()
        running.server.start()
        running.engine.clock.stop()
        running.engine.clock = self._time.clock()
        self._ids: dict[str, str] = {}
        self._connections: dict[int, HTTPClient] = {}
        self._requests: dict[int, list[str]] = {}
        self._answers: dict[int, Step] = {}
        self._inbox = Inbox()
        self._polls = Polls(protocol, self._inbox)

    def play(self, steps: list[Step]) -> None:
        self._answers = answers_of(steps)
        for step in steps:
            (kind,) = step.keys() & {"request", "answer", "sends", "told", "ends"}
            getattr(self, f"_{kind}")(step["on"], step)
        assert not self._inbox.packets, "more came than then"

    def close(self) -> None:
        for connection in self._connections.values():
            connection.close()

    # What the client does

    def _request(self, on: int, step: Step) -> None:
        if on not in self._connections:
            self._connections[on] = HTTPClient(self._running.port)
        self._requests[on] = step["request"]
        head = self._live("\r\n".join([*step["request"], "", ""])).encode("latin-1")
        request = head + recording.read(step.get("body", ""))[1]
        if recording.is_poll(step["request"]):
            self._polls.ask(self._connections[on], request, self._answers.get(id(step)))
        else:
            self._connections[on].send(request)

    def _sends(self, on: int, step: Step) -> None:
        kind, payload = recording.read(step["sends"])
        self._connections[on].send(frame(OPCODES[kind], payload))

    def _ends(self, on: int, step: Step) -> None:
        if step["ends"] == "server":
            assert self._connections[on].at_end()
        self._connections[on].close()

    # What the server does

    def _answer(self, on: int, step: Step) -> None:
        request = self._requests[on]
        if "packets" in step:
            self._let_ping(self._connections[on], step["packets"])
            for expected, packet in zip(step["packets"], self._polls.get(step), strict=True):
                self._compare(expected, packet)
            return
        answer = self._connections[on].answer()
        assert answer.status == step["answer"], answer
        if answer.status == 101:
            accept = recording.headers(request)["sec-websocket-key"] + RFC_6455
            digest = hashlib.sha1(accept.encode()).digest()
            assert answer.headers["sec-websocket-accept"] == base64.b64encode(digest).decode()
            return
        assert answer.headers.get("content-type", "") == step["type"], answer
        self._compare(step["body"], recording.written(answer.body))

    def _told(self, on: int, step: Step) -> None:
        connection, expected = self._connections[on], step["told"]
        while not self._inbox.has([expected]):
            self._let_ping(connection, [expected])
            self._inbox.put(self._take(connection, expected))
        self._compare(expected, self._inbox.take(expected))

    def _take(self, connection: HTTPClient, expected: Data) -> Data:
        """The next frame."""
        while (taken := recording.take_frame(connection.data)) is None:
            assert connection.more(), f"closed instead of {expected!r}"
        told, connection.data = taken
        return told

    def _let_ping(self, connection: HTTPClient, told: list[Data]) -> None:
        """Let time pass until the connection has something, if it is a heartbeat's turn."""
        if not any(each in DUE for each in told):
            return
        # While a client upgrades, what ends a poll is real time.
        patience = 0.2 if "6" in told else 0.01
        until = self._time.now + 3 * PING_INTERVAL
        while self._time.now < until and not connection.data:
            if select([connection.sock], [], [], patience)[0]:
                return
            patience = 0.01
            self._pass_by()

    def over(self) -> bool:
        """Let some time pass; return whether the session has ended."""
        self._pass_by()
        return not self._running.sessions

    def _pass_by(self) -> None:
        self._time.pass_by(self._running.engine.clock, PING_INTERVAL / 4)

    # Names

    def _live(self, text: str) -> str:
        """A text that was recorded, with the names of this run."""
        text = text.replace("<port>", str(self._running.port))
        return re.sub(r"<id \d+>", lambda found: self._ids[found[0]], text)

    def _compare(self, expected: Data, told: Data) -> None:
        """Compare what was told, then and now; learn the names that are new."""
        if isinstance(expected, str) and isinstance(told, str):
            self._learn(expected, told)
            expected = self._live(expected)
        assert told == expected

    def _learn(self, expected: str, told: str) -> None:
        new = [name for name in re.findall(r"<id \d+>", expected) if name not in self._ids]
        pattern = re.escape(expected)
        for name in new:
            pattern = pattern.replace(re.escape(name), r"([\w-]{20})")
        found = re.fullmatch(pattern, told) if new else None
        self._ids.update(zip(new, found.groups() if found else ["unknown"] * len(new), strict=True))


def answers_of(steps: list[Step]) -> dict[int, Step]:
    """The answers to the requests that had one, by the request's :func:`id`."""
    asked: dict[int, Step] = {}
    answers: dict[int, Step] = {}
    for step in steps:
        if "request" in step:
            asked[step["on"]] = step
        elif "answer" in step:
            answers[id(asked[step["on"]])] = step
    return answers


class Inbox:
    """What the server has said, by whatever connection, and nobody has looked at."""

    def __init__(self) -> None:
        self.packets: deque[Data] = deque()
        self._heartbeats: list[Data] = []

    def put(self, told: Data) -> None:
        if told in HEARTBEATS:
            self._heartbeats.append(told)
        else:
            self.packets.append(told)

    def has(self, expected: list[Data]) -> bool:
        """Whether there is as much as is expected."""
        heartbeats = [each for each in expected if each in HEARTBEATS]
        count = self._heartbeats.count
        if any(count(each) < heartbeats.count(each) for each in heartbeats):
            return False
        return len(self.packets) >= len(expected) - len(heartbeats)

    def take(self, expected: Data) -> Data:
        """That heartbeat, or else the next packet."""
        if expected not in HEARTBEATS:
            return self.packets.popleft()
        self._heartbeats.remove(expected)
        return expected


class Polls:
    """The polls of a client. How many packets each brings is a matter of moments: where more came
    than had then, a later poll is left out, and where fewer, the same is asked for again.
    """

    def __init__(self, protocol: int, inbox: Inbox) -> None:
        self._protocol = protocol
        self._inbox = inbox
        self._asked = False
        self._last: tuple[HTTPClient, bytes]

    def ask(self, connection: HTTPClient, request: bytes, answer: Step | None) -> None:
        """Poll, unless all is here that the poll was answered with.

        :param answer: None if the poll never had one.
        """
        packets = answer["packets"] if answer else []
        self._last = connection, request
        self._asked = not packets or not self._inbox.has(packets)
        if self._asked:
            connection.send(request)

    def get(self, answer: Step) -> list[Data]:
        """What answers what the answer had."""
        if self._asked:
            self._receive(answer)
        while not self._inbox.has(answer["packets"]):
            connection, request = self._last
            connection.send(request)
            self._receive(answer)
        return [self._inbox.take(expected) for expected in answer["packets"]]

    def _receive(self, expected: Step) -> None:
        answer = self._last[0].answer()
        assert (answer.status, answer.headers["content-type"]) == (200, expected["type"]), answer
        for packet in recording.packets(self._protocol, answer):
            self._inbox.put(packet)


@pytest.mark.parametrize("path", RECORDINGS, ids=[path.stem for path in RECORDINGS])
def test_a_recorded_client_is_told_the_same_again(path: Path) -> None:
    recorded: dict[str, Any] = recording.load(path)
    app, left = make_app()
    with serving(app) as running:
        replay = Replay(running, recorded["protocol"])
        try:
            replay.play(recorded["steps"])
        finally:
            replay.close()
        wait_until(replay.over, what="the session has ended")
        assert [list(each) for each in sorted(left)] == recorded["left"]
