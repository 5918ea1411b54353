"""A gevent socket whose waits have deadlines and whose reading needs one watcher for its life.

gevent's own ``recv`` tries first and makes and drops a waiter per call; on a keep-alive connection
the first try nearly always fails. Here the wait comes first (HTTP answers before it reads again),
with a watcher that is kept: a quarter more requests per second. The watcher is stopped whenever
nobody waits, for it would wake the greenlet out of the application's own waits.
"""

from __future__ import annotations

import socket
import ssl
from contextlib import suppress
from math import inf
from typing import TYPE_CHECKING, Any

import gevent
from gevent.ssl import SSLSocket

from .deadlines import Deadlines

if TYPE_CHECKING:
    from gevent._types import _IoWatcher
    from gevent.socket import socket as GeventSocket
    from greenlet import greenlet as Greenlet

READ, WRITE = 1, 2

# More per call costs more, not less: from 128 KiB on the allocator asks the kernel for pages.
RECEIVE_SIZE = 65536

# How long to listen to a client that has been refused and may not have noticed, in seconds.
LINGER_TIMEOUT = 2.0


class TimedSocket:
    """Reading and writing of one TCP connection, in the greenlet that calls.

    :param sock: the gevent socket, plain or TLS; it is made non-blocking until :meth:`release`.
    :param deadlines: the clock of the server.
    :param send_timeout: how long the peer may take nothing of what is sent, in seconds.

    ``broken`` says that an error of this connection, and not of the application, was raised.
    """

    __slots__ = (
        "broken",
        "deadline",
        "sock",
        "_deadlines",
        "_hub",
        "_receive",
        "_send",
        "_send_timeout",
        "_tls",
        "_waiter",
        "_watcher",
    )

    def __init__(self, sock: GeventSocket, deadlines: Deadlines, send_timeout: float) -> None:
        self.sock = sock
        self.broken = False
        self.deadline = inf
        self._deadlines = deadlines
        self._hub = gevent.get_hub()
        self._send_timeout = send_timeout
        self._tls = isinstance(sock, SSLSocket)
        self._waiter: Greenlet | None = None
        self._watcher: _IoWatcher | None = None
        sock.setblocking(False)
        # What gevent wraps: one Python frame less per call. Never ``_sock`` under TLS, where it
        # reads and writes past the encryption.
        inner: Any = sock
        self._receive = inner._sslobj.read if self._tls else inner._sock.recv
        self._send = inner._sslobj.write if self._tls else inner._sock.send
        deadlines.add(self)

    def receive(self, deadline: float, size: int = RECEIVE_SIZE) -> bytes:
        """Whatever has arrived, at most `size` bytes; empty at the end of the stream.

        :param deadline: in the time of :class:`Deadlines`.
        :raises TimeoutError: nothing came before the deadline, or :meth:`expire` was called.
        :raises OSError: the connection is broken.
        """
        if not self._tls:
            self._wait(READ, deadline)
        while True:
            try:
                # Under TLS the try comes first: what is decrypted already wakes no watcher.
                received: bytes = self._receive(size)
                return received
            except (BlockingIOError, ssl.SSLWantReadError):
                self._wait(READ, deadline)
            except ssl.SSLWantWriteError:
                self._wait(WRITE, deadline)
            except ssl.SSLZeroReturnError:
                return b""  # TLS's own end of stream
            except OSError:
                self.broken = True
                raise

    def send(self, data: bytes) -> None:
        """Everything to the kernel: at once where it fits, else waiting for the peer.

        :raises TimeoutError: the peer took nothing for ``send_timeout``.
        :raises OSError: the connection is broken.
        """
        try:
            sent = self._try_send(data)
            if sent < len(data):
                self._send_rest(memoryview(data)[sent:])
        except OSError:
            self.broken = True
            raise

    def _send_rest(self, rest: memoryview) -> None:
        while rest:
            self._wait(WRITE, self._deadlines.after(self._send_timeout))
            rest = rest[self._try_send(rest) :]

    def _try_send(self, data: bytes | memoryview) -> int:
        try:
            sent: int = self._send(data)
        except (BlockingIOError, ssl.SSLWantWriteError):
            return 0
        except ssl.SSLWantReadError:
            self._wait(READ, self._deadlines.after(self._send_timeout))
            return 0
        return sent

    def _wait(self, events: int, deadline: float) -> None:
        watcher = self._watcher
        if events == WRITE or watcher is None:
            watcher = self._hub.loop.io(self.sock.fileno(), events)
            if events == READ:
                self._watcher = watcher
        waiter = self._waiter = gevent.getcurrent()
        self.deadline = deadline
        watcher.start(waiter.switch, True)
        try:
            ready = self._hub.switch()
        finally:
            self._waiter = None
            self.deadline = inf
            watcher.stop()
            if events == WRITE:
                watcher.close()
        if not ready:
            raise TimeoutError("the peer did nothing for too long")

    def expire(self) -> None:
        """End the wait that is under way, if there is one, with ``TimeoutError``. In the hub."""
        if self._waiter is not None:
            self._waiter.switch(False)

    def linger(self) -> None:
        """Say that nothing more is sent, and swallow for a moment what still comes.

        Closed with unread bytes, the kernel resets the connection, and the client may lose the
        answer that it has not read yet (RFC 9112 section 9.6).
        """
        self._say_goodbye()
        inner: Any = self.sock
        self._tls = False
        self._receive = inner._sock.recv
        deadline = self._deadlines.after(LINGER_TIMEOUT)
        with suppress(OSError):
            inner._sock.shutdown(socket.SHUT_WR)
            while self.receive(deadline):
                pass

    def release(self) -> GeventSocket:
        """Give the socket back as it was, blocking in gevent's way; this object is done."""
        self._close_watcher()
        self._deadlines.discard(self)
        self.sock.settimeout(None)
        return self.sock

    def close(self) -> None:
        """Close the connection."""
        self._close_watcher()
        self._deadlines.discard(self)
        self._say_goodbye()
        self.sock.close()

    def _say_goodbye(self) -> None:
        """TLS's own end of stream, so that the client knows that nothing was cut off."""
        if self._tls and not self.broken:
            inner: Any = self.sock
            with suppress(OSError, ValueError):  # it also asks for the peer's, and need not wait
                inner._sslobj.shutdown()

    def _close_watcher(self) -> None:
        if self._watcher is not None:
            self._watcher.close()
            self._watcher = None
