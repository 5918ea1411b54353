"""Clients that lose their connection and come back as who they were (Socket.IO 4.6).

A client is told a private id, ``pid``, when it joins a namespace. When its connection is lost, its
socket is kept for a while: its id, rooms and data. Who comes back with the ``pid`` is that socket
again, and is sent what it has missed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from gevent.event import Event

from ..adapters.adapter import Adapter, Kept, Local, Returned
from ..engine.admission import new_id
from ..options import Options
from ..options.recovery import RecoveryOptions
from ..protocol.packet import Packet
from ..protocol.reason import RECOVERABLE, Reason

if TYPE_CHECKING:
    from .client import Client
    from .socket import Socket

_END = 5.0
"""How long somebody who is back waits for the ``disconnect`` handlers of before, in seconds."""


class Ticket:
    """By which one socket may come back, or has come back.

    :param pid: the private id that its client was told.
    :param missed: what is sent to it first; None if it is new.
    """

    __slots__ = ("_missed", "over", "pid", "recovered")

    def __init__(self, pid: str, missed: tuple[Packet, ...] | None) -> None:
        self.pid = pid
        self.recovered = missed is not None
        self._missed = missed or ()
        self.over: Event | None = None  # exists while somebody waits for the end of the socket

    def take_missed(self) -> tuple[Packet, ...]:
        """Return what is sent to its client before anything else, and keep it no longer."""
        missed, self._missed = self._missed, ()
        return missed


def make_recovery(adapter: Adapter, local: Local, options: Options) -> Recovery | None:
    """Return what lets clients come back, where the options and the adapter do so."""
    terms = options.connection_state_recovery
    return Recovery(adapter, local, terms) if terms is not None and adapter.recovers else None


class Recovery:
    """Who is here and may come back, in one namespace.

    :param adapter: keeps who is away.
    :param local: the namespace, for its time.
    """

    def __init__(self, adapter: Adapter, local: Local, options: RecoveryOptions) -> None:
        self._adapter = adapter
        self._local = local
        self._options = options
        self._here: dict[str, Socket] = {}  # by pid
        self._until: float | None = None  # when the last one who is away stays away
        self._tells = False

    def skips_middlewares(self, socket: Socket) -> bool:
        """Whether a socket passes without the middlewares: it has passed them before."""
        return socket.recovered and self._options.skip_middlewares

    # Coming

    def find(self, client: Client, auth: Any) -> tuple[Returned | None, Any]:
        """Return whom a client says it is, if that is so, and the rest of what it says.

        May wait for the end of its connection of before, of which we may not know yet that it is
        lost.
        """
        if not client.session.dialect.recovers or not isinstance(auth, Mapping):
            return None, auth
        pid, offset = auth.get("pid"), auth.get("offset")
        if not isinstance(pid, str):
            return None, auth
        auth = {key: value for key, value in auth.items() if key not in ("pid", "offset")} or None
        if offset is not None and not isinstance(offset, str):
            return None, auth
        self._wait_for_end(pid)
        return (None if client.gone else self._adapter.restore(pid, offset)), auth

    def _wait_for_end(self, pid: str) -> None:
        before = self._here.get(pid)
        if before is None:
            return
        ticket = before.ticket
        assert ticket is not None
        if ticket.over is None:
            ticket.over = Event()
        if before.connected:
            before.client.session.end(Reason.TRANSPORT_CLOSE)
        ticket.over.wait(_END)

    def begin(self, socket: Socket, returned: Returned | None) -> None:
        """A socket begins, perhaps once more."""
        if returned is not None:
            socket.resume(returned.kept)
            socket.ticket = Ticket(returned.kept.pid, returned.missed)
        elif socket.client.session.dialect.recovers:
            socket.ticket = Ticket(new_id(), None)
        if socket.ticket is not None:
            self._here[socket.ticket.pid] = socket

    # Going

    def left(self, socket: Socket, reason: str) -> None:
        """A client has left; its handlers of that are still to run."""
        ticket = socket.ticket
        if ticket is None or reason not in RECOVERABLE:
            return
        if not (socket.accepted or ticket.recovered):
            return  # nobody was told the pid
        rooms = tuple(socket.rooms - {socket.id})
        kept = Kept(socket.id, ticket.pid, rooms, socket.data, socket.client.store_key)
        self._adapter.persist(kept)
        self._until = self._local.now() + self._options.max_disconnection_duration

    def expects(self, then: Callable[[], None]) -> bool:
        """Whether somebody may come back; if so, have `then` called when nobody can any more."""
        if self._until is None or self._until <= self._local.now():
            return False
        if not self._tells:
            self._tells = True
            self._local.after(self._until - self._local.now(), partial(self._tell, then))
        return True

    def _tell(self, then: Callable[[], None]) -> None:
        self._tells = False
        then()

    def forget(self, socket: Socket) -> None:
        """A socket is over."""
        ticket = socket.ticket
        if ticket is not None and self._here.get(ticket.pid) is socket:
            del self._here[ticket.pid]
            if ticket.over is not None:
                ticket.over.set()
