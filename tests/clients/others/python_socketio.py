"""The clients of python-socketio, of any version: one of threads, one of asyncio.

Each has the methods that ``play.py`` asks for.
"""

from __future__ import annotations

import asyncio
import queue
import time
from collections import defaultdict
from typing import Any

import socketio

_TIMEOUT = 10.0
EVENTS = ("told", "news", "number", "said", "answered")


class Threads:
    """``socketio.Client``."""

    def __init__(self, url: str, transports: list[str]) -> None:
        self._heard: defaultdict[str, queue.Queue[Any]] = defaultdict(queue.Queue)
        self._client = socketio.Client(reconnection=False)
        for event in (*EVENTS, "disconnect"):
            self._client.on(event, self._listener(event))
            self._client.on(event, self._listener(f"/chat {event}"), namespace="/chat")
        self._client.on("question", lambda *args: args)
        self._joined = _Joined("/", "/chat")
        for namespace in self._joined.names:
            self._client.on("connect", self._joined.listener(namespace), namespace=namespace)
        self._client.connect(url, transports=transports, namespaces=["/", "/chat"])
        self._joined.wait()

    def _listener(self, key: str) -> Any:
        return lambda *args: self._heard[key].put(args)

    def ask(self, event: str, *args: Any, namespace: str = "/") -> tuple[Any, ...]:
        answers: queue.Queue[tuple[Any, ...]] = queue.Queue()
        self._client.emit(event, args, namespace=namespace, callback=lambda *got: answers.put(got))
        return answers.get(timeout=_TIMEOUT)

    def say(self, event: str, *args: Any, namespace: str = "/") -> None:
        self._client.emit(event, args, namespace=namespace)

    def hear(self, event: str) -> tuple[Any, ...]:
        got: tuple[Any, ...] = self._heard[event].get(timeout=_TIMEOUT)
        return got

    def rest(self, seconds: float) -> None:
        time.sleep(seconds)

    def wait_until_left(self) -> None:
        self.hear("disconnect")

    def leave(self) -> None:
        self._client.disconnect()


class _Joined:
    """The namespaces that are still to be joined; version 4 does not wait for them."""

    def __init__(self, *names: str) -> None:
        self.names = names
        self._done: queue.Queue[str] = queue.Queue()

    def listener(self, name: str) -> Any:
        return lambda: self._done.put(name)

    def wait(self) -> None:
        assert {self._done.get(timeout=_TIMEOUT) for _ in self.names} == set(self.names)


class Asyncio:
    """``socketio.AsyncClient``; the loop of all of them turns while something is asked of one."""

    _loop = asyncio.new_event_loop()

    def __init__(self, url: str, transports: list[str]) -> None:
        self._run(self._connect(url, transports))

    def _run(self, what: Any) -> Any:
        return self._loop.run_until_complete(asyncio.wait_for(what, _TIMEOUT))

    async def _connect(self, url: str, transports: list[str]) -> None:
        self._heard: defaultdict[str, asyncio.Queue[Any]] = defaultdict(asyncio.Queue)
        self._client = socketio.AsyncClient(reconnection=False)
        for event in (*EVENTS, "connect", "disconnect"):
            self._client.on(event, self._listener(event))
            self._client.on(event, self._listener(f"/chat {event}"), namespace="/chat")
        self._client.on("question", lambda *args: args)
        await self._client.connect(url, transports=transports, namespaces=["/", "/chat"])
        await self._heard["connect"].get()
        await self._heard["/chat connect"].get()

    def _listener(self, key: str) -> Any:
        return lambda *args: self._heard[key].put_nowait(args)

    def ask(self, event: str, *args: Any, namespace: str = "/") -> tuple[Any, ...]:
        got: tuple[Any, ...] = self._run(self._ask(event, args, namespace))
        return got

    async def _ask(self, event: str, args: tuple[Any, ...], namespace: str) -> Any:
        answer = self._loop.create_future()
        await self._client.emit(
            event, args, namespace=namespace, callback=lambda *got: answer.set_result(got)
        )
        return await answer

    def say(self, event: str, *args: Any, namespace: str = "/") -> None:
        self._run(self._client.emit(event, args, namespace=namespace))

    def hear(self, event: str) -> tuple[Any, ...]:
        got: tuple[Any, ...] = self._run(self._heard[event].get())
        return got

    def rest(self, seconds: float) -> None:
        self._loop.run_until_complete(asyncio.sleep(seconds))

    def wait_until_left(self) -> None:
        self.hear("disconnect")

    def leave(self) -> None:
        self._run(self._client.disconnect())
