"""Handlers and namespaces, as they are registered with the extension object."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, overload

from ..exceptions import EventError
from ..socketio.events import CATCH_ALL, Events, Handlers, NamespaceHandlers, Subscribable
from ..socketio.handler import MISSING, F, Function
from ..socketio.parent import Matcher, ParentNamespace
from ..socketio.remote import RemoteSocket
from ..socketio.socket import Socket
from ..socketio.terms import Terms
from .class_handlers import ClassHandlers
from .namespace import Namespace, ServedNamespace
from .python_socketio import PythonSocketIOServer

if TYPE_CHECKING:
    from typing_extensions import Unpack

N = TypeVar("N", bound=Namespace)
R = TypeVar("R", bound="Registration")


class Registration(Subscribable):
    """What an application registers: for the root namespace, where it names no other."""

    server: PythonSocketIOServer

    def __init__(self) -> None:
        self._class_handlers: list[ClassHandlers] = []

    @property
    def namespace_handlers(self) -> list[Namespace]:
        """The instances of classes of handlers, the latest of each namespace."""
        return [each.instance for each in self._class_handlers]

    def _table(self) -> Handlers:
        return self.server.of("/").handlers

    def _where(self, namespace: str | Matcher | None) -> NamespaceHandlers:
        return self.server.any_namespace if namespace == CATCH_ALL else self.of(namespace or "/")

    @overload
    def of(self, name: str, connected: Function | None = None) -> ServedNamespace: ...

    @overload
    def of(self, name: Matcher, connected: Function | None = None) -> ParentNamespace: ...

    def of(self, name: Any, connected: Function | None = None) -> Any:
        """Return the namespace of that name, which clients may join from now on.

        :param name: such as ``/chat``, or what matches the names of several: a compiled pattern,
            or a function ``(name, auth) -> bool``.
        :param connected: its ``connection`` handler.
        :raises TypeError: for what names no namespace.
        """
        return self.server.of(name, connected)

    @property
    def sockets(self) -> ServedNamespace:
        """The root namespace."""
        return self.of("/")

    # Handlers

    @overload
    def on(
        self,
        event: str,
        handler: str | None = None,
        namespace: str | None = None,
        **terms: Unpack[Terms],
    ) -> Callable[[F], F]: ...

    @overload
    def on(
        self: R,
        event: str,
        handler: Function,
        namespace: str | None = None,
        **terms: Unpack[Terms],
    ) -> R: ...

    def on(
        self,
        event: Any = None,
        handler: Function | str | None = None,
        namespace: str | None = None,
        **terms: Unpack[Terms],
    ) -> Any:
        """Register the handler of an event; a decorator if no handler is given.

        :param event: its name; ``*`` for those that have no handler of their own.
        :param handler: a function; a str is the namespace, as in Flask-SocketIO.
        :param namespace: ``*`` for all of them.
        :param terms: see :meth:`.Subscribable.on`.
        :returns: itself, so that calls can follow each other.
        :raises EventError: for a name that can never come, or a function that cannot be called.
        """
        if isinstance(handler, str):
            return self._where(handler).on(event, **terms)
        there = self._where(namespace)
        if handler is None:
            return there.on(event, **terms)
        there.on(event, handler, **terms)
        return self

    @overload
    def on_room(
        self, event: str, listener: None = None, namespace: str | None = None
    ) -> Callable[[F], F]: ...

    @overload
    def on_room(self, event: str, listener: F, namespace: str | None = None) -> F: ...

    def on_room(
        self, event: str, listener: Function | None = None, namespace: str | None = None
    ) -> Any:
        """Have a function called when rooms come and go; see :meth:`.Server.on_room`."""
        return self.server.on_room(event, listener, namespace)

    def on_event(self, event: str, handler: Function, namespace: str | None = None) -> None:
        """Register the handler of an event."""
        self.on(event, handler, namespace)

    @overload
    def event(
        self, handler: str | None = None, *, namespace: str | None = None
    ) -> Callable[[F], F]: ...

    @overload
    def event(self, handler: F) -> F: ...

    def event(
        self, handler: Function | str | None = None, *, namespace: str | None = None
    ) -> Function:
        """Register a function as the handler of the event of its name: ``@io.event``."""
        if handler is None or isinstance(handler, str):
            return self._where(handler or namespace).event
        return self._where(namespace).event(handler)

    def register(self, events: Events, namespace: str = "/") -> None:
        """Take the handlers that a module has collected in :class:`Events`.

        :raises EventError: if one of the events has another handler in the namespace.
        """
        if not isinstance(events, Events):
            raise TypeError(f"register takes the Events of a module, not {events!r}")
        there = self.of(namespace)
        events.add_to(there.handlers, there.name)

    def on_error(self, namespace: str | None = None) -> Callable[[F], F]:
        """Register what is called with the exceptions of a namespace's handlers; ``*`` is
        :meth:`on_error_default`."""
        if callable(namespace):
            raise TypeError("write @io.on_error() with parentheses")
        return self._where(namespace).on_error

    def on_error_default(self, handler: F) -> F:
        """Register what is called with the exceptions of handlers that no other takes."""
        return self.server.any_namespace.on_error(handler)

    # Who may come

    def use(self, middleware: F = MISSING) -> F:
        """Register a function that decides on each client of the root namespace; see
        :meth:`.Namespace.use`.
        """
        return self.server.use(middleware)

    def authorization(self, function: F) -> F:
        """Register the function that decides on each handshake; see :meth:`.Server.authorization`.
        """
        return self.server.authorization(function)

    # Users

    def user_loader(self, function: F) -> F:
        """Register the function that says which user a client is; see :meth:`.Users.user_loader`.
        """
        return self.server.user_loader(function)

    def sockets_of(self, user_id: str | int) -> list[Socket | RemoteSocket]:
        """Return a user's sockets, in all namespaces.

        :raises TypeError: for what is no id.
        """
        return self.server.sockets_of(user_id)

    def disconnect_user(self, user_id: str | int) -> None:
        """Send a user's clients away, from all namespaces.

        :raises TypeError: for what is no id.
        """
        self.server.disconnect_user(user_id)

    # Classes of handlers

    def on_namespace(self, namespace_handler: Namespace) -> None:
        """Have an instance of a class handle the events of its namespace.

        A function that is registered for an event is its handler all the same. Another instance
        for the same namespace takes the place of the one before. The log tells of both.

        :raises EventError: for what is no such instance, or for a method that cannot take what
            comes.
        """
        if not isinstance(namespace_handler, Namespace):
            raise EventError(
                f"on_namespace takes an instance of a class of handlers, not {namespace_handler!r};"
                " class Chat(Namespace): …; io.on_namespace(Chat('/chat'))"
            )
        handlers = ClassHandlers(namespace_handler)  # before the one that is there withdraws
        there = self._where(namespace_handler._matcher or namespace_handler.namespace)
        formers = [each for each in self._class_handlers if each.there is there]
        for former in formers:
            former.withdraw()
            self._class_handlers.remove(former)
        namespace_handler.stand_for(there, self)
        handlers.register(there)
        for former in formers:
            handlers.tell_of(former)
        self._class_handlers.append(handlers)

    def namespace(self, name: str | Matcher = "/") -> Callable[[type[N]], type[N]]:
        """Register a class of handlers: ``@io.namespace("/chat")`` above ``class Chat``."""
        is_name = isinstance(name, str | re.Pattern)
        if not is_name and (isinstance(name, type) or not callable(name)):
            raise EventError(f"write @io.namespace('/chat'), not with {name!r}")

        def register(cls: type[N]) -> type[N]:
            if not (isinstance(cls, type) and issubclass(cls, Namespace)):
                raise EventError(
                    f"a class of handlers derives from Namespace, and {cls!r} does not: "
                    f"class Chat(Namespace): … below @io.namespace({name!r})"
                )
            self.on_namespace(cls(name))
            return cls

        return register
