"""``io.server``, with the names that applications know from python-socketio's server.

These names are here, not all of them: those that were found in applications. Whoever asks for
another one is told what to use.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import gevent

from ..engine.admission import new_id
from ..engine.engine import Engine
from ..options import Options
from ..protocol.reason import Reason
from ..socketio import namespace as core
from ..socketio.events import RESERVED
from ..socketio.server import Server
from .background import check_task
from .by_sid import BySid, kept_environ
from .namespace import ServedNamespace
from .selection import Rooms, ask, send_to

_INSTEAD = {
    "instrument": "there is no server of the admin UI here; flask_realtime.signals tells what "
    "happens",
    "handle_request": "the application's wsgi_app serves Socket.IO already",
    "packet_class": "see the option 'serializer'",
    "attach": "the application's wsgi_app serves Socket.IO already",
    "async_handlers": "read io.server.options.async_handlers",
    "always_connect": "a client that connects is told so when its 'connect' handler has returned",
    "pre_connect": "clients connect by themselves",
    "get_session": "use socket.data, or io.server.get_session(sid)",
    "create_queue": "use gevent.queue.Queue()",
    "create_event": "use gevent.event.Event()",
}


def _missing(owner: str, name: str) -> AttributeError:
    advice = _INSTEAD.get(name, "what is here is in the documentation, in 'API'")
    return AttributeError(f"{owner} has no {name!r}: {advice}")


class PythonSocketIOServer(BySid, Server):
    """The server of an extension object.

    The parameters `namespace`, `to`, `room`, `skip_sid` and `callback` are those of ``io.emit``.
    """

    namespace_class = ServedNamespace
    async_mode = "gevent"
    reason = Reason
    reserved_events = sorted(RESERVED)

    if not TYPE_CHECKING:  # to which every misspelt name would be one of these

        def __getattr__(self, name: str) -> Any:
            raise _missing("io.server", name)

    def _there(self, namespace: str | None) -> core.Namespace:
        return self.existing(namespace or "/")

    def emit(
        self,
        event: str,
        *args: Any,
        to: Rooms = None,
        room: Rooms = None,
        skip_sid: Rooms = None,
        namespace: str | None = None,
        callback: Callable[..., Any] | None = None,
        ignore_queue: bool = False,
    ) -> bool:
        """Send an event to everyone in a namespace, or to those named."""
        target = to if to is not None else room
        there = self._there(namespace)
        send_to(there, event, args, target, True, skip_sid, callback, ignore_queue)
        return True

    def send(self, *args: Any, **selection: Any) -> bool:
        """Send a ``message`` event; else as :meth:`emit`."""
        return self.emit("message", *args, **selection)

    def call(
        self,
        event: str,
        *args: Any,
        to: str | None = None,
        sid: str | None = None,
        namespace: str | None = None,
        timeout: float = 60.0,
        ignore_queue: bool = False,
    ) -> Any:
        """Send an event to the socket of an id, `to` or `sid`, and wait for its answer.

        :raises LookupError: if there is no such socket.
        """
        id = to if to is not None else sid
        return ask(self._there(namespace), id, event, args, timeout)

    def shutdown(self) -> None:
        """End every session."""
        self.close()

    def start_background_task(
        self, target: Callable[..., Any], *args: Any, **kwargs: Any
    ) -> gevent.Greenlet[..., Any]:
        """Run a function in a greenlet, without the application's context.

        :raises TypeError: for what is no function.
        """
        check_task(target)
        return gevent.spawn(target, *args, **kwargs)

    def sleep(self, seconds: float = 0) -> None:
        """Wait, and let everyone else work meanwhile."""
        gevent.sleep(seconds)

    @property
    def logger(self) -> Any:
        """Where failures are logged."""
        return self.log

    @property
    def environ(self) -> dict[str, dict[str, Any]]:
        """What is kept of the environs of all handshakes, by the sids of the sessions; see
        :meth:`get_environ`."""
        return {client.session.sid: kept_environ(client) for client in self._clients()}

    @property
    def manager(self) -> Manager:
        """Who is in which room."""
        return Manager(self)

    @property
    def eio(self) -> EngineIO:
        """The sessions below."""
        return EngineIO(self.engine)


class Manager:
    """``io.server.manager``: who is in which room, of this process.

    It may be asked in another thread than that of the server: it walks over copies.
    """

    def __init__(self, server: PythonSocketIOServer) -> None:
        self._server = server

    if not TYPE_CHECKING:  # to which every misspelt name would be one of these

        def __getattr__(self, name: str) -> Any:
            raise _missing("io.server.manager", name)

    @property
    def rooms(self) -> Mapping[str, dict[str | None, dict[str, str]]]:
        """By namespace and room: ids of sockets, and the sids of their sessions; the room None is
        everyone."""
        there = list(self._server.namespaces.values())
        return {each.name: self._rooms_of(each) for each in there}

    def _rooms_of(self, namespace: core.Namespace) -> dict[str | None, dict[str, str]]:
        found: dict[str | None, dict[str, str]] = {}
        for id, socket in list(namespace.sockets.items()):
            for room in (None, *socket.rooms):
                found.setdefault(room, {})[id] = socket.conn.sid
        return found

    def get_namespaces(self) -> list[str]:
        """Return the names of all namespaces."""
        return list(self._server.namespaces)

    def get_participants(self, namespace: str, room: Any) -> Iterator[tuple[str, str]]:
        """Yield the id of each socket in a room, and its session's sid; None is everyone."""
        there = self._server.existing(namespace)
        chosen = there._operator if room is None else there.in_(room)
        for id in there.adapter.ids_in(chosen.selection):
            socket = there.sockets.get(id)
            if socket is not None:
                yield id, socket.conn.sid

    def get_rooms(self, sid: str, namespace: str) -> list[str]:
        """Return the rooms of a socket; none once it has left."""
        return self._server.rooms(sid, namespace)

    def is_connected(self, sid: str, namespace: str) -> bool:
        """Whether a socket is there."""
        socket = self._server.existing(namespace).sockets.get(sid)
        return socket is not None and socket.connected

    def sid_from_eio_sid(self, eio_sid: str, namespace: str) -> str | None:
        """Return the id of the socket that a session has in a namespace."""
        sockets = list(self._server.existing(namespace).sockets.items())
        return next((id for id, socket in sockets if socket.conn.sid == eio_sid), None)

    def eio_sid_from_sid(self, sid: str, namespace: str) -> str | None:
        """Return the sid of a socket's session."""
        socket = self._server.existing(namespace).sockets.get(sid)
        return None if socket is None else socket.conn.sid

    def enter_room(self, sid: str, namespace: str, room: Any) -> None:
        """Put a socket into a room."""
        self._server.enter_room(sid, room, namespace)

    def leave_room(self, sid: str, namespace: str, room: Any) -> None:
        """Take a socket out of a room."""
        self._server.leave_room(sid, room, namespace)

    def close_room(self, room: Any, namespace: str) -> None:
        """Take everyone out of a room."""
        self._server.close_room(room, namespace)


_OPTIONS = frozenset(field.name for field in fields(Options))


class EngineIO:
    """``io.server.eio``: the sessions, and the options by their names."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def __getattr__(self, name: str) -> Any:
        if name in _OPTIONS:
            return getattr(self._engine.options, name)
        raise _missing("io.server.eio", name)

    @property
    def sockets(self) -> Mapping[str, Any]:
        """The sessions by their sids."""
        return self._engine.sessions

    def disconnect(self, sid: str | None = None) -> None:
        """End a session, or all of them."""
        for each in [sid] if sid is not None else list(self._engine.sessions):
            session = self._engine.sessions.get(each)
            if session is not None:
                session.close(Reason.FORCED_SERVER_CLOSE)

    def generate_id(self) -> str:
        """Return a new id that nobody can guess."""
        return new_id()
