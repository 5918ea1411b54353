"""Functions that act for the socket whose event is being handled.

Their names, parameters and defaults are Flask-SocketIO's, so that its users find them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import current_app, has_app_context

from ..exceptions import UsageError
from ..socketio.namespace import Namespace
from ..socketio.server import Server
from ..socketio.socket import Socket
from .by_sid import BySid
from .context import current_socket
from .selection import Rooms, ask, is_skipped, send_to, spread


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
    ignore_queue: bool = False,
) -> None:
    """Send an event: to the client whose event is being handled, or to those named.

    :param args: the event's arguments; a single tuple is spread, and a single None is none.
    :param namespace: another one than the current.
    :param to: a room, a socket's id, or several; ``room`` is another name for it.
    :param broadcast: to everyone in the namespace.
    :param include_self: whether the current client is reached, too.
    :param skip_sid: ids to leave out.
    :param callback: called with a client's answer, for each of them that answers.
    :param ignore_queue: whether only the clients of this process are meant.
    :raises EncodeError: if an argument cannot be carried.
    :raises UsageError: where no event is being handled, and nobody is named.
    """
    target = to if to is not None else room
    own = current_socket()
    if own is None and target is None and not broadcast:
        raise UsageError(_NOBODY.format(event=event))
    if own is None or target is not None or broadcast:
        there = _namespace(namespace)
        send_to(there, event, args, target, include_self, skip_sid, callback, ignore_queue)
        return
    twin = own if namespace is None else own.client.sockets.get(_namespace(namespace).name)
    if twin is not None and include_self and not is_skipped(twin.id, skip_sid):
        twin.emit(event, *spread(args), callback=callback)


_NOBODY = (
    "emit({event!r}, …) answers the client whose event is being handled, and none is handled here: "
    "say to=… or broadcast=True, or io.emit(…), which reaches everyone in a namespace"
)


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
    ignore_queue: bool = False,
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
        ignore_queue=ignore_queue,
    )


def call(
    event: str,
    *args: Any,
    to: str | None = None,
    timeout: float = 60.0,
    namespace: str | None = None,
    room: str | None = None,
    ignore_queue: bool = False,
) -> Any:
    """Send an event to one client and wait for its answer; see :meth:`.Socket.call`.

    :param to: the socket's id; None: the client whose event is being handled. ``room`` is another
        name for it.
    :param timeout: seconds.
    :param ignore_queue: accepted for Flask-SocketIO's sake: who asks one client asks no other
        process.
    """
    sid = to if to is not None else room
    if sid is not None:
        return ask(_namespace(namespace), sid, event, args, timeout)
    return _own(namespace).call(event, *spread(args), timeout=timeout)


def join_room(room: Any, sid: str | None = None, namespace: str | None = None) -> None:
    """Put the current client, or the socket of that id, into a room.

    :raises UsageError: if there is no such socket, where no other process could have it.
    """
    if sid is None:
        _own(namespace).join(room)
    else:
        _here.enter_room(sid, room, namespace)


def leave_room(room: Any, sid: str | None = None, namespace: str | None = None) -> None:
    """Take the current client, or the socket of that id, out of a room."""
    if sid is None:
        _own(namespace).leave(room)
    else:
        _here.leave_room(sid, room, namespace)


def close_room(room: Any, namespace: str | None = None) -> None:
    """Take everyone out of a room; nobody is told."""
    _here.close_room(room, namespace)


def rooms(sid: str | None = None, namespace: str | None = None) -> list[str]:
    """Return the rooms of the current client, or of the socket of that id: none, if it has left."""
    return sorted(_own(namespace).rooms) if sid is None else _here.rooms(sid, namespace)


def disconnect(
    sid: str | None = None, namespace: str | None = None, silent: bool = False
) -> None:
    """Send the current client, or the socket of that id, away from its namespace.

    :param silent: accepted for Flask-SocketIO's sake, and without effect there too.
    """
    if sid is None:
        _own(namespace).disconnect()
    else:
        _here.disconnect(sid, namespace)


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
    if own is not None and name in (None, own.namespace.name):
        return own.namespace
    return _server().existing(name or "/")


def _own(namespace: str | None) -> Socket:
    """Return the current client's socket in a namespace; it may have left.

    :raises UsageError: if there is none.
    """
    own, there = current_socket(), _namespace(namespace)
    if own is not None and own.namespace is not there:
        own = own.client.sockets.get(there.name)
    if own is None:
        raise UsageError("no client is being handled here; name the socket's id")
    return own


class _Here(BySid):
    """Sockets by their ids, where an event is being handled."""

    def _there(self, namespace: str | None) -> Namespace:
        return _namespace(namespace)


_here = _Here()
