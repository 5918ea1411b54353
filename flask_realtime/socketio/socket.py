"""One client in one namespace: what the application holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextvars import Context
from typing import TYPE_CHECKING, Any

import gevent
from gevent.event import AsyncResult

from ..adapters.adapter import ALL
from ..engine.engine import Engine
from ..engine.session import Session
from ..exceptions import Disconnected, UsageError
from ..protocol.packet import Packet, PacketType
from ..protocol.reason import Reason
from .acks import Acks
from .broadcast import BroadcastOperator, event_packet, room_names
from .dispatch import run_end
from .events import Handler, Handlers, Subscribable
from .threads import Result, ThreadResult, in_hub

if TYPE_CHECKING:
    from .client import Client
    from .namespace import Namespace
    from .server import Server

REFUSED = "Connection rejected by server"
"""What a client is told that may not join, unless the application says more."""
_MAX_EARLY = 1000
"""Packets that a ``connect`` handler, or a room it joined, may send before the client is in."""


class Socket(Subscribable):
    """One client in one namespace.

    :param auth: what the client sent to be let in, or None.
    """

    __slots__ = (
        "_context",
        "_data",
        "_early",
        "_handlers",
        "_left_rooms",
        "acks",
        "auth",
        "client",
        "connected",
        "entered",
        "id",
        "namespace",
        "sent_away",
    )

    def __init__(self, namespace: Namespace, client: Client, id: str, auth: Any) -> None:
        self.namespace = namespace
        self.client = client
        self.id = id
        self.auth = auth
        #: False as soon as the client is known to be gone.
        self.connected = True
        #: Whether the application has disconnected it.
        self.sent_away = False
        #: Whether a handler runs in ``context`` right now.
        self.entered = False
        self.acks = Acks()
        self._data: dict[str, Any] | None = None
        self._handlers: Handlers | None = None
        self._early: list[Packet] | None = []  # sent before the client was told that it is in
        self._left_rooms: set[str] = set()
        self._context: Context | None = None

    def __repr__(self) -> str:
        return f"<Socket {self.id} of {self.namespace.name!r}>"

    @property
    def server(self) -> Server:
        """The server whose namespace this is."""
        return self.namespace.server

    @property
    def engine(self) -> Engine:
        """The engine of its server."""
        return self.namespace.server.engine

    @property
    def conn(self) -> Session:
        """The session that carries it; ``conn.transport.name`` says how."""
        return self.client.session

    @property
    def protocol(self) -> int | str:
        """The generation its client speaks: 4 for the clients 3.x and 4.x."""
        return self.client.session.dialect.protocol

    @property
    def accepted(self) -> bool:
        """Whether the client has been told that it is in: the ``connect`` handler is over."""
        return self._early is None

    @property
    def data(self) -> dict[str, Any]:
        """A place for whatever belongs to this socket, as long as it lives."""
        if self._data is None:
            self._data = {}
        return self._data

    @property
    def rooms(self) -> set[str]:
        """The rooms it is in, its own among them; in ``disconnect`` handlers those it was in."""
        return self.namespace.adapter.rooms_of(self.id) or set(self._left_rooms)

    @property
    def context(self) -> Context:
        """The context variables of its handlers."""
        if self._context is None:
            self._context = Context()
        return self._context

    # Events

    def _table(self) -> Handlers:
        if self._handlers is None:
            self._handlers = Handlers()
        return self._handlers

    def off(self, event: str) -> None:
        """Forget this socket's own handler."""
        if self._handlers is not None:
            self._handlers.remove(event)

    def find_handler(self, event: str) -> Handler | None:
        """Return this socket's own handler of an event, else its namespace's."""
        own = self._handlers.find(event) if self._handlers is not None else None
        return self.namespace.handlers.find(event) if own is None else own

    # Sending

    def emit(self, event: str, *args: Any, callback: Callable[..., Any] | None = None) -> bool:
        """Send an event.

        :param args: what JSON can carry, and ``bytes`` anywhere in it.
        :param callback: called with the client's answer, in a greenlet of its own; never, if the
            client does not answer. Of more than 10,000 that wait the oldest is given up.
        :returns: whether the message was taken; False once the client is gone.
        :raises EncodeError: if an argument cannot be carried; the message names the path to it.
        """
        return self.send_event(event, args, callback, volatile=False)

    def send(self, *args: Any, callback: Callable[..., Any] | None = None) -> bool:
        """Send a ``message`` event."""
        return self.send_event("message", args, callback, volatile=False)

    def send_event(
        self,
        event: str,
        args: Iterable[Any],
        callback: Callable[..., Any] | None,
        volatile: bool,
    ) -> bool:
        """Send an event; :meth:`emit` with all that an operator may say."""
        packet = event_packet(self.namespace.name, event, args)
        if self.engine.elsewhere:
            self.conn.dialect.encode(packet)
            self.engine.post(self.send_event, event, args, callback, volatile)
            return self.connected
        if callback is None:
            return self.deliver(packet, volatile)
        answer = callback

        def answered(values: list[Any]) -> None:
            gevent.spawn(self.server.run_callback, self, answer, values)

        if self.acks.make_room():
            self.server.gave_up(self)
        packet.id = self.acks.expect(answered)
        return self._deliver_asking(packet, volatile)

    def call(self, event: str, *args: Any, timeout: float = 60.0) -> Any:
        """Send an event and wait for the client's answer.

        :param timeout: seconds.
        :returns: the answer; None for an empty one, a list for several values.
        :raises AckTimeout: if none came in time.
        :raises Disconnected: as soon as the client leaves.
        :raises UsageError: in a ``connect`` handler, where it could not answer yet.
        """
        if not self.connected:
            raise Disconnected("the client has left")
        if not self.accepted:
            raise UsageError("the client is not in yet; ask it in a 'connection' handler")
        packet = event_packet(self.namespace.name, event, args)
        result: Result
        if self.engine.elsewhere:
            # Not that packet itself: it is encoded again, with the number that it gets there.
            self.conn.dialect.encode(event_packet(self.namespace.name, event, args))
            result = ThreadResult()
            self.engine.post(self._ask, packet, timeout, result)
        else:
            result = AsyncResult()
            self._ask(packet, timeout, result)
        values: list[Any] = result.get() or []
        return values if len(values) > 1 else values[0] if values else None

    def _ask(self, packet: Packet, timeout: float, result: Result) -> None:
        what = f"{packet.data[0]!r} from {self.id}"
        packet.id = self.acks.wait(result, self.engine.clock, timeout, what)
        if not self._deliver_asking(packet, volatile=False):
            result.set_exception(Disconnected("the client has left"))

    def _deliver_asking(self, packet: Packet, volatile: bool) -> bool:
        taken = False
        try:
            taken = self.deliver(packet, volatile)
        finally:
            if not taken and packet.id is not None:
                self.acks.cancel(packet.id)
        return taken

    def deliver(self, packet: Packet, volatile: bool = False) -> bool:
        """Send a packet; return whether it was taken. Hot: each delivery of a broadcast is here."""
        if self._early is not None:
            return self._deliver_early(packet, volatile)
        return self.connected and self.client.session.send(packet, volatile)

    def _deliver_early(self, packet: Packet, volatile: bool) -> bool:
        assert self._early is not None
        self.client.session.dialect.encode(packet)  # a bad value fails where it was emitted
        if volatile or not self.connected:
            return False
        if len(self._early) >= _MAX_EARLY:
            self.server.engine.post(self.client.session.end, Reason.OUTBOX_FULL)
            return False
        self._early.append(packet)
        return True

    def drain(self, timeout: float | None = None) -> bool:
        """Wait until all that was sent has left; False if it did not within `timeout` seconds."""
        return self.client.session.outbox.drain(timeout)

    # Rooms, and others

    @in_hub
    def join(self, *rooms: Any) -> None:
        """Enter rooms; nothing happens once the client is gone."""
        if self.connected:
            self.namespace.adapter.add(self.id, room_names(rooms))

    @in_hub
    def leave(self, *rooms: Any) -> None:
        """Leave rooms."""
        for room in room_names(rooms):
            self.namespace.adapter.remove(self.id, room)

    def to(self, *rooms: Any) -> BroadcastOperator:
        """The others in any of `rooms`."""
        return self._operator.to(*rooms)

    in_ = to

    def except_(self, *rooms: Any) -> BroadcastOperator:
        """The others, but for those in any of `rooms`."""
        return self._operator.except_(*rooms)

    @property
    def broadcast(self) -> BroadcastOperator:
        """Everyone else in the namespace."""
        return self._operator.broadcast

    @property
    def volatile(self) -> BroadcastOperator:
        """This socket, for messages that may be lost."""
        return self._operator.volatile

    @property
    def _operator(self) -> BroadcastOperator:
        return BroadcastOperator(self.namespace, ALL, self)

    # Storage: belongs to the session, so that its sockets in all namespaces share it

    def set(self, key: str, value: Any) -> None:
        """Keep a JSON-able value as long as the client's session lives, and a little longer."""
        self.server.store.set(self.client.store_key(writing=True), key, value)

    def get(self, key: str, default: Any = None) -> Any:
        """Return a kept value, or `default`."""
        return self.server.store.get(self.client.store_key(), key, default)

    def has(self, key: str) -> bool:
        """Whether a value is kept."""
        return self.server.store.has(self.client.store_key(), key)

    def delete(self, key: str) -> None:
        """Drop a kept value."""
        self.server.store.delete(self.client.store_key(), key)

    # The beginning and the end

    def accept(self) -> None:
        """Tell the client that it is in, then what was sent to it meanwhile."""
        early, self._early = self._early or [], None
        if not self.connected:
            return  # it has left already, and may be asking to join again
        session = self.client.session
        session.send(session.dialect.connect_packet(self.namespace.name, self.id))
        for packet in early:
            session.send(packet)

    @in_hub
    def disconnect(self, close: bool = False) -> None:
        """Send the client away from this namespace, or with `close` from the server."""
        if close:
            self.client.disconnect()
        elif self.connected:
            self.sent_away = True
            if self.accepted:
                packet = Packet(PacketType.DISCONNECT, self.namespace.name)
                self.client.session.send(packet)
            else:
                self.client.refuse(self.namespace.name, REFUSED)
            self.client.leave(self.namespace.name, Reason.SERVER_DISCONNECT)
            if self.namespace.name == "/" and self.client.session.dialect.ends_with_root:
                self.client.session.close(Reason.SERVER_DISCONNECT)

    def detach(self) -> bool:
        """The client is known to be gone; return False if that was known already."""
        if not self.connected:
            return False
        self.connected = False
        self.acks.fail()
        return True

    def finish(self, reason: str) -> None:
        """Run the handlers of the end, once, and let go. Called in the order of the events."""
        if self.accepted:
            run_end(self, "disconnecting", reason)
            self._left_rooms = self.rooms
            self.namespace.forget(self)
            run_end(self, "disconnect", reason)
        self.let_go()

    def let_go(self) -> None:
        """Be over, for everyone who knows this socket."""
        self.namespace.forget(self)
        self.client.forget(self)
        self._context = None  # it knows us too, and such a cycle would wait for the collector
        self._handlers = None
