"""Messages over one WebSocket: a text or binary message each."""

from __future__ import annotations

from ..exceptions import PacketError
from ..protocol.packet import Encoded, Message
from ..protocol.reason import Reason
from ..websocket.connection import Connection
from ..websocket.deflate import Terms
from ..websocket.frames import GOING_AWAY, NORMAL_CLOSURE, POLICY_VIOLATION, PROTOCOL_ERROR
from .outbox import Outbox
from .transport import Transport


class WebSocketTransport(Transport):
    """A session's messages on a WebSocket connection.

    Reading and writing happen in the hub or wherever a message is sent; nothing here waits.
    """

    name = "websocket"
    __slots__ = ("_held", "_shares", "_spoken", "connection")

    def __init__(self, connection: Connection, outbox: Outbox) -> None:
        super().__init__(outbox)
        self.connection = connection
        self._held: list[Message] = []  # received, and not delivered since we were paused
        self._spoken = False  # whether the client ever has, on this connection
        framing = connection.framing
        self._shares = framing.shares_frames and framing.deflate is None

    def start(self) -> None:
        """Hand the connection to the loop."""
        self.connection.writable = self._writable
        self.connection.start(self.readable)

    @property
    def ready(self) -> bool:
        return not self.connection.pending and not self.connection.ended

    @property
    def pending(self) -> int:
        return self.connection.pending

    @property
    def kept(self) -> bool:
        return self._spoken  # who only knows the sid takes nothing from who has spoken here

    def readable(self) -> None:
        """Called by the loop when bytes have come, or the end."""
        try:
            messages = self.connection.receive()
            if messages is None:
                self._ended()
            else:
                self.alive = self._spoken = True
                self._deliver(messages)
        except BaseException:
            # One of our own: without an end the loop might call us for the same bytes for ever.
            self.connection.abort()
            self._closed(Reason.TRANSPORT_ERROR)
            raise

    def _deliver(self, messages: list[Message]) -> None:
        for number, message in enumerate(messages):
            listener = self.listener
            if self._resumed is not None or listener is None:
                self._held += messages[number:]
                return
            try:
                listener.receive(message)
            except PacketError as error:
                self.connection.close(PROTOCOL_ERROR)
                self._closed(Reason.PARSE_ERROR, error)

    def _ended(self) -> None:
        if self._held:
            return  # what came before the end is delivered before it
        violation = self.connection.framing.violation
        if violation is None:
            self._closed(Reason.TRANSPORT_CLOSE)
        else:
            self._closed(Reason.TRANSPORT_ERROR, violation)

    def probe(self) -> None:
        self.alive = False
        self.connection.ping()  # answered by the browser itself (RFC 6455, 5.5.2)

    def pause(self) -> None:
        super().pause()
        self.connection.pause()

    def resume(self) -> None:
        super().resume()
        held, self._held = self._held, []
        self._deliver(held)
        if self._resumed is not None:
            return
        if self.connection.close_code is None:
            self.connection.resume()
        else:
            self._ended()

    def close(self, reason: str = Reason.FORCED_CLOSE) -> None:
        waiting = self.outbox.take()
        if waiting:
            self.connection.write(b"".join(map(self._frame, waiting)))
        stopping = reason == Reason.SERVER_SHUTTING_DOWN
        self.connection.close(GOING_AWAY if stopping else NORMAL_CLOSURE)
        self._held = []
        self._closed(Reason.FORCED_CLOSE)

    def abort(self) -> None:
        super().resume()  # a POST of before may wait
        if self.listener is None:
            return  # it is over, or what was written before the goodbye is still leaving
        self.listener = None
        self._held = []
        if self.connection.pending:
            self.connection.abort()  # no close frame could pass what waits before it
        else:
            self.connection.close(POLICY_VIOLATION)

    def discard(self) -> None:
        super().resume()
        self.listener = None
        self._held = []
        self.connection.close()

    def _writable(self) -> None:
        self.flush()
        if not self.connection.pending:
            self.outbox.drained()

    def flush(self) -> None:
        connection = self.connection
        if connection.pending:
            return
        waiting = self.outbox.take()
        if len(waiting) == 1:
            connection.write(self._frame(waiting[0]))
        elif waiting:
            connection.write(b"".join(map(self._frame, waiting)))

    def offer(self, encoded: Encoded) -> bool:
        connection = self.connection
        if connection.pending:
            return False
        frame = encoded.frame
        if frame is None or not self._shares:
            frame = self._frame(encoded)
        connection.write(frame)
        return True

    def _frame(self, encoded: Encoded) -> bytes:
        framing = self.connection.framing
        deflate = framing.deflate
        if deflate is not None and encoded.compress and encoded.size >= deflate.threshold:
            return self._compressed(encoded, deflate.terms)
        if not framing.shares_frames:
            return self._encode(encoded)
        # Server frames are not masked, so one frame serves every client of a broadcast.
        frame = encoded.frame
        if frame is None:
            frame = encoded.frame = self._encode(encoded)
        return frame

    def _compressed(self, encoded: Encoded, terms: Terms) -> bytes:
        if terms.server_context_takeover:
            return self._encode(encoded)  # what it is depends on all that this client was sent
        # Without a context the window alone makes a difference; nearly all clients take the same.
        frames = encoded.compressed
        if frames is None:
            frames = encoded.compressed = {}
        frame = frames.get(terms.server_window_bits)
        if frame is None:
            frame = frames[terms.server_window_bits] = self._encode(encoded)
        return frame

    def _encode(self, encoded: Encoded) -> bytes:
        encode = self.connection.framing.encode
        messages, compress = encoded.messages, encoded.compress
        if len(messages) == 1:  # as nearly all have
            return encode(messages[0], compress)
        return b"".join([encode(message, compress) for message in messages])
