"""The interface of an adapter, and what it sees of its namespace.

All that crosses it is plain data, so that a broadcast can also come from, or go to, another node.
What other nodes have to answer comes by a callback, when all have or when the time is over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from ..protocol.packet import Packet

NODE_TIMEOUT = 5.0
"""How long other nodes may take to answer (Node's adapters: 5 s)."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Some sockets of a namespace: those in any of `rooms` (None: all of them) but for those
    in any of `except_`. A socket's id is a room that holds it alone.

    :param volatile: whether a message for them may be lost by whom it cannot reach at once.
    :param local: whether only this node's sockets are meant.
    :param compress: whether messages for them may be compressed.
    :param json: whether ``send`` is meant to send JSON, which matters to the clients 0.9.
    """

    rooms: tuple[str, ...] | None = None
    except_: tuple[str, ...] = ()
    volatile: bool = False
    local: bool = False
    compress: bool = True
    json: bool = False


ALL = Selection()
"""Everyone."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """What several were asked for, and have answered.

    :param answers: by whom: the ids of sockets, or what names a node.
    :param silent: who was asked, and has not answered.
    :param silent_nodes: how many nodes have not even said whom they asked.
    """

    answers: Mapping[str, Any] = field(default_factory=dict)
    silent: tuple[str, ...] = ()
    silent_nodes: int = 0


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of a socket whose connection was lost, for its client's return.

    :param id: its id.
    :param pid: by which its client shows that it is the same; nobody else knows it.
    :param rooms: which it was in, its own left out.
    :param data: its ``data``.
    :param store_key: under which the values of ``socket.set`` are, empty if there are none.
    """

    id: str
    pid: str
    rooms: tuple[str, ...]
    data: dict[str, Any]
    store_key: str


@dataclass(frozen=True, slots=True)
class Returned:
    """A socket whose client is back, and what it has missed, in order."""

    kept: Kept
    missed: tuple[Packet, ...]


class Later(Protocol):
    """Something to be done later, unless it is cancelled."""

    def cancel(self) -> None:
        """Do not do it."""


class Local(Protocol):
    """What an adapter sees of its namespace on this node. All of it belongs to one thread."""

    @property
    def name(self) -> str:
        """The namespace's name, such as ``"/"``."""

    def deliver(self, ids: Iterable[str], packet: Packet, volatile: bool) -> None:
        """Send `packet` to the sockets of these ids; ids that are gone are passed over."""

    def here(self, ids: Iterable[str]) -> list[str]:
        """Return those of these ids whose sockets can be asked: not who is known to have left, nor
        who is in rooms already, but not in the namespace.
        """

    def deliver_with_ack(
        self,
        ids: Iterable[str],
        packet: Packet,
        volatile: bool,
        answered: Callable[[str, list[Any] | None], None],
    ) -> Callable[[], None]:
        """Send `packet`, and ask for its acknowledgement.

        :param answered: called with each id and the values of its answer; with None for who
            cannot answer, since it is gone or goes.
        :returns: what to call when no answer is waited for any more.
        """

    def describe(self, id: str) -> dict[str, Any] | None:
        """Return a socket for others to know: ``id``, ``handshake``, ``rooms``, ``data``, as far as
        it can be carried; None if it is gone.
        """

    def send_away(self, id: str, close: bool) -> None:
        """Send one socket away, with its whole connection if `close`."""

    def server_side(self, data: list[Any], answered: Callable[[Any], None] | None) -> None:
        """Run the handler of an event from another node.

        :param data: its name and its arguments.
        :param answered: called with the answer, once, where one is asked for.
        """

    def encode(self, packet: Packet) -> None:
        """Encode a packet now, whatever happens to its data later.

        :raises EncodeError: if its data cannot be carried.
        """

    def now(self) -> float:
        """What the time is, in seconds; of use for differences alone."""

    def after(self, seconds: float, action: Callable[[], None]) -> Later:
        """Do something later."""

    def run(self, function: Callable[..., Any], *args: Any) -> None:
        """Run the application's code, soon."""


class Adapter(Protocol):
    """Who is in which room of one namespace, and how a broadcast gets to them.

    A suite of tests for those of other packages is :mod:`flask_realtime.contracts.adapter`.
    """

    recovers: bool
    """Whether it keeps what clients miss that have lost their connection."""

    def start(self) -> None:
        """The server serves from now on; nothing may be begun before. May come again after
        :meth:`close`."""

    def add(self, id: str, rooms: Iterable[str]) -> None:
        """Put the socket into rooms; with none it is in its own room alone."""

    def remove(self, id: str, room: str) -> None:
        """Take the socket out of a room; nothing happens if it is not in it."""

    def remove_all(self, id: str) -> None:
        """Take the socket out of every room: it has left."""

    def rooms_of(self, id: str) -> set[str]:
        """Return the rooms of a socket of this node, its own among them; empty once it has left."""

    def ids_in(self, selection: Selection) -> list[str]:
        """Return the ids of this node's sockets in the selection, each once, the first joined
        first."""

    def on(self, event: str, listener: Callable[..., Any] | None = None) -> Callable[..., Any]:
        """Have a function called when rooms of this node begin and end; a decorator without one.

        :param event: ``create-room`` and ``delete-room`` come with the room, ``join-room`` and
            ``leave-room`` with the room and the socket's id; or with ``_``.
        :raises EventError: for any other.
        """

    def broadcast(self, packet: Packet, selection: Selection) -> None:
        """Send `packet` to the selection.

        :raises EncodeError: if its data cannot be carried.
        """

    def broadcast_with_ack(
        self,
        packet: Packet,
        selection: Selection,
        timeout: float,
        done: Callable[[Gathered], None],
    ) -> None:
        """Send `packet` to the selection and gather their answers.

        :param timeout: seconds.
        :param done: called once: with the answers by socket id, when all are there, or no more can
            come, or the time is over. An answer is its value, None for none, a list for several.
        :raises EncodeError: if its data cannot be carried.
        """

    def fetch(self, selection: Selection, done: Callable[[Gathered], None]) -> None:
        """Ask the *other* nodes for their sockets in the selection.

        :param done: called once; the answers are lists of what :meth:`Local.describe` returns, by
            node.
        """

    def join(self, selection: Selection, rooms: Iterable[str]) -> None:
        """Put every socket of the selection into `rooms`."""

    def leave(self, selection: Selection, rooms: Iterable[str]) -> None:
        """Take every socket of the selection out of `rooms`."""

    def disconnect(self, selection: Selection, close: bool) -> None:
        """Send every socket of the selection away."""

    def server_side_emit(
        self,
        data: list[Any],
        timeout: float = NODE_TIMEOUT,
        done: Callable[[Gathered], None] | None = None,
    ) -> None:
        """Hand an event to the *other* nodes.

        :param data: its name and its arguments.
        :param done: called once with their answers, by node; without it none are asked for.
        """

    def server_count(self) -> int:
        """Return how many nodes there are, this one among them."""

    def keep(self, packet: Packet, selection: Selection, only: str | None = None) -> None:
        """Give an event its offset and keep it for who may miss it, if this adapter ``recovers``.

        Called for what is sent to one socket; a broadcast is kept by :meth:`broadcast`.

        :param only: the id of the one socket.
        :raises EncodeError: if its data cannot be carried.
        """

    def persist(self, kept: Kept) -> None:
        """Keep a socket whose connection was lost for its client's return, if this adapter
        ``recovers``.

        Called while the socket still is in its rooms.
        """

    def restore(self, pid: str, offset: str | None) -> Returned | None:
        """Return what was kept under `pid`, once, or None: it is unknown, or too old, or what it
        has missed is not all here any more.

        The socket is put into its rooms again.

        :param offset: of the last event that its client has received; None for none at all.
        """

    def close(self) -> None:
        """The server stops."""
