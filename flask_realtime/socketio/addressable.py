"""The words by which sockets are chosen, and what can be done with those that were chosen.

Each word stands here once. Who offers them says by one property whom it means without any: a
namespace everyone in it, a socket itself, an operator those that it has chosen so far.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, overload

from ..adapters.adapter import NODE_TIMEOUT
from ..exceptions import EventError, UsageError
from .events import check_name
from .handler import F, Function
from .server_side import server_side_ask, server_side_emit
from .terms import terms_of
from .users import USER_ROOM, user_room

if TYPE_CHECKING:
    from .broadcast import BroadcastOperator
    from .namespace import Namespace
    from .remote import RemoteSocket
    from .socket import Socket

DEFAULT_TIMEOUT = 60.0
"""How long answers are waited for, where nothing else is said; seconds."""


def room_names(rooms: Any) -> tuple[str, ...]:
    """Return rooms as the adapter names them: numbers as text, lists spread.

    :raises TypeError: for what is no room.
    """
    names: list[str] = []
    for room in rooms:
        if isinstance(room, str):
            names.append(room)
        elif isinstance(room, int) and not isinstance(room, bool):
            names.append(str(room))
        elif isinstance(room, list | tuple | set | frozenset):
            names.extend(_names_in(room))
        else:
            raise TypeError(f"a room is a str, or a list of such, not {room!r}")
    return tuple(names)


def _names_in(rooms: Any) -> tuple[str, ...]:
    try:
        return room_names(rooms)
    except RecursionError:
        raise TypeError("a list of rooms that contains itself") from None


def check_rooms(namespace: Namespace, names: Iterable[str], own: str | None = None) -> None:
    """See whether rooms may be joined.

    :param own: the id of who joins them.
    :raises ValueError: for the id of another socket, or the room of a user.
    """
    for name in names:
        if name.startswith(USER_ROOM):
            raise ValueError(
                f"{name!r}: rooms whose names begin with {USER_ROOM!r} are those of users, which "
                "@io.user_loader puts clients into"
            )
        if name in namespace.sockets and name != own:
            if namespace.server.options.allow_sid_rooms:
                continue
            raise ValueError(
                f"{name!r} is the id of a socket, and a room that no other may join: it would get "
                "what is meant for that one alone; choose another name, or set allow_sid_rooms"
            )


def check_timeout(seconds: Any) -> float:
    """Return a time-out in seconds.

    :raises UsageError: for what is none.
    """
    number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
    if not number or not 0 < seconds < 1e9:
        raise UsageError(f"a time-out is a number of seconds, more than 0, not {seconds!r}")
    return float(seconds)


class Sending:
    """Who can be sent events. Each flag returns a new operator, and changes nothing here."""

    __slots__ = ()

    @property
    def _operator(self) -> BroadcastOperator:
        """Whom it means without a flag."""
        raise NotImplementedError

    # Whom, and how

    def to(self, *rooms: Any) -> BroadcastOperator:
        """Those in any of `rooms`; from a socket: but for itself.

        :param rooms: names, or lists of names; a socket's id is a room of its own. An empty list
            is nobody (on Node it is everyone, which no computed list should turn into).
        :raises TypeError: for what is no room.
        """
        others = self._operator.others
        return others.but(rooms=(others.selection.rooms or ()) + room_names(rooms))

    in_ = to

    def to_user(self, *user_ids: Any) -> BroadcastOperator:
        """Those who are here as any of these users; from a socket: but for itself. See
        :meth:`.Users.user_loader`.

        :param user_ids: the users' ids, or lists of them.
        :raises TypeError: for what is no id.
        """
        return self.to([user_room(name) for name in room_names(user_ids)])

    def except_(self, *rooms: Any) -> BroadcastOperator:
        """But for those in any of `rooms`; from a socket: and but for itself.

        :raises TypeError: for what is no room.
        """
        others = self._operator.others
        return others.but(except_=others.selection.except_ + room_names(rooms))

    @property
    def broadcast(self) -> BroadcastOperator:
        """Everyone else: from a socket, all but itself."""
        return self._operator.others

    @property
    def volatile(self) -> BroadcastOperator:
        """Only who can be reached at once; whoever lags does not get the message later."""
        return self._operator.but(volatile=True)

    @property
    def local(self) -> BroadcastOperator:
        """Only the sockets of this process; from a socket: but for itself, as on Node."""
        return self._operator.others.but(local=True)

    @property
    def json(self) -> BroadcastOperator:
        """The data of :meth:`send` as JSON, whatever it is: a type of message that the clients 0.9
        have (``4``). For newer ones, whose data is always JSON, it changes nothing.
        """
        return self._operator.but(json=True)

    def compress(self, wanted: bool = True) -> BroadcastOperator:
        """Whether the messages may be compressed on a WebSocket, where that is agreed on.

        Answers to polls hold several messages, and go by the option ``http_compression``.

        :raises UsageError: if it is neither True nor False.
        """
        if not isinstance(wanted, bool):
            raise UsageError(f"compress() takes True or False, not {wanted!r}")
        return self._operator.but(compress=wanted)

    def binary(self, wanted: bool = True) -> BroadcastOperator:
        """Accepted for the sake of Socket.IO 2.x, where it saved a search: changes nothing."""
        return self._operator.but()

    def timeout(self, seconds: float) -> BroadcastOperator:
        """How long to wait for answers; a callback gets the error first then, or None.

        :raises UsageError: for what is no time.
        """
        return self._operator.within(check_timeout(seconds))

    # What

    def emit(self, event: str, *args: Any, callback: Callable[..., Any] | None = None) -> bool:
        """Send an event to them.

        :param args: what JSON can carry, and ``bytes`` anywhere in it. A function at the end is
            the callback.
        :param callback: called with the answer of one socket. With :meth:`timeout` it is called
            ``callback(error, answer)``, and for several sockets ``callback(error, answers)``, where
            the error is None or an :class:`.AckTimeout`.
        :returns: for one socket whether it was taken, else True.
        :raises EncodeError: if an argument cannot be carried; the message names the path to it.
        :raises EventError: for a reserved name, or a callback for many without a time-out.
        """
        return self._operator.send_event(event, args, callback)

    def send(self, *args: Any, callback: Callable[..., Any] | None = None) -> bool:
        """Send a ``message`` event to them; see :meth:`emit`."""
        return self.emit("message", *args, callback=callback)

    write = send

    def emit_with_ack(self, event: str, *args: Any, timeout: float | None = None) -> Any:
        """Send an event and wait for all answers: a list of them, in no order; of one socket its
        answer. An answer is None for an empty one, and a list for several values.

        :param timeout: seconds; else what :meth:`timeout` said, else 60.
        :raises AckTimeout: if one is missing at the end of that time, or as soon as no more can
            come since who is missing has left. It carries the ``answers`` that came, by socket id,
            and the ids that were ``silent``.
        :raises Disconnected: of one socket, as soon as it leaves.
        """
        operator = self._operator
        if timeout is not None:
            operator = operator.within(check_timeout(timeout))
        return operator.ask(event, args)


class Selected(Sending):
    """A selection of sockets: what can be sent to them, and what can be done with them."""

    __slots__ = ()

    def fetch_sockets(self) -> list[Socket | RemoteSocket]:
        """Return them: the sockets of this process, then what other nodes say of theirs.

        :raises NodeTimeout: if a node did not answer in time.
        """
        return self._operator.fetch()

    def all_sockets(self) -> set[str]:
        """Return their ids.

        :raises NodeTimeout: if a node did not answer in time.
        """
        return {socket.id for socket in self._operator.fetch()}

    def sockets_join(self, *rooms: Any) -> None:
        """Put them into `rooms`.

        :raises TypeError: for what is no room.
        :raises ValueError: for the id of a socket, unless the option ``allow_sid_rooms`` allows it.
        """
        operator, names = self._operator, room_names(rooms)
        check_rooms(operator.namespace, names)
        operator.join_them(names)

    def sockets_leave(self, *rooms: Any) -> None:
        """Take them out of `rooms`.

        :raises TypeError: for what is no room.
        """
        self._operator.leave_them(room_names(rooms))

    def disconnect_sockets(self, close: bool = False) -> None:
        """Send them away, with their whole connections if `close`."""
        self._operator.disconnect_them(close)


class Addressable(Selected):
    """A whole namespace, or a server, which stands for its root namespace.

    It also reaches the other nodes: the same namespace in the other processes of a cluster.
    """

    __slots__ = ()

    def server_side_emit(
        self, event: str, *args: Any, callback: Callable[..., Any] | None = None
    ) -> None:
        """Send an event to the other nodes, whose :meth:`on_server_side` handlers get it.

        :param args: what JSON can carry. A function at the end is the callback.
        :param callback: called ``callback(error, answers)`` when all other nodes have answered, or
            after 5 seconds; the error is None or a :class:`.NodeTimeout`.
        :raises EventError: for a reserved name.
        """
        server_side_emit(self._operator.namespace, event, args, callback)

    def server_side_emit_with_ack(
        self, event: str, *args: Any, timeout: float = NODE_TIMEOUT
    ) -> list[Any]:
        """Send an event to the other nodes and wait for their answers, one of each.

        :param timeout: seconds.
        :raises NodeTimeout: if one is missing then; it carries those that came.
        :raises EventError: for a reserved name.
        """
        check_timeout(timeout)
        return server_side_ask(self._operator.namespace, event, args, timeout)

    @overload
    def on_server_side(self, event: str) -> Callable[[F], F]: ...

    @overload
    def on_server_side(self, event: str, handler: F) -> F: ...

    def on_server_side(self, event: str, handler: Function | None = None) -> Function:
        """Register the handler of an event from another node; a decorator if no handler is given.

        What it returns is the answer, where one is asked for; with a parameter ``ack`` it may
        answer later.

        :raises EventError: for a name that can never come, or a function that cannot be called.
        """
        if handler is None:
            check_name(event)
            return lambda function: self.on_server_side(event, function)
        if terms_of(handler):
            raise EventError(f"{handler!r} has terms, and events from other nodes pass none")
        self._operator.namespace.server_side_handlers().add(event, handler)
        return handler
