"""Users as addressees: all sockets of one user are in a room, which nobody else can join."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..exceptions import EventError
from .handler import F, Handler

if TYPE_CHECKING:
    from .namespace import Namespace
    from .remote import RemoteSocket
    from .socket import Socket


class AnotherUser(Exception):  # noqa: N818
    """Who has come back after a loss of connection is another user than before."""


USER_ROOM = "@user:"
"""What the name of such a room begins with; the user's id is the rest."""


def user_room(user_id: Any) -> str:
    """Return the name of a user's room.

    :raises TypeError: for what is no id.
    """
    if not isinstance(user_id, str | int) or isinstance(user_id, bool):
        raise TypeError(f"a user's id is a str or an int, not {user_id!r}")
    return f"{USER_ROOM}{user_id}"


def user_of(rooms: set[str]) -> str | None:
    """Return whose room is among those of a socket."""
    for room in rooms:
        if room.startswith(USER_ROOM):
            return room[len(USER_ROOM) :]
    return None


class Users:
    """The part of a server that knows which user a client is."""

    namespaces: dict[str, Namespace]

    def __init__(self) -> None:
        #: Says who a client is where the application does not; the extension asks Flask-Login.
        self.default_user: Callable[[Socket], Any] | None = None
        self._user_loader: Handler | None = None

    def user_loader(self, function: F) -> F:
        """Register the function that says which user a client is: ``@io.user_loader``.

        It is called in each namespace that the client joins, with the contexts of a handler, after
        the middlewares and before the ``connect`` handler. In a Flask application that has
        Flask-Login, its ``current_user`` counts if nothing is registered. What it raises refuses
        the client, as in a ``connect`` handler.

        :param function: ``(socket)``, or one without parameters; it returns the id, a str or an
            int, or None for a client that is no user.
        :raises EventError: for a function that cannot be called so.
        """
        handler = Handler("a user loader", function, is_event=False)
        if handler.least > 1:
            raise EventError(f"a user loader takes (socket), or nothing; {handler} takes more")
        self._user_loader = handler
        return function

    def enter_user(self, socket: Socket) -> None:
        """Put a socket into the room of its user; raises what the user loader raises.

        :raises AnotherUser: for a socket that has come back, and was another user's before. Who was
            nobody may have become a user.
        """
        loader = self._user_loader
        if loader is not None:
            user_id = socket.server.around(socket, loader.function, (socket,)[: loader.most])
        elif self.default_user is not None:
            user_id = self.default_user(socket)
        else:
            return
        room = None if user_id is None else user_room(user_id)
        if socket.recovered and socket.user_id is not None and room not in socket.rooms:
            raise AnotherUser
        if room is not None and socket.connected:
            socket.namespace.adapter.add(socket.id, (room,))

    def sockets_of(self, user_id: str | int) -> list[Socket | RemoteSocket]:
        """Return a user's sockets, in all namespaces; not those that are known to have left.

        :raises TypeError: for what is no id.
        :raises NodeTimeout: if a node did not answer in time.
        """
        found: list[Socket | RemoteSocket] = []
        for namespace in list(self.namespaces.values()):
            found += namespace.to_user(user_id).fetch_sockets()
        return [each for each in found if getattr(each, "connected", True)]

    def disconnect_user(self, user_id: str | int) -> None:
        """Send a user's clients away, from all namespaces.

        :raises TypeError: for what is no id.
        """
        for namespace in list(self.namespaces.values()):
            namespace.to_user(user_id).disconnect_sockets(close=True)
