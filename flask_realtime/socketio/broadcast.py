"""Who an emit is for: each flag and room gives a new operator, nothing is stored on a socket."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..adapters.adapter import ALL, Selection
from ..engine.engine import Engine
from ..exceptions import EventError
from ..protocol.packet import Packet, PacketType
from .events import RESERVED
from .threads import in_hub

if TYPE_CHECKING:
    from .namespace import Namespace
    from .socket import Socket


def event_packet(
    namespace: str, event: str, args: Iterable[Any], id: int | None = None
) -> Packet:
    """Return the packet of an event.

    :raises EventError: for a name that is none, or that Socket.IO keeps for itself.
    """
    if not isinstance(event, str):
        raise EventError(f"an event's name is a str, not {event!r}")
    if event in RESERVED:
        raise EventError(f"{event!r} is reserved by Socket.IO; choose another name")
    return Packet(PacketType.EVENT, namespace, [event, *args], id)


def room_names(rooms: Iterable[Any]) -> tuple[str, ...]:
    """Return rooms as the adapter names them: numbers as text, lists spread."""
    names: list[str] = []
    for room in rooms:
        if isinstance(room, str):
            names.append(room)
        elif isinstance(room, int) and not isinstance(room, bool):
            names.append(str(room))
        elif isinstance(room, list | tuple | set | frozenset):
            names.extend(room_names(room))
        else:
            raise TypeError(f"a room is a str, or a list of such, not {room!r}")
    return tuple(names)


class BroadcastOperator:
    """Some sockets of a namespace, or one socket, and how to send to them.

    :param own: the one socket; None as soon as the operator means others.
    """

    __slots__ = ("_namespace", "_own", "_selection")

    def __init__(
        self, namespace: Namespace, selection: Selection = ALL, own: Socket | None = None
    ) -> None:
        self._namespace = namespace
        self._selection = selection
        self._own = own

    @property
    def engine(self) -> Engine:
        """The engine of its server."""
        return self._namespace.server.engine

    def _but(self, **changes: Any) -> BroadcastOperator:
        return BroadcastOperator(self._namespace, replace(self._selection, **changes), self._own)

    def to(self, *rooms: Any) -> BroadcastOperator:
        """Those in any of `rooms`; from a socket: but for itself.

        :param rooms: names, or lists of names; a socket's id is a room of its own. An empty list
            is nobody (on Node it is everyone, which no computed list should turn into).
        """
        others = self.broadcast
        return others._but(rooms=(others._selection.rooms or ()) + room_names(rooms))

    in_ = to

    def except_(self, *rooms: Any) -> BroadcastOperator:
        """But for those in any of `rooms`; from a socket: and but for itself."""
        others = self.broadcast
        return others._but(except_=others._selection.except_ + room_names(rooms))

    @property
    def broadcast(self) -> BroadcastOperator:
        """Everyone else: from a socket, all but itself."""
        if self._own is None:
            return self
        others = self._but(except_=(*self._selection.except_, self._own.id))
        others._own = None
        return others

    @property
    def volatile(self) -> BroadcastOperator:
        """Only who can be reached at once; whoever lags does not get the message later."""
        return self._but(volatile=True)

    @property
    def local(self) -> BroadcastOperator:
        """Only the sockets of this process."""
        return self._but(local=True)

    def emit(self, event: str, *args: Any, callback: Callable[..., Any] | None = None) -> bool:
        """Send an event to them.

        :returns: for one socket whether it was taken, else True.
        :raises EncodeError: if an argument cannot be carried; the message names the path to it.
        :raises EventError: for a reserved name, or a callback for many.
        """
        if self._own is not None:
            return self._own.send_event(event, args, callback, self._selection.volatile)
        if callback is not None:
            raise EventError(
                "a callback can wait for one socket only; use socket.emit(…, callback=…)"
            )
        packet = event_packet(self._namespace.name, event, args)
        broadcast = self._namespace.adapter.broadcast
        if self.engine.elsewhere:
            self.engine.encode(packet)
            self.engine.post(broadcast, packet, self._selection)
        else:
            broadcast(packet, self._selection)
            if packet._encoded is None:
                self.engine.encode(packet)  # a bad value fails where nobody is there, too
        return True

    def send(self, *args: Any) -> bool:
        """Send a ``message`` event to them."""
        return self.emit("message", *args)

    @in_hub
    def disconnect_sockets(self, close: bool = False) -> None:
        """Send them away, with their whole connections if `close`."""
        self._namespace.adapter.disconnect(self._chosen, close)

    @in_hub
    def sockets_join(self, *rooms: Any) -> None:
        """Put them into `rooms`."""
        self._namespace.adapter.join(self._chosen, room_names(rooms))

    @in_hub
    def sockets_leave(self, *rooms: Any) -> None:
        """Take them out of `rooms`."""
        self._namespace.adapter.leave(self._chosen, room_names(rooms))

    @property
    def _chosen(self) -> Selection:
        if self._own is None:
            return self._selection
        return replace(self._selection, rooms=(self._own.id,))  # the one socket, not everyone
