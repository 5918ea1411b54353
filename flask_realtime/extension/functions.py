"""Functions that act for the socket whose event is being handled.

Their names, parameters and defaults are Flask-SocketIO's, so that its users find them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from flask import current_app, has_app_context

from ..adapters.adapter import Selection
from ..exceptions import UsageError
from ..socketio.broadcast import BroadcastOperator
from ..socketio.namespace import Namespace
from ..socketio.server import Server
from ..socketio.socket import Socket
from .context import current_socket

Rooms = str | int | Iterable[str | int] | None


def spread(args: tuple[Any, ...]) -> tuple[Any, ...]:
    """A single tuple stands for several arguments, as in Flask-SocketIO."""
    return args[0] if len(args) == 1 and isinstance(args[0], tuple) else args


def select(
    namespace: Namespace, to: Rooms, include_self: bool, skip_sid: Rooms, own: Socket | None
) -> BroadcastOperator:
    """Return the operator for the parameters that Flask-SocketIO's functions share."""
    chosen = BroadcastOperator(namespace)
    if to is not None:
        chosen = chosen.to(to)
    if skip_sid is not None:
        chosen = chosen.except_(skip_sid)
    if not include_self and own is not None:
        chosen = chosen.except_(own.id)
    return chosen


def ask_one(
    namespace: Namespace, to: Rooms, event: str, args: tuple[Any, ...], callback: Callable[..., Any]
) -> bool:
    """Send an event to the socket of the id `to`; return False if that is no socket's id."""
    if not isinstance(to, str):
        return False
    socket = namespace.sockets.get(to)
    if socket is None:
        # Where nobody is, the id may be that of a client which has left: no mistake of the caller.
        return not namespace.adapter.ids_in(Selection(rooms=(to,)))
    socket.emit(event, *args, callback=callback)
    return True


def emit(
    event: str,
    *args: Any,
    namespace: str | None = None,
    to: Rooms = None,
    room: Rooms = None,
    broadcast: bool = False,
    include_self: bool = True,
    skip_sid: Rooms = None,
    callback: Callable[..., Any] | None = None,
) -> None:
    """Send an event: to the client whose event is being handled, or to those named.

    :param args: the event's arguments; a single tuple is spread.
    :param namespace: another one than the current.
    :param to: a room, a socket's id, or several; ``room`` is another name for it.
    :param broadcast: to everyone in the namespace.
    :param include_self: whether a broadcast reaches the current client too.
    :param skip_sid: ids to leave out.
    :param callback: called with the client's answer; for one client only.
    :raises EncodeError: if an argument cannot be carried.
    """
    own = current_socket()
    target = to if to is not None else room
    args = spread(args)
    own_namespace = own is not None and namespace in (None, own.namespace.name)
    if own is not None and own_namespace and target is None and not broadcast:
        own.emit(event, *args, callback=callback)
        return
    there = _namespace(namespace)
    if callback is not None and ask_one(there, target, event, args, callback):
        return
    if own is not None and target is None and not broadcast:
        twin = own.client.sockets.get(there.name)
        if twin is not None:
            twin.emit(event, *args, callback=callback)
        return
    chosen = select(there, target, include_self, skip_sid, own if own_namespace else None)
    chosen.emit(event, *args, callback=callback)


def send(
    message: Any,
    json: bool = False,
    namespace: str | None = None,
    to: Rooms = None,
    room: Rooms = None,
    broadcast: bool = False,
    include_self: bool = True,
    skip_sid: Rooms = None,
    callback: Callable[..., Any] | None = None,
) -> None:
    """Send a ``message`` event, or with `json` a ``json`` event; else as :func:`emit`."""
    emit(
        "json" if json else "message",
        message,
        namespace=namespace,
        to=to,
        room=room,
        broadcast=broadcast,
        include_self=include_self,
        skip_sid=skip_sid,
        callback=callback,
    )


def call(
    event: str,
    *args: Any,
    to: str | None = None,
    timeout: float = 60.0,
    namespace: str | None = None,
) -> Any:
    """Send an event to one client and wait for its answer; see :meth:`.Socket.call`."""
    return _socket(to, namespace).call(event, *spread(args), timeout=timeout)


def join_room(room: Any, sid: str | None = None, namespace: str | None = None) -> None:
    """Put the current client, or the socket of that id, into a room."""
    _socket(sid, namespace).join(room)


def leave_room(room: Any, sid: str | None = None, namespace: str | None = None) -> None:
    """Take the current client, or the socket of that id, out of a room."""
    _socket(sid, namespace).leave(room)


def close_room(room: Any, namespace: str | None = None) -> None:
    """Take everyone out of a room."""
    _namespace(namespace).in_(room).sockets_leave(room)


def rooms(sid: str | None = None, namespace: str | None = None) -> list[str]:
    """Return the rooms of the current client, or of the socket of that id."""
    return sorted(_socket(sid, namespace).rooms)


def disconnect(
    sid: str | None = None, namespace: str | None = None, silent: bool = False
) -> None:
    """Send the current client, or the socket of that id, away from its namespace.

    :param silent: accepted for Flask-SocketIO's sake, and without effect there too.
    """
    _socket(sid, namespace).disconnect()


def _server() -> Server:
    own = current_socket()
    if own is not None:
        return own.server
    if not has_app_context():
        raise UsageError(
            "no event and no request is being handled here, so emit() and its like cannot know "
            "their server; use io.emit(…), or io.start_background_task(…) for a task that emits"
        )
    extension = current_app.extensions.get("socketio")
    if extension is None:
        raise UsageError("this application has no SocketIO; call io.init_app(app)")
    server: Server = extension.server
    return server


def _namespace(name: str | None) -> Namespace:
    own = current_socket()
    if name is None:
        return own.namespace if own is not None else _server().of("/")
    return _server().existing(name)


def _socket(sid: str | None, namespace: str | None) -> Socket:
    own = current_socket()
    if own is not None and sid in (None, own.id) and namespace in (None, own.namespace.name):
        return own
    there = _namespace(namespace)
    if sid is None:
        twin = own.client.sockets.get(there.name) if own is not None else None
        if twin is None:
            raise UsageError("no client is being handled here; name the socket's id")
        return twin
    socket = there.sockets.get(sid)
    if socket is None:
        raise UsageError(f"no socket {sid!r} in {there.name!r}; it may have left")
    return socket
