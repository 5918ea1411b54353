"""What the test client keeps to come back with after a loss of connection, as clients 4.6 do."""

from __future__ import annotations

from typing import Any

from ...protocol.packet import Packet


class Recovery:
    """Of each namespace: the private id by which the server knows us, and what came last."""

    def __init__(self) -> None:
        self._pids: dict[str, str] = {}
        self._offsets: dict[str, str] = {}

    def claim(self, namespace: str, auth: Any) -> Any:
        """Return what to join with: `auth`, and what the server needs to go on where we were."""
        pid = self._pids.get(namespace)
        if pid is None:
            return auth
        return {"pid": pid, "offset": self._offsets.get(namespace), **(auth or {})}

    def joined(self, packet: Packet) -> None:
        """Take note of the CONNECT of a server, with the private id if it has the option on."""
        pid = (packet.data or {}).get("pid")
        if pid is not None:
            self._pids[packet.namespace] = pid

    def received(self, packet: Packet) -> None:
        """Take note of an event: its last argument is where it stands, if it has a place."""
        last = packet.data[-1]
        if packet.namespace in self._pids and isinstance(last, str):
            self._offsets[packet.namespace] = last
