"""What an application may listen to at one session (row K05): its life, and its packets.

A session that nobody listens to has an empty place for it, and nothing else. For who listens to
packets, its decoder or its outbox gives place to one of those in :mod:`.heard`, which tell of them.
"""

from __future__ import annotations

import inspect
import logging
from collections import deque
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast, overload

import gevent

from ..exceptions import EventError
from .heard import HeardDecoder, HeardOutbox
from .states import SessionState

if TYPE_CHECKING:
    from .engine import Engine
    from .session import Session

log = logging.getLogger("flask_realtime.session")

Listener = Callable[..., object]
L = TypeVar("L", bound=Listener)

MOST_WAITING = 1000
"""Calls of a session's listeners that wait; over it, all but its life goes untold."""
MOST_BYTES = 4
"""What they have to tell may take so many times the largest message: one message is told by three
events, and has to be heard of."""

_INCOMING = ("packet", "heartbeat", "data", "message")
_OUTGOING = ("packet_create", "flush", "drain")
_LIFE = ("upgrading", "upgrade", "close")
_EVENTS = (*_LIFE, *_INCOMING, *_OUTGOING)
_LEFT_OUT = {
    "open": "it is open before anybody can listen; @io.engine.on('connection') hears of each one"
}
OF_ALL = ("flush", "drain")
"""Events that the engine has too, for all its sessions."""


class _Listening(NamedTuple):
    function: Listener
    most: int  # arguments
    once: bool


class SessionEvents:
    """The listeners of one session, called in order, in a greenlet that is there while they are."""

    __slots__ = ("_calls", "_engine", "_listeners", "_session", "_size", "_slow", "_telling")

    def __init__(self, engine: Engine, session: Session) -> None:
        self._engine = engine
        self._session: Session | None = session  # None when it is over
        self._listeners: dict[str, tuple[_Listening, ...]] = {}
        self._calls: deque[tuple[Listener, tuple[Any, ...], int]] = deque()
        self._size = 0  # bytes that the calls have to tell
        self._telling = False
        self._slow = False  # whether something went untold

    def add(self, event: str, listener: Listener, once: bool) -> None:
        """Add a listener."""
        new = _Listening(listener, _most(listener), once)
        self._listeners[event] = (*self._listeners.get(event, ()), new)

    def remove(self, event: str, listener: Listener | None) -> None:
        """Take a listener off, or all of an event."""
        present = self._listeners.get(event, ())
        left = (each for each in present if listener not in (None, each.function))
        self._listeners[event] = tuple(left)

    def hears(self, event: str) -> bool:
        """Whether anybody listens to an event."""
        if self._session is None:
            return False
        return bool(self._listeners.get(event) or self._of_all(event))

    def _of_all(self, event: str) -> list[Listener]:
        return self._engine.listeners.get(event, []) if event in OF_ALL else []

    def tell(self, event: str, *args: Any) -> None:
        """Have the listeners called, soon."""
        if not self.hears(event):
            return
        size = _size(args)
        if self._is_late(event, size):
            return
        own = self._listeners.get(event, ())
        calls = [(each.function, args[: each.most]) for each in own]
        calls += [(each, (self._session, *args)) for each in self._of_all(event)]
        self._size += size
        *before, last = calls
        self._calls.extend((*call, 0) for call in before)
        self._calls.append((*last, size))  # they share what it takes
        if any(each.once for each in own):
            self._listeners[event] = tuple(each for each in own if not each.once)
        if not self._telling:
            self._telling = True
            gevent.spawn(self._call)

    def _is_late(self, event: str, size: int) -> bool:
        most = MOST_BYTES * self._engine.options.max_http_buffer_size
        fits = len(self._calls) < MOST_WAITING and self._size + size <= most
        if fits or event in _LIFE:
            return False
        if not self._slow:
            self._slow = True
            message = "listeners of a session are slower than what they hear of: not all is told"
            gevent.spawn(log.warning, message)
        return True

    def _call(self) -> None:
        try:
            while self._calls:
                listener, args, size = self._calls.popleft()
                self._size -= size
                self._engine.run_listener(listener, args)
        finally:
            self._telling = False

    def over(self, reason: str, description: str | None) -> None:
        """Tell that the session is over, and then no more."""
        self.tell("close", reason, description)
        self._session = None
        self._listeners = {}  # most of them know the session


def _size(told: Iterable[Any]) -> int:
    """How many bytes or characters a listener would be told: of messages, packets, and lists."""
    size = 0
    for each in told:
        if isinstance(each, str | bytes):
            size += len(each)
        elif isinstance(each, list | tuple):  # a packet is one of a name and a message
            size += _size(each)
    return size


def _most(listener: Listener) -> int:
    """How many arguments a listener takes; as those of Node it may leave the last ones out."""
    any_number = 1 << 30
    try:
        parameters = inspect.signature(listener).parameters.values()
    except ValueError:
        return any_number  # some functions written in C do not tell
    if any(each.kind is each.VAR_POSITIONAL for each in parameters):
        return any_number
    by_position = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(each.kind in by_position for each in parameters)


class Heard:
    """The part of a session that may be listened to."""

    __slots__ = ()

    _engine: Engine
    _events: SessionEvents | None  # None as long as nobody listens

    @overload
    def on(self, event: str, listener: None = None) -> Callable[[L], L]: ...

    @overload
    def on(self, event: str, listener: L) -> L: ...

    def on(self, event: str, listener: Any = None) -> Any:
        """Register a listener, also as a decorator (Socket.IO 1.x to 4.x: ``socket.conn.on``).

        * ``upgrading(transport)``: the client tries a WebSocket beside polling;
        * ``upgrade(transport)``: it is on the WebSocket. The move of a client 0.9 is none;
        * ``close(reason, description)``: the session is over, see :class:`.Reason`; ``description``
          says which rule the client has broken, or is None. Nothing is told after it;
        * ``packet(packet)``: an :class:`.EnginePacket` has come;
        * ``heartbeat()``: one was the client's ping, or its answer to ours;
        * ``data(data)``, ``message(data)``: one was a message: ``str`` or ``bytes``;
        * ``packet_create(packet)``: one is sent;
        * ``flush(packets)``: these leave the outbox: over polling when the client asks for them;
        * ``drain()``: none waits any more, here or for the kernel.

        Listeners are called in order, in a greenlet of theirs and soon after what they are told of:
        one that waits holds up those behind it and nothing else; but where more than 1,000 calls
        wait, or four times ``max_http_buffer_size``, only the first three events are added. A
        failure is logged. A listener may take fewer arguments. Packets cost more while somebody has
        listened to them.

        Node's ``open`` is not there: nobody can hear it there either.

        :raises EventError: for another name, or for what is no function.
        """
        return self._add(event, listener, once=False)

    @overload
    def once(self, event: str, listener: None = None) -> Callable[[L], L]: ...

    @overload
    def once(self, event: str, listener: L) -> L: ...

    def once(self, event: str, listener: Any = None) -> Any:
        """Register a listener that is forgotten when it is called; else as :meth:`on`."""
        return self._add(event, listener, once=True)

    def off(self, event: str, listener: Listener | None = None) -> None:
        """Take a listener off, or all of an event; one that is not there is passed over."""
        if self._engine.elsewhere:
            self._engine.post(self.off, event, listener)
        elif self._events is not None:
            self._events.remove(event, listener)

    def _add(self, event: str, listener: Any, once: bool) -> Any:
        if event not in _EVENTS:
            advice = _LEFT_OUT.get(event, f"they are {', '.join(_EVENTS)}")
            raise EventError(f"a session has no event {event!r}: {advice}")
        if listener is None:
            return lambda function: self._add(event, function, once)
        if not callable(listener):
            raise EventError(f"the listener of {event!r} is a function, not {listener!r}")
        if self._engine.elsewhere:
            self._engine.post(self._listen, event, listener, once)
        else:
            self._listen(event, listener, once)
        return listener

    def _listen(self, event: str, listener: Listener, once: bool) -> None:
        events = self.be_heard(event)
        if events is not None:
            events.add(event, listener, once)

    def tell(self, event: str, *args: object) -> None:
        """Have the listeners called, if there are any."""
        if self._events is not None:
            self._events.tell(event, *args)

    def be_heard(self, event: str) -> SessionEvents | None:
        """See to it that an event is told; None if the session is over."""
        return _events_of(cast("Session", self), event)


def _events_of(session: Session, event: str) -> SessionEvents | None:
    if session.state is not SessionState.OPEN:
        return None
    events = session._events
    if events is None:
        events = session._events = SessionEvents(session._engine, session)
    if event in _INCOMING and not isinstance(session._decoder, HeardDecoder):
        session._decoder = HeardDecoder(session._decoder, session.dialect, events)
    if event in _OUTGOING and not isinstance(session.outbox, HeardOutbox):
        _exchange_outbox(session, events)
    return events


def _exchange_outbox(session: Session, events: SessionEvents) -> None:
    before = session.outbox
    session.outbox = HeardOutbox(before, session.dialect, events, session._engine.post)
    transport = getattr(before, "transport", None)  # none yet, where the session begins
    if transport is not None:
        transport.outbox, session.outbox.transport = session.outbox, transport
