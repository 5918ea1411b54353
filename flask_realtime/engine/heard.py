"""What tells of a session's packets, in the place of its decoder and its outbox."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol

from ..protocol.dialect import Decoder, Dialect
from ..protocol.packet import Encoded, EnginePacket, Message, Packet
from ..transports.outbox import Outbox


class Events(Protocol):
    """Who is told."""

    def hears(self, event: str) -> bool:
        """Whether anybody listens to an event."""

    def tell(self, event: str, *args: Any) -> None:
        """Have the listeners called, soon."""


class HeardDecoder:
    """Tells of each message, and has it decoded.

    :param decoder: by this one.
    """

    __slots__ = ("_decoder", "_dialect", "_events")

    def __init__(self, decoder: Decoder, dialect: Dialect, events: Events) -> None:
        self._decoder = decoder
        self._dialect = dialect
        self._events = events

    def feed(self, message: Message) -> Packet | None:
        """See :meth:`.Decoder.feed`."""
        tell, packet = self._events.tell, self._dialect.as_engine_packet(message)
        tell("packet", packet)
        if packet.type == "message":
            tell("data", packet.data)
            tell("message", packet.data)
        elif packet.type in ("heartbeat", "pong" if self._dialect.server_pings else "ping"):
            tell("heartbeat")
        return self._decoder.feed(message)


class HeardOutbox(Outbox):
    """Tells of what is put into it, of what leaves it, and when it is empty.

    :param outbox: whose place it takes, with all that waits.
    :param post: does something in the hub, soon.
    """

    __slots__ = ("_dialect", "_emptied", "_events", "_post", "_taken")

    def __init__(
        self,
        outbox: Outbox,
        dialect: Dialect,
        events: Events,
        post: Callable[[Callable[[], None]], None],
    ) -> None:
        super().__init__(outbox._limit)
        self.size, self._waiting, self._drained = outbox.size, outbox._waiting, outbox._drained
        self._dialect = dialect
        self._events = events
        self._post = post
        self._taken: list[list[Encoded]] | None = None  # by what, while something is put in
        self._emptied = True  # whether that was told of what was flushed

    def put(self, encoded: Encoded, volatile: bool = False, flush: bool = True) -> bool:
        """See :meth:`.Outbox.put`."""
        self._taken = []
        try:
            put = super().put(encoded, volatile, flush)
        finally:
            flushed, self._taken = self._taken, None
        if put:
            self._tell_created(encoded)
        if put and self._waiting is None and not any(encoded in each for each in flushed):
            flushed.append([encoded])  # it has passed us by
        for each in flushed:
            self._tell_flushed(each)
        self._look()
        return put

    def take(self) -> list[Encoded]:
        """See :meth:`.Outbox.take`."""
        taken = super().take()
        if taken and self._taken is not None:
            self._taken.append(taken)
        elif taken:
            self._tell_flushed(taken)
            self._post(self._look)  # when the transport has done what it takes them for
        return taken

    def drained(self) -> None:
        """See :meth:`.Outbox.drained`."""
        super().drained()
        self._look()

    def _look(self) -> None:
        """Tell once that nothing waits."""
        transport = getattr(self, "transport", None)  # None when the session is over
        if self._emptied or self._waiting or transport is None or transport.pending:
            return
        self._emptied = True
        self._events.tell("drain")

    def _tell_created(self, encoded: Encoded) -> None:
        if self._events.hears("packet_create"):
            for packet in self._packets([encoded]):
                self._events.tell("packet_create", packet)

    def _tell_flushed(self, taken: list[Encoded]) -> None:
        self._emptied = False
        if self._events.hears("flush"):
            self._events.tell("flush", self._packets(taken))

    def _packets(self, sent: Iterable[Encoded]) -> list[EnginePacket]:
        as_packet = self._dialect.as_engine_packet
        return [as_packet(message) for encoded in sent for message in encoded.messages]
