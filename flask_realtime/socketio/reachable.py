"""One socket as who is sent events, asked, and put into rooms."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import gevent

from ..adapters.adapter import ALL, Selection
from ..adapters.gathering import answer_of
from ..engine.engine import Engine
from ..exceptions import AckTimeout, Disconnected, UsageError
from ..protocol.packet import Packet
from ..protocol.reason import Reason
from .acks import Acks
from .addressable import DEFAULT_TIMEOUT, Sending, check_rooms, check_timeout, room_names
from .broadcast import BroadcastOperator
from .hooks import Hooks, tell_outgoing
from .outgoing import event_packet, flagged_packet
from .threads import Told, in_hub, wait_for

if TYPE_CHECKING:
    from .client import Client
    from .namespace import Namespace
    from .server import Server
    from .socket import Socket

_GONE = "the client has left"
_MAX_EARLY = 1000
"""Packets that a ``connect`` handler, or a room it joined, may send before the client is in."""
_VOLATILE = Selection(volatile=True)


class Reachable(Sending):
    """What a :class:`.Socket` is to those who send. Kept apart from its events and its life."""

    __slots__ = ()

    id: str
    namespace: Namespace
    client: Client
    acks: Acks
    hooks: Hooks | None
    connected: bool
    _early: list[Packet] | None

    @property
    def server(self) -> Server:
        """The server whose namespace this is."""
        return self.namespace.server

    @property
    def engine(self) -> Engine:
        """The engine of its server."""
        return self.namespace.server.engine

    @property
    def accepted(self) -> bool:
        """Whether the client has been told that it is in: the ``connect`` handler is over."""
        return self._early is None

    @property
    def _operator(self) -> BroadcastOperator:
        return BroadcastOperator(self.namespace, ALL, self._socket)

    @property
    def _socket(self) -> Socket:
        return cast("Socket", self)

    # Events to it

    def emit(self, event: str, *args: Any, callback: Callable[..., Any] | None = None) -> bool:
        """Send an event.

        :param args: what JSON can carry, and ``bytes`` anywhere in it. A function at the end is
            the callback.
        :param callback: called with the client's answer, in a greenlet of its own; never, if the
            client does not answer. Of more than 10,000 that wait the oldest is given up.
        :returns: whether the message was taken; False once the client is gone.
        :raises EncodeError: if an argument cannot be carried; the message names the path to it.
        """
        if callback is None and args and callable(args[-1]):
            *args, callback = args  # type: ignore[assignment]
        namespace = self.namespace
        if namespace.recovery is None:
            packet = event_packet(namespace.name, event, args)
        else:
            packet = flagged_packet(namespace.name, event, args, ALL)
        return self.send_packet(packet, callback)

    def send_packet(
        self,
        packet: Packet,
        callback: Callable[..., Any] | None = None,
        volatile: bool = False,
        seconds: float | None = None,
    ) -> bool:
        """Send the packet of an event; :meth:`emit` with all that an operator may say."""
        if self.engine.elsewhere:
            if callback is None and self.namespace.recovery is None:
                self.conn_encode(packet)
            else:  # not that packet itself: it gets a number, or an offset, before it is sent
                self.conn_encode(Packet(packet.type, packet.namespace, packet.data))
            self.engine.post(self.send_packet, packet, callback, volatile, seconds)
            return self.connected
        if callback is not None:
            return self._send_asking(packet, callback, volatile, seconds)
        if self.namespace.recovery is not None:
            self.namespace.adapter.keep(packet, _VOLATILE if volatile else ALL, self.id)
        return self.deliver(packet, volatile)

    def conn_encode(self, packet: Packet) -> None:
        """Encode a packet as its client will get it; a bad value fails here."""
        self.client.session.dialect.encode(packet)

    def deliver(self, packet: Packet, volatile: bool = False) -> bool:
        """Send a packet; return whether it was taken. Hot: each delivery of a broadcast is here."""
        if self._early is not None:
            taken = self._deliver_early(packet, volatile)
        else:
            taken = self.connected and self.client.session.send(packet, volatile)
        if self.hooks is not None and taken:
            tell_outgoing(self._socket, packet)
        return taken

    def _deliver_early(self, packet: Packet, volatile: bool) -> bool:
        assert self._early is not None
        self.conn_encode(packet)  # a bad value fails where it was emitted
        if volatile or not self.connected:
            return False
        if len(self._early) >= _MAX_EARLY:
            self.engine.post(self.client.session.end, Reason.OUTBOX_FULL)
            return False
        self._early.append(packet)
        return True

    def drain(self, timeout: float | None = None) -> bool:
        """Wait until all that was sent has left; False if it did not within `timeout` seconds."""
        return self.client.session.outbox.drain(timeout)

    # Questions to it

    def call(self, event: str, *args: Any, timeout: float = DEFAULT_TIMEOUT) -> Any:
        """Send an event and wait for the client's answer.

        :param timeout: seconds.
        :returns: the answer; None for an empty one, a list for several values.
        :raises AckTimeout: if none came in time.
        :raises Disconnected: as soon as the client leaves.
        :raises UsageError: in a ``connect`` handler, where it could not answer yet; for a time-out
            that is no time.
        """
        return self.ask(event_packet(self.namespace.name, event, args), check_timeout(timeout))

    def emit_with_ack(self, event: str, *args: Any, timeout: float | None = None) -> Any:
        """Send an event and wait for the client's answer: :meth:`call`, as Node names it.

        :param timeout: seconds; else 60.
        """
        return self.call(event, *args, timeout=DEFAULT_TIMEOUT if timeout is None else timeout)

    def ask(self, packet: Packet, seconds: float, volatile: bool = False) -> Any:
        """Send the packet of an event and return the answer; see :meth:`call`."""
        if not self.connected:
            raise Disconnected(_GONE)
        if not self.accepted:
            raise UsageError("the client is not in yet; ask it in a 'connection' handler")
        if self.engine.elsewhere:
            # Not that packet itself: it is encoded again, with the number that it gets there.
            self.conn_encode(Packet(packet.type, packet.namespace, packet.data))
        begin = partial(self._begin_to_ask, packet, seconds, volatile)
        return answer_of(wait_for(self.server, begin) or [])

    def _begin_to_ask(self, packet: Packet, seconds: float, volatile: bool, result: Told) -> None:
        what = f"{packet.data[0]!r} from {self.id}"
        packet.id = self.acks.wait(result, self.engine.clock, seconds, what)
        if self._deliver_asking(packet, volatile):
            return
        if self.connected:
            result.set_exception(AckTimeout(f"{what} could not be asked at once, being volatile"))
        else:
            result.set_exception(Disconnected(_GONE))

    def _send_asking(
        self,
        packet: Packet,
        callback: Callable[..., Any],
        volatile: bool,
        seconds: float | None,
    ) -> bool:
        if seconds is not None:
            self._begin_to_ask(packet, seconds, volatile, _CalledBack(self._socket, callback))
            return self.connected

        socket = self._socket

        def answered(values: list[Any]) -> None:
            gevent.spawn(self.server.run_callback, socket, callback, values)

        if self.acks.make_room():
            self.server.gave_up(self._socket)
        packet.id = self.acks.expect(answered)
        return self._deliver_asking(packet, volatile)

    def ask_among_others(
        self,
        packet: Packet,
        volatile: bool,
        answered: Callable[[str, list[Any] | None], None],
    ) -> bool:
        """Send a packet with the number that others have it with too; return whether it was taken.

        :param answered: called with the id and the answer, None if the client leaves before.
        """
        assert packet.id is not None
        self.acks.expect_as(packet.id, partial(answered, self.id))
        return self._deliver_asking(packet, volatile)

    def _deliver_asking(self, packet: Packet, volatile: bool) -> bool:
        taken = False
        try:
            taken = self.deliver(packet, volatile)
        finally:
            if not taken:
                self.acks.cancel(packet.id)
        return taken

    # Rooms

    def join(self, *rooms: Any, callback: Callable[..., Any] | None = None) -> None:
        """Enter rooms; nothing happens once the client is gone.

        :param rooms: names, or lists of names; numbers count as text. A function at the end is
            the callback.
        :param callback: called with None, for those who know Socket.IO 1.x.
        :raises TypeError: for what is no room.
        :raises ValueError: for the id of another socket: who is in that room gets what is meant for
            that one alone. The option ``allow_sid_rooms`` allows it.
        """
        rooms, callback = _split(rooms, callback)
        names = room_names(rooms)
        check_rooms(self.namespace, names, self.id)
        self._join(names, callback)

    @in_hub
    def _join(self, names: tuple[str, ...], callback: Callable[..., Any] | None) -> None:
        if self.connected:
            self.namespace.adapter.add(self.id, names)
        if callback is not None:
            self.namespace.run(callback, None)

    def leave(self, *rooms: Any, callback: Callable[..., Any] | None = None) -> None:
        """Leave rooms; nothing happens for those that it is not in.

        :param rooms: as for :meth:`join`.
        :param callback: called with None, for those who know Socket.IO 1.x.
        :raises TypeError: for what is no room.
        """
        rooms, callback = _split(rooms, callback)
        self._leave(room_names(rooms), callback)

    @in_hub
    def _leave(self, names: tuple[str, ...], callback: Callable[..., Any] | None) -> None:
        for room in names:
            self.namespace.adapter.remove(self.id, room)
        if callback is not None:
            self.namespace.run(callback, None)

    @in_hub
    def leave_all(self) -> None:
        """Leave all rooms but its own, in which it always is (Socket.IO 1.x to 4.x)."""
        for room in self.namespace.adapter.rooms_of(self.id) - {self.id}:
            self.namespace.adapter.remove(self.id, room)


def _split(
    rooms: tuple[Any, ...], callback: Callable[..., Any] | None
) -> tuple[tuple[Any, ...], Callable[..., Any] | None]:
    """Return rooms, and the callback that may be at their end."""
    if callback is None and rooms and callable(rooms[-1]):
        return rooms[:-1], rooms[-1]
    return rooms, callback


class _CalledBack:
    """The result of a question that goes to a callback ``(error, *answer)``."""

    def __init__(self, socket: Socket, callback: Callable[..., Any]) -> None:
        self._socket = socket
        self._callback = callback

    def set(self, values: list[Any]) -> None:
        self._tell([None, *values])

    def set_exception(self, error: Exception) -> None:
        self._tell([error])

    def _tell(self, values: list[Any]) -> None:
        gevent.spawn(self._socket.server.run_callback, self._socket, self._callback, values)
