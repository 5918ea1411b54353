"""The methods of a class of handlers, and how they come to handle the events of a namespace."""

from __future__ import annotations

import logging
from functools import partial
from typing import Any

from ..exceptions import EventError
from ..socketio.events import CATCH_ALL, Handlers, NamespaceHandlers
from ..socketio.handler import Function, Handler, check_error_handler
from ..socketio.terms import terms_of
from .context import current_socket
from .namespace import PREFIX, Namespace

log = logging.getLogger("flask_realtime.namespace")

_ERROR = "error"
_OWN_WAY = "trigger_event"


class ClassHandlers:
    """What one instance of a class of handlers brings.

    :raises EventError: for a method that cannot take what comes.
    """

    def __init__(self, instance: Namespace) -> None:
        self.instance = instance
        #: Whose events they handle, from :meth:`register` on.
        self.there: NamespaceHandlers | None = None
        names = _own_names(instance)
        own_way = _OWN_WAY in names
        _check_terms(instance, names, own_way)
        self._methods = _own_way(instance) if own_way else _methods(instance, names)
        for event, method in self._methods.items():
            Handlers().add(event, method)
        error = getattr(instance, _ERROR, None) if _ERROR in names else None
        self._error = error if callable(error) else None
        if self._error is not None:
            check_error_handler(self._error)

    def register(self, there: NamespaceHandlers) -> None:
        """Have the methods handle the events of a namespace.

        A function that was registered for an event stays its handler.
        """
        self.there = there
        for event, method in list(self._methods.items()):
            present = there.handlers.find(event)
            if present:
                mine = self._told(event)
                log.warning(
                    "%r has a handler, %s, and keeps it: %s is not called", event, present[-1], mine
                )
                del self._methods[event]
            else:
                there.on(event, method)
        if there.error_handler is None and self._error is not None:
            there.on_error(self._error)

    def withdraw(self) -> None:
        """Let another one handle the events."""
        assert self.there is not None
        for event, method in self._methods.items():
            self.there.off(event, method)
        if self._error is not None:
            self.there.off_error(self._error)

    def tell_of(self, former: ClassHandlers) -> None:
        """Log which handlers this has taken the place of; not of an instance of the same class."""
        for event in former._methods:
            before = former._told(event)
            if event not in self._methods:
                log.warning("%r had a handler, %s; now it has none", event, before)
            elif self._told(event) != before:
                log.warning("%r had a handler, %s; now it is %s", event, before, self._told(event))

    def _told(self, event: str) -> str:
        method = self._methods[event]
        own_way = isinstance(method, partial) and method.func is _trigger
        return str(Handler(event, self.instance.trigger_event if own_way else method))


def _own_names(instance: Namespace) -> list[str]:
    """What the user's class defines: not what it has from ours."""
    own = [each for each in type(instance).__mro__ if each not in Namespace.__mro__]
    return sorted({*vars(instance), *(name for each in own for name in vars(each))})


def _methods(instance: Namespace, names: list[str]) -> dict[str, Function]:
    found = {
        name.removeprefix(PREFIX): getattr(instance, name)
        for name in names
        if name.startswith(PREFIX)
    }
    return {event: method for event, method in found.items() if callable(method)}


def _check_terms(instance: Namespace, names: list[str], own_way: bool) -> None:
    """See whether what has terms is what they are for.

    :raises EventError: if not.
    """
    for name in names:
        method: Any = getattr(type(instance), name, None)  # of the instance, a property would run
        if not terms_of(method):
            continue
        handler = Handler(f"the method {name}", method, is_event=False)
        if own_way:
            raise EventError(
                f"the method {handler} has terms, and the class a {_OWN_WAY} of its own, which "
                "calls methods without them"
            )
        if not name.startswith(PREFIX):
            raise EventError(
                f"the method {handler} has terms, and handles no event: one that does is called "
                f"'{PREFIX}<event>', not {name!r}"
            )


def _own_way(instance: Namespace) -> dict[str, Function]:
    life = {event: partial(_trigger, instance, event) for event in ("connect", "disconnect")}
    return {CATCH_ALL: partial(_trigger, instance), **life}


def _trigger(instance: Namespace, event: str, *args: Any) -> Any:
    socket = current_socket()
    assert socket is not None
    if event == "connect":
        args = (dict(socket.conn.request.variables), *args)
    elif event == "disconnect":
        args = args[:1]  # the reason alone, as there
    return instance.trigger_event(event, socket.id, *args)
