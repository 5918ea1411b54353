"""Flask's contexts around a handler, and the proxy that stands for its socket.

A handler finds ``current_app``, ``request`` (the handshake's), ``session`` and ``g`` as a view
does. They are not pushed but set: one request context is kept per connection, and a pushed one
cannot be entered by two greenlets at once; pushing a new one for each event would cost ten times
as much as the event. The teardown functions run after each event all the same. What is Flask's
own here (the two context variables, the fields of ``RequestContext``) is in this file only.
"""

from __future__ import annotations

import builtins
import logging
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar, Token
from typing import Any
from weakref import WeakKeyDictionary

from flask import Flask, Request
from flask.ctx import RequestContext
from flask.globals import _cv_app, _cv_request
from flask.sessions import SecureCookieSessionInterface
from flask.signals import appcontext_tearing_down, got_request_exception, request_tearing_down
from werkzeug.local import LocalProxy

from ..exceptions import ConnectionRefusedError, Disconnected, UsageError
from ..socketio.client import Client
from ..socketio.handler import FAILURES
from ..socketio.request import whole_environ
from ..socketio.socket import Socket
from ..transports import http
from .applications import Applications

log = logging.getLogger("flask_realtime.extension")

_current: ContextVar[Socket] = ContextVar("flask_realtime.socket")
_event: ContextVar[Sequence[Any]] = ContextVar("flask_realtime.event", default=())

socket: Socket = LocalProxy(  # type: ignore[assignment]
    _current,
    unbound_message=(
        "There is no socket here: 'socket' stands for the client whose event is being handled. "
        "In a view or a background task use io.emit(…), io.to(room).emit(…), or keep socket.id "
        "and use io.to(id).emit(…)."
    ),
)
"""The socket whose event is being handled."""


def current_socket() -> Socket | None:
    """Return the socket whose event is being handled, None elsewhere."""
    return _current.get(None)


class ConnectionContext(RequestContext):
    """The request context of one connection, kept from event to event.

    Its request is made when the first handler asks for it: a client that only listens needs none.

    :param variables: the handshake's, as its environ had them.
    """

    def __init__(
        self, app: Flask, request_class: type[Request], variables: Mapping[str, Any]
    ) -> None:
        # Not RequestContext.__init__, which makes the request and its URL adapter at once.
        self.app = app
        self._request_class = request_class
        self._variables = variables
        self.flashes = None
        self._after_request_functions = []
        self._cv_tokens = []

    def __getattr__(self, name: str) -> Any:
        make = _LAZY.get(name)
        if make is None:
            raise AttributeError(name)
        value = make(self)
        setattr(self, name, value)
        return value

    def _make_request(self) -> Request:
        environ = whole_environ(self._variables)
        # Unpopulated: the environ would refer back to the request, a cycle per connection.
        request = self._request_class(environ, populate_request=False)
        request.json_module = self.app.json
        return request

    def _make_url_adapter(self) -> Any:
        return self.app.create_url_adapter(self.request)

    def _open_session(self) -> Any:
        interface = self.app.session_interface
        session = interface.open_session(self.app, self.request)
        return interface.make_null_session(self.app) if session is None else session

    @property
    def opened_session(self) -> Any:
        """The session if a handler has used it, else None."""
        # Not by truth: an empty session is false, also if a handler has just emptied it.
        session = self.__dict__.get("_session")
        return self.__dict__.get("session") if session is None else session

    def copy(self) -> RequestContext:
        """For ``copy_current_request_context``: one of Flask's own, with this request."""
        return _CopiedContext(
            self.app, environ=self.request.environ, request=self.request, session=self.session
        )

    def drop_session(self) -> None:
        """Forget the session: the next handler reads it anew."""
        self.__dict__.pop("_session", None)
        self.__dict__.pop("session", None)


class _CopiedContext(RequestContext):
    """What a task runs in that goes on with what a handler was at: with its client, too."""

    def __init__(self, app: Flask, *args: Any, **kwargs: Any) -> None:
        super().__init__(app, *args, **kwargs)
        self._socket = _current.get(None)
        self._handled = _event.get()
        # As Flask's: it may be pushed again before it is popped.
        self._tokens: list[tuple[Token[Socket], Token[Sequence[Any]]]] = []

    def push(self) -> None:
        super().push()
        if self._socket is not None:
            self._tokens.append((_current.set(self._socket), _event.set(self._handled)))

    def pop(self, *args: Any) -> None:
        if self._socket is not None:
            of_socket, of_event = self._tokens.pop()
            _current.reset(of_socket)
            _event.reset(of_event)
        super().pop(*args)


_LAZY: dict[str, Callable[[ConnectionContext], Any]] = {
    "request": ConnectionContext._make_request,
    "url_adapter": ConnectionContext._make_url_adapter,
    "_session": ConnectionContext._open_session,  # Flask 3.1
    "session": ConnectionContext._open_session,  # Flask 3.0
}


class Contexts:
    """Runs handlers with the contexts of the application that their client came to: ``around`` of
    its server.

    :param manage_session: whether a connection has its own copy of the session; None: only where
        sessions live in cookies, which an open connection cannot set.
    """

    def __init__(self, applications: Applications, manage_session: bool | None) -> None:
        self.applications = applications
        self._request_classes: WeakKeyDictionary[Flask, type[Request]] = WeakKeyDictionary()
        self.manage_session = manage_session
        self._warned = False

    def __call__(
        self,
        socket: Socket,
        function: Callable[..., Any],
        args: Sequence[Any],
        event: Sequence[Any] = (),
        /,
    ) -> Any:
        """Run `function` for `socket`; raises what it raises."""
        context = socket.context
        if socket.entered:
            # A context cannot be entered twice at a time, and a handler of this socket waits.
            return context.copy().run(self._run, socket, function, args, event)
        socket.entered = True
        try:
            return context.run(self._run, socket, function, args, event)
        finally:
            socket.entered = False

    def _run(
        self,
        socket: Socket,
        function: Callable[..., Any],
        args: Sequence[Any],
        event: Sequence[Any],
    ) -> Any:
        kept = socket.client.kept or self._kept(socket.client)
        if _cv_request.get(None) is not kept:
            # The context is the socket's own and keeps both from event to event, unless a handler
            # has left a request context behind.
            _current.set(socket)
            _cv_request.set(kept)
        handled = _event.set(event)
        app_context = _cv_app.set(kept.app.app_context())
        error: BaseException | None = None
        try:
            return function(*args)
        except FAILURES as raised:
            error = raised
            if not _is_expected(socket, raised):
                got_request_exception.send(kept.app, exception=raised)
            raise
        finally:
            try:
                self._tear_down(kept, error)
            finally:
                # Else ``g``, and what came, would live until the next event.
                _cv_app.reset(app_context)
                _event.reset(handled)

    def around_request(
        self, request: http.Request, function: Callable[..., Any], args: Sequence[Any]
    ) -> Any:
        """Run `function` for a request that has no client yet; raises what it raises."""
        app = self.applications.of(request.variables)
        with app.request_context(whole_environ(request.variables)):
            return function(*args)

    def request_of(self, client: Client) -> Request:
        """Return the request that the handlers of a client find as ``flask.request``."""
        return self._kept(client).request

    def _kept(self, client: Client) -> ConnectionContext:
        kept: ConnectionContext | None = client.kept
        if kept is None:
            variables = client.session.request.variables
            app = self.applications.of(variables)
            kept = client.kept = ConnectionContext(app, self._request_class(app), variables)
        return kept

    def _request_class(self, app: Flask) -> type[Request]:
        found = self._request_classes.get(app)
        if found is None:
            found = self._request_classes[app] = _socket_request(app.request_class)
        return found

    def _tear_down(self, kept: ConnectionContext, error: BaseException | None) -> None:
        app = kept.app
        try:
            session = kept.opened_session
            if session is not None:
                self._keep_session(kept, session)
            # Asked first: calling Flask's functions for nothing would double the cost of it all.
            if app.teardown_request_funcs or request_tearing_down.receivers:
                app.do_teardown_request(error)
        finally:
            if app.teardown_appcontext_funcs or appcontext_tearing_down.receivers:
                app.do_teardown_appcontext(error)

    @property
    def has_own_copy(self) -> bool:
        """Whether a connection has its own copy of the session."""
        return self._copies(self.applications.current)

    def _copies(self, app: Flask) -> bool:
        return _in_cookie(app) if self.manage_session is None else self.manage_session

    def _keep_session(self, kept: ConnectionContext, session: Any) -> None:
        app, modified = kept.app, session.modified
        own_copy = self._copies(app)
        if not own_copy:
            if modified:
                app.session_interface.save_session(app, session, app.response_class())
            kept.drop_session()
        if modified and (own_copy or _in_cookie(app)) and not self._warned:
            self._warned = True
            log.warning(
                "a handler changed flask.session: the change lasts for this connection only, since "
                "no cookie can be set on it. Use socket.data or socket.set(…), or a server-side "
                "session."
            )


def _in_cookie(app: Flask) -> bool:
    return isinstance(app.session_interface, SecureCookieSessionInterface)


def _is_expected(socket: Socket, error: BaseException) -> bool:
    """Whether a ``connect`` handler has said no, or a handler waited for a client that has left:
    neither is a failure."""
    if isinstance(error, Disconnected):
        return not socket.connected
    kinds = (ConnectionRefusedError, builtins.ConnectionRefusedError)
    return not socket.accepted and isinstance(error, kinds)


def _handled(name: str) -> Socket:
    """Return the socket whose event is being handled, for a name of the request.

    :raises UsageError: elsewhere.
    """
    own = _current.get(None)
    if own is None:
        raise UsageError(
            f"request.{name} is there while an event is handled, and not in what runs later: read "
            "it in the handler, and give it as an argument"
        )
    return own


def _socket_request(request_class: type[Request]) -> type[Request]:
    """The application's request class, with what Flask-SocketIO's users read from a request."""

    class SocketRequest(request_class):  # type: ignore[misc, valid-type]
        @property
        def sid(self) -> str:
            """The socket's id."""
            return _handled("sid").id

        @property
        def namespace(self) -> str:
            """The name of the socket's namespace."""
            return _handled("namespace").namespace.name

        @property
        def event(self) -> dict[str, Any]:
            """What is being handled: ``message``, the event's name, and ``args``."""
            message, *args = _event.get() or (None,)
            return {"message": message, "args": tuple(args)}

        @property
        def socket(self) -> Socket:
            """The socket, as :data:`flask_realtime.socket`."""
            return _handled("socket")

        def ack(self, *values: Any) -> None:
            """Answer the event that is being handled; see :meth:`.Socket.ack`."""
            _handled("ack").ack()(*values)

        @property
        def transport(self) -> str:
            """The name of the transport that the client is on now."""
            return _handled("transport").client.session.transport.name

    return SocketRequest
