"""One client in one namespace: what the application holds."""

from __future__ import annotations

from contextvars import Context
from typing import TYPE_CHECKING, Any

from ..adapters.adapter import Kept
from ..engine.session import Session
from ..exceptions import Disconnected, UsageError
from ..protocol.packet import Packet, PacketType
from ..protocol.reason import Reason
from .acks import Acks, Answer
from .dispatch import run_end
from .events import Handlers, Listeners
from .handler import Handler
from .handshake import Handshake, handshake_for
from .hooks import Hooked, Hooks
from .reachable import Reachable
from .recovery import Ticket
from .storage import Storage
from .threads import in_hub
from .users import user_of
from .verdict import Verdict

if TYPE_CHECKING:
    from werkzeug import Request

    from .client import Client
    from .namespace import Namespace

GONE = "the client has left"
REFUSED = "Connection rejected by server"
"""What a client is told that may not join, unless the application says more."""


class Socket(Reachable, Hooked, Storage):
    """One client in one namespace.

    :param auth: what the client sent to be let in, or None.
    """

    __slots__ = (
        "_context",
        "_data",
        "_early",
        "_handlers",
        "_handshake",
        "_left_rooms",
        "_verdicts",
        "acks",
        "answering",
        "auth",
        "client",
        "connected",
        "entered",
        "hooks",
        "id",
        "namespace",
        "sent_away",
        "ticket",
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
        #: The answer to the event that is being handled; one at a time, unless ``async_handlers``.
        self.answering: Answer | None = None
        self._data: dict[str, Any] | None = None
        self._handlers: Listeners | None = None
        #: What sees all of its events.
        self.hooks: Hooks | None = None
        self._early: list[Packet] | None = []  # sent before the client was told that it is in
        self._left_rooms: set[str] | None = None  # those that it was in, in its end
        self._context: Context | None = None
        self._handshake: Handshake | None = None
        self._verdicts: set[Verdict] | None = None  # that middlewares wait for
        #: By which it may come back after a loss of connection.
        self.ticket: Ticket | None = None

    def __repr__(self) -> str:
        return f"<Socket {self.id} of {self.namespace.name!r}>"

    @property
    def conn(self) -> Session:
        """The session that carries it; ``conn.transport.name`` says how."""
        return self.client.session

    @property
    def protocol(self) -> int | str:
        """The generation its client speaks: 4 for the clients 3.x and 4.x."""
        return self.client.session.dialect.protocol

    def ack(self) -> Answer:
        """Return the function that answers the event being handled, now or later, from anywhere.

        After it, a handler that returns None has not answered. A parameter ``ack`` is the same.

        :raises UsageError: where no event of this client is being handled, or perhaps several are.
        """
        if self.server.options.async_handlers:
            raise UsageError(
                "with async_handlers several events of a client are handled at once; take the "
                "answering function of one by a last parameter named 'ack'"
            )
        if self.answering is None:
            raise UsageError("no event of this client is being handled that could be answered")
        self.answering.kept = True
        return self.answering

    @property
    def data(self) -> dict[str, Any]:
        """A place for whatever belongs to this socket, as long as it lives."""
        if self._data is None:
            self._data = {}
        return self._data

    @property
    def recovered(self) -> bool:
        """Whether its client had lost the connection and is back: the id, the rooms and the data
        are those of before, and what it has missed was sent to it (Socket.IO 4.6).
        """
        return self.ticket is not None and self.ticket.recovered

    @property
    def rooms(self) -> set[str]:
        """The rooms it is in, its own among them; in ``disconnect`` handlers those it was in."""
        return self.namespace.adapter.rooms_of(self.id) or set(self._left_rooms or ())

    @property
    def user_id(self) -> str | None:
        """Which user its client is, None for a stranger; see :meth:`.Users.user_loader`."""
        return user_of(self.rooms)

    @property
    def disconnected(self) -> bool:
        """Whether the client is known to be gone."""
        return not self.connected

    @property
    def nsp(self) -> Namespace:
        """Its namespace, as Socket.IO names it."""
        return self.namespace

    @property
    def transport(self) -> str:
        """What carries it now, by the name that the option ``transports`` has for it."""
        return self.client.session.transport.name

    @property
    def request(self) -> Request:
        """The handshake's request: a werkzeug one, in a Flask application ``flask.request``."""
        return self.client.request

    @property
    def environ(self) -> dict[str, Any]:
        """The handshake's WSGI environ."""
        return self.request.environ

    @property
    def handshake(self) -> Handshake:
        """What the client said when it came; see :class:`.Handshake`."""
        if self._handshake is None:
            self._handshake = handshake_for(self.client.session, self.auth)
        return self._handshake

    @handshake.setter
    def handshake(self, handshake: Handshake) -> None:
        self._handshake = handshake

    def __getitem__(self, namespace: str) -> Socket:
        """Return the same client's socket in another namespace.

        :raises KeyError: if it is not there.
        """
        socket = self.client.sockets.get(namespace)
        if socket is None:
            there = ", ".join(self.client.sockets) or "none"
            raise KeyError(f"the client is not in {namespace!r}; its namespaces: {there}")
        return socket

    @property
    def context(self) -> Context:
        """The context variables of its handlers."""
        if self._context is None:
            self._context = Context()
        return self._context

    # Events

    def _table(self) -> Handlers:
        if self._handlers is None:
            self._handlers = Listeners()
        return self._handlers

    def _own_hooks(self) -> Hooks:
        if self.hooks is None:
            self.hooks = Hooks()
        return self.hooks

    def find_handlers(self, event: str) -> tuple[Handler, ...]:
        """Return this socket's own handlers of an event, else its namespace's."""
        if self._handlers is not None:
            own = self._handlers.find(event)
            if own:
                return own
        return self.namespace.handlers.find(event)

    def own_handlers(self, event: str) -> tuple[Handler, ...]:
        """Return those that were registered on this socket."""
        return () if self._handlers is None else self._handlers.find(event)

    def error(self, data: Any) -> None:
        """Send the client an error (Socket.IO 2): its ``error`` event, with `data`.

        :raises EncodeError: if `data` cannot be carried.
        """
        packet = self.conn.dialect.error_packet(self.namespace.name, data)
        if self.engine.elsewhere:
            self.conn.dialect.encode(packet)
            self.engine.post(self.deliver, packet)
        else:
            self.deliver(packet)

    # The beginning and the end

    def wait_for(self, verdict: Verdict) -> Any:
        """Wait for a decision on this socket, or on one of its events.

        :raises Disconnected: as soon as the client leaves.
        """
        if not self.connected:
            raise Disconnected(GONE)
        if self._verdicts is None:
            self._verdicts = set()
        waiting = self._verdicts  # several with async_handlers
        waiting.add(verdict)
        try:
            return verdict.wait()
        finally:
            waiting.discard(verdict)
            if not waiting:
                self._verdicts = None

    def accept(self) -> None:
        """Tell the client that it is in, then what was sent to it meanwhile."""
        early, self._early = self._early or [], None
        if not self.connected:
            return  # it has left already, and may be asking to join again
        session, ticket = self.client.session, self.ticket
        if ticket is not None:
            for packet in ticket.take_missed():
                session.send(packet)
        pid = None if ticket is None else ticket.pid
        session.send(session.dialect.connect_packet(self.namespace.name, self.id, pid))
        for packet in early:
            session.send(packet)

    def resume(self, kept: Kept) -> None:
        """Be the one again that was kept; its rooms are the adapter's matter."""
        self._data = kept.data
        self.client.take_over(kept.store_key)

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
        for verdict in self._verdicts or ():
            verdict.give(error=Disconnected(GONE))
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
        if self.ticket is not None and self.namespace.recovery is not None:
            self.namespace.recovery.forget(self)
        self._context = None  # it knows us too, and such a cycle would wait for the collector
        self._handlers = None
        self.hooks = None
