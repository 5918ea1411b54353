"""Who an emit is for: each flag and room gives a new operator, nothing is stored on a socket."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

from ..adapters.adapter import ALL, Gathered, Selection
from ..engine.engine import Engine
from ..exceptions import AckTimeout, EventError, UsageError
from ..protocol.packet import Packet
from .addressable import DEFAULT_TIMEOUT, Selected
from .outgoing import event_packet, flagged_packet
from .remote import RemoteSocket
from .server_side import node_timeout
from .threads import Result, in_hub, wait_for

if TYPE_CHECKING:
    from .namespace import Namespace
    from .socket import Socket


class BroadcastOperator(Selected):
    """Some sockets of a namespace, or one socket, and how to send to them.

    :param own: the one socket; None as soon as the operator means others.
    :param seconds: how long to wait for answers, where something was said of that.
    """

    __slots__ = ("namespace", "own", "seconds", "selection")

    def __init__(
        self,
        namespace: Namespace,
        selection: Selection = ALL,
        own: Socket | None = None,
        seconds: float | None = None,
    ) -> None:
        self.namespace = namespace
        self.selection = selection
        self.own = own
        self.seconds = seconds

    def __repr__(self) -> str:
        return f"<BroadcastOperator of {self.namespace.name!r}, {self.chosen}>"

    @property
    def engine(self) -> Engine:
        """The engine of its server."""
        return self.namespace.server.engine

    # What the words of an addressable are made of

    @property
    def _operator(self) -> BroadcastOperator:
        return self

    def but(self, **changes: Any) -> BroadcastOperator:
        """Return one with other fields in its selection."""
        selection = replace(self.selection, **changes)
        return BroadcastOperator(self.namespace, selection, self.own, self.seconds)

    def within(self, seconds: float) -> BroadcastOperator:
        """Return one with another time-out."""
        return BroadcastOperator(self.namespace, self.selection, self.own, seconds)

    @property
    def others(self) -> BroadcastOperator:
        """All but the one socket, if it means one."""
        if self.own is None:
            return self
        others = self.but(except_=(*self.selection.except_, self.own.id))
        others.own = None
        return others

    @property
    def chosen(self) -> Selection:
        """Who is meant, where the one socket is a selection too."""
        if self.own is None:
            return self.selection
        return replace(self.selection, rooms=(self.own.id,))

    def _packet(self, event: str, args: Iterable[Any]) -> Packet:
        selection, namespace = self.selection, self.namespace
        if namespace.recovery is None and selection.compress and not selection.json:
            return event_packet(namespace.name, event, args)
        return flagged_packet(namespace.name, event, args, selection)

    # Sending

    def send_event(
        self, event: str, args: tuple[Any, ...], callback: Callable[..., Any] | None
    ) -> bool:
        """Send an event; see :meth:`emit`."""
        if callback is None and args and callable(args[-1]):
            *args, callback = args  # type: ignore[assignment]
        packet = self._packet(event, args)
        if self.own is not None:
            volatile = self.selection.volatile
            return self.own.send_packet(packet, callback, volatile, self.seconds)
        if self.engine.hub is None:
            self.namespace.server.before_serving()
        if callback is not None:
            self._send_asking(packet, callback)
            return True
        broadcast = self.namespace.adapter.broadcast
        if self.engine.elsewhere:
            if self.namespace.recovery is None:
                self.engine.encode(packet)
            else:
                self._encode_early(packet)
            self.engine.post(broadcast, packet, self.selection)
        else:
            broadcast(packet, self.selection)
            if packet._encoded is None:
                self.engine.encode(packet)  # a bad value fails where nobody is there, too
        return True

    def _send_asking(self, packet: Packet, callback: Callable[..., Any]) -> None:
        if self.seconds is None:
            raise EventError(
                "a callback for several sockets needs a time-out, since one may never answer: "
                "io.timeout(5).emit(…, callback=…), which is called with (error, answers)"
            )
        what = str(packet.data[0])

        def done(gathered: Gathered) -> None:
            error = _ack_timeout(what, gathered)
            self.namespace.run(callback, error, list(gathered.answers.values()))

        self._encode_early(packet)
        broadcast = self.namespace.adapter.broadcast_with_ack
        begin = partial(broadcast, packet, self.selection, self.seconds, done)
        if self.engine.elsewhere:
            self.engine.post(begin)
        else:
            begin()

    def ask(self, event: str, args: tuple[Any, ...]) -> Any:
        """Send an event and wait for the answers; see :meth:`emit_with_ack`."""
        seconds = DEFAULT_TIMEOUT if self.seconds is None else self.seconds
        packet = self._packet(event, args)
        if self.own is not None:
            return self.own.ask(packet, seconds, self.selection.volatile)
        if self.engine.hub is None:
            self.namespace.server.before_serving()
        gathered: Gathered = self._gather(packet, seconds)
        error = _ack_timeout(event, gathered)
        if error is not None:
            raise error
        return list(gathered.answers.values())

    def _gather(self, packet: Packet, seconds: float) -> Any:
        self._encode_early(packet)
        broadcast = self.namespace.adapter.broadcast_with_ack

        def begin(result: Result) -> None:
            broadcast(packet, self.selection, seconds, result.set)

        return wait_for(self.namespace.server, begin)

    def _encode_early(self, packet: Packet) -> None:
        """Have a bad value fail here. Of a copy: the packet gets a number, or an offset, before it
        is sent.
        """
        self.engine.encode(Packet(packet.type, packet.namespace, packet.data))

    def call(self, event: str, *args: Any, timeout: float | None = None) -> Any:
        """Ask the one socket: :meth:`.Socket.call`, with flags.

        :raises UsageError: for a selection, which may hold several sockets.
        """
        if self.own is None:
            self._refuse_call()
        return self.emit_with_ack(event, *args, timeout=timeout)

    def _refuse_call(self) -> NoReturn:
        raise UsageError(
            "call() asks one client, and here may be several; use emit_with_ack(…), which returns "
            "the list of their answers, or call() of one socket"
        )

    # What can be done with them

    def fetch(self) -> list[Socket | RemoteSocket]:
        """Return them; see :meth:`fetch_sockets`."""
        found: list[Socket | RemoteSocket] = wait_for(self.namespace.server, self._begin_fetch)
        return found

    def _begin_fetch(self, result: Result) -> None:
        def done(gathered: Gathered) -> None:
            if gathered.silent_nodes:
                result.set_exception(node_timeout("with their sockets", gathered))
            else:
                result.set(self._found(gathered))

        self.namespace.adapter.fetch(self.chosen, done)

    def _found(self, gathered: Gathered) -> list[Socket | RemoteSocket]:
        """Return the sockets here, then those of which other nodes have told."""
        there = self.namespace.sockets
        ids = self.namespace.adapter.ids_in(self.chosen)
        found: list[Socket | RemoteSocket] = [there[id] for id in ids if id in there]
        for described in gathered.answers.values():
            found += [RemoteSocket(self.namespace, plain) for plain in described]
        return found

    @in_hub
    def disconnect_them(self, close: bool) -> None:
        """Send them away; see :meth:`disconnect_sockets`."""
        self.namespace.adapter.disconnect(self.chosen, close)

    @in_hub
    def join_them(self, rooms: tuple[str, ...]) -> None:
        """Put them into rooms; see :meth:`sockets_join`."""
        self.namespace.adapter.join(self.chosen, rooms)

    @in_hub
    def leave_them(self, rooms: tuple[str, ...]) -> None:
        """Take them out of rooms; see :meth:`sockets_leave`."""
        self.namespace.adapter.leave(self.chosen, rooms)


def _ack_timeout(event: str, gathered: Gathered) -> AckTimeout | None:
    if not gathered.silent and not gathered.silent_nodes:
        return None
    silent, heard = len(gathered.silent), len(gathered.answers)
    message = f"{silent} of {silent + heard} clients did not answer {event!r}"
    if gathered.silent_nodes:
        message += f", and {gathered.silent_nodes} other nodes said nothing"
    return AckTimeout(message, gathered.answers, gathered.silent)
