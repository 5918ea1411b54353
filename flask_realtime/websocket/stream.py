"""A taken socket, plain or TLS, that is read and written without ever waiting."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from socket import SHUT_RDWR, SHUT_WR
from ssl import SSLWantReadError, SSLWantWriteError
from typing import TYPE_CHECKING, Any, cast

from gevent.ssl import SSLSocket

if TYPE_CHECKING:
    from gevent.socket import socket

# What is read at once others have to wait for: beside a client that floods with messages of 900 KB
# they waited 2.2 times as long as alone at 65,536 bytes, and 1.5 times at this.
READ_SIZE = 24576

# Under TLS either operation may want the other direction; that counts as empty or full too.
# (Only renegotiation does it, which OpenSSL 3 refuses to clients.)
WOULD_BLOCK = (BlockingIOError, SSLWantReadError, SSLWantWriteError)

READ = 1
WRITE = 2


class Stream(ABC):
    """The part of a connection that knows sockets; what a message is, it does not.

    :param sock: a connected socket of gevent; nobody else may use it from now on.
    :param host_closes: whether the host closes it, and reads it once more before that: we only shut
        it down then.
    """

    __slots__ = (
        "_host_closes",
        "_loop",
        "_read",
        "_reader",
        "_send",
        "_sock",
        "_tail",
        "_tls",
        "_writer",
        "closed",
        "ended",
        "writable",
    )

    def __init__(self, sock: socket, host_closes: bool = False) -> None:
        #: Whether nothing more can be written.
        self.ended = False
        #: Called in the hub when all is gone that :meth:`write` could not hand over at once.
        self.writable: Callable[[], None] | None = None
        #: Called once, when the socket has been closed, whoever wanted it.
        self.closed: Callable[[], None] | None = None
        self._sock = cast(Any, sock)
        self._host_closes = host_closes
        self._loop = self._sock.hub.loop
        # Not gevent's own recv and send: they wait, and make a watcher each time. And not the raw
        # socket's under TLS: it would write plain text.
        tls = isinstance(sock, SSLSocket)
        self._tls: Any = self._sock._sslobj if tls else None
        if self._tls is None:
            raw = self._sock._sock
            self._read: Callable[[int], bytes] = raw.recv
            self._send: Callable[[bytes | memoryview], int] = raw.send
        else:
            self._read = self._tls.read
            self._send = self._tls.write
        # What the kernel has not taken yet. A view: cutting it copies nothing, and a frame that
        # many connections share stays one.
        self._tail: memoryview | None = None
        self._reader: Any = None
        self._writer: Any = None

    @property
    def pending(self) -> int:
        """Bytes that were written and that the kernel has not taken yet."""
        return 0 if self._tail is None else len(self._tail)

    def write(self, data: bytes) -> bool:
        """Hand bytes to the kernel; return whether it took all of them.

        What it did not take is kept and leaves by itself; then ``writable`` is called. Never
        raises: on a dead socket it returns ``False``, and ``ended`` tells.
        """
        if self.ended:
            return False
        if self._tail is not None:
            # Only close frames come here: the owner asks for ``pending`` first.
            self._tail = memoryview(b"".join((self._tail, data)))
            return False
        try:
            sent = self._send(data)
        except WOULD_BLOCK:
            sent = 0
        except OSError:
            self._fail()
            return False
        if sent == len(data):
            return True
        self._tail = memoryview(data)[sent:]
        self._writer = self._loop.io(self._sock.fileno(), WRITE)
        self._writer.start(self._flush)
        return False

    def cork(self) -> None:
        """Keep what is written, until :meth:`uncork`. So long :attr:`pending` knows nothing of it:
        whoever corks uncorks before anything else may run.
        """
        self._send = _Cork(self._send)

    def uncork(self) -> None:
        """Send what was kept since :meth:`cork`, as one: a handshake and the message behind it cost
        a system call and a packet less.
        """
        cork = self._send
        if isinstance(cork, _Cork):
            self._send = cork.send
            self.write(b"".join(cork.kept))

    def _flush(self) -> None:
        """The kernel has room for the tail."""
        assert self._tail is not None
        try:
            # What TLS did not take must be offered again as it was.
            sent = self._send(self._tail)
        except WOULD_BLOCK:
            return
        except OSError:
            self._fail()
            return
        if sent < len(self._tail):
            self._tail = self._tail[sent:]
            return
        self._drop_tail()
        self._flushed()

    @abstractmethod
    def _flushed(self) -> None:
        """The tail is gone."""

    @abstractmethod
    def _fail(self) -> None:
        """A write met a dead socket."""

    def _has_decrypted(self) -> bool:
        """Whether there are bytes that no watcher will tell of."""
        return self._tls is not None and self._tls.pending() > 0

    def _drop_tail(self) -> None:
        self._tail = None
        if self._writer is not None:
            _discard(self._writer)
            self._writer = None

    def _finish_writing(self) -> None:
        """Send FIN, after the word that ends a TLS session; what comes now is read undecrypted."""
        if self._tls is not None:
            # OpenSSL takes data after this for an error, though the peer may be sending still.
            self._read = self._sock._sock.recv
            try:
                self._tls.shutdown()
            except OSError:
                pass  # as a rule SSLWantReadError: the peer has not answered, nobody waits for it
        self._shutdown(SHUT_WR)

    def _shutdown(self, how: int) -> None:
        try:
            self._sock._sock.shutdown(how)
        except OSError:
            pass  # the peer was faster

    def _release(self) -> None:
        """Close the socket, or leave that to the host, and let go of everything; idempotent."""
        if self._sock is None:
            return
        self.ended = True
        self.writable = None
        self._drop_tail()
        # Watchers first: the number of a closed descriptor may be another's in a moment.
        if self._reader is not None:
            _discard(self._reader)
            self._reader = None
        # The host may hold the socket too, and then close() alone would leave it open.
        self._shutdown(SHUT_RDWR)
        if self._host_closes:
            self._read_up()
        else:
            self._sock.close()
        self._sock = self._tls = None
        self._read = self._send = _gone
        closed, self.closed = self.closed, None
        if closed is not None:
            closed()

    def _read_up(self) -> None:
        """Throw away what came, which the host would take for its next request."""
        try:
            while self._read(READ_SIZE):
                pass
        except OSError:
            pass


class _Cork:
    """Stands for the kernel, and takes everything.

    :param send: the kernel's own.
    """

    __slots__ = ("kept", "send")

    def __init__(self, send: Callable[[bytes | memoryview], int]) -> None:
        self.send = send
        self.kept: list[bytes | memoryview] = []

    def __call__(self, data: bytes | memoryview) -> int:
        self.kept.append(data)
        return len(data)


def _discard(watcher: Any) -> None:
    watcher.stop()
    watcher.close()


def _gone(_: object) -> Any:
    raise BrokenPipeError
