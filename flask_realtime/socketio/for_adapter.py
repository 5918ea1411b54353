"""What an adapter sees of its namespace (:class:`.Local`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, cast

import gevent

from ..adapters.plain import plain_part
from ..engine.clock import Deadline
from ..protocol.packet import Packet
from .server_side import handle_server_side

if TYPE_CHECKING:
    from .namespace import Namespace
    from .server import Server
    from .socket import Socket

_FIRST_SHARED = 1_000_000_000
"""The first number of questions to many: far above those that sockets count up for themselves."""


class ForAdapter:
    """The sockets of this node, as an adapter reaches them."""

    name: str
    server: Server
    sockets: dict[str, Socket]
    _shared = _FIRST_SHARED

    def deliver(self, ids: Iterable[str], packet: Packet, volatile: bool) -> None:
        """Send `packet` to the sockets of these ids; one call per broadcast, not per socket."""
        sockets = self.sockets
        for id in ids:
            socket = sockets.get(id)
            if socket is not None:
                socket.deliver(packet, volatile)

    def here(self, ids: Iterable[str]) -> list[str]:
        """Return the ids of those who can be asked: a middleware may have put others into rooms."""
        sockets = self.sockets
        return [id for id in ids if id in sockets and sockets[id].connected]

    def deliver_with_ack(
        self,
        ids: Iterable[str],
        packet: Packet,
        volatile: bool,
        answered: Callable[[str, list[Any] | None], None],
    ) -> Callable[[], None]:
        """Send `packet` and ask for its acknowledgement, all by the same number: one encoding."""
        number = packet.id = self._shared
        self._shared += 1
        asked: list[Socket] = []
        for id in ids:
            socket = self.sockets.get(id)
            if socket is not None and socket.ask_among_others(packet, volatile, answered):
                asked.append(socket)
            else:
                answered(id, None)

        def stop() -> None:
            for socket in asked:
                socket.acks.cancel(number)

        return stop

    def describe(self, id: str) -> dict[str, Any] | None:
        """Return a socket as another node may know it."""
        socket = self.sockets.get(id)
        if socket is None:
            return None
        return {
            "id": id,
            "handshake": plain_part(socket.handshake),
            "rooms": sorted(socket.rooms),
            "data": plain_part(socket.data),
        }

    def send_away(self, id: str, close: bool) -> None:
        """Send one socket away."""
        socket = self.sockets.get(id)
        if socket is not None:
            socket.disconnect(close)

    def server_side(self, data: list[Any], answered: Callable[[Any], None] | None) -> None:
        """Run the handler of an event from another node."""
        gevent.spawn(handle_server_side, cast("Namespace", self), data, answered)

    def encode(self, packet: Packet) -> None:
        """Encode a packet now."""
        self.server.engine.encode(packet)

    def now(self) -> float:
        """What the time is, in seconds."""
        return self.server.engine.clock.now()

    def after(self, seconds: float, action: Callable[[], None]) -> Deadline:
        """Do something later."""
        return self.server.engine.clock.after_any(seconds, action)

    def run(self, function: Callable[..., Any], *args: Any) -> None:
        """Run the application's code, which concerns no socket, in a greenlet of its own."""
        gevent.spawn(self.server.run_aside, self.name, function, args)
