"""For adapters that cannot ask how many nodes there are: each says from time to time that it is."""

from __future__ import annotations

from ..exceptions import OptionError
from .adapter import NODE_TIMEOUT, Later, Local
from .cluster import ClusterAdapter
from .messages import Message, MessageType

_EMITTER = "emitter"
"""What programs call themselves that only emit."""


class HeartbeatClusterAdapter(ClusterAdapter):
    """Nodes that know each other by their heartbeats. A subclass implements :meth:`publish`, and
    calls ``start()`` and ``close()`` of this class while messages can go out.

    :param heartbeat_interval: seconds between two of them (Node: 5 s).
    :param heartbeat_timeout: after how many seconds without one a node counts as gone (Node: 10 s).
    :raises OptionError: if nodes would be gone between two heartbeats.
    """

    def __init__(
        self,
        local: Local,
        requests_timeout: float = NODE_TIMEOUT,
        heartbeat_interval: float = 5.0,
        heartbeat_timeout: float = 10.0,
    ) -> None:
        super().__init__(local, requests_timeout)
        if not 0 < heartbeat_interval < heartbeat_timeout:
            raise OptionError("heartbeat_timeout is longer than heartbeat_interval, both above 0")
        self.heartbeat_interval = heartbeat_interval
        self.heartbeat_timeout = heartbeat_timeout
        self._seen: dict[str, float] = {}  # when other nodes were heard of
        self._next: Later | None = None

    def start(self) -> None:
        if self._next is None:
            self._say(MessageType.INITIAL_HEARTBEAT)
            self._next = self._local.after(self.heartbeat_interval, self._beat)

    def close(self) -> None:
        if self._next is not None:
            self._next.cancel()
            self._next = None
            self._say(MessageType.CLOSE)
        self._seen.clear()

    def server_count(self) -> int:
        return len(self._seen) + 1

    def _beat(self) -> None:
        self._say(MessageType.HEARTBEAT)
        self._next = self._local.after(self.heartbeat_interval, self._beat)
        oldest = self._local.now() - self.heartbeat_timeout
        for uid in [uid for uid, when in self._seen.items() if when < oldest]:
            self._gone(uid)

    def _gone(self, uid: str) -> None:
        """A node is gone: nobody waits for it any more."""
        if self._seen.pop(uid, None) is None:
            return
        for gathering in list(self._requests.values()):
            gathering.hear(uid)

    def _take(self, message: Message) -> None:
        uid = message.get("uid")
        if uid == self.uid or message.get("nsp") != self._local.name or not isinstance(uid, str):
            return
        if message["type"] == MessageType.CLOSE:
            self._gone(uid)
            return
        if uid != _EMITTER:
            self._seen[uid] = self._local.now()
        if message["type"] == MessageType.INITIAL_HEARTBEAT:
            self._say(MessageType.HEARTBEAT)
        super()._take(message)
