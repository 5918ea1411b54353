"""Acknowledgements that we wait for: by number, with a time-out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ..engine.clock import Clock, Deadline
from ..exceptions import AckTimeout, Disconnected, EncodeError, UsageError
from ..protocol.packet import Packet, PacketType
from .threads import Told

if TYPE_CHECKING:
    from .handler import Handler
    from .socket import Socket

_ACK = PacketType.ACK  # to ask the class for it takes 70 ns on CPython 3.11

INTERNAL_ERROR = {"error": "internal error"}
"""What a client is told of a failure, unless the application says more."""

MAX_CALLBACKS = 10_000
"""Callbacks of one socket that may wait for their answers; the oldest is given up for the next.

A client may be slow to answer, and may never do so: neither is a reason to part. This is far more
than a client that answers ever owes, and a few MiB, as much as may wait in its outbox.
"""

Answered = Callable[[list[Any]], None]


class Answer:
    """The answer to one event: given once, and only if the client asked for it.

    What a handler gets as its parameter ``ack``.

    :param event: the name of the event.
    """

    __slots__ = ("_event", "_id", "_socket", "given", "handlers", "kept")

    def __init__(self, socket: Socket, id: int | None, event: str) -> None:
        self._socket = socket
        self._id = id
        self._event = event
        #: Whether the client has it, or did not ask for it.
        self.given = False
        #: Whether the handler has asked for it by ``socket.ack()``, to give it later.
        self.kept = False
        #: Those that are called for the event.
        self.handlers: Sequence[Handler] = ()

    @property
    def wanted(self) -> bool:
        """Whether the client asked for it."""
        return self._id is not None

    def __call__(self, *values: Any) -> None:
        """Answer the client with `values`; from any thread.

        :raises EncodeError: if one of them cannot be carried; the answer is still owed then.
        :raises UsageError: if it was given already, be it by what the handler returned.
        """
        if self.given:
            raise UsageError(self._given_already())
        engine = self._socket.engine
        if engine.elsewhere:
            if self._id is not None:
                self._socket.conn.dialect.encode(self._packet(values))
            engine.post(self._send, values, True)
        else:
            self._send(values, flush=True)
        self.given = True

    def give(self, result: Any) -> None:
        """Answer with what a handler returned: a tuple is several values, None is none.

        It leaves at once, or with the answers to the packets that the client's worker has at hand.
        Nothing happens if the answer was given already.

        :raises EncodeError: as above.
        """
        if not self.given:
            values = result if type(result) is tuple else () if result is None else (result,)
            self._send(values, flush=not self._socket.client.more)
            self.given = True

    def fail(self, told: Any) -> None:
        """Answer with what the client of a handler that failed is told."""
        try:
            self.give(told)
        except EncodeError as error:
            self._socket.server.log.error("the answer of an error handler: %s", error)
            self.give(INTERNAL_ERROR)

    def _send(self, values: Sequence[Any], flush: bool) -> None:
        if self._id is not None:
            self._socket.client.session.send(self._packet(values), flush=flush)

    def _packet(self, values: Sequence[Any]) -> Packet:
        return Packet(_ACK, self._socket.namespace.name, [*values], self._id)

    def _given_already(self) -> str:
        handlers = ", ".join(map(str, self.handlers)) or "none"
        return (
            f"{self._event!r} is answered already, by ack(…) or by what was returned, and a client "
            f"takes one answer; its handler: {handlers}"
        )


class _Pending:
    __slots__ = ("answered", "deadline", "failed")

    def __init__(self, answered: Answered, failed: Callable[[Exception], None] | None) -> None:
        self.answered = answered
        self.failed = failed
        self.deadline: Deadline | None = None


class Acks:
    """The answers that one socket still owes."""

    __slots__ = ("_next", "_pending")

    def __init__(self) -> None:
        self._next = 0
        self._pending: dict[int, _Pending] = {}

    def expect(self, answered: Answered) -> int:
        """Return the number under which `answered` gets the answer, in the hub."""
        return self._add(_Pending(answered, None))

    def expect_as(self, number: int, answered: Callable[[list[Any] | None], None]) -> None:
        """Have `answered` get the answer under a number that many are asked by; None if the client
        leaves before."""
        self._pending[number] = _Pending(answered, lambda error: answered(None))

    def make_room(self) -> bool:
        """Give up the oldest callback if there are too many; return whether there were."""
        if len(self._pending) < MAX_CALLBACKS:
            return False
        # Not what waits for an answer: that has its time, and raises at its end.
        callbacks = (number for number, each in self._pending.items() if each.failed is None)
        return self.cancel(next(callbacks, None)) is not None

    def wait(self, result: Told, clock: Clock, timeout: float, what: str) -> int:
        """Return the number under which `result` gets the answer, or the failure.

        :param timeout: seconds.
        :param what: named in the failure.
        """
        pending = _Pending(result.set, result.set_exception)
        number = self._add(pending)

        def late() -> None:
            self._pending.pop(number, None)
            result.set_exception(AckTimeout(f"no answer to {what} within {timeout} s"))

        pending.deadline = clock.after_any(timeout, late)
        return number

    def _add(self, pending: _Pending) -> int:
        number = self._next
        self._next += 1
        self._pending[number] = pending
        return number

    def resolve(self, number: int | None, values: list[Any]) -> None:
        """An answer came; one that nobody waits for is dropped."""
        pending = self.cancel(number)
        if pending is not None:
            pending.answered(values)

    def cancel(self, number: int | None) -> _Pending | None:
        """Wait for that answer no more: it has come, or the question never left."""
        pending = self._pending.pop(number, None) if number is not None else None
        if pending is not None and pending.deadline is not None:
            pending.deadline.cancel()
        return pending

    def fail(self) -> None:
        """The client has left: nothing more will come."""
        for number in list(self._pending):
            pending = self.cancel(number)
            if pending is not None and pending.failed is not None:
                pending.failed(Disconnected("the client left before it answered"))
