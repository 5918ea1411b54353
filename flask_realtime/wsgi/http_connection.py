"""One TCP connection that speaks HTTP/1: reads requests, runs the application, answers in order."""

from __future__ import annotations

import traceback
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Any

import gevent

from ..exceptions import BodyError, HTTPError, UsageError
from .flash_policy import REQUEST, FlashPolicy, receive_request
from .logs import format_request, format_target
from .raw_socket import SocketPeer
from .request_body import open_body, unreadable_body
from .request_parser import Request, RequestParser
from .response import DRAINED_SIZE, Response, error_response
from .timed_socket import RECEIVE_SIZE, TimedSocket

if TYPE_CHECKING:
    from gevent.socket import socket as GeventSocket
    from greenlet import greenlet as Greenlet

    from .server import WSGIServer

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"

# One recv can bring thousands of requests; after so many the other connections get their turn.
PIPELINED_REQUESTS = 4

# What is read at once where a request may begin in it: 64 KiB of pipelined requests are two
# thousand environs, and cost 10 ms to parse.
HEAD_SIZE = 4096


class HTTPConnection:
    """The server's side of one connection; ``environ["flask_realtime.http_connection"]``.

    :param sock: the gevent socket, plain or TLS.
    :param address: of the peer, as ``accept`` gave it.
    """

    __slots__ = (
        "greenlet",
        "idle",
        "_address",
        "_parser",
        "_peer",
        "_response",
        "_server",
        "_stream",
        "_taken",
    )

    def __init__(self, sock: GeventSocket, address: Any, server: WSGIServer) -> None:
        self.greenlet: Greenlet = gevent.getcurrent()
        self.idle = False
        self._server = server
        self._response: Response | None = None  # the one that the application is at
        self._taken = False
        self._peer: SocketPeer | None = None  # once a request has waited
        environ = server.get_environ()
        environ["flask_realtime.http_connection"] = self
        # A peer on a Unix socket has no address, or a useless one.
        self._address = environ["REMOTE_ADDR"] = address[0] if isinstance(address, tuple) else ""
        if isinstance(address, tuple):
            environ["REMOTE_PORT"] = str(address[1])
        self._parser = RequestParser(environ, server.limits)
        self._stream = TimedSocket(sock, server.deadlines, server.limits.send_timeout)

    @property
    def server(self) -> WSGIServer:
        """The server that it belongs to."""
        return self._server

    @property
    def sock(self) -> GeventSocket:
        """The gevent socket. Who reads or writes it has to :meth:`take` it first."""
        return self._stream.sock

    @property
    def peer(self) -> SocketPeer:
        """Says, while a request waits, when its client is gone."""
        if self._peer is None:
            self._peer = SocketPeer(self._stream.sock)
        return self._peer

    def take(self) -> tuple[GeventSocket, bytes]:
        """Take the socket out of HTTP, for another protocol.

        From now on the server neither reads, writes nor closes it, and ignores (but closes) what
        the application returns.

        :returns: the gevent socket, and the bytes that followed the head of the request.
        :raises UsageError: the request is no upgrade, or its answer has begun.
        """
        response = self._response
        if response is None or self._taken or not response.request.upgrade:
            raise UsageError("take() works once, while a request with Connection: Upgrade runs")
        if response.head_sent:
            raise UsageError("take() after the response has begun; call it before write()")
        self._taken = True
        self._close_peer()
        return self._stream.release(), self._parser.rest

    def finish(self) -> None:
        """Answer what has begun, then close; at once if nothing has."""
        if self._response is not None:
            self._response.keep_alive = False
        # By way of the hub: whoever switches to a greenlet that ends is not switched back to.
        gevent.get_hub().loop.run_callback(self._expire_idle)

    def _close_peer(self) -> None:
        peer, self._peer = self._peer, None
        if peer is not None:
            peer.close()

    def _expire_idle(self) -> None:
        if self.idle:
            self._stream.expire()

    def serve(self) -> None:
        """Answer requests until either side has enough; then the socket is closed, or taken."""
        try:
            while self._receive_requests() and self._answer_requests():
                pass
        except OSError:
            pass  # the client has left, or takes nothing: there is nobody to tell
        finally:
            self._response = None
            self._parser.close()
            self._close_peer()
            if not self._taken:
                self._stream.close()
            # The environ may live on with the application, and this object with it.
            del self._parser, self._stream

    def _receive_requests(self) -> bool:
        """Wait for a request, or for an error to answer; false when nothing more comes."""
        server = self._server
        parser = self._parser
        if parser.between_requests:
            self.idle = True
            try:
                deadline = server.deadlines.after(server.limits.keep_alive_timeout)
                data = self._stream.receive(deadline, HEAD_SIZE)
            except TimeoutError:
                return False
            finally:
                self.idle = False
            if not data:
                return False
            if data[0] == REQUEST[0] and server.flash_policy is not None:
                data = self._answer_flash(server.flash_policy, data)
                if not data:
                    return False
            parser.feed(data)
            if parser.requests:
                return True
        return self._receive_head()

    def _receive_head(self) -> bool:
        server = self._server
        parser = self._parser
        deadline = server.deadlines.after(server.limits.header_timeout)
        while not parser.requests and parser.error is None:
            try:
                data = self._stream.receive(deadline, HEAD_SIZE)
            except TimeoutError:
                parser.error = HTTPError("408 Request Timeout", "the headers came too slowly")
                return True
            if not data:
                return False
            parser.feed(data)
        return True

    def _answer_flash(self, policy: FlashPolicy, data: bytes) -> bytes:
        """Answer Flash, which asks for a policy; return what is no such request."""
        deadline = self._server.deadlines.after(self._server.limits.header_timeout)
        data = receive_request(data, partial(self._stream.receive, deadline, HEAD_SIZE))
        if not data.startswith(REQUEST):
            return data
        self._stream.send(policy.for_connection(self._stream.sock))
        self._stream.linger()
        return b""

    def _answer_requests(self) -> bool:
        """Answer what has arrived; true if the connection may go on."""
        parser = self._parser
        requests = parser.requests
        answered = 0
        while requests:
            if not self._answer(requests.popleft()):
                return False
            answered += 1
            if answered % PIPELINED_REQUESTS == 0:
                # Not sleep(0): that comes back before the loop has looked at the other sockets.
                gevent.sleep(1e-6)
        if parser.error is None:
            return True
        self._refuse(parser.error.http_status)
        return False

    def _answer(self, request: Request) -> bool:
        server = self._server
        started = 0.0 if server.log is None else perf_counter()
        request.environ["wsgi.input"] = open_body(request, self._receive_body)
        keep_alive = request.keep_alive and not server.stopping
        response = self._response = Response(request, self._stream.send, keep_alive)
        self._run_application(request, response)
        self._response = None
        if server.log is not None:
            self._log(server, response, perf_counter() - started)
        if self._taken:
            return False
        if request.complete and not request.upgrade:
            return response.keep_alive
        if response.keep_alive and self._drain(request):
            return True
        if not self._stream.broken:
            self._stream.linger()
        return False

    def _run_application(self, request: Request, response: Response) -> None:
        try:
            result = self._server.application(request.environ, response.start_response)
            try:
                if not self._taken:
                    response.send_all(result)
            finally:
                # PEP 3333: whatever happened, and also when the client has left.
                if hasattr(result, "close"):
                    result.close()
        except (Exception, gevent.Timeout) as error:
            response.keep_alive = False
            self._fail(error, response)

    def _fail(self, error: BaseException, response: Response) -> None:
        if self._stream.broken and isinstance(error, OSError):
            return  # it is the client who has left; the application has done nothing wrong
        status = "500 Internal Server Error"
        if isinstance(error, BodyError):
            status = error.http_status
        else:
            self._log_error(error, response.request)
        if response.head_sent or self._taken:
            return  # only the early end of the connection can tell the client
        response.head_sent = True
        response.status = status
        try:
            self._stream.send(error_response(status, with_body=not response.request.is_head))
        except OSError:
            pass

    def _receive_body(self, request: Request) -> None:
        """Have the parser add to the body of the request.

        :raises BodyError: it is malformed, too large, too slow, or the client has left.
        """
        parser = self._parser
        if request.expects_continue:
            request.expects_continue = False
            self._stream.send(CONTINUE)
        if parser.error is None:
            self._feed_body(request)
        if parser.error is not None and not request.body and not request.complete:
            if self._response is not None:
                self._response.keep_alive = False
            raise unreadable_body(parser.error)

    def _feed_body(self, request: Request) -> None:
        server = self._server
        parser = self._parser
        deadlines = server.deadlines
        begin = deadlines.now
        size = HEAD_SIZE
        if request.content_length is not None:
            size = min(request.content_length - request.body_size, RECEIVE_SIZE)
        try:
            data = self._stream.receive(deadlines.after(server.limits.body_patience(request)), size)
        except TimeoutError:
            parser.error = HTTPError("408 Request Timeout", "the body came too slowly")
            return
        request.body_waited += deadlines.now - begin
        if data:
            parser.feed(data)
        else:
            parser.error = HTTPError("400 Bad Request", "the client left in the middle of its body")

    def _drain(self, request: Request) -> bool:
        """Read what the application left of the body; true if that was worth it."""
        enough = request.body_size + DRAINED_SIZE
        while not request.complete and request.body_size <= enough:
            request.body.clear()
            try:
                self._receive_body(request)
            except OSError:
                return False
        return request.complete

    def _refuse(self, status: str) -> None:
        """Answer what is no request, or none that will be carried out."""
        if self._server.log is not None:
            self._server.log.write(format_request(self._address, None, status, 0, None))
        self._stream.send(error_response(status))
        self._stream.linger()

    def _log(self, server: WSGIServer, response: Response, seconds: float) -> None:
        line = format_request(
            self._address, response.request.environ, response.status, response.body_size, seconds
        )
        assert server.log is not None
        server.log.write(line)

    def _log_error(self, error: BaseException, request: Request) -> None:
        text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
        target = format_target(request.environ)
        self._server.error_log.write(f"{text}{target} failed with {type(error).__name__}\n")
