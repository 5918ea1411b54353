"""Handlers by event, and the words by which they are registered and forgotten."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar, overload

from ..exceptions import EventError
from .handler import F, Function, Handler, check_error_handler
from .terms import Guard, Terms, make_guard, terms_of

if TYPE_CHECKING:
    from typing_extensions import Unpack

log = logging.getLogger("flask_realtime.namespace")

LIFE = frozenset(("connect", "connection", "disconnecting", "disconnect"))
"""Events of a socket's life."""

_ENDS = ("disconnecting", "disconnect")
"""Those that come with the reason, and what was behind it."""

NEW_NAMESPACE = "new_namespace"
"""The event of the server by which it tells of a namespace that a client has made."""

OURS = LIFE | {NEW_NAMESPACE}
"""Events that are ours: never taken from the wire."""

RESERVED = LIFE | {"connect_error", "newListener", "removeListener"}
"""Names that an application may not emit (Socket.IO 4: socket.io/lib/socket-types.ts)."""

CATCH_ALL = "*"
"""As an event: those that have no handler of their own. As a namespace: every one."""


def check_name(event: Any) -> None:
    """See whether an event of that name may have a handler.

    :raises EventError: for a name that can never come.
    """
    if not isinstance(event, str):
        raise EventError(f"an event's name is a str, not {event!r}; write @io.on('name')")
    if not event:
        raise EventError("an event's name is not empty")
    if event in RESERVED - LIFE:
        raise EventError(f"{event!r} is reserved by Socket.IO; it never comes from a client")


class Handlers:
    """The handlers of a namespace; the last one registered for an event counts.

    Those that were put in front of it are called too, before it.
    """

    __slots__ = ("_by_event",)
    _takes_callback = False

    def __init__(self) -> None:
        self._by_event: dict[str, tuple[Handler, ...]] = {}

    def __bool__(self) -> bool:
        """Whether anything is registered here."""
        return bool(self._by_event)

    def add(
        self,
        event: str,
        function: Function,
        *,
        once: bool = False,
        first: bool = False,
        guard: Guard | None = None,
    ) -> None:
        """Register `function` for `event`.

        :param once: forget it when it is called.
        :param first: put it in front of those that are there.
        :param guard: what an event passes first; None for what the function's own terms say.
        :raises EventError: for a name that can never come, or a function that cannot be called.
        """
        check_name(event)
        handler = Handler(event, function, self._takes_callback)
        if event in OURS and handler.least > (2 if event in _ENDS else 1):
            most = "two arguments" if event in _ENDS else "one argument"
            raise EventError(f"{event!r} comes with {most} at most; {handler} takes more")
        handler.prepended = first
        if guard is None:
            guard = make_guard(event, terms_of(function), event in OURS)
        if guard is not None:
            handler.guard = guard.of(handler)
        if once:
            handler.function = self._call_once(handler)
        present = self.find(event)
        self._by_event[event] = (handler, *present) if first else self._behind(present, handler)

    def _behind(self, present: tuple[Handler, ...], handler: Handler) -> tuple[Handler, ...]:
        for before in present:
            if not before.prepended and str(before) != str(handler):
                # Two modules that do not know of each other, most likely: one of them is silent.
                log.warning("%r had a handler, %s; now it is %s", handler.event, before, handler)
        return (*(each for each in present if each.prepended), handler)

    def _call_once(self, handler: Handler) -> Function:
        def call(*args: Any, **ack: Any) -> Any:
            self._discard(handler)  # first: another event may come while it waits
            return handler.given(*args, **ack)

        return call

    def _discard(self, handler: Handler) -> None:
        left = tuple(each for each in self.find(handler.event) if each is not handler)
        if left:
            self._by_event[handler.event] = left
        else:
            self._by_event.pop(handler.event, None)

    def adopt(self, handlers: Iterable[Handler]) -> None:
        """Register what another table has for an event that has no handler here."""
        for handler in reversed(tuple(handlers)):
            once = handler.function is not handler.given
            how = {"once": once, "first": handler.prepended}
            self.add(handler.event, handler.given, **how, guard=handler.guard)

    def find(self, event: str) -> tuple[Handler, ...]:
        """Return the handlers of an event, in the order in which they are called."""
        return self._by_event.get(event, ())

    def remove(self, event: str, function: Function | None = None) -> None:
        """Forget a function, the latest if it was registered several times; or all of `event`."""
        if function is None:
            self._by_event.pop(event, None)
            return
        for handler in reversed(self.find(event)):
            if handler.given == function:  # not "is": a method is a new object at each look
                self._discard(handler)
                return

    def clear(self) -> None:
        self._by_event.clear()

    def names(self) -> list[str]:
        return sorted(self._by_event)


class Listeners(Handlers):
    """The handlers of one socket; all that are registered for an event are called, in order."""

    __slots__ = ()
    _takes_callback = True

    def add(
        self,
        event: str,
        function: Function,
        *,
        once: bool = False,
        first: bool = False,
        guard: Guard | None = None,
    ) -> None:
        if event == CATCH_ALL:
            raise EventError(
                "'*' is for all sockets of a namespace; socket.on_any(…) hears every event of one"
            )
        super().add(event, function, once=once, first=first, guard=guard)

    def _behind(self, present: tuple[Handler, ...], handler: Handler) -> tuple[Handler, ...]:
        return (*present, handler)


S = TypeVar("S", bound="Subscribable")


class Subscribable:
    """Something whose events can be handled: a namespace, a server for its root, or one socket.

    The names are those of Node's event emitters. A namespace has one handler per event, and the
    last one counts; a socket has as many as are registered, and then its namespace's is not called.
    The event ``*`` of a namespace is for those that no other handler takes; its handler gets the
    event's name before the arguments.

    What a handler returns is the answer for a client that has asked for one: a tuple is several
    values. If its last parameter is named ``ack``, it gets the function that answers, and does so
    when it likes, once. A listener of a socket gets that function under any name, as Node's do, if
    the client has asked and it needs one argument more than came.
    """

    __slots__ = ()

    def _table(self) -> Handlers:
        """Where its handlers are kept."""
        raise NotImplementedError

    @overload
    def on(self, event: str, **terms: Unpack[Terms]) -> Callable[[F], F]: ...

    @overload
    def on(self: S, event: str, handler: Function, **terms: Unpack[Terms]) -> S: ...

    def on(self, event: Any = None, handler: Function | None = None, **terms: Unpack[Terms]) -> Any:
        """Register the handler of an event; a decorator if no handler is given.

        :param terms: how often it is called for each client: ``rate="10/second"``, with ``burst=``
            and ``on_limit=``; see :class:`.RateLimit`. And ``validate=True``: whether arguments
            have to be what the hints of its parameters say; others are answered with an error.
        :returns: itself, so that calls can follow each other: ``chat = io.of("/chat").on(…)``.
        :raises EventError: for a name that can never come, or a function that cannot be called.
        :raises OptionError: for a bad value of `terms`.
        """
        check_name(event)
        guard = make_guard(event, terms, event in OURS)
        return self._register(event, handler, guard=guard)

    @overload
    def once(self, event: str) -> Callable[[F], F]: ...

    @overload
    def once(self: S, event: str, handler: Function) -> S: ...

    def once(self, event: str, handler: Function | None = None) -> Any:
        """Register a handler that is forgotten when it is called; else as :meth:`on`."""
        return self._register(event, handler, once=True)

    @overload
    def prepend_listener(self, event: str) -> Callable[[F], F]: ...

    @overload
    def prepend_listener(self: S, event: str, handler: Function) -> S: ...

    def prepend_listener(self, event: str, handler: Function | None = None) -> Any:
        """Register a handler that is called before those that are there; else as :meth:`on`.

        Of several handlers, the first that returns something other than None, or raises, has
        answered the client.
        """
        return self._register(event, handler, first=True)

    def _register(self, event: str, handler: Function | None, **how: Any) -> Any:
        """Register a handler, or return the decorator that does so."""
        if handler is not None:
            self._table().add(event, handler, **how)
            return self
        check_name(event)  # now, since a decorator without parentheses is never called

        def register(handler: F) -> F:
            self._table().add(event, handler, **how)
            return handler

        return register

    def event(self, handler: F) -> F:
        """Register a function as the handler of the event of its name."""
        self._table().add(handler.__name__, handler)
        return handler

    def off(self, event: str, handler: Function | None = None) -> None:
        """Forget a handler of an event, or all of them; nothing happens if it has none."""
        self._table().remove(event, handler)

    remove_listener = off

    def remove_all_listeners(self, event: str | None = None) -> None:
        """Forget all handlers, or those of one event."""
        if event is None:
            self._table().clear()
        else:
            self._table().remove(event)

    def listeners(self, event: str) -> list[Function]:
        """Return the handlers of an event, as they were registered."""
        return [handler.given for handler in self._table().find(event)]

    def listener_count(self, event: str) -> int:
        """Return how many handlers an event has."""
        return len(self._table().find(event))

    def event_names(self) -> list[str]:
        """Return the events that have handlers, sorted."""
        return self._table().names()


class NamespaceHandlers(Subscribable):
    """What handles the events of a namespace, and what is called with the exceptions of that."""

    def __init__(self) -> None:
        self.handlers = Handlers()
        self._error_handler: Function | None = None

    def _table(self) -> Handlers:
        return self.handlers

    def on_error(self, handler: F) -> F:
        """Register what is called with the exception of a handler; it returns the answer.

        :raises EventError: for a function that cannot take it.
        """
        check_error_handler(handler)
        self._error_handler = handler
        return handler

    def off_error(self, handler: Function | None = None) -> None:
        """Forget what is called with exceptions; if a function is given, that one only."""
        if handler is None or self._error_handler == handler:
            self._error_handler = None

    @property
    def error_handler(self) -> Function | None:
        """What is called with the exception of a handler."""
        return self._error_handler


class AnyNamespace(NamespaceHandlers):
    """Handlers of all namespaces, for events and exceptions that no handler of their own takes.

    They get the same arguments; ``socket.namespace`` says where they are.
    """


class Events(Subscribable):
    """Handlers that a module collects without knowing the server; ``io.register`` takes them.

    The same ones may be registered with several servers, and in several namespaces.
    """

    __slots__ = ("_handlers", "_registered")

    def __init__(self) -> None:
        self._handlers = Handlers()
        self._registered = False

    def _table(self) -> Handlers:
        if self._registered:
            raise EventError(
                "these events are registered already, a handler added now would never be called; "
                "import the modules with their handlers before io.register(…)"
            )
        return self._handlers

    def add_to(self, table: Handlers, where: str) -> None:
        """Add the handlers to those of a namespace; all of them, or none.

        :param where: the name of the namespace.
        :raises EventError: if one of the events has another handler there.
        """
        new = []
        for event in self._handlers.names():
            mine, present = self._handlers.find(event), table.find(event)
            if not present:
                new.append(mine)
            elif [each.given for each in present] != [each.given for each in mine]:
                raise EventError(
                    f"{event!r} has two handlers in {where!r}: {present[-1]} and {mine[-1]}"
                )
        self._registered = True
        for handlers in new:
            table.adopt(handlers)
