"""A WebSocket for any WSGI application, without Socket.IO: it waits, as WSGI does.

::

    def application(environ, start_response):
        with accept_websocket(environ) as websocket:
            for message in websocket:
                websocket.send(message)
        return websocket.response()
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any
from weakref import WeakSet

from gevent import Greenlet, GreenletExit, getcurrent
from gevent.event import Event
from gevent.lock import Semaphore
from gevent.queue import Empty, Queue

from ..engine.origin import Origins
from ..exceptions import (
    Disconnected,
    EncodeError,
    HandshakeError,
    OptionError,
    RequestError,
    UsageError,
)
from ..options.checks import AllowedOrigins, make_origins
from ..options.deflate import DeflateOptions, make_deflate_options
from ..transports.http import Request
from ..websocket.connection import Connection
from ..websocket.frames import (
    GOING_AWAY,
    INTERNAL_ERROR,
    NO_STATUS,
    NORMAL_CLOSURE,
    is_close_code,
)
from ..websocket.handshake import Accepted, accept, is_token
from ..websocket.messages import Messages
from .raw_socket import HOSTS, Environ, Host, find_host
from .websocket_drafts import name_origin, open_hixie

_MAX_INBOX = 16
"""Messages that may wait for :meth:`WebSocket.receive` before reading stops."""


def accept_websocket(
    environ: Environ,
    *,
    max_size: int = 1_000_000,
    compression: bool | Mapping[str, Any] | DeflateOptions | None = None,
    subprotocols: Sequence[str] = (),
    origins: AllowedOrigins = "*",
) -> WebSocket:
    """Answer a request with 101 and return its connection, which lives as long as the request.

    :param max_size: bytes that a message from the peer may have; a larger one closes with 1009.
    :param compression: whether permessage-deflate is accepted: True, False, or a dict as for the
        option ``per_message_deflate``.
    :param subprotocols: what the application speaks, the best first; the first one that the client
        offers is told to it, and is ``subprotocol`` (RFC 6455 section 1.9).
    :param origins: the pages that may connect, beside those without an ``Origin``, which are no
        browser's: None for those of our own origin, one origin or several for these too, a
        function; ``"*"`` for all. Browsers send their cookies along wherever a page comes from, so
        an application that goes by cookies must not leave it at that.
    :raises HandshakeError: the request is no WebSocket handshake, or a bad one, or of a page that
        may not connect; answer it with the error's ``http_status`` and ``headers``.
    :raises UsageError: the WSGI server cannot hand over a socket; the message names those that can.
    :raises OptionError: `compression`, `subprotocols` or `origins` cannot be used.
    """
    deflate_options = make_deflate_options("compression", compression)
    name_origin(environ)
    request = Request(environ, {})
    _check_origin(request, make_origins("origins", origins))
    subprotocol = _choose(subprotocols, request.header("sec-websocket-protocol"))
    accepted = accept(
        request.method,
        environ.get("SERVER_PROTOCOL", ""),
        request.headers,
        [("Sec-WebSocket-Protocol", subprotocol)] if subprotocol is not None else [],
        deflate_options,
    )
    found = find_host(environ)
    if found is None:
        names = ", ".join(host.name for host in HOSTS)
        raise UsageError(f"WebSocket needs a WSGI server that runs on gevent, one of: {names}")
    host, _ = found
    websocket = WebSocket(take_connection(environ, host, accepted, max_size), host)
    if not host.upgraded:
        websocket.subprotocol = subprotocol
    current = getcurrent()
    if isinstance(current, Greenlet):
        current.rawlink(websocket._abandon)
    _close_on_stop(host, environ, websocket)
    return websocket


def _check_origin(request: Request, allowed: AllowedOrigins) -> None:
    try:
        Origins(allowed, credentials=False).check(request)
    except RequestError as error:
        raise HandshakeError(error.http_status, str(error)) from None


def _choose(subprotocols: Sequence[str], offered: str) -> str | None:
    if isinstance(subprotocols, str) or not all(map(is_token, subprotocols)):
        raise OptionError(f"subprotocols are tokens such as ['v2.chat'], not {subprotocols!r}")
    offers = {offer.strip() for offer in offered.split(",")}
    return next((name for name in subprotocols if name in offers), None)


def take_connection(environ: Environ, host: Host, accepted: Accepted, max_size: int) -> Connection:
    """Take the socket of a request whose handshake is accepted, and write the 101.

    The 101 leaves when the connection is started or closed, together with what is written until
    then. A host that has sent its own has negotiated nothing. A client of Hixie-76 is waited for;
    if it does not come to its end of the handshake, the connection has its ``close_code`` already.
    """
    sock, data = host.take(environ)
    if accepted.hixie_key is not None:
        return open_hixie(sock, accepted, data, max_size, host_closes=host.parks)
    framing = Messages(max_size, None if host.upgraded else accepted.deflate)
    connection = Connection(sock, framing, data, host_closes=host.parks)
    if not host.upgraded:
        connection.cork()
        connection.write(accepted.head)
    return connection


class WebSocket:
    """A connection that was accepted. Any greenlets of its thread may use it, together too.

    As a context manager it is closed at the end of the block, with 1011 after an exception. Where
    the exception is the ``Disconnected`` of its own peer, the block ends quietly.
    """

    def __init__(self, connection: Connection, host: Host) -> None:
        #: What both sides agreed to speak, None for nothing in particular.
        self.subprotocol: str | None = None
        self._connection = connection
        self._host = host
        self._inbox: Queue[str | bytes | None] = Queue()  # None: the end, for whoever asks
        self._writable = Event()
        self._sending = Semaphore()  # those who wait are served in their order
        self._closed = Event()
        connection.writable = self._writable.set
        connection.closed = self._closed.set
        connection.start(self._readable)

    @property
    def close_code(self) -> int | None:
        """The code of the close frame that came first; 1006 if there was none, None until then."""
        return self._connection.close_code

    @property
    def close_reason(self) -> str:
        """What the close frame gave as its reason."""
        return self._connection.close_reason

    def receive(self, timeout: float | None = None) -> str | bytes | None:
        """Wait for the next message and return it: text as ``str``, binary as ``bytes``.

        :returns: None after the end, when all that came before it has been returned.
        :raises TimeoutError: nothing came within `timeout` seconds.
        """
        try:
            message = self._inbox.get(timeout=timeout)
        except Empty:
            raise TimeoutError(f"no message within {timeout} s") from None
        if message is None:
            self._inbox.put(None)
        elif self._inbox.empty():
            self._connection.resume()
        return message

    def __iter__(self) -> Iterator[str | bytes]:
        """The messages, until the end."""
        while (message := self.receive()) is not None:
            yield message

    def send(self, message: str | bytes) -> None:
        """Send a message; wait first while the peer is too slow for what was sent before.

        :raises Disconnected: the connection is closed, by either side.
        :raises EncodeError: the message is neither text nor bytes.
        """
        if not isinstance(message, str | bytes | bytearray):
            raise EncodeError(f"a WebSocket carries str and bytes, not {type(message).__name__}")
        connection = self._connection
        with self._sending:
            while connection.pending and not connection.ended:
                self._writable.clear()
                self._writable.wait()
            if not connection.ended:
                connection.write(connection.framing.encode(message))
        if connection.ended:
            raise Disconnected("the WebSocket is closed")

    def close(self, code: int = NORMAL_CLOSURE, reason: str = "") -> None:
        """Close, and wait until it is done, for seconds at most; again it only waits.

        :param code: 1000 to 1003, 1007 to 1014, 3000 to 4999, or 1005 for none.
        :param reason: for the peer, cut to 123 bytes.
        :raises ValueError: for any other code.
        """
        if code != NO_STATUS and not is_close_code(code):
            raise ValueError(f"close code {code} must not be sent")
        self._close(code, reason)
        try:
            self._closed.wait()
        except BaseException:
            self._connection.abort()  # the host wants its greenlet and its socket back
            raise

    def response(self) -> Iterable[bytes]:
        """Close, if that is not done yet; return what the application has to return.

        The server takes it for a request that is answered, and says nothing more itself.
        """
        self.close()
        return self._host.handled()

    def __enter__(self) -> WebSocket:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        left = isinstance(error, Disconnected) and self._connection.ended
        if isinstance(error, GreenletExit):
            self.close(GOING_AWAY)
        else:
            self.close(NORMAL_CLOSURE if error is None else INTERNAL_ERROR)
        return left

    def _readable(self) -> None:
        connection = self._connection
        try:
            messages = connection.receive()
        except BaseException:
            # The loop would call us again for the same bytes, for ever.
            connection.abort()
            self._inbox.put(None)
            self._writable.set()
            raise
        for message in [None] if messages is None else messages:
            self._inbox.put(message)
        if self._inbox.qsize() >= _MAX_INBOX:
            connection.pause()
        if connection.ended:
            self._writable.set()

    def _close(self, code: int, reason: str = "") -> None:
        self._connection.close(code, reason)
        # From now on nobody calls us but for the closed socket.
        self._inbox.put(None)
        self._writable.set()

    def _abandon(self, greenlet: object) -> None:
        """The request has ended, perhaps by an exception."""
        self._close(INTERNAL_ERROR)


class _OpenWebSockets(WeakSet[WebSocket]):
    """What a host calls when it stops."""

    def __call__(self) -> None:
        for websocket in list(self):
            websocket._close(GOING_AWAY)


def _close_on_stop(host: Host, environ: Environ, websocket: WebSocket) -> None:
    hooks = host.on_stop(environ)
    if hooks is None:
        return
    found = next((hook for hook in hooks if isinstance(hook, _OpenWebSockets)), None)
    if found is None:
        found = _OpenWebSockets()
        hooks.append(found)
    found.add(websocket)
