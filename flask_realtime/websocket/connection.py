"""One WebSocket connection on a taken socket.

Nothing waits: reading and writing take what the kernel gives, and watchers of the event loop
call when there is more. All of it runs in the thread of the loop, most of it in the hub.

An end has three steps. ``ended``: nothing more can be written. ``close_code`` is set: nothing more
will be read. Then the socket is closed, and ``closed`` called. Between the last two:

===================================  =========================================================
what happened                        what is done before the socket is closed
===================================  =========================================================
the peer sent a close frame          it is echoed, and the tail leaves
the peer broke a rule                a close frame, FIN; input is thrown away until its FIN
``close()``                          a close frame; input is thrown away until its close frame,
                                     or as above where the framing has no closing handshake
the peer vanished, ``abort()``       nothing
===================================  =========================================================

``close_timeout`` cuts it short.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .frames import ABNORMAL_CLOSURE, NORMAL_CLOSURE
from .framing import Framing
from .stream import READ, READ_SIZE, WOULD_BLOCK, Stream

if TYPE_CHECKING:
    from gevent.socket import socket


class Connection(Stream):
    """One WebSocket connection; its owner is the transport.

    :param sock: the connected socket of gevent, plain or TLS; nobody else may use it from now on.
    :param framing: what the handshake chose.
    :param data: bytes that were read behind the handshake.
    :param close_timeout: seconds for the peer to take its part in a close.
    :param host_closes: whether the host closes the socket, once ``closed`` has been called: we only
        shut it down then.
    """

    __slots__ = (
        "_close_timeout",
        "_data",
        "_paused",
        "_readable",
        "_timer",
        "close_code",
        "close_reason",
        "framing",
    )

    def __init__(
        self,
        sock: socket,
        framing: Framing,
        data: bytes = b"",
        close_timeout: float = 5.0,
        host_closes: bool = False,
    ) -> None:
        super().__init__(sock, host_closes)
        self.framing = framing
        #: Set once nothing more will be read; 1006 when there was no close frame.
        self.close_code: int | None = None
        self.close_reason = ""
        self._data = data
        self._close_timeout = close_timeout
        self._paused = False
        self._readable: Callable[[], None] | None = None
        self._timer: Any = None

    def start(self, readable: Callable[[], None]) -> None:
        """Call ``readable`` in the hub whenever :meth:`receive` has something to tell.

        It must not raise: the loop would call it again and again. While paused nothing is read.
        """
        self._readable = readable
        self.uncork()
        if self._sock is not None and self._reader is None:  # else it was closed before it began
            self._reader = self._loop.io(self._sock.fileno(), READ)
            if not self._paused:
                self._reader.start(readable)
        if self.ended or (self._has_more() and not self._paused):
            self._loop.run_callback(self._notify)

    def receive(self) -> list[str | bytes] | None:
        """Read once; return the messages that are whole now, ``None`` at and after the end.

        Messages that came just before the end are returned first; ``readable`` is called again.
        """
        if self.close_code is not None:
            self._readable = None
            return None
        if self._data:
            data, self._data = self._data, b""
        elif self.framing.more:
            data = b""
        else:
            try:
                data = self._read(min(self.framing.appetite, READ_SIZE))
            except WOULD_BLOCK:
                # After a failed write nothing more will come.
                return self._vanish() if self.ended else []
            except OSError:
                data = b""
            if not data:
                return self._vanish()
        framing = self.framing
        messages = framing.feed(data)
        if framing.replies:
            return self._reply(messages)
        if framing.more or (self._tls is not None and self._tls.pending()) or self.ended:
            # Written out, as this is done for each message. After a failed write (ended) the kernel
            # may still hold what came before it.
            self._loop.run_callback(self._notify)
        return messages

    def pause(self) -> None:
        """Stop reading, so that TCP slows the peer down."""
        self._paused = True
        if self._reader is not None and self.close_code is None:
            self._reader.stop()

    def resume(self) -> None:
        """Read again after :meth:`pause`."""
        if not self._paused:
            return
        self._paused = False
        if self._reader is None or self.close_code is not None:
            return
        self._reader.start(self._readable)
        if self._has_more():
            self._loop.run_callback(self._notify)

    def ping(self) -> None:
        """Ask the peer for a sign of life; nothing happens where the framing has no such thing, or
        the peer does not even take what was written before.
        """
        frame = self.framing.encode_ping()
        if frame and not self.pending:
            self.write(frame)

    def close(self, code: int = NORMAL_CLOSURE, reason: str = "") -> None:
        """Send a close frame and see the close through; return at once.

        What was written before still leaves. Messages that arrive from now on are dropped, and no
        callback but ``closed`` will be called. A second call changes nothing.
        """
        self._readable = None
        if self.close_code is not None:
            return
        self.write(self.framing.encode_close(code, reason))
        self.uncork()
        self.close_code, self.close_reason = code, reason
        self._linger()

    def abort(self) -> None:
        """Close the socket at once, without a close frame; drops what is pending."""
        self._readable = None
        if self.close_code is None:
            self.close_code = ABNORMAL_CLOSURE
        self._release()

    def _has_more(self) -> bool:
        """Whether there is something to take that the watcher does not see."""
        return bool(self._data) or self.framing.more or self._has_decrypted()

    def _notify(self) -> None:
        if self._readable is not None and (not self._paused or self.close_code is not None):
            self._readable()

    def _reply(self, messages: list[str | bytes]) -> list[str | bytes] | None:
        """Send what the framing answers, and end where the peer's input ends."""
        framing = self.framing
        if framing.closing is not None:
            self.close_code, self.close_reason = framing.closing
        elif framing.violation is not None:
            self.close_code = framing.violation.close_code
        else:
            # While there is a tail the framing keeps the latest pong: who pings without reading
            # must not fill our memory.
            if self._tail is None:
                self.write(framing.take_replies())
            if self._has_more():
                self._loop.run_callback(self._notify)
            return messages
        self.write(framing.take_replies())
        self._linger()
        if messages:
            self._loop.run_callback(self._notify)
            return messages
        self._readable = None
        return None

    def _flushed(self) -> None:
        if self.close_code is not None:
            self._settle()
            return
        if self.framing.replies:
            self.write(self.framing.take_replies())
        if self.writable is not None and self._tail is None and not self.ended:
            self.writable()

    def _fail(self) -> None:
        if self.close_code is not None:
            self._release()
            return
        self.ended = True
        self._drop_tail()
        if self._paused:
            # Nobody reads what came before, and the end must be known at once.
            self.close_code = ABNORMAL_CLOSURE
            self._release()
        self._loop.run_callback(self._notify)

    def _vanish(self) -> list[str | bytes] | None:
        self.close_code = ABNORMAL_CLOSURE
        self._readable = None
        self._release()
        return None

    def _linger(self) -> None:
        """Our close frame is written: go on without the owner until the socket can be closed."""
        if self.ended:
            self._release()  # it could not be written
            return
        self.ended = True
        self._settle()
        if self._sock is None:
            return
        self._timer = self._loop.timer(self._close_timeout)
        self._timer.start(self._release)
        if self._reader is None:
            self._reader = self._loop.io(self._sock.fileno(), READ)
        self._reader.stop()
        self._reader.start(self._drain)
        if self._has_more():
            self._loop.run_callback(self._drain)

    def _drain(self) -> None:
        """Read and throw away, to see the peer's close frame or FIN.

        A socket that is closed with unread bytes sends a reset, and that could overtake the close
        frame in the peer's kernel.
        """
        if self._sock is None:
            return
        data, self._data = self._data, b""
        more = self.framing.more
        try:
            # Who floods goes on after our close frame, too.
            data = data if data or more else self._read(min(self.framing.appetite, READ_SIZE))
        except WOULD_BLOCK:
            return
        except OSError:
            self._release()
            return
        if data or more:
            self._throw_away(data)
        elif self._tail is not None:
            # The peer may still read. The watcher would fire for ever; the timer is left.
            self._reader.stop()
        else:
            self._release()

    def _throw_away(self, data: bytes) -> None:
        if self.framing.violation is None:
            self.framing.feed(data)
            if self.framing.closing_handshake:
                self._settle()
        if self._sock is not None and self._has_more():
            self._loop.run_callback(self._drain)

    def _settle(self) -> None:
        """Take the next step of a close, once the tail is gone."""
        if self._tail is not None:
            return
        if self.framing.closing is not None:
            # 7.1.1: the server closes TCP first.
            self._finish_writing()
            self._release()
        elif self.framing.violation is not None or not self.framing.closing_handshake:
            self._finish_writing()

    def _release(self) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer.close()
            self._timer = None
        self._data = b""
        super()._release()
