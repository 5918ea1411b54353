"""The client of socketIO-client, of any version. It reads only while something waits.

It has the methods that ``play.py`` asks for.
"""

from __future__ import annotations

import time
from collections import defaultdict
from typing import Any

from socketIO_client import BaseNamespace, SocketIO

_TIMEOUT = 10.0


class Blocking:
    """``SocketIO``; a transport by the name that it has for it."""

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
        )
        self._client.define(BaseNamespace, "/chat")
        for event in ("told", "news", "number", "disconnect"):
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

    def wait_until_left(self) -> None:
        until = time.monotonic() + _TIMEOUT
        while not self._heard["disconnect"]:
            assert time.monotonic() < until, "it is still there"
            self._client.wait(seconds=0.5)

    def leave(self) -> None:
        self._client.disconnect()
