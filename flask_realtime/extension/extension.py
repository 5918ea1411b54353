"""The extension object."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, overload

import gevent
from flask import Flask
from markupsafe import Markup
from werkzeug.debug import DebuggedApplication
from werkzeug.local import LocalProxy

from ..protocol.reason import Reason
from ..socketio.broadcast import BroadcastOperator
from ..socketio.events import Events, F, Function
from ..socketio.namespace import Namespace
from ..socketio.server import Server
from ..wsgi.flash_policy import FlashPolicy
from ..wsgi.server import WSGIServer
from ..wsgi.tls import check_names
from .background import run_task
from .config import collect
from .context import Contexts, current_socket
from .flash import make_policy, serves_flash
from .functions import Rooms, ask_one, select, spread
from .hosts import complain_of_host
from .mounting import check_path, last_mounted, mount, mounted_on
from .running import run
from .script import script_tag


class SocketIO:
    """Socket.IO for a Flask application.

    :param app: the application; None to call :meth:`init_app` later.
    :param options: see :class:`flask_realtime.options.Options`; also read from the application's
        configuration as ``SOCKETIO_<OPTION>``.
    :raises OptionError: for an unknown option (the nearest is named) or a bad value.
    """

    reason = Reason

    def __init__(self, app: Flask | None = None, **options: Any) -> None:
        self._options = options
        self.server = Server()
        self._wsgi_server: WSGIServer | None = None
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask, **options: Any) -> None:
        """Serve Socket.IO in front of an application's ``wsgi_app``.

        In a process of a host that cannot serve it, such as ``flask run``, the log says so at once.

        :raises OptionError: as the constructor, or for a path that is another SocketIO's of this
            application; nothing is changed then.
        """
        if not isinstance(app, Flask):
            raise TypeError(f"SocketIO takes a Flask application, not {app!r}")
        checked = collect(app, self._options, options)
        check_path(app, self, checked.path)
        self.server.configure(checked)
        self.server.around = Contexts(app, checked.manage_session)
        # Made at its first use: Flask sets its level then, by app.debug.
        self.server.log = LocalProxy(lambda: app.logger)  # type: ignore[assignment]
        self.server.debug = lambda: app.debug
        if self not in mounted_on(app):
            # Not by app.context_processor, which an application refuses that has served already.
            processors = app.template_context_processors[None]
            processors.append(lambda: {"socketio_script": self.script})
            app.extensions["socketio"] = self
            mount(app, self, self.server)
            complain_of_host()

    # Handlers

    def of(self, name: str) -> Namespace:
        """Return a namespace, which clients may join from now on."""
        return self.server.of(name)

    @property
    def sockets(self) -> Namespace:
        """The root namespace."""
        return self.server.of("/")

    @overload
    def on(
        self, event: str, handler: str | None = None, namespace: str | None = None
    ) -> Callable[[F], F]: ...

    @overload
    def on(self, event: str, handler: F, namespace: str | None = None) -> F: ...

    def on(
        self, event: str, handler: Function | str | None = None, namespace: str | None = None
    ) -> Function:
        """Register the handler of an event; a decorator if no handler is given.

        :param handler: a function; a str is the namespace, as in Flask-SocketIO.
        :raises EventError: for a name that can never come, or a function that cannot be called.
        """
        if isinstance(handler, str):
            return self.of(handler).on(event)
        there = self.of(namespace or "/")
        return there.on(event) if handler is None else there.on(event, handler)

    def on_event(self, event: str, handler: Function, namespace: str | None = None) -> None:
        """Register the handler of an event."""
        self.on(event, handler, namespace)

    @overload
    def event(self, *, namespace: str | None = None) -> Callable[[F], F]: ...

    @overload
    def event(self, handler: F) -> F: ...

    def event(self, handler: Function | None = None, *, namespace: str | None = None) -> Function:
        """Register a function as the handler of the event of its name: ``@io.event``."""
        if handler is None:
            return self.of(namespace or "/").event
        return self.of(namespace or "/").event(handler)

    def register(self, events: Events, namespace: str = "/") -> None:
        """Take the handlers that a module has collected in :class:`Events`.

        :raises EventError: if one of the events has another handler in the namespace.
        """
        if not isinstance(events, Events):
            raise TypeError(f"register takes the Events of a module, not {events!r}")
        there = self.of(namespace)
        events.add_to(there.handlers, there.name)

    def on_error(self, namespace: str | None = None) -> Callable[[F], F]:
        """Register what is called with the exceptions of a namespace's handlers."""
        if callable(namespace):
            raise TypeError("write @io.on_error() with parentheses")
        return self.of(namespace or "/").on_error

    def on_error_default(self, handler: F) -> F:
        """Register what is called with the exceptions of handlers that no other takes."""
        self.server.default_error_handler = handler
        return handler

    # Sending, from anywhere in the process

    def emit(
        self,
        event: str,
        *args: Any,
        namespace: str = "/",
        to: Rooms = None,
        room: Rooms = None,
        include_self: bool = True,
        skip_sid: Rooms = None,
        callback: Callable[..., Any] | None = None,
    ) -> None:
        """Send an event to everyone in a namespace, or to those named.

        :param args: the event's arguments; a single tuple is spread.
        :param to: a room, a socket's id, or several; ``room`` is another name for it.
        :param callback: called with the client's answer; `to` is one socket's id then.
        :raises EncodeError: if an argument cannot be carried; the message names the path to it.
        """
        there = self.server.existing(namespace)
        target = to if to is not None else room
        args = spread(args)
        if callback is not None and ask_one(there, target, event, args, callback):
            return
        own = current_socket()
        chosen = select(there, target, include_self, skip_sid, own)
        chosen.emit(event, *args, callback=callback)

    def send(self, data: Any, json: bool = False, namespace: str = "/", **selection: Any) -> None:
        """Send a ``message`` event, or with `json` a ``json`` event; else as :meth:`emit`."""
        self.emit("json" if json else "message", data, namespace=namespace, **selection)

    def call(
        self, event: str, *args: Any, to: str, timeout: float = 60.0, namespace: str = "/"
    ) -> Any:
        """Send an event to the socket of the id `to`, and wait for its answer.

        :raises LookupError: if there is no such socket.
        """
        socket = self.server.existing(namespace).sockets.get(to)
        if socket is None:
            raise LookupError(f"no socket {to!r} in {namespace!r}; it may have left")
        return socket.call(event, *spread(args), timeout=timeout)

    def to(self, *rooms: Any) -> BroadcastOperator:
        """Those in any of `rooms` of the root namespace."""
        return self.sockets.to(*rooms)

    in_ = to

    def except_(self, *rooms: Any) -> BroadcastOperator:
        """All of the root namespace but those in any of `rooms`."""
        return self.sockets.except_(*rooms)

    @property
    def volatile(self) -> BroadcastOperator:
        """All of the root namespace who can be reached at once."""
        return self.sockets.volatile

    @property
    def local(self) -> BroadcastOperator:
        """All of the root namespace in this process."""
        return self.sockets.local

    # In pages

    def script(self, client: str | float | None = None, minified: bool = True) -> Markup:
        """Return the script tag of the browser client; ``socketio_script`` in templates.

        :param client: its generation: ``"0.9"``, ``"1"``, ``"2"`` or ``"4"``; None: the one of the
            option ``client_version``.
        :param minified: False for the build to read while debugging.
        :raises OptionError: for a generation that is not here.
        """
        return script_tag(self.server.options, client, minified)

    @property
    def flash_policy(self) -> FlashPolicy:
        """The pages whose Flash may connect; :meth:`run` gives it to the server by itself."""
        return make_policy(self.server)

    # Running

    def run(
        self,
        app: Flask,
        host: str = "127.0.0.1",
        port: int = 5000,
        *,
        debug: bool | None = None,
        use_reloader: bool | None = None,
        use_debugger: bool | None = None,
        log_output: bool | None = None,
        allow_unsafe_werkzeug: bool = False,
        **server_options: Any,
    ) -> None:
        """Serve `app` until a signal, with our own WSGI server.

        :param debug: sets ``app.debug``, which the next three follow where they are None.
        :param use_reloader: whether to start anew when a module changes.
        :param use_debugger: whether a view that raises shows its traceback in the browser.
        :param log_output: whether requests are logged.
        :param allow_unsafe_werkzeug: accepted for Flask-SocketIO's sake, and without effect.
        :param server_options: of :class:`flask_realtime.wsgi.WSGIServer`, such as ``certfile``.
        :raises OptionError: for an unknown option (the nearest is named).
        :raises SystemExit: with status 1 if the address cannot be bound; why is printed.
        """
        check_names(server_options, _RUN_OPTIONS)
        if self not in mounted_on(app):
            self.init_app(app)
        if debug is not None:
            app.debug = debug
        if app.debug if use_debugger is None else use_debugger:
            last = last_mounted(app)  # behind it is the application
            last.application = DebuggedApplication(last.application, evalex=True)
        logs = app.debug if log_output is None else log_output
        server_options.setdefault("log", "default" if logs else None)
        if serves_flash(self.server.options):
            server_options.setdefault("flash_policy", self.flash_policy)

        def make() -> WSGIServer:
            self._wsgi_server = WSGIServer((host, port), app, **server_options)
            return self._wsgi_server

        run(make, reload=app.debug if use_reloader is None else use_reloader)

    def stop(self) -> None:
        """End :meth:`run`: no new connections, and every client is told."""
        if self._wsgi_server is not None:
            self._wsgi_server.stop()

    def close(self) -> None:
        """End every session, with the reason ``server shutting down``."""
        self.server.close()

    def start_background_task(
        self, target: Callable[..., Any], *args: Any, **kwargs: Any
    ) -> gevent.Greenlet[..., Any]:
        """Run a function in a greenlet, with the application's context where there is one.

        It has no request and no session, which end before it does: give it what it needs of them.
        """
        around = self.server.around
        if not isinstance(around, Contexts):
            return gevent.spawn(target, *args, **kwargs)
        return gevent.spawn(run_task, around.app, target, args, kwargs)

    @staticmethod
    def sleep(seconds: float = 0) -> None:
        """Wait, and let everyone else work meanwhile."""
        gevent.sleep(seconds)


_RUN_OPTIONS = frozenset(
    (*inspect.signature(SocketIO.run).parameters, *inspect.signature(WSGIServer).parameters)
) - {"self", "server_options", "ssl_args"}
