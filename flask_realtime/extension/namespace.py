"""Namespaces in Flask-SocketIO's words, and classes of handlers for them.

An instance of a user's class has no clients of its own: it stands for the namespace of its name,
and whatever it lacks it finds there. So what such a class calls its own attributes is in nobody's
way.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from ..adapters.adapter import Adapter
from ..socketio import namespace as core
from ..socketio.broadcast import BroadcastOperator
from ..socketio.events import CATCH_ALL, LIFE, Handlers
from ..socketio.handler import F, Function, Handler, check_error_handler
from ..socketio.server import Server
from .by_sid import BySid
from .context import current_socket
from .selection import Rooms, ask, send_to

log = logging.getLogger("flask_realtime.namespace")

_PREFIX = "on_"


class Namespace(BySid, core.Namespace):
    """A namespace: what ``io.of(name)`` returns, and the base of classes of handlers.

    Each method ``on_<event>`` of a class handles an event; ``on_connect`` and ``on_disconnect`` a
    client's beginning and end; ``error(exception)``, if there is one, what they raise::

        class Chat(Namespace):
            def on_message(self, text):
                self.emit("message", text)

        io.on_namespace(Chat("/chat"))

    :param namespace: its name; None for the root namespace.
    """

    namespace: str
    """Its name."""
    socketio: Any = None
    """The extension that has it."""
    _stands_for: core.Namespace | None = None
    _taken: dict[str, Function]

    def __init__(self, namespace: str | None = None) -> None:
        self.namespace = namespace or "/"

    if not TYPE_CHECKING:  # to which every misspelt name would be one of these

        def __getattr__(self, name: str) -> Any:
            if self._stands_for is not None:
                return getattr(self._stands_for, name)
            raise self._missing(name)

    def _missing(self, name: str) -> AttributeError:
        hint = "; it has its server and its clients once io.on_namespace(…) has taken it"
        return AttributeError(f"{type(self).__name__!r} has no {name!r}{hint}")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.namespace!r}>"

    def _there(self, namespace: str | None) -> core.Namespace:
        if namespace is None:
            return self if self._stands_for is None else self._stands_for
        return self.server.existing(namespace)

    def _table(self) -> Handlers:
        return self._there(None).handlers

    def on_error(self, handler: F) -> F:
        """Register what is called with the exception of a handler; it returns the answer."""
        return core.Namespace.on_error(self._served("on_error"), handler)

    def authorization(self, function: F) -> F:
        """Register the function that decides on each client by its handshake."""
        return core.Namespace.authorization(self._served("authorization"), function)

    def _served(self, asked: str) -> core.Namespace:
        """Return the namespace that has the clients.

        :raises AttributeError: if `asked` comes before there is one.
        """
        there = self._there(None)
        if not isinstance(there, ServedNamespace):
            raise self._missing(asked)
        return there

    @property
    def _operator(self) -> BroadcastOperator:
        return BroadcastOperator(self._there(None))

    # Sending: as everywhere, with Flask-SocketIO's parameters

    def emit(
        self,
        event: str,
        *args: Any,
        room: Rooms = None,
        include_self: bool = True,
        namespace: str | None = None,
        callback: Callable[..., Any] | None = None,
        to: Rooms = None,
        skip_sid: Rooms = None,
        ignore_queue: bool = False,
    ) -> bool:
        """Send an event to everyone in the namespace, or to those named; see :func:`.emit`."""
        target = to if to is not None else room
        there = self._there(namespace)
        send_to(there, event, args, target, include_self, skip_sid, callback, ignore_queue)
        return True

    def send(
        self,
        *args: Any,
        json: bool = False,
        room: Rooms = None,
        include_self: bool = True,
        namespace: str | None = None,
        callback: Callable[..., Any] | None = None,
        to: Rooms = None,
        skip_sid: Rooms = None,
        ignore_queue: bool = False,
    ) -> bool:
        """Send a ``message`` event, or with `json` a ``json`` event; else as :meth:`emit`."""
        return self.emit(
            "json" if json else "message",
            *args,
            room=room,
            include_self=include_self,
            namespace=namespace,
            callback=callback,
            to=to,
            skip_sid=skip_sid,
            ignore_queue=ignore_queue,
        )

    def call(
        self,
        event: str,
        *args: Any,
        to: str | None = None,
        sid: str | None = None,
        namespace: str | None = None,
        timeout: float | None = None,
        ignore_queue: bool = False,
    ) -> Any:
        """Send an event to the socket of an id, and wait for its answer.

        :param to: the id; ``sid`` is another name for it.
        :param timeout: seconds; None: 60.
        :raises UsageError: if no id is given.
        :raises LookupError: if there is no such socket.
        """
        id = to if to is not None else sid
        return ask(self._there(namespace), id, event, args, 60.0 if timeout is None else timeout)

    def disconnect(
        self, id: str, namespace: str | bool | None = None, ignore_queue: bool = False
    ) -> None:
        """Send a socket away from its namespace; nothing happens if it has left.

        :param id: the socket's.
        :param namespace: another one than this; for the adapter, whether to end the connection.
        """
        close = namespace is True
        socket = self._find(id, None if isinstance(namespace, bool) else namespace)
        if socket is not None:
            socket.disconnect(close)

    # Classes of handlers

    def trigger_event(self, event: str, *args: Any) -> Any:
        """Handle an event, by the method of its name; a class may do it in a way of its own.

        :param args: the socket's id, then the event's arguments; those of ``connect`` are the
            environ of its handshake, and what the client sent to be let in.
        """
        method = getattr(self, _PREFIX + event, None)
        return None if method is None else call_method(method, event, args[1:])

    def is_asyncio_based(self) -> bool:
        """Whether its methods are coroutines: never here."""
        return False

    def stand_for(self, there: core.Namespace, extension: object) -> None:
        """Have the methods of this class handle the events of a namespace.

        A function that was registered for an event stays its handler.

        :raises EventError: for a method that cannot take what comes; nothing is changed then.
        """
        methods = self.checked_methods()
        self._stands_for = there
        self.socketio = extension
        self._taken = {}
        for event, method in methods.items():
            present = there.handlers.find(event)
            if present:
                mine = self._told(event, method)
                log.warning(
                    "%r has a handler, %s, and keeps it: %s is not called", event, present[-1], mine
                )
            else:
                self._taken[event] = method
        for event, method in self._taken.items():
            there.on(event, method)
        error = self._error_method()
        if there.error_handler is None and error is not None:
            there.on_error(error)

    def stand_back(self) -> None:
        """Let another one of its name handle the events."""
        there = self._there(None)
        for event, method in self._taken.items():
            there.off(event, method)
        if there.error_handler == self._error_method():
            there._error_handler = None

    def tell_of(self, former: Namespace) -> None:
        """Log which handlers this has taken the place of; not of an instance of the same class."""
        mine = {event: self._told(event, method) for event, method in self._taken.items()}
        for event, method in former._taken.items():
            before = former._told(event, method)
            if event not in mine:
                log.warning("%r had a handler, %s; now it has none", event, before)
            elif mine[event] != before:
                log.warning("%r had a handler, %s; now it is %s", event, before, mine[event])

    def _told(self, event: str, method: Function) -> str:
        own_way = isinstance(method, partial) and method.func is _trigger
        return str(Handler(event, self.trigger_event if own_way else method))

    def checked_methods(self) -> dict[str, Function]:
        """Return the methods that handle events, by these.

        :raises EventError: for one that cannot take what comes.
        """
        methods = self._methods()
        for event, method in methods.items():
            Handlers().add(event, method)
        error = self._error_method()
        if error is not None:
            check_error_handler(error)
        return methods

    def _error_method(self) -> Function | None:
        method = getattr(self, "error", None) if "error" in self._own_names() else None
        return method if callable(method) else None

    def _methods(self) -> dict[str, Function]:
        if "trigger_event" in self._own_names():
            life = {event: partial(_trigger, self, event) for event in ("connect", "disconnect")}
            return {CATCH_ALL: partial(_trigger, self), **life}
        found = {
            name.removeprefix(_PREFIX): getattr(self, name)
            for name in self._own_names()
            if name.startswith(_PREFIX)
        }
        return {event: method for event, method in found.items() if callable(method)}

    def _own_names(self) -> list[str]:
        """What the user's class defines: not what it has from here."""
        own = [each for each in type(self).__mro__ if each not in Namespace.__mro__]
        return sorted({*self.__dict__, *(name for each in own for name in vars(each))})


def _trigger(namespace: Namespace, event: str, *args: Any) -> Any:
    socket = current_socket()
    assert socket is not None
    if event == "connect":
        args = (dict(socket.conn.request.variables), *args)
    elif event == "disconnect":
        args = args[:1]  # the reason alone, as there
    return namespace.trigger_event(event, socket.id, *args)


def call_method(method: Function, event: str, args: Sequence[Any]) -> Any:
    """Call the method for an event, with what python-socketio gives it behind the socket's id."""
    if event == "connect":
        args = args[1:]  # behind the environ
    if event in LIFE:
        args = args[: Handler(event, method).most]
    return method(*args)


class ServedNamespace(Namespace):
    """What ``io.of(name)`` returns: one that has clients."""

    def __init__(
        self,
        server: Server,
        name: str,
        make_adapter: Callable[[core.Namespace], Adapter],
    ) -> None:
        core.Namespace.__init__(self, server, name, make_adapter)
        self.namespace = name

    __repr__ = core.Namespace.__repr__
