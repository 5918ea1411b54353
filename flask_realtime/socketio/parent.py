"""Namespaces that come and go with their clients: those whose names a pattern or a function takes.

A parent has the handlers and the middlewares, its children have the clients.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from ..exceptions import Disconnected, EventError
from .events import NEW_NAMESPACE, Handlers
from .handler import FAILURES, Function, Handler
from .namespace import Namespace
from .socket import Socket
from .to_children import ToChildren
from .verdict import Undecided, Verdict

if TYPE_CHECKING:
    from .client import Client
    from .server import Server

Matcher = re.Pattern[str] | Callable[..., Any]
"""A pattern that is searched for in a name, or a function ``(name, auth)`` that returns whether it
takes the name, or ``(name, auth, next)`` that calls ``next(error, allowed)``, perhaps later."""

_MAX_NAME = 200
"""Characters of a name that makes a namespace: it comes from outside."""


class ParentNamespace(Namespace):
    """What ``io.of(pattern)`` and ``io.of(function)`` return: it has no clients of its own.

    Its handlers and middlewares are those of its children, and what is sent to it is sent to all of
    them. A child begins with its first client and ends with its last one, unless the application
    has registered something with the child itself, or set ``cleanup_empty_child_namespaces=False``.

    :param matcher: which names are its children's.
    :raises EventError: for a function that cannot be asked.
    """

    def __init__(self, server: Server, matcher: Matcher) -> None:
        #: Those that there are.
        self.children: set[Namespace] = set()
        self.matcher = matcher
        self._asked: Handler | None = None
        if not isinstance(matcher, re.Pattern):
            asked = self._asked = _asking(matcher)
            if not (asked.takes(2) or asked.takes(3)):
                raise EventError(
                    f"io.of() takes (name, auth) or (name, auth, next), not as {asked}"
                )
        super().__init__(server, name_of(matcher), lambda _: ToChildren(self.children))

    def __repr__(self) -> str:
        return f"<ParentNamespace {self.name!r} with {len(self.children)} children>"

    def takes(self, client: Client, name: str, auth: Any) -> bool:
        """Whether a client may join `name` as a child of this namespace. May wait."""
        if self._asked is None:
            return self.has_pattern_for(name)
        # For the contexts of a handler; it never is in a namespace.
        socket = Socket(self, client, "", auth)
        try:
            return bool(self._decide(socket, self._asked, [name, auth]))
        except Undecided as error:
            self.server.log.warning("%s", error)
        except FAILURES as error:
            if not isinstance(error, Disconnected) or not client.gone:
                self.server.handler_failed(socket, "a namespace", error)
        finally:
            socket._context = None  # it knows the socket, and would wait for the collector
        return False

    def has_pattern_for(self, name: str) -> bool:
        """Whether it takes `name` by a pattern."""
        return isinstance(self.matcher, re.Pattern) and self.matcher.search(name) is not None

    def _decide(self, socket: Socket, asked: Handler, args: list[Any]) -> Any:
        if asked.takes(2):
            return self.server.around(socket, asked.function, args)
        verdict = Verdict(self.server.engine, f"the namespace function {asked}")

        def next(error: Any = None, allowed: Any = False) -> None:
            verdict.give(not error and allowed)

        self.server.around(socket, asked.function, [*args, next])
        return socket.client.wait_for(verdict)

    def create_child(self, name: str) -> Namespace:
        """Return a new namespace with the handlers and middlewares of this one."""
        child = self.server.make_namespace(name)
        if child.parent is not None or child.is_configured:
            return child  # another was quicker while the adapter started
        child.parent = self
        child.handlers = _Inherited(self.handlers)
        self.children.add(child)
        child._joining += 1  # who waits for it here may not find it dropped by who comes and goes
        _announce(child)
        child._joining -= 1
        return child

    def emptied(self, child: Namespace) -> None:
        """A child has no clients any more: drop it, unless it is more than its clients' home."""
        if child not in self.children or child.is_configured:
            return
        if child.recovery is not None and child.recovery.expects(child.look_whether_empty):
            return
        if self.server.options.cleanup_empty_child_namespaces:
            self.children.discard(child)
            self.server.namespaces.pop(child.name, None)
            child.adapter.close()


class _Inherited(Handlers):
    """A child's own handlers, and its parent's for the events that have none."""

    __slots__ = ("_above",)

    def __init__(self, above: Handlers) -> None:
        super().__init__()
        self._above = above

    def find(self, event: str) -> tuple[Handler, ...]:
        return super().find(event) or self._above.find(event)

    def names(self) -> list[str]:
        return sorted({*super().names(), *self._above.names()})


class Parents:
    """The parents of one server, in the order in which they are asked."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._by_matcher: dict[Matcher, ParentNamespace] = {}
        self._rest: ParentNamespace | None = None  # takes what the option "namespaces" does

    def __iter__(self) -> Iterator[ParentNamespace]:
        return iter(self._by_matcher.values())

    def get(self, matcher: Matcher) -> ParentNamespace:
        """Return the parent that has `matcher`, a new one if there is none."""
        parent = self._by_matcher.get(matcher)
        if parent is None:
            parent = self._by_matcher[matcher] = ParentNamespace(self._server, matcher)
        return parent

    def child_for(self, name: str) -> Namespace | None:
        """Return a child of that name if a pattern takes it; for the application."""
        for parent in self._by_matcher.values():
            if parent.has_pattern_for(name):
                return parent.create_child(name)
        return None

    def find(self, client: Client, name: str, auth: Any) -> Namespace | None:
        """Return the namespace that a client may join under a name that no namespace has yet."""
        # Not printable is what could pass for another name, such as one with a line end behind.
        if len(name) > _MAX_NAME or not name.isprintable():
            return None
        for parent in list(self._by_matcher.values()):
            if client.gone:
                return None  # it has left while the one before decided
            if parent.takes(client, name, auth):
                # Another client may have been quicker.
                return self._server.namespaces.get(name) or parent.create_child(name)
        return self._by_option(name)

    def _by_option(self, name: str) -> Namespace | None:
        names = self._server.options.namespaces
        if name in names:
            return self._server.of(name)
        if "*" not in names:
            return None
        if self._rest is None:
            self._rest = ParentNamespace(self._server, _anything)
        # As above: the parents that were asked may have waited.
        return self._server.namespaces.get(name) or self._rest.create_child(name)


def _announce(child: Namespace) -> None:
    """Run the application's handlers of ``new_namespace``."""
    server = child.server
    for handler in server.of("/").handlers.find(NEW_NAMESPACE):
        try:
            handler.function(child)
        except FAILURES as error:
            server.log.error("handler of %r failed", NEW_NAMESPACE, exc_info=error)


def _anything(name: str, auth: Any) -> bool:
    return True


def _asking(function: Function) -> Handler:
    return Handler("what matches namespaces", function, is_event=False)


def name_of(matcher: Matcher) -> str:
    """Return what a parent is called by."""
    return matcher.pattern if isinstance(matcher, re.Pattern) else str(_asking(matcher))


def check_matcher(value: Any) -> Matcher:
    """Return a matcher.

    :raises TypeError: for what names no namespace.
    """
    if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
        return value
    if callable(value):
        matcher: Function = value
        return matcher
    raise TypeError(
        "a namespace is named by a str such as '/chat', by a compiled pattern, or by a function "
        f"(name, auth), not by {value!r}"
    )
