"""A socket that another node serves, as far as this one can know it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ..exceptions import Disconnected
from .addressable import DEFAULT_TIMEOUT, check_timeout

if TYPE_CHECKING:
    from .broadcast import BroadcastOperator
    from .namespace import Namespace


class RemoteSocket:
    """A socket of another node: what that node has said of it, and what it can be asked.

    :param described: what :meth:`.Local.describe` returned there.
    :param seconds: how long its answers are waited for.
    """

    __slots__ = ("_described", "_seconds", "namespace")

    def __init__(
        self,
        namespace: Namespace,
        described: Mapping[str, Any],
        seconds: float = DEFAULT_TIMEOUT,
    ) -> None:
        self.namespace = namespace
        self._described = described
        self._seconds = seconds

    def __repr__(self) -> str:
        return f"<RemoteSocket {self.id} of {self.namespace.name!r}>"

    @property
    def id(self) -> str:
        """Its id."""
        return str(self._described["id"])

    @property
    def handshake(self) -> Mapping[str, Any]:
        """What its client's first request said, as plain data."""
        return self._described.get("handshake") or {}

    @property
    def rooms(self) -> set[str]:
        """The rooms it was in, its own among them."""
        return set(self._described.get("rooms") or ())

    @property
    def data(self) -> Mapping[str, Any]:
        """A copy of its ``data``, as far as that could be carried."""
        return self._described.get("data") or {}

    @property
    def _alone(self) -> BroadcastOperator:
        return self.namespace.to(self.id)

    def timeout(self, seconds: float) -> RemoteSocket:
        """The same one, with another time to answer (60 seconds).

        :raises UsageError: for what is no time.
        """
        return RemoteSocket(self.namespace, self._described, check_timeout(seconds))

    def emit(self, event: str, *args: Any, callback: Callable[..., Any] | None = None) -> bool:
        """Send an event.

        :param callback: called ``callback(error, answer)``; the error is None or an
            :class:`.AckTimeout`.
        """
        if callback is None:
            return self._alone.emit(event, *args)
        given = callback

        def answered(error: Exception | None, answers: list[Any]) -> None:
            given(error, answers[0] if answers else None)

        return self._alone.timeout(self._seconds).emit(event, *args, callback=answered)

    def emit_with_ack(self, event: str, *args: Any, timeout: float | None = None) -> Any:
        """Send an event and wait for the answer.

        :param timeout: seconds; else what :meth:`timeout` said.
        :raises AckTimeout: if none came in time, or it leaves meanwhile.
        :raises Disconnected: if it has left already.
        """
        seconds = self._seconds if timeout is None else timeout
        answers = self._alone.emit_with_ack(event, *args, timeout=seconds)
        if not answers:
            raise Disconnected("the client has left")
        return answers[0]

    call = emit_with_ack

    def join(self, *rooms: Any) -> None:
        """Put it into rooms."""
        self._alone.sockets_join(*rooms)

    def leave(self, *rooms: Any) -> None:
        """Take it out of rooms."""
        self._alone.sockets_leave(*rooms)

    def disconnect(self, close: bool = False) -> None:
        """Send it away, with its whole connection if `close`."""
        self._alone.disconnect_sockets(close)
