"""One client's session, across transports: delivery both ways, the heartbeat, the end."""

from __future__ import annotations

from math import inf
from time import perf_counter
from typing import TYPE_CHECKING, Protocol

from .. import signals
from ..exceptions import ProtocolError
from ..protocol.dialect import Decoder, Dialect
from ..protocol.packet import Message, Packet, PacketType, ReceiptPacket
from ..protocol.reason import Reason
from ..protocol.request import HANDSHAKE
from ..transports.http import Request
from ..transports.outbox import Outbox
from ..transports.transport import Transport
from .clock import Deadline
from .heartbeat import Heartbeat
from .pace import told_times
from .session_events import Heard, SessionEvents
from .states import SESSION, SessionState

if TYPE_CHECKING:
    from .engine import Engine
    from .upgrade import Upgrade

_GOODBYE_TIMEOUT = 30.0
"""How long a closed session waits for the poll that takes its last messages (Node: 30 s)."""

# To ask an enumeration for a member takes 70 ns on CPython 3.11; each message would ask for six.
_OPEN, _CLOSED = SessionState.OPEN, SessionState.CLOSED
_CLOSE, _FIRST_OF_ENGINE = PacketType.CLOSE, PacketType.OPEN

_LONG = 16384
"""Characters or bytes from which on it is looked at how long a message takes to decode."""
_DEAR = 0.002
"""How long decoding one may take without consequences, seconds."""
_LEAST_REST, _MOST_REST = 9, 99
"""After it the client is not read for so many times as long: JSON of 1 MB may take 30 ms, in which
nobody else is served. The first time for the least, then for as many times as there are others, up
to the most: beside a hundred of them it has a hundredth, and who asks meets it once in a hundred
times."""
_LONGEST_REST = 2.0
"""Seconds."""
_AGAIN = 5.0
"""Seconds after which it is the first time again."""


class SessionClient(Protocol):
    """What a session knows of the layer above it."""

    def receive(self, packet: Packet) -> None:
        """Take a packet. Called in the hub: must not wait, nor run the application's code."""

    def opened(self) -> None:
        """Take note that the session has its first transport. Called once."""

    def moved(self) -> None:
        """Take note that the client uses another transport, since it has heard nothing by the one
        before."""

    def closed(self, reason: str) -> None:
        """Take note that the session is over. Called once, in the hub or wherever it was ended."""


class Session(Heartbeat, Heard):
    """What survives transports, under its secret name, the sid.

    :param request: the handshake's.
    """

    __slots__ = (
        "_dear",
        "_decoder",
        "_engine",
        "_events",
        "_opened",
        "_paused",
        "_received",
        "_rest",
        "client",
        "description",
        "dialect",
        "outbox",
        "request",
        "sid",
        "state",
        "transport",
        "upgrade",
    )

    client: SessionClient
    transport: Transport

    def __init__(self, engine: Engine, sid: str, dialect: Dialect, request: Request) -> None:
        self._engine = engine
        self._opened = engine.clock.now()
        self.sid = sid
        self.dialect = dialect
        self.request = request
        self.outbox = Outbox(engine.options.max_outbox_size)
        self.state = SessionState.OPEN
        self.upgrade: Upgrade | None = None
        #: Which rule its client has broken, where it has ended for that.
        self.description: str | None = None
        self._decoder: Decoder = dialect.decoder()
        self._events: SessionEvents | None = None
        self._deadline = None
        self._received = 0  # bytes of the packet that is not whole yet
        self._unanswered = False
        self._paused: Deadline | None = None  # until when the inbox may stay full
        self._rest: Deadline | None = None  # until when nothing is read, for what decoding has cost
        self._dear = -inf  # when it was the last time

    @property
    def age(self) -> float:
        """How long ago it began, in seconds."""
        return self._engine.clock.now() - self._opened

    # Names that Node has

    @property
    def id(self) -> str:
        """The sid: a secret of its client."""
        return self.sid

    @property
    def protocol(self) -> int:
        """The revision of Engine.IO that its client speaks: 4, 3, or 1 for the clients before."""
        return self.dialect.protocol

    @property
    def ready_state(self) -> str:
        """``"open"``, ``"closing"`` or ``"closed"``."""
        return self.state.value

    @property
    def remote_address(self) -> str:
        """Where its handshake came from; empty over a Unix socket."""
        return self.request.address

    def open(self, transport: Transport, upgrades: list[str]) -> None:
        """Begin on `transport`: tell the client the terms, and start the heartbeat."""
        terms = told_times(self._engine.options, self.dialect)
        self.switch(transport)
        self.send(self.dialect.open_packet(self.sid, upgrades, *terms))
        self._next_ping()
        if transport.name != HANDSHAKE:
            self.client.opened()

    def switch(self, transport: Transport) -> None:
        """Go on over `transport`, with what waits in the outbox."""
        self.transport = transport
        transport.outbox = self.outbox
        self.outbox.transport = transport
        transport.listener = self
        if self._paused is not None or self._rest is not None:
            transport.pause()
        transport.flush()

    def move(self, transport: Transport) -> None:
        """Go on over `transport` without an upgrade, as the clients 0.7 to 0.9 do."""
        before = self.transport
        before.hand_over(transport)
        self.switch(transport)
        if self.state is not SessionState.OPEN:
            return
        if self._unanswered:
            self._next_ping()  # it went the other way, and may not have come through
        if before.name == HANDSHAKE:
            self.client.opened()
        elif before.name != transport.name:
            self.client.moved()

    # In

    def receive(self, message: Message) -> None:
        """Take one message from the transport.

        :raises PacketError: if it is no packet.
        """
        if self.state is _CLOSED:
            return
        self._received += len(message)
        packet = self._feed(message) if len(message) > _LONG else self._decoder.feed(message)
        if packet is None:
            return
        packet.size, self._received = self._received, 0
        packet_type = packet.type
        if packet_type is _CLOSE:
            self.transport.discard()
            self.closed(Reason.TRANSPORT_CLOSE)
        elif self.state is not _OPEN:
            return  # we have closed, and only wait for the client to do so too
        elif packet_type < _FIRST_OF_ENGINE:
            if isinstance(packet, ReceiptPacket):
                packet = self._acknowledged(packet)
            self.client.receive(packet)
        else:
            self._receive_engine(packet)

    def _acknowledged(self, packet: ReceiptPacket) -> Packet:
        """Send the receipt that a client 0.9 wants as soon as its message is here."""
        self.send(Packet(PacketType.ACK, packet.namespace, None, packet.id))
        return packet.without_id()

    def _feed(self, message: Message) -> Packet | None:
        """Decode a long message, and let its client rest where that has stopped all others."""
        began = perf_counter()
        packet = self._decoder.feed(message)
        now = perf_counter()
        if now - began > _DEAR and self._rest is None and self.state is SessionState.OPEN:
            others = len(self._engine.sessions) - 1 if now - self._dear < _AGAIN else 0
            self._dear = now
            self._let_rest((now - began) * min(max(others, _LEAST_REST), _MOST_REST))
        return packet

    def _let_rest(self, seconds: float) -> None:
        seconds = min(seconds, _LONGEST_REST, self._engine.options.ping_timeout / 4)
        self._rest = self._engine.clock.after_any(seconds, self._rested)
        self.transport.pause()
        # As in pause(): its answer to a ping may be behind more of that kind, and so may its own
        # ping, without an answer to which it leaves.
        if self._unanswered:
            self._next_ping()
        if not self.dialect.server_pings:
            self.send(Packet(PacketType.NOOP))

    def _rested(self) -> None:
        self._rest = None
        if self._paused is None:
            self.transport.resume()

    def _receive_engine(self, packet: Packet) -> None:
        if packet.type is PacketType.PONG:
            self._answered()
        elif packet.type is not PacketType.PING:
            return  # the rest has a meaning only while an upgrade is probed
        elif self.dialect.server_pings:
            # Engine.IO 4: only the server pings (Node: "invalid heartbeat direction").
            self.end(Reason.TRANSPORT_ERROR)
        else:
            self.send(Packet(PacketType.PONG, data=packet.data))
            self._next_ping()

    def pause(self) -> None:
        """Read no more: the inbox is full. What we send goes on, pings included.

        A client that stays unread for ``ping_timeout`` is closed.
        """
        if self._paused is not None or self.state is not SessionState.OPEN:
            return
        timeout = self._engine.options.ping_timeout
        self._paused = self._engine.clock.after(timeout, self._stayed_full)
        self._engine.notify(signals.inbox_full, session=self)
        self.transport.pause()
        if self._unanswered or not self.dialect.server_pings:
            self._next_ping()  # its answer, or its own ping, is among what we do not read

    def resume(self) -> None:
        """Read again."""
        if self._paused is None:
            return
        self._paused.cancel()
        self._paused = None
        if self._rest is None:
            self.transport.resume()

    def _stayed_full(self) -> None:
        self.end(Reason.INBOX_FULL)

    # Out

    def send(self, packet: Packet, volatile: bool = False, flush: bool = True) -> bool:
        """Send a packet; return whether it was taken.

        A client whose outbox overflows is closed, but not here: whoever sends may be in the middle
        of a broadcast.

        :param flush: False where the caller will call ``flush`` of the transport.
        :raises EncodeError: if its data cannot be carried.
        """
        encoded = self.dialect.encode(packet)
        if self.state is not _OPEN:
            return False
        try:
            return self.outbox.put(encoded, volatile, flush)
        except OverflowError:
            self._engine.post(self._overflowed)
            return False

    def _overflowed(self) -> None:
        if self.state is SessionState.OPEN:
            self._engine.notify(signals.outbox_full, session=self)
            self.end(Reason.OUTBOX_FULL)

    # The end

    def close(self, reason: str = Reason.FORCED_CLOSE) -> None:
        """End the session after what waits has been sent, all its namespaces together.

        An upgrade goes on: the client may have stopped polling for it already.
        """
        if not self._advance("close"):
            return
        self._over(reason)
        self._deadline = self._engine.clock.after(_GOODBYE_TIMEOUT, self._forget)
        self.transport.close(reason)

    def end(self, reason: str) -> None:
        """End the session now; what waits is lost."""
        transport = self.transport
        self.closed(reason)
        transport.abort()

    def closed(self, reason: str, error: ProtocolError | None = None) -> None:
        """The transport is gone."""
        was_open = self.state is SessionState.OPEN
        if not self._advance("gone"):
            return
        if was_open:
            # Not the error itself, which knows by its traceback whatever has led to it.
            self.description = None if error is None else str(error)
            self._over(reason)
        self._forget()
        if error is not None:
            self._engine.tell(error, self.request, self.sid)

    def _advance(self, event: str) -> bool:
        state = SESSION.get((self.state, event))
        if state is None:
            return False
        self.state = state
        return True

    def _over(self, reason: str) -> None:
        """Known at once: nothing is taken from the client or sent to it any more."""
        for deadline in (self._deadline, self._paused, self._rest):
            if deadline is not None:
                deadline.cancel()
        self._deadline = self._paused = self._rest = None
        if self._events is not None:
            self._events.over(reason, self.description)
            self._events = None
        self.client.closed(reason)
        del self.client  # it knows us too, and such a cycle would wait for the collector
        self._engine.notify(signals.session_closed, session=self, reason=reason)

    def _forget(self) -> None:
        """Once, when nothing can be sent any more."""
        self.state = SessionState.CLOSED
        if self.upgrade is not None:
            self.upgrade.fail()
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        self._engine.forget(self)
        self.transport.abort()
        self.outbox.close()
