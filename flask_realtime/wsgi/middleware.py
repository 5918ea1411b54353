"""Socket.IO in front of a WSGI application: what is ours is answered, the rest is passed on."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import count
from typing import Any, Protocol
from urllib.parse import parse_qsl

from gevent.event import Event
from gevent.socket import socket

from ..engine.engine import Engine
from ..exceptions import HandshakeError, HTTPError, RequestError
from ..options import Options
from ..protocol.refusals import STOPPING, refused_by, request_error
from ..protocol.request import BY_UPGRADE, ClientRequest, parse_request, unread_request
from ..transports.http import NO_CONTENT, SERVED_BY, Headers, Request, Response, respond
from ..websocket.connection import Connection
from ..websocket.frames import POLICY_VIOLATION
from ..websocket.handshake import Accepted, accept, is_websocket
from .client_files import MINIFIED, ClientFiles, not_found
from .proxy import Application, behind_same_proxy
from .raw_socket import Environ, Host, find_host, is_stopping
from .request_parser import MAX_LENGTH_DIGITS
from .response import Response as HTTPResponse
from .websocket import take_connection
from .websocket_drafts import find_location, name_origin

log = logging.getLogger("flask_realtime.wsgi")

StartResponse = Callable[..., Any]

_MAX_FIELDS = 100
"""In a query; one of more is read as empty."""

_WRONG_HOST = b"""\
Socket.IO needs a server that runs on gevent; this one gives each request a thread or a process.
Start the application with one of:
    io.run(app)
    flask --app module realtime run
    gunicorn -k flask_realtime.wsgi.gunicorn.Worker module:app
    gunicorn -k gevent module:app
"""


class Served(Protocol):
    """What is put in front of an application: all that this folder knows of Socket.IO."""

    options: Options
    engine: Engine

    def start(self) -> None:
        """Belong to this thread's hub, from the first request on."""

    @property
    def hosts(self) -> Collection[str]:
        """Those that it attends."""

    def attend(self, host: str) -> None:
        """Take clients of this host from now on."""

    def leave(self, host: str) -> None:
        """End the sessions of a host, which stops, and take no new ones if it was the last."""


class Middleware:
    """A WSGI application that answers below the server's path, and passes on all other requests.

    :param server: the Socket.IO server.
    :param application: the one behind it; if it is a ``ProxyFix``, our requests are fixed alike.
    """

    def __init__(self, server: Served, application: Application) -> None:
        self.server = server
        self.application = application
        self._files = ClientFiles()
        self._warned = False
        self._serve = behind_same_proxy(application, self._serve_host)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        server = self.server
        mount = server.options.path
        path: str = environ.get("PATH_INFO", "")
        if not path.startswith(mount) or path[len(mount) :][:1] not in ("", "/"):
            return self.application(environ, start_response)
        tail = self._tail(environ)
        if "." in tail and server.options.serve_client:
            file = self._find_file(tail, environ)
            if file is not None:
                return _send_file(file, start_response)
        return self._serve(environ, start_response)

    def _tail(self, environ: Environ) -> str:
        """A request's path below the server's."""
        path: str = environ["PATH_INFO"]
        return path[len(self.server.options.path) + 1 :]

    def _find_file(self, tail: str, environ: Environ) -> Response | None:
        query = _parse_query(environ.get("QUERY_STRING", ""))
        client = query.get("client", self.server.options.client_version)
        if tail == "socket.io.js" and self.server.options.client_minified:
            tail = MINIFIED
        method: str = environ["REQUEST_METHOD"]
        file = self._files.find(tail, method, Request(environ, {}).headers, client)
        if file is None and _names_file(tail, environ):
            return not_found(method)
        return file

    def _serve_host(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        server = self.server
        found = find_host(environ)
        if found is None:
            if not self._warned:
                self._warned = True
                log.warning("Socket.IO cannot be served here. %s", _WRONG_HOST.decode())
            text = "text/plain; charset=UTF-8"
            return _send(respond(_WRONG_HOST, text, "503 Service Unavailable"), start_response)
        server.start()
        environ[SERVED_BY] = self._attend(found[0], environ)
        return self._answer(environ, start_response, *found)

    def _attend(self, host: Host, environ: Environ) -> str:
        """Know the host of a request until it stops; return its name."""
        server = self.server
        hooks = host.on_stop(environ)
        if hooks is None:  # it tells nobody, or has told already
            if not is_stopping(environ) and host.name not in server.hosts:
                server.attend(host.name)
            return host.name
        for hook in hooks:
            if isinstance(hook, _Leave) and hook.server is server:
                return hook.host
        leave = _Leave(server, f"{host.name} {next(_numbers)}")
        hooks.append(leave)  # called once: a host that is started again has none
        server.attend(leave.host)
        return leave.host

    def _answer(
        self, environ: Environ, start_response: StartResponse, host: Host, sock: socket
    ) -> Iterable[bytes]:
        engine = self.server.engine
        name_origin(environ)
        request = Request(environ, _parse_query(environ.get("QUERY_STRING", "")))
        tail = self._tail(environ)
        wanted: ClientRequest | None = None
        try:
            wanted = parse_request(tail, request.query)
            if wanted.sid is None and is_stopping(environ):
                raise request_error(STOPPING)
            if _is_upgrade(wanted) and is_websocket(headers := request.headers):
                return self._open_websocket(request, headers, wanted, environ, host)
            read = partial(_read_body, environ, engine.options.max_http_buffer_size)
            peer = host.peer(environ, sock) if environ["REQUEST_METHOD"] == "GET" else None
            response = engine.handle(request, wanted, peer, read)
        except (RequestError, HTTPError) as error:
            unread = wanted or unread_request(tail, request.query)
            response = self._refuse(request, unread, error)
            if host.upgraded:
                refused = refused_by(error)
                return _refuse_upgraded(environ, host, f"{refused.name}: {refused}")
        return _send(response, start_response)

    def _refuse(
        self, request: Request, wanted: ClientRequest, error: RequestError | HTTPError
    ) -> Response:
        engine = self.server.engine
        response = engine.refuse(request, wanted, error)
        if isinstance(error, HandshakeError):
            response = response._replace(headers=(*response.headers, *error.headers))
        return _with_cors(response, engine.cors(request, wanted))

    def _open_websocket(
        self,
        request: Request,
        headers: dict[str, str],
        wanted: ClientRequest,
        environ: Environ,
        host: Host,
    ) -> Iterable[bytes]:
        engine = self.server.engine
        admitted = engine.admit_websocket(request, wanted)
        options = engine.options
        accepted = accept(
            request.method,
            environ.get("SERVER_PROTOCOL", ""),
            headers,
            admitted.headers,
            deflate_options=options.per_message_deflate,
            location=find_location(request) if engine.takes_hixie(wanted) else None,
        )
        connection = take_connection(environ, host, accepted, options.max_http_buffer_size)
        if connection.close_code is not None:
            return host.handled()
        with _parked(host, connection):
            try:
                engine.open_websocket(request, wanted, admitted, connection)
            except BaseException:
                connection.abort()  # nobody else knows it
                raise
        return host.handled()


_numbers = count(1)


class _Leave:
    """What a host calls when it stops."""

    def __init__(self, server: Served, host: str) -> None:
        self.server = server
        self.host = host

    def __call__(self) -> None:
        self.server.leave(self.host)


def _is_upgrade(wanted: ClientRequest) -> bool:
    return wanted.transport in BY_UPGRADE and not wanted.leaves


@contextmanager
def _parked(host: Host, connection: Connection) -> Iterator[None]:
    """Keep the request's greenlet until the connection is closed, where the host needs that."""
    if not host.parks:
        yield
        return
    closed = Event()
    connection.closed = closed.set
    yield
    try:
        closed.wait()
    except BaseException:
        connection.abort()  # the host kills the greenlet, and must find nothing to read
        raise


def _refuse_upgraded(environ: Environ, host: Host, reason: str) -> Iterable[bytes]:
    """Refuse where the 101 is out already: by a close code."""
    connection = take_connection(environ, host, Accepted(b"", None), max_size=0)
    with _parked(host, connection):
        connection.close(POLICY_VIOLATION, reason)
    return host.handled()


def _names_file(tail: str, environ: Environ) -> bool:
    """Whether a request is for a file, and no client's: those name their transport."""
    is_client = "transport=" in environ.get("QUERY_STRING", "")
    return "." in tail.rpartition("/")[2] and not is_client


def _parse_query(query: str) -> dict[str, str]:
    """The first value of each key."""
    if "%" not in query and "+" not in query:
        return _parse_plain_query(query)
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=_MAX_FIELDS)
    except ValueError:
        return {}
    return dict(reversed(pairs))


def _parse_plain_query(query: str) -> dict[str, str]:
    """The same, where nothing is escaped, as in the queries of clients: ``parse_qsl`` takes ten
    times as long, a tenth of all that a poll costs.
    """
    parsed: dict[str, str] = {}
    items = query.split("&", _MAX_FIELDS)
    if len(items) > _MAX_FIELDS:
        return {}
    for item in items:
        key, _, value = item.partition("=")
        if item and key not in parsed:
            parsed[key] = value
    return parsed


def _read_body(environ: Environ, limit: int) -> bytes:
    """Return the whole body of a request.

    :raises HTTPError: 413 if it is larger than `limit`, 400 if it is cut short.
    """
    stated = environ.get("CONTENT_LENGTH") or ""
    stream = environ["wsgi.input"]
    if not stated:
        body: bytes = stream.read(limit + 1) if _has_body(environ) else b""
        if len(body) > limit:
            raise _too_large(f"more than {limit}", limit)
        return body
    if not stated.isdecimal() or len(stated) > MAX_LENGTH_DIGITS:
        raise HTTPError("400 Bad Request", "Content-Length is no number")
    length = int(stated)
    if length > limit:
        raise _too_large(str(length), limit)
    body = stream.read(length)
    if len(body) < length:
        raise HTTPError("400 Bad Request", "the body was cut short")
    return body


def _too_large(size: str, limit: int) -> HTTPError:
    return HTTPError("413 Content Too Large", f"a body of {size} bytes is over {limit}")


def _has_body(environ: Environ) -> bool:
    # Without a length only a chunked body has an end to read to (PEP 3333 leaves it to the host).
    return bool(environ.get("wsgi.input_terminated"))


def _with_cors(response: Response, cors: Headers) -> Response:
    """Let a page of an allowed origin read what went wrong."""
    present = {name for name, _ in response.headers}
    missing = [header for header in cors if header[0] not in present]
    return response._replace(headers=(*response.headers, *missing))


def _send(response: Response, start_response: StartResponse) -> Iterable[bytes]:
    body = response.body
    if not isinstance(body, bytes):
        start_response(response.status, list(response.headers))
        return body
    sending = getattr(start_response, "__self__", None)
    if type(sending) is HTTPResponse:
        # Our server's own, and nobody has wrapped it: a head that was checked is not checked again,
        # which saves a sixth of all that a poll costs.
        sending.start_known(response.status, response.headers)
        return [body]
    headers = list(response.headers)
    if response.status != NO_CONTENT:  # RFC 9110 section 8.6: never with a 204
        headers.append(("Content-Length", str(len(body))))
    start_response(response.status, headers)
    return [body]


def _send_file(file: Response, start_response: StartResponse) -> Iterable[bytes]:
    """Send one that says its length itself, be it in answer to a HEAD."""
    start_response(file.status, list(file.headers))
    assert isinstance(file.body, bytes)
    return [file.body]
