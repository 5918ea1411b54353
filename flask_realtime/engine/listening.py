"""What an application may listen to at the engine, below Socket.IO (rows S32 and K05)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, overload

import gevent
from werkzeug.datastructures import Headers as Editable

from ..exceptions import EventError, RequestError
from ..transports.http import Headers, Request
from .admission import new_id

if TYPE_CHECKING:
    from .session import Session
    from .sessions import Sessions

Listener = Callable[..., object]
L = TypeVar("L", bound=Listener)

_EVENTS = ("connection", "connection_error", "headers", "initial_headers")
_LEFT_OUT = {
    "flush": "what waits is told by socket.drain()",
    "drain": "what waits is told by socket.drain()",
}


class ConnectionFailure(NamedTuple):
    """A request that was refused.

    :param code: 0 to 5, as Engine.IO numbers them.
    :param message: what its client was told.
    :param context: ``name``: which kind of refusal it is; ``detail``: what was wrong.
    :param environ: the request's.
    """

    code: int
    message: str
    context: Mapping[str, str]
    environ: Mapping[str, Any]


class Listening:
    """What an engine is to the application: its clients, and its listeners. Nothing is made for an
    event that nobody listens to."""

    sessions: Sessions

    def __init__(self) -> None:
        self.listeners: dict[str, list[Listener]] = {}

    @property
    def clients(self) -> Mapping[str, Session]:
        """The sessions by their sids, to be read."""
        return MappingProxyType(self.sessions)

    @property
    def clients_count(self) -> int:
        """How many sessions there are, those included that are in no namespace."""
        return len(self.sessions)

    def generate_id(self) -> str:
        """Return a new id of 20 characters that nobody can guess. Those of sessions are made by the
        option ``generate_id``, where it is set."""
        return new_id()

    @overload
    def on(self, event: str, listener: None = None) -> Callable[[L], L]: ...

    @overload
    def on(self, event: str, listener: L) -> L: ...

    def on(self, event: str, listener: Any = None) -> Any:
        """Register a listener, also as a decorator (Socket.IO 4.x: ``io.engine.on``).

        * ``connection(session)``: a session begins;
        * ``connection_error(failure)``: a request is refused, see :class:`ConnectionFailure`;
        * ``initial_headers(headers, environ)``: the answer that begins a session goes out. Headers
          can be added: they are Werkzeug's ``Headers``;
        * ``headers(headers, environ)``: the same for every answer, that one included, but for
          refusals.

        The former two have a greenlet of their own; for the latter two the request waits.

        :raises EventError: for another name.
        """
        if event not in _EVENTS:
            advice = _LEFT_OUT.get(event, f"they are {', '.join(_EVENTS)}")
            raise EventError(f"the engine has no event {event!r}: {advice}")
        if listener is None:
            return lambda function: self.on(event, function)
        self.listeners.setdefault(event, []).append(listener)
        return listener

    def off(self, event: str, listener: Listener) -> None:
        """Take a listener off; one that is not there is passed over."""
        listeners = self.listeners.get(event, [])
        if listener in listeners:
            listeners.remove(listener)

    def tell_connection(self, session: object) -> None:
        """A session has begun."""
        for listener in self.listeners.get("connection", ()):
            gevent.spawn(listener, session)

    def tell_refused(self, error: RequestError, request: Request) -> None:
        """A request was refused."""
        listeners = self.listeners.get("connection_error")
        if listeners:
            context = {"name": error.name, "detail": error.detail}
            failure = ConnectionFailure(error.code, str(error), context, request.variables)
            for listener in listeners:
                gevent.spawn(listener, failure)

    def add_headers(self, headers: Headers, request: Request, begins: bool) -> Headers:
        """Return the headers of an answer with those that the application adds.

        :param begins: whether it begins a session.
        """
        if not self.listeners:
            return headers
        listeners = list(self.listeners.get("headers", ()))
        if begins:
            listeners = [*self.listeners.get("initial_headers", ()), *listeners]
        if not listeners:
            return headers
        edited = Editable(headers)
        for listener in listeners:
            listener(edited, request.variables)
        return list(edited)
