"""Namespaces in Flask-SocketIO's words, and classes of handlers for them.

An instance of a user's class has no clients of its own: it stands for the namespace of its name,
and whatever it lacks it finds there. So what such a class calls its own attributes is in nobody's
way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ..adapters.adapter import Adapter
from ..exceptions import EventError, UsageError
from ..socketio import namespace as core
from ..socketio.broadcast import BroadcastOperator
from ..socketio.events import LIFE, Handlers, NamespaceHandlers
from ..socketio.handler import MISSING, F, Function, Handler
from ..socketio.parent import Matcher, ParentNamespace, check_matcher, name_of
from ..socketio.server import Server
from .by_sid import BySid
from .context import current_socket
from .selection import Rooms, ask, send_to

PREFIX = "on_"
"""How the names of methods begin that handle events."""


class Namespace(BySid, core.Namespace):
    """A namespace: what ``io.of(name)`` returns, and the base of classes of handlers.

    Each method ``on_<event>`` of a class handles an event; ``on_connect`` and ``on_disconnect`` a
    client's beginning and end; ``error(exception)``, if there is one, what they raise::

        class Chat(Namespace):
            def on_message(self, text):
                self.emit("message", text)

        io.on_namespace(Chat("/chat"))

    :param namespace: its name; None for the root namespace, ``*`` for every one; or what takes the
        names of several, as :meth:`.SocketIO.of` has it. Of several, a method means that one whose
        client has sent the event.
    :raises TypeError: for what names no namespace.
    """

    namespace: str
    """Its name."""
    socketio: Any = None
    """The extension that has it."""
    _matcher: Matcher | None = None
    _stands_for: NamespaceHandlers | None = None

    def __init__(self, namespace: str | Matcher | None = None) -> None:
        if namespace is None or isinstance(namespace, str):
            self.namespace = namespace or "/"
        else:
            self._matcher = check_matcher(namespace)
            self.namespace = name_of(self._matcher)

    if not TYPE_CHECKING:  # to which every misspelt name would be one of these

        def __getattr__(self, name: str) -> Any:
            if self._stands_for is None:
                raise self._missing(name)
            if name == "server":
                return self.socketio.server
            try:
                there = self._there(None)
            except UsageError as error:
                raise AttributeError(str(error)) from None
            return getattr(there, name)

    def _missing(self, name: str) -> AttributeError:
        hint = "; it has its server and its clients once io.on_namespace(…) has taken it"
        return AttributeError(f"{type(self).__name__!r} has no {name!r}{hint}")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.namespace!r}>"

    def _there(self, namespace: str | None) -> core.Namespace:
        if namespace is not None:
            return self.server.existing(namespace)
        there = self._stands_for
        if there is None:
            return self
        if isinstance(there, ServedNamespace):
            return there
        own = current_socket()
        of_parent = isinstance(there, ParentNamespace)
        if own is None or (of_parent and own.namespace.parent is not there):
            raise UsageError(
                f"{self!r} stands for several namespaces, and means one of them only while a "
                "method of it handles an event: name one, by namespace='/chat', or use "
                "io.of('/chat')"
            )
        return own.namespace

    def _table(self) -> Handlers:
        return self._home("on").handlers

    def on_error(self, handler: F) -> F:
        """Register what is called with the exception of a handler; it returns the answer."""
        return NamespaceHandlers.on_error(self._home("on_error"), handler)

    def use(self, middleware: F = MISSING) -> F:
        """Register a function that decides on each client; see :meth:`.Server.use`."""
        return core.Namespace.use(self._gated("use"), middleware)

    def authorization(self, function: F) -> F:
        """Register the function that decides on each client by its handshake."""
        return core.Namespace.authorization(self._gated("authorization"), function)

    def _home(self, asked: str) -> NamespaceHandlers:
        """Return what has the handlers.

        :raises AttributeError: if `asked` comes before there is one.
        """
        if self._stands_for is None:
            raise self._missing(asked)
        return self._stands_for

    def _gated(self, asked: str) -> core.Namespace:
        """Return what decides on clients.

        :raises EventError: if that is each namespace for itself.
        """
        there = self._home(asked)
        if not isinstance(there, core.Namespace):
            raise EventError(
                f"{asked}() decides on the clients of one namespace, and {self!r} stands for every "
                f"namespace: io.of('/chat').{asked}(…)"
            )
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

    # Classes of handlers

    def trigger_event(self, event: str, *args: Any) -> Any:
        """Handle an event, by the method of its name; a class may do it in a way of its own.

        :param args: the socket's id, then the event's arguments; those of ``connect`` are the
            environ of its handshake, and what the client sent to be let in.
        """
        method = getattr(self, PREFIX + event, None)
        return None if method is None else call_method(method, event, args[1:])

    def is_asyncio_based(self) -> bool:
        """Whether its methods are coroutines: never here."""
        return False

    def stand_for(self, there: NamespaceHandlers, extension: object) -> None:
        """Mean a namespace, or several, from now on."""
        self._stands_for = there
        self.socketio = extension


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

    def _missing(self, name: str) -> AttributeError:
        return AttributeError(f"a namespace has no attribute {name!r}")

    def _home(self, asked: str) -> core.Namespace:
        return self
