"""Messages handed over within the process: what carries those of the test client."""

from __future__ import annotations

from typing import Protocol

from ..exceptions import FrameError, PacketError
from ..protocol.packet import Message
from ..protocol.reason import Reason
from ..websocket.frames import MESSAGE_TOO_BIG
from .outbox import Outbox
from .transport import Transport


class Receiver(Protocol):
    """The client's side."""

    def receive(self, message: Message) -> None:
        """Take one message. Called wherever one is sent: must not wait, nor send."""

    def ended(self) -> None:
        """Take note that nothing comes any more. Called once."""


class InProcessTransport(Transport):
    """A session's messages to and from an object of this process.

    It does what a WebSocket does, without the bytes: order, the size of a message, the pause while
    an inbox is full, and the end are the same.

    :param receiver: the client's side.
    :param max_size: the most that one message of the client's may have, bytes.
    """

    name = "testing"
    __slots__ = ("_held", "_left", "_max_size", "_receiver")

    def __init__(self, receiver: Receiver, outbox: Outbox, max_size: int) -> None:
        super().__init__(outbox)
        self._receiver: Receiver | None = receiver  # None when all is over
        self._max_size = max_size
        self._held: list[Message] = []  # sent by the client since we were paused
        self._left = False  # whether the client has left, behind those

    @property
    def ready(self) -> bool:
        return self._receiver is not None

    # From the client

    def send(self, message: Message) -> None:
        """Take one message of the client's; dropped when all is over, as a closed wire does."""
        if self._resumed is not None:
            self._held.append(message)
            return
        if self.listener is None:
            return
        size = len(message) if isinstance(message, bytes) else len(message.encode())
        if size > self._max_size:
            self._end()
            why = f"a message of {size} bytes is over {self._max_size}"
            self._closed(Reason.TRANSPORT_ERROR, FrameError(MESSAGE_TOO_BIG, why))
            return
        self.alive = True
        try:
            self.listener.receive(message)
        except PacketError as error:
            self._end()
            self._closed(Reason.PARSE_ERROR, error)

    def leave(self) -> None:
        """The client closes its connection."""
        self._left = True
        if self._resumed is None:
            self._end()
            self._closed(Reason.TRANSPORT_CLOSE)

    def vanish(self) -> None:
        """Nothing comes from the client any more, nor gets there, and nobody has said so."""
        self._held = []
        self._receiver = None

    def resume(self) -> None:
        super().resume()
        held, self._held = self._held, []
        for message in held:
            self.send(message)
        if self._left:
            self.leave()

    # To the client

    def flush(self) -> None:
        if self._receiver is None:
            return
        for encoded in self.outbox.take():
            for message in encoded.messages:
                self._receiver.receive(message)

    def probe(self) -> None:
        self.alive = self.ready  # as a browser answers, without its page

    # The end

    def close(self, reason: str = Reason.FORCED_CLOSE) -> None:
        self.flush()
        self._end()
        self._closed(Reason.FORCED_CLOSE)

    def abort(self) -> None:
        self.listener = None
        self._end()

    def _end(self) -> None:
        self._held = []
        receiver, self._receiver = self._receiver, None
        if receiver is not None:
            receiver.ended()
