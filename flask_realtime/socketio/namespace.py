"""A namespace: its handlers, its sockets, and how to reach them."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from ..adapters.adapter import Adapter
from ..engine.admission import new_id
from ..exceptions import ConnectionRefusedError
from ..protocol.packet import Packet
from .broadcast import BroadcastOperator
from .dispatch import run_life
from .events import FAILURES, F, Function, Handlers, Subscribable
from .socket import REFUSED, Socket

if TYPE_CHECKING:
    from .client import Client
    from .server import Server


class Namespace(Subscribable):
    """What ``io.of(name)`` returns."""

    def __init__(
        self, server: Server, name: str, make_adapter: Callable[[Namespace], Adapter]
    ) -> None:
        self.server = server
        self.name = name
        self.sockets: dict[str, Socket] = {}
        self.handlers = Handlers()
        self.error_handler: Function | None = None
        self.adapter = make_adapter(self)

    def __repr__(self) -> str:
        return f"<Namespace {self.name!r} with {len(self.sockets)} sockets>"

    # Handlers

    def _table(self) -> Handlers:
        return self.handlers

    def on_error(self, handler: F) -> F:
        """Register what is called with the exception of a handler; it returns the answer."""
        self.error_handler = handler
        return handler

    # Sending

    @property
    def _all(self) -> BroadcastOperator:
        return BroadcastOperator(self)

    def emit(self, event: str, *args: Any) -> bool:
        """Send an event to everyone in the namespace."""
        return self._all.emit(event, *args)

    def send(self, *args: Any) -> bool:
        """Send a ``message`` event to everyone in the namespace."""
        return self._all.send(*args)

    def to(self, *rooms: Any) -> BroadcastOperator:
        """Those in any of `rooms`."""
        return self._all.to(*rooms)

    in_ = to

    def except_(self, *rooms: Any) -> BroadcastOperator:
        """All but those in any of `rooms`."""
        return self._all.except_(*rooms)

    @property
    def volatile(self) -> BroadcastOperator:
        """All who can be reached at once."""
        return self._all.volatile

    @property
    def local(self) -> BroadcastOperator:
        """All of this process."""
        return self._all.local

    def sockets_join(self, *rooms: Any) -> None:
        """Put everyone into `rooms`."""
        self._all.sockets_join(*rooms)

    def sockets_leave(self, *rooms: Any) -> None:
        """Take everyone out of `rooms`."""
        self._all.sockets_leave(*rooms)

    def disconnect_sockets(self, close: bool = False) -> None:
        """Send everyone away."""
        self._all.disconnect_sockets(close)

    # For the adapter

    def deliver(self, ids: Iterable[str], packet: Packet, volatile: bool) -> None:
        """Send `packet` to the sockets of these ids; one call per broadcast, not per socket."""
        sockets = self.sockets
        for id in ids:
            socket = sockets.get(id)
            if socket is not None:
                socket.deliver(packet, volatile)

    def disconnect(self, id: str, close: bool) -> None:
        """Send one socket away."""
        socket = self.sockets.get(id)
        if socket is not None:
            socket.disconnect(close)

    # A socket's beginning and end, in the order of its client's events

    def connect(self, client: Client, auth: Any) -> None:
        """Let a client in, unless the ``connect`` handler refuses."""
        session = client.session
        id = session.dialect.socket_id(session.sid, self.name, new_id)
        socket = Socket(self, client, id, auth)
        # In its own room already: the handler may join others, and emit to them.
        self.sockets[id] = socket
        self.adapter.add(id, ())
        client.joined(socket)
        refusal = self._ask(socket)
        if refusal is not None or socket.sent_away:
            left = not socket.detach()  # then either side knows already
            socket.let_go()
            if refusal is not None and not left:
                client.refuse(self.name, *refusal)
            return
        socket.accept()
        client.settled()
        try:
            run_life(socket, "connection", socket)
        except FAILURES as error:
            self.server.handler_failed(socket, "connection", error)

    def _ask(self, socket: Socket) -> tuple[str, Any] | None:
        """Return why the socket may not connect, None if it may."""
        try:
            answer = run_life(socket, "connect", socket.auth)
        except ConnectionRefusedError as refusal:
            return refusal.message, refusal.data
        except builtins.ConnectionRefusedError as refusal:
            return str(refusal) or REFUSED, None
        except FAILURES as error:
            self.server.handler_failed(socket, "connect", error)
            return "internal error", None
        return (REFUSED, None) if answer is False else None

    def forget(self, socket: Socket) -> None:
        """A socket is over."""
        self.adapter.remove_all(socket.id)
        self.sockets.pop(socket.id, None)
