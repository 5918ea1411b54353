"""Sockets by their ids: the words that python-socketio has on its server and its namespaces.

Who has the :class:`.Socket` itself says more with it; these are for programs that keep ids.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..exceptions import UsageError
from ..socketio.client import Client
from ..socketio.namespace import Namespace
from ..socketio.socket import Socket
from .context import ConnectionContext, current_socket

_SESSION = "python-socketio session"
"""Where ``socket.data`` holds what :meth:`BySid.save_session` keeps."""


def kept_environ(client: Client) -> dict[str, Any]:
    """Return what is kept of the environ of a handshake."""
    environ = dict(client.session.request.variables)
    kept: ConnectionContext | None = client.kept
    if kept is not None:
        environ["flask.app"] = kept.app
        if kept.opened_session is not None:
            environ["saved_session"] = dict(kept.opened_session)
    return environ


class BySid:
    """What can be done with the socket of an id.

    A socket that is not there may have just left, so what would end for it anyway is done.
    """

    __slots__ = ()

    def _there(self, namespace: str | None) -> Namespace:
        """The namespace of that name; for None the one that is meant without a name."""
        raise NotImplementedError

    def _find(self, sid: str, namespace: str | None) -> Socket | None:
        there = self._there(namespace)
        own = current_socket()
        if own is not None and own.id == sid and own.namespace is there:
            return own  # also in its ``disconnect`` handler, when it is among the others no more
        return there.sockets.get(sid)

    def _get(self, sid: str, namespace: str | None) -> Socket:
        socket = self._find(sid, namespace)
        if socket is None:
            name = self._there(namespace).name
            raise UsageError(f"no socket {sid!r} in {name!r}; it may have left")
        return socket

    def enter_room(self, sid: str, room: Any, namespace: str | None = None) -> None:
        """Put a socket into a room.

        :raises UsageError: if there is no such socket, where no other process could have it.
        """
        there = self._there(namespace)
        if self._find(sid, namespace) is None and there.adapter.server_count() > 1:
            there.in_(sid).sockets_join(room)
        else:
            self._get(sid, namespace).join(room)

    def leave_room(self, sid: str, room: Any, namespace: str | None = None) -> None:
        """Take a socket out of a room."""
        socket = self._find(sid, namespace)
        if socket is not None:
            socket.leave(room)
        else:
            self._there(namespace).in_(sid).sockets_leave(room)  # another process may have it

    def close_room(self, room: Any, namespace: str | None = None) -> None:
        """Take everyone out of a room; nobody is told."""
        self._there(namespace).in_(room).sockets_leave(room)

    def disconnect(
        self, sid: str, namespace: str | None = None, ignore_queue: bool = False
    ) -> None:
        """Send a socket away from its namespace; nothing happens if it has left.

        :param ignore_queue: whether only a client of this process is meant.
        """
        socket = self._find(sid, namespace)
        if socket is not None:
            socket.disconnect()
        elif not ignore_queue:
            self._there(namespace).in_(sid).disconnect_sockets()  # another process may have it

    def rooms(self, sid: str, namespace: str | None = None) -> list[str]:
        """Return the rooms of a socket, its own among them; none once it has left."""
        socket = self._find(sid, namespace)
        return [] if socket is None else sorted(socket.rooms)

    def transport(self, sid: str, namespace: str | None = None) -> str:
        """Return the name of the transport that a client is on.

        :raises UsageError: if there is no such socket.
        """
        return self._get(sid, namespace).conn.transport.name

    def get_environ(self, sid: str, namespace: str | None = None) -> dict[str, Any] | None:
        """Return what is kept of the environ of a socket's handshake; None once it has left.

        ``saved_session`` in it is a copy of what handlers find as ``flask.session``, if one has
        used that.
        """
        socket = self._find(sid, namespace)
        return None if socket is None else kept_environ(socket.client)

    def get_session(self, sid: str, namespace: str | None = None) -> dict[str, Any]:
        """Return what :meth:`save_session` keeps for a socket; it is that socket's alone.

        :raises UsageError: if there is no such socket.
        """
        session: dict[str, Any] = self._get(sid, namespace).data.setdefault(_SESSION, {})
        return session

    def save_session(
        self, sid: str, session: dict[str, Any], namespace: str | None = None
    ) -> None:
        """Keep a dict as long as a socket lives.

        :raises UsageError: if there is no such socket.
        """
        self._get(sid, namespace).data[_SESSION] = session

    @contextmanager
    def session(self, sid: str, namespace: str | None = None) -> Iterator[dict[str, Any]]:
        """For ``with``: the dict of a socket, kept at the end of the block.

        :raises UsageError: if there is no such socket.
        """
        session = self.get_session(sid, namespace)
        yield session
        self.save_session(sid, session, namespace)
