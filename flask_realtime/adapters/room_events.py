"""When rooms begin and end, and who enters and leaves them: what an adapter's listeners hear."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from ..exceptions import EventError
from .adapter import Adapter, Local

CREATE: Final = "create-room"
DELETE: Final = "delete-room"
JOIN: Final = "join-room"
LEAVE: Final = "leave-room"

_EVENTS = (CREATE, DELETE, JOIN, LEAVE)

Listener = Callable[..., Any]


class RoomEvents:
    """The listeners of one adapter; it has none of these objects before its first listener."""

    def __init__(self) -> None:
        self._listeners: dict[str, list[Listener]] = {event: [] for event in _EVENTS}

    def add(self, event: str, listener: Listener) -> None:
        """Register a listener.

        :raises EventError: for an event that there is not, or what is no function.
        """
        if not callable(listener):
            raise EventError(f"the listener of {event!r} is a function, not {listener!r}")
        self._listeners[check_event(event)].append(listener)

    def hand_to(self, adapter: Adapter) -> None:
        """Register the listeners with another adapter."""
        for event, listeners in self._listeners.items():
            for listener in listeners:
                adapter.on(event, listener)

    def joined(self, local: Local, room: str, id: str, is_first: bool) -> None:
        """A socket has entered a room, which may have begun by that."""
        if is_first:
            self._tell(local, CREATE, room)
        self._tell(local, JOIN, room, id)

    def left(self, local: Local, room: str, id: str, was_last: bool) -> None:
        """A socket has left a room, which may have ended by that."""
        self._tell(local, LEAVE, room, id)
        if was_last:
            self._tell(local, DELETE, room)

    def _tell(self, local: Local, event: str, *args: str) -> None:
        for listener in self._listeners[event]:
            local.run(listener, *args)


def check_event(event: Any) -> str:
    """Return the name of an event of rooms.

    :raises EventError: if there is none of that name.
    """
    name = event.replace("_", "-") if isinstance(event, str) else event
    if name not in _EVENTS:
        raise EventError(f"an adapter has no event {event!r}; it has: {', '.join(_EVENTS)}")
    return str(name)
