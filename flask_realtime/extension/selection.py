"""Who is meant by the parameters that Flask-SocketIO's functions and methods share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from typing import Any

from ..exceptions import UsageError
from ..socketio.addressable import room_names
from ..socketio.broadcast import BroadcastOperator
from ..socketio.handler import FAILURES
from ..socketio.namespace import Namespace
from ..socketio.outgoing import event_packet
from ..socketio.socket import Socket
from .context import current_socket

Rooms = str | int | Iterable[str | int] | None


def spread(args: tuple[Any, ...]) -> tuple[Any, ...]:
    """A single tuple stands for several arguments and a single None for none, as in
    Flask-SocketIO."""
    if len(args) != 1:
        return args
    only = args[0]
    return only if isinstance(only, tuple) else () if only is None else args


def select(
    namespace: Namespace, to: Rooms, include_self: bool, skip_sid: Rooms, ignore_queue: bool
) -> BroadcastOperator:
    """Return the operator for these parameters."""
    chosen = BroadcastOperator(namespace)
    if to is not None:
        chosen = chosen.to(_several(to))
    if skip_sid is not None:
        chosen = chosen.except_(_several(skip_sid))
    own = current_socket()
    if not include_self and own is not None and own.namespace is namespace:
        chosen = chosen.except_(own.id)
    return chosen.local if ignore_queue else chosen


def is_skipped(id: str, skip_sid: Rooms) -> bool:
    """Whether `skip_sid` leaves that socket out."""
    return skip_sid is not None and id in room_names([_several(skip_sid)])


def _several(rooms: Rooms) -> Any:
    one = isinstance(rooms, str | bytes | Mapping) or not isinstance(rooms, Iterable)
    return rooms if one else list(rooms)  # type: ignore[arg-type]


def send_to(
    namespace: Namespace,
    event: str,
    args: tuple[Any, ...],
    to: Rooms,
    include_self: bool,
    skip_sid: Rooms,
    callback: Callable[..., Any] | None,
    ignore_queue: bool,
) -> None:
    """Send an event to those who are meant; with a callback each of them is asked."""
    args = spread(args)
    chosen = select(namespace, to, include_self, skip_sid, ignore_queue)
    if callback is None:
        chosen.emit(event, *args)
        return
    if namespace.server.engine.hub is None:
        namespace.server.before_serving()
    engine, asked = namespace.server.engine, (namespace, chosen, event, args, _as_here(callback))
    if engine.elsewhere:
        engine.encode(event_packet(namespace.name, event, args))  # a bad value fails here
        engine.post(_ask_each, *asked)
    else:
        _ask_each(*asked)


def _ask_each(
    namespace: Namespace,
    chosen: BroadcastOperator,
    event: str,
    args: tuple[Any, ...],
    callback: Callable[..., Any],
) -> None:
    for id in namespace.adapter.ids_in(chosen.selection):
        socket = namespace.sockets.get(id)
        if socket is not None:
            socket.emit(event, *args, callback=callback)


def ask(
    namespace: Namespace, sid: str | None, event: str, args: tuple[Any, ...], timeout: float
) -> Any:
    """Send an event to the socket of the id `sid`, and wait for its answer.

    :raises UsageError: if there is no id.
    :raises LookupError: if there is no such socket.
    """
    if not isinstance(sid, str):
        raise UsageError(
            "call(…) asks one client: name the socket's id, to=sid. Several are asked by "
            "io.to(room).timeout(5).emit_with_ack(…)"
        )
    socket = namespace.sockets.get(sid)
    if socket is None:
        raise LookupError(f"no socket {sid!r} in {namespace.name!r}; it may have left")
    return socket.call(event, *spread(args), timeout=timeout)


def _as_here(callback: Callable[..., Any]) -> Callable[..., Any]:
    """A callback of a handler runs with that handler's socket, whoever it is that answers."""
    own: Socket | None = current_socket()
    if own is None:
        return callback
    asking = own

    @wraps(callback)
    def answered(*values: Any) -> None:
        try:
            asking.server.around(asking, callback, values)
        except FAILURES as error:
            asking.server.handler_failed(asking, "a callback", error, values)

    return answered
