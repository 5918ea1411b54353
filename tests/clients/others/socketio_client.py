"""The client of socketIO-client, of any version, or of its copy for servers 2.x. It reads only
while something waits.

It has the methods that ``play.py`` asks for.
"""

from __future__ import annotations

import time
from collections import defaultdict
from contextlib import suppress
from typing import Any

try:
    from socketIO_client import BaseNamespace, SocketIO
except ImportError:
    from socketIO_client_nexus import BaseNamespace, SocketIO

_TIMEOUT = 10.0


class Blocking:
    """``SocketIO``; a transport by the name that it has for it."""

    _query: dict[str, Any] = {}

    def __init__(self, url: str, transports: list[str]) -> None:
        self._heard: defaultdict[str, list[tuple[Any, ...]]] = defaultdict(list)
        host, port = url.removeprefix("http://").split(":")
        # A script's request has to show that its page is ours.
        self._client = SocketIO(
            host,
            int(port),
            BaseNamespace,
            wait_for_connection=False,
            transports=transports,
            headers={"Referer": f"{url}/"},
            params=self._query,
        )
        self._client.define(BaseNamespace, "/chat")
        self._client.on("question", lambda *args: args[-1](*args[:-1]))
        for event in ("told", "news", "number", "said", "answered", "disconnect"):
            self._client.on(event, self._listener(event))
            self._client.on(event, self._listener(f"/chat {event}"), path="/chat")

    def _listener(self, key: str) -> Any:
        return lambda *args: self._heard[key].append(args)

    def ask(self, event: str, *args: Any, namespace: str = "/") -> tuple[Any, ...]:
        answers: list[tuple[Any, ...]] = []
        path = namespace.rstrip("/")
        self._client.emit(event, *args, path=path, callback=lambda *got: answers.append(got))
        self._client.wait_for_callbacks(seconds=_TIMEOUT)
        return answers.pop()

    def say(self, event: str, *args: Any, namespace: str = "/") -> None:
        self._client.emit(event, *args, path=namespace.rstrip("/"))

    def hear(self, event: str) -> tuple[Any, ...]:
        """Ask until it has come: an answer ends the client's wait, an event does not."""
        until = time.monotonic() + _TIMEOUT
        while not self._heard[event]:
            assert time.monotonic() < until, f"{event} was not heard"
            self.ask("echo")
        return self._heard[event].pop(0)

    def rest(self, seconds: float) -> None:
        self._client.wait(seconds=seconds)

    def wait_until_left(self) -> None:
        until = time.monotonic() + _TIMEOUT
        while not self._heard["disconnect"]:
            assert time.monotonic() < until, "it is still there"
            with suppress(IndexError):  # 0.7 takes the end of a WebSocket for an empty packet
                self._client.wait(seconds=0.5)

    def leave(self) -> None:
        self._client.disconnect()


class BlockingText(Blocking):
    """The copy, which polls text only and has to say so."""

    _query = {"b64": 1}
