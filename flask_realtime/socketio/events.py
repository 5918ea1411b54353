"""Handlers by event, their signatures read once, when they are registered."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, TypeVar, overload

from gevent import GreenletExit, Timeout

from ..exceptions import EventError

Function = Callable[..., Any]
F = TypeVar("F", bound=Function)

LIFE = frozenset(("connect", "connection", "disconnecting", "disconnect"))
"""Events of a socket's life: never taken from the wire."""

RESERVED = LIFE | {"connect_error", "newListener", "removeListener"}
"""Names that an application may not emit (Socket.IO 4: socket.io/lib/socket-types.ts)."""

FAILURES = (Exception, Timeout, GreenletExit)
"""What a handler may fail with: gevent's own are no ``Exception``. The rest ends the process."""

_UNLIMITED = 1 << 30


class Handler:
    """The application's function for one event.

    :raises EventError: if `function` is none, is async or a generator, or needs keyword arguments.
    """

    __slots__ = ("event", "function", "least", "most", "wants_ack")

    def __init__(self, event: str, function: Function) -> None:
        if not callable(function):
            raise EventError(f"the handler of {event!r} is a function, not {function!r}")
        if _is_lazy(function) or _is_lazy(type(function).__call__):
            raise EventError(
                f"the handler of {event!r} is an ordinary function, not an async one nor a "
                "generator: gevent waits for you, so call what waits without await"
            )
        self.event = event
        self.function = function
        self.least, self.most, self.wants_ack = _signature(event, function)

    def takes(self, arguments: int) -> bool:
        """Whether the function can be called with so many arguments."""
        return self.least <= arguments <= self.most

    def __str__(self) -> str:
        code = getattr(inspect.unwrap(self.function), "__code__", None)
        name = getattr(self.function, "__qualname__", repr(self.function))
        return f"{name} ({code.co_filename}:{code.co_firstlineno})" if code else name

    def wrong_arguments(self, arguments: int) -> str:
        """Say why it cannot be called with so many."""
        if self.most >= _UNLIMITED:
            takes = f"at least {self.least}"
        else:
            takes = f"{self.least}" if self.least == self.most else f"{self.least} to {self.most}"
        came = f"{arguments} argument" if arguments == 1 else f"{arguments} arguments"
        return f"{self.event!r} came with {came}, its handler {self} takes {takes}"


def _is_lazy(function: Any) -> bool:
    """Whether a call runs nothing of the function yet."""
    return (
        inspect.iscoroutinefunction(function)
        or inspect.isgeneratorfunction(function)
        or inspect.isasyncgenfunction(function)
    )


def _signature(event: str, function: Function) -> tuple[int, int, bool]:
    """Return the fewest and the most arguments of an event, and whether ``ack`` comes after."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except ValueError:  # some functions written in C do not tell
        return 0, _UNLIMITED, False
    positional = [
        parameter
        for parameter in parameters
        if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)
    ]
    wants_ack = _is_ack(parameters[-1]) if parameters else False
    if wants_ack:
        last = parameters.pop()
        positional = [parameter for parameter in positional if parameter is not last]
    for parameter in parameters:
        if parameter.kind is parameter.KEYWORD_ONLY and parameter.default is parameter.empty:
            raise EventError(
                f"the handler of {event!r} needs the keyword argument {parameter.name!r}; "
                "an event's arguments come by position"
            )
    least = sum(parameter.default is parameter.empty for parameter in positional)
    unlimited = any(parameter.kind is parameter.VAR_POSITIONAL for parameter in parameters)
    return least, _UNLIMITED if unlimited else len(positional), wants_ack


def _is_ack(parameter: inspect.Parameter) -> bool:
    # It is given by its name: arguments before it that have defaults may be missing.
    by_name = (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
    return parameter.name == "ack" and parameter.kind in by_name


def check_name(event: Any) -> None:
    """See whether an event of that name may have a handler.

    :raises EventError: for a name that can never come.
    """
    if not isinstance(event, str):
        raise EventError(f"an event's name is a str, not {event!r}; write @io.on('name')")
    if event in RESERVED - LIFE:
        raise EventError(f"{event!r} is reserved by Socket.IO; it never comes from a client")


class Handlers:
    """The handlers of a namespace or of one socket; the last one registered for an event counts."""

    __slots__ = ("_by_event",)

    def __init__(self) -> None:
        self._by_event: dict[str, Handler] = {}

    def add(self, event: str, function: Function) -> None:
        """Register `function` for `event`.

        :raises EventError: for a name that can never come, or a function that cannot be called.
        """
        check_name(event)
        handler = Handler(event, function)
        if event in LIFE and handler.least > 1:
            raise EventError(f"{event!r} comes with one argument at most; {handler} takes more")
        self._by_event[event] = handler

    def find(self, event: str) -> Handler | None:
        return self._by_event.get(event)

    def remove(self, event: str) -> None:
        self._by_event.pop(event, None)

    def names(self) -> list[str]:
        return sorted(self._by_event)


class Subscribable:
    """Something whose events can be handled: a namespace, or one socket."""

    __slots__ = ()

    def _table(self) -> Handlers:
        """Where its handlers are kept."""
        raise NotImplementedError

    @overload
    def on(self, event: str) -> Callable[[F], F]: ...

    @overload
    def on(self, event: str, handler: F) -> F: ...

    def on(self, event: str, handler: Function | None = None) -> Function:
        """Register the handler of an event; a decorator if no handler is given.

        :raises EventError: for a name that can never come, or a function that cannot be called.
        """
        if handler is None:
            check_name(event)  # now, since a decorator without parentheses is never called
            return lambda function: self.on(event, function)
        self._table().add(event, handler)
        return handler

    def event(self, handler: F) -> F:
        """Register a function as the handler of the event of its name."""
        self._table().add(handler.__name__, handler)
        return handler


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
        mine = [self._handlers.find(event) for event in self._handlers.names()]
        handlers = [handler for handler in mine if handler is not None]
        for handler in handlers:
            present = table.find(handler.event)
            if present is not None and present.function is not handler.function:
                raise EventError(
                    f"{handler.event!r} has two handlers in {where!r}: {present} and {handler}"
                )
        self._registered = True
        for handler in handlers:
            table.add(handler.event, handler.function)
