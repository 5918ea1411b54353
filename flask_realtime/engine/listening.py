"""What an application may listen to at the engine, below Socket.IO (rows S32 and K05)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, overload

import gevent
from werkzeug.datastructures import Headers as Editable

from ..exceptions import EventError, RequestError
from ..transports.http import Headers, Request
from .admission import new_id
from .session_events import OF_ALL

if TYPE_CHECKING:
    from .session import Session
    from .sessions import Sessions

Listener = Callable[..., object]
L = TypeVar("L", bound=Listener)

log = logging.getLogger("flask_realtime.engine")

_EVENTS = ("connection", "connection_error", "headers", "initial_headers", *OF_ALL)


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
        #: Calls a listener that nobody waits for; the layer above puts its own around it here.
        self.run_listener: Callable[[Listener, Sequence[Any]], None] = run_listener

    @property
    def elsewhere(self) -> bool:
        """Whether this is another OS thread than the one that serves."""
        raise NotImplementedError

    def post(self, action: Callable[..., object], *args: Any) -> None:
        """Do `action` in the hub, soon."""
        raise NotImplementedError

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
          refusals;
        * ``flush(session, packets)``, ``drain(session)``: of every session, as
          :meth:`.Session.on` has them of one.

        For headers the request waits. All others are called in a greenlet of their own, soon after
        what they are told of, and their failures are logged.

        :raises EventError: for another name.
        """
        if event not in _EVENTS:
            raise EventError(f"the engine has no event {event!r}: they are {', '.join(_EVENTS)}")
        if listener is None:
            return lambda function: self.on(event, function)
        if not callable(listener):
            raise EventError(f"the listener of {event!r} is a function, not {listener!r}")
        self.listeners.setdefault(event, []).append(listener)
        if event in OF_ALL:
            self._have_all_heard(event)
        return listener

    def _have_all_heard(self, event: str) -> None:
        if self.elsewhere:
            self.post(self._have_all_heard, event)
            return
        for session in list(self.sessions.values()):
            session.be_heard(event)

    def off(self, event: str, listener: Listener) -> None:
        """Take a listener off; one that is not there is passed over."""
        listeners = self.listeners.get(event, [])
        if listener in listeners:
            listeners.remove(listener)

    def tell_connection(self, session: Session) -> None:
        """A session has begun."""
        if not self.listeners:
            return
        for event in OF_ALL:
            if self.listeners.get(event):
                session.be_heard(event)
        for listener in self.listeners.get("connection", ()):
            gevent.spawn(self.run_listener, listener, (session,))

    def tell_refused(self, error: RequestError, request: Request) -> None:
        """A request was refused."""
        listeners = self.listeners.get("connection_error")
        if listeners:
            context = {"name": error.name, "detail": error.detail}
            failure = ConnectionFailure(error.code, str(error), context, request.variables)
            for listener in listeners:
                gevent.spawn(self.run_listener, listener, (failure,))

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


def run_listener(listener: Listener, args: Sequence[Any]) -> None:
    """Call a listener, and log its failure."""
    try:
        listener(*args)
    except (Exception, gevent.Timeout, gevent.GreenletExit) as error:
        log.error("the listener %r failed", listener, exc_info=error)
