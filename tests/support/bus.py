"""A bus in this process, by which the nodes of a cluster reach each other."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import gevent

from flask_realtime.adapters.adapter import Local
from flask_realtime.adapters.cluster import ClusterAdapter
from flask_realtime.adapters.heartbeat import HeartbeatClusterAdapter
from flask_realtime.adapters.messages import Message


def plain(value: Any) -> Any:
    """Copy a message; nothing but plain data can be in it."""
    if type(value) in (type(None), bool, int, float, str, bytes):
        return value
    if type(value) is list:
        return [plain(item) for item in value]
    assert type(value) is dict, f"no plain data: {value!r}"
    assert all(type(key) is str for key in value), f"a key that is no str: {value!r}"
    return {key: plain(item) for key, item in value.items()}


class Bus:
    """What nodes publish comes to all of them, the own one too, in order and a little later."""

    def __init__(self) -> None:
        self.adapters: list[ClusterAdapter] = []
        #: Those that hear nothing and say nothing, as if their network were gone.
        self.cut_off: set[ClusterAdapter] = set()

    def count(self, name: str) -> int:
        """How many nodes have that namespace."""
        return sum(adapter._local.name == name for adapter in self.adapters)

    def publish(self, sender: ClusterAdapter, message: Message) -> None:
        message = plain(dict(message))
        if sender in self.cut_off:
            return
        for adapter in self.adapters:
            self._later(adapter.on_message, adapter, copy.deepcopy(message))

    def _later(
        self, take: Callable[[Message], None], adapter: ClusterAdapter, message: Message
    ) -> None:
        def deliver() -> None:
            if adapter in self.adapters and adapter not in self.cut_off:
                take(message)

        gevent.get_hub().loop.run_callback(deliver)

    def adapter(self, local: Local) -> BusAdapter:
        """Make the adapter of a node, which knows how many there are."""
        return BusAdapter(local, self)

    def beating(self, local: Local) -> BeatingAdapter:
        """Make the adapter of a node, which finds out by heartbeats."""
        return BeatingAdapter(local, self)


class BusAdapter(ClusterAdapter):
    def __init__(self, local: Local, bus: Bus) -> None:
        super().__init__(local)
        self._bus = bus

    def start(self) -> None:
        self._bus.adapters.append(self)

    def close(self) -> None:
        if self in self._bus.adapters:
            self._bus.adapters.remove(self)

    def publish(self, message: Message) -> None:
        self._bus.publish(self, message)

    def server_count(self) -> int:
        return self._bus.count(self._local.name)


class BeatingAdapter(HeartbeatClusterAdapter):
    def __init__(self, local: Local, bus: Bus) -> None:
        super().__init__(local)
        self._bus = bus

    def start(self) -> None:
        self._bus.adapters.append(self)
        super().start()

    def close(self) -> None:
        super().close()
        if self in self._bus.adapters:
            self._bus.adapters.remove(self)

    def publish(self, message: Message) -> None:
        self._bus.publish(self, message)
