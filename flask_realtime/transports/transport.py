"""What every transport is, and all that it knows of its session."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar, Protocol

from gevent.event import Event

from ..exceptions import ProtocolError
from ..protocol.packet import Encoded, Message
from ..protocol.reason import Reason

if TYPE_CHECKING:
    from .outbox import Outbox


class Listener(Protocol):
    """Who takes what a transport brings: a session, or an upgrade until it is done."""

    def receive(self, message: Message) -> None:
        """Take one message. Called in the hub: must not wait, nor run the application's code.

        :raises PacketError: if it is no packet; the transport ends with ``parse error``.
        """

    def closed(self, reason: str, error: ProtocolError | None = None) -> None:
        """Take note that the transport is gone. Called once, in the hub or in a request.

        :param error: the rule that the client broke, where nobody else tells the log.
        """


class Transport(ABC):
    """A way to carry the messages of one session, both ways.

    What goes out waits in the session's :class:`~.outbox.Outbox`, which outlives a transport.
    """

    name: ClassVar[str]
    __slots__ = ("_post", "_resumed", "_successor", "alive", "listener", "outbox")

    def __init__(self, outbox: Outbox) -> None:
        self.outbox = outbox
        self.listener: Listener | None = None  # None again when all is over
        self.alive = False  # whether the client was heard of since the last probe
        self._resumed: Event | None = None  # exists while we are paused
        self._successor: Transport | None = None  # on which the session goes on
        self._post: Event | None = None  # the end of a predecessor's POST, which still goes on
        outbox.transport = self

    @property
    @abstractmethod
    def ready(self) -> bool:
        """Whether a message put into the outbox now would leave now."""

    @property
    def pending(self) -> int:
        """Bytes taken from the outbox that the kernel has not taken yet."""
        return 0

    @property
    def kept(self) -> bool:
        """Whether its client is known to use it, so that nobody else takes the session over."""
        return False

    def offer(self, encoded: Encoded) -> bool:
        """Send a message past the outbox, in which nothing waits; return whether it was taken.

        It is if it would leave at once, and where that is possible at all: half of what an emit
        costs would be to put it into the outbox and to take it out again.
        """
        return False

    @abstractmethod
    def flush(self) -> None:
        """Send what waits in the outbox, as far as it goes without waiting."""

    @abstractmethod
    def probe(self) -> None:
        """Bring about a sign of life, for which the client's page need not run a timer: browsers
        hold those of hidden pages back for a minute. Then :attr:`alive` tells.
        """

    def pause(self) -> None:
        """Deliver no more messages until :meth:`resume`."""
        if self._resumed is None:
            self._resumed = Event()

    def resume(self) -> None:
        """Go on delivering."""
        resumed, self._resumed = self._resumed, None
        if resumed is not None:
            resumed.set()

    @abstractmethod
    def close(self, reason: str = Reason.FORCED_CLOSE) -> None:
        """Say goodbye after what waits in the outbox; the listener hears when it is over.

        :param reason: why the session ends, as far as the transport has a word for it.
        """

    @abstractmethod
    def abort(self) -> None:
        """End now; what waits is lost, and the listener hears nothing any more."""

    def discard(self) -> None:
        """End without a word: the client has left by itself, or the session goes on elsewhere."""
        self.abort()

    def hand_over(self, successor: Transport) -> None:
        """End without a word: the session goes on over `successor`, and so does a POST of which not
        all is delivered.
        """
        self._successor = successor
        successor._post = self._end_of_post()
        self.discard()

    def _end_of_post(self) -> Event | None:
        """What happens when the latest POST has been delivered; None if it has."""
        return self._post

    def _closed(self, reason: str, error: ProtocolError | None = None) -> None:
        """Tell the listener, once."""
        listener, self.listener = self.listener, None
        if listener is not None:
            listener.closed(reason, error)
