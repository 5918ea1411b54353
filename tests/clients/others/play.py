"""Plays scenarios by real clients that are not JavaScript.

``play.py CLASS TRANSPORTS PROTOCOL SCENARIO URL`` plays one, and exits with 1 if it fails;
``play.py`` alone plays what is asked for on stdin, a JSON list of those words in each line, and
says on stdout why each has failed, or null, as JSON. The folder in which the client is installed is
the PYTHONPATH, and nothing of the package is imported here.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from importlib import import_module
from typing import Any
from urllib.parse import quote
from urllib.request import urlopen

CLASSES = {
    "Threads": "python_socketio",
    "Asyncio": "python_socketio",
    "Blocking": "socketio_client",
    "BlockingText": "socketio_client",
}
TEXT = '𝄞 é \0 \u2028 " \\ + : �'


class Play:
    """The scenarios, each as a method, and what they use.

    :param transports: separated by commas; the last is where a client ends up.
    """

    def __init__(self, kind: str, transports: str, protocol: int, url: str) -> None:
        self._kind: Any = getattr(import_module(CLASSES[kind]), kind)
        self._transports = transports.split(",")
        self._protocol = protocol
        self._url = url
        self._client = self._open()

    def _open(self) -> Any:
        return self._kind(self._url, self._transports)

    def _get(self, path: str) -> str:
        with urlopen(self._url + path, timeout=10) as response:
            return str(response.read().decode())

    def _who(self, namespace: str = "/") -> dict[str, Any]:
        (who,) = self._client.ask("who", namespace=namespace)
        return dict(who)

    def connect(self) -> None:
        who = self._who()
        assert who["protocol"] == self._protocol, who
        assert who["transport"] == self._transports[-1].removeprefix("xhr-"), who
        assert who["namespace"] == "/", who
        assert self._who("/chat")["namespace"] == "/chat"
        self._client.leave()

    def echo(self) -> None:
        args: tuple[Any, ...] = (1, TEXT, {"list": [None, True, 1.5, TEXT]}, [], "")
        for namespace in ("/", "/chat"):
            assert self._client.ask("echo", *args, namespace=namespace) == args
            assert self._client.ask("echo", TEXT * 5000, namespace=namespace) == (TEXT * 5000,)
        assert self._client.ask("echo") == ()
        self._client.leave()

    def binary(self) -> None:
        first, second = b"\0\1\x1e\x7f\x80\xff", {"empty": b"", "list": [b"b4", "b4", b"\4"]}
        # What is empty python-engineio 3 hands out as None.
        nothing = None if self._protocol == 3 else b""
        seen = (first, {**second, "empty": nothing})
        assert self._client.ask("give binary") == seen
        assert self._client.ask("echo", first, second, TEXT) == (*seen, TEXT)
        assert self._client.ask("echo", bytes(100_000)) == (bytes(100_000),)
        self._client.leave()

    def room(self) -> None:
        other = self._open()
        for client in (self._client, other):
            client.say("join", "room")
            assert client.ask("echo", 1) == (1,)
        self._client.say("to others in", "room", TEXT, 2)
        assert other.hear("news") == (TEXT, 2)
        self._client.say("to all in", "room", 3)
        assert other.hear("news") == self._client.hear("news") == (3,)
        assert self._get("/tell/room/view") == "sent"
        assert other.hear("told") == self._client.hear("told") == ("view",)
        other.leave()
        self._client.leave()

    def order(self) -> None:
        """Many events each way.

        No more at once than 12: python-engineio closes over a polling body of more than 16 packets.
        """
        for number in range(50):
            self._client.say("number", number)
        assert self._client.ask("numbers") == (50, True)
        for _ in range(5):
            self._client.say("count at once", 12)
            got = [self._client.hear("number")[0] for _ in range(12)]
            assert sorted(got) == list(range(12))  # python-socketio has a thread for each
        self._client.leave()

    def leave(self) -> None:
        reason = self._leave()
        if not reason and self._kind.__name__ == "Threads":
            # python-engineio's writer may end before it has sent what was put last: a race of its
            # own, in which nobody hears of its leaving.
            self._client = self._open()
            reason = self._leave()
        # A WebSocket is closed beside what is still to be said, and AsyncClient drops its poll.
        expected = {"client namespace disconnect", "transport close"}
        if self._kind.__name__ == "Asyncio" and self._transports == ["polling"]:
            expected.add("transport error")
        assert reason in expected, reason

    def _leave(self) -> str:
        id = self._who("/chat")["id"]
        self._client.leave()
        return self._get(f"/reason?id={quote(id)}&within=4")

    def recorded(self) -> None:
        """For ``record.py``: a little of all that passes between a client and a server."""
        for namespace in ("/", "/chat"):
            assert self._client.ask("echo", 1, TEXT, namespace=namespace) == (1, TEXT)
        self._client.say("say", TEXT)
        assert self._client.hear("said") == (TEXT,)
        self._client.say("ask", "why")
        assert self._client.hear("answered") == ("why",)
        if CLASSES[self._kind.__name__] == "python_socketio":  # the other has no binary
            args = (b"\0\1\x1e\x7f\x80\xff", {"list": [b"b4", 1]})
            assert self._client.ask("echo", *args) == args
            self._client.say("say", *args)
            assert self._client.hear("said") == args
        self._client.rest(1.5)  # longer than its interval between two heartbeats
        self._client.leave()

    def sent_away(self) -> None:
        id = self._who()["id"]
        self._client.say("go away", True)
        self._client.wait_until_left()
        reason = self._get(f"/reason?id={quote(id)}")
        assert reason == "server namespace disconnect", reason


def play(kind: str, transports: str, protocol: str, scenario: str, url: str) -> str | None:
    """Play it; return why it has failed."""
    try:
        getattr(Play(kind, transports, int(protocol), url), scenario)()
    except Exception:
        return traceback.format_exc()
    return None


def serve() -> None:
    """Play what is asked for on stdin."""
    said, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        print(json.dumps(play(*json.loads(line))), file=said, flush=True)


def main(words: list[str]) -> int:
    """Return the exit code."""
    if not words:
        serve()
        return 0
    failed = play(*words)
    print(failed or "", end="", file=sys.stderr, flush=True)
    return 0 if failed is None else 1


if __name__ == "__main__":
    os._exit(main(sys.argv[1:]))  # else threads of a client that has failed would be waited for
