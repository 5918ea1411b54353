"""Connections of plain Engine.IO: a WebSocket with polling to fall back on, without Socket.IO.

::

    from flask_realtime.engineio import EngineServer

    server = EngineServer()

    @server.on("connection")
    def connection(socket):
        socket.on("message", socket.send)  # an echo

    app.wsgi_app = server.attach(app.wsgi_app)

Its clients are those of ``engine.io-client`` 1 to 6. Messages are text or bytes; there are no
events, rooms, namespaces or acknowledgements, and a client that loses its connection does not come
back.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar, overload

from . import scopes
from .engine.engine import Engine
from .engine.session import Session
from .engine.states import SessionState
from .exceptions import EventError, OptionError
from .options import make_options
from .options.names import MEANT
from .protocol.packet import Packet, PacketType
from .protocol.plain_parser import NAME, PlainParser
from .protocol.reason import Reason
from .socketio.turn import Turn
from .wsgi.middleware import Middleware

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

log = logging.getLogger("flask_realtime.engineio")

Handler = Callable[..., object]
H = TypeVar("H", bound=Handler)

_OPEN, _MESSAGE, _CLOSE = "connection", NAME, "close"
_EVENTS = (_MESSAGE, _CLOSE)

_OF_SOCKETIO = frozenset(
    "adapter allow_sid_rooms async_handlers cleanup_empty_child_namespaces client_minified "
    "client_version connect_timeout connection_state_recovery logger manage_session "
    "max_attachments max_namespaces namespaces rate_limit serializer serve_client store "
    "store_expiration".split()
)
"""Options of what is above connections."""


class EngineServer:
    """The connections below one path (row T55; in Node the package ``engine.io``).

    :param path: where they are taken; clients look at ``/engine.io`` by default.
    :param options: those of :class:`flask_realtime.options.Options` that concern connections.
    :raises OptionError: for an unknown option, a bad value, or one that Socket.IO alone has.
    """

    turn: Turn

    def __init__(self, path: str = "/engine.io", **options: Any) -> None:
        for name in options:
            if MEANT.get(name, name) in _OF_SOCKETIO:
                raise OptionError(f"{name} is Socket.IO's own; plain Engine.IO has nothing for it")
        options = {"protocols": ("eio3", "eio4"), **options}
        self.options = make_options(
            path=path, serve_client=False, serializer=PlainParser(), **options
        )
        if "0.9" in self.options.protocols:
            raise OptionError("clients 0.9 have no Engine.IO; leave '0.9' out of protocols")
        scopes.enable_from_environment()
        scopes.apply(self.options)
        self.engine = Engine(self.options, self._make_socket)
        self.hosts: set[str] = set()
        self._sockets: dict[str, EngineSocket] = {}
        self._connection: Handler | None = None

    @property
    def clients(self) -> Mapping[str, EngineSocket]:
        """Those who are connected, by their ids."""
        return self._sockets

    @overload
    def on(self, event: str, handler: None = None) -> Callable[[H], H]: ...

    @overload
    def on(self, event: str, handler: H) -> H: ...

    def on(self, event: str, handler: Any = None) -> Any:
        """Register the handler of ``connection``, which is called with an :class:`EngineSocket`, or
        a listener of :meth:`.Engine.on`.

        :raises EventError: for another name, or for what is no function.
        """
        if event != "connection":
            return self.engine.on(event, handler)
        if handler is None:
            return lambda function: self.on(event, function)
        self._connection = _checked(event, handler)
        return handler

    def attach(self, application: WSGIApplication) -> Middleware:
        """Return the application to serve instead of this one: by our own ``WSGIServer``, or any
        other of gevent."""
        return Middleware(self, application)

    def close(self) -> None:
        """End every connection."""
        self.engine.close()

    # For the WSGI application

    def start(self) -> None:
        """Belong to the hub of this thread."""
        if self.engine.hub is None:
            self.engine.start()
            self.turn = Turn(self.engine.hub)

    def attend(self, host: str) -> None:
        """Take clients of a host until it stops."""
        self.hosts.add(host)
        self.engine.reopen()

    def leave(self, host: str) -> None:
        """End the connections of a host, which stops."""
        self.hosts.discard(host)
        if self.hosts:
            self.engine.close_those_of(host)
        else:
            self.close()

    # For sockets

    def _make_socket(self, session: Session) -> EngineSocket:
        socket = self._sockets[session.sid] = EngineSocket(self, session)
        return socket

    def forget(self, socket: EngineSocket) -> None:
        """Drop one that is gone."""
        self._sockets.pop(socket.id, None)

    def begin(self, socket: EngineSocket) -> None:
        """Call the handler of ``connection``."""
        if self._connection is not None:
            self._connection(socket)


class EngineSocket:
    """One connection. Its handlers run in order, each in a greenlet that may wait."""

    __slots__ = ("_handlers", "_inbox", "_server", "_size", "id", "queued", "session", "working")

    def __init__(self, server: EngineServer, session: Session) -> None:
        self._server = server
        #: What is below: ``transport.name``, ``request``, ``protocol``, ``remote_address``, and
        #: ``on`` for its upgrade and its packets, see :meth:`.Session.on`.
        self.session = session
        #: A secret of its client.
        self.id = session.sid
        self.queued = False
        self.working = False
        self._handlers: dict[str, Handler] = {}
        self._inbox: deque[tuple[str, Any, int]] = deque()
        self._size = 0

    def __repr__(self) -> str:
        return f"<EngineSocket {self.id[:6]}… {self.session.ready_state}>"

    @property
    def connected(self) -> bool:
        """Whether the connection is open, as far as is known."""
        return self.session.state is SessionState.OPEN

    @overload
    def on(self, event: str, handler: None = None) -> Callable[[H], H]: ...

    @overload
    def on(self, event: str, handler: H) -> H: ...

    def on(self, event: str, handler: Any = None) -> Any:
        """Register the handler of ``message``, called with text or bytes, or of ``close``, called
        with the :class:`.Reason`; also as a decorator. The last one counts.

        :raises EventError: for another name, or for what is no function.
        """
        if event not in _EVENTS:
            raise EventError(f"a connection has no event {event!r}: there is {', '.join(_EVENTS)}")
        if handler is None:
            return lambda function: self.on(event, function)
        self._handlers[event] = _checked(event, handler)
        return handler

    def send(self, data: str | bytes | bytearray | memoryview, volatile: bool = False) -> bool:
        """Send a message; return whether it was taken. From another thread: True, and soon.

        :param volatile: whether it is dropped unless it can leave at once.
        :raises EncodeError: for what is neither text nor bytes.
        """
        packet = Packet(PacketType.EVENT, data=[NAME, data])
        self.session.dialect.encode(packet)
        if self._server.engine.elsewhere:
            self._server.engine.post(self.session.send, packet, volatile)
            return True
        return self.session.send(packet, volatile)

    def close(self) -> None:
        """End the connection after what waits has been sent."""
        if self._server.engine.elsewhere:
            self._server.engine.post(self.session.close)
        else:
            self.session.close(Reason.FORCED_CLOSE)

    # Called by the session, in the hub

    def opened(self) -> None:
        self._append(_OPEN, None, 0)

    def moved(self) -> None:
        """Clients 0.9 alone do so."""

    def receive(self, packet: Packet) -> None:
        self._append(_MESSAGE, packet.data[1], packet.size)

    def closed(self, reason: str) -> None:
        self._append(_CLOSE, reason, 0)

    def _append(self, event: str, value: Any, size: int) -> None:
        self._inbox.append((event, value, size))
        self._size += size
        if self._is_full(1):
            self.session.pause()
        self._server.turn.add(self)

    def _is_full(self, times: int) -> bool:
        options = self._server.options
        waiting = len(self._inbox) * times, self._size * times
        return waiting[0] >= options.max_inbox or waiting[1] >= options.max_http_buffer_size

    # Called by a worker

    def work(self, quantum: int) -> bool:
        """Call the handlers of up to `quantum` messages; return whether some are left."""
        while self._inbox and quantum > 0:
            quantum -= 1
            event, value, size = self._inbox.popleft()
            self._size -= size
            if not self._is_full(2):
                self.session.resume()
            try:
                self._handle(event, value)
            except Exception:
                log.exception("the handler of %r has failed", event)
        return bool(self._inbox)

    def interrupted(self) -> None:
        """Nothing is held back."""

    def _handle(self, event: str, value: Any) -> None:
        if event == _OPEN:
            self._server.begin(self)
            return
        if event == _CLOSE:
            self._server.forget(self)
        handler = self._handlers.get(event)
        if handler is not None:
            handler(value)


def _checked(event: str, handler: Any) -> Handler:
    """Return a handler.

    :raises EventError: if it cannot be called.
    """
    if not callable(handler):
        raise EventError(f"the handler of {event!r} is a function, not {handler!r}")
    known: Handler = handler
    return known
