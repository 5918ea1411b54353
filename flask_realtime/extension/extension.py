"""The extension object."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from flask import Flask
from markupsafe import Markup
from werkzeug.local import LocalProxy

from ..engine.engine import Engine
from ..exceptions import UsageError
from ..options import Options
from ..protocol.reason import Reason
from ..socketio.addressable import Addressable
from ..socketio.broadcast import BroadcastOperator
from ..socketio.log import Log
from ..socketio.older.overview import Overview
from ..socketio.older.settings import Settings
from .applications import Applications
from .background import run_task
from .config import collect
from .context import Contexts
from .hosts import complain_of_host
from .known_names import KnownNames
from .login import LoginUsers
from .mounting import check_path, mount, mounted_on
from .own_server import OwnServer
from .python_socketio import PythonSocketIOServer
from .queue import warn_of_queue
from .registration import Registration
from .script import script_tag
from .selection import Rooms, ask, send_to
from .serving import Serving
from .testing import SocketIOTestClient

if TYPE_CHECKING:
    from flask.testing import FlaskClient

log = logging.getLogger("flask_realtime.extension")


class SocketIO(OwnServer, Registration, KnownNames, Overview, Settings, Addressable):
    """Socket.IO for a Flask application.

    :param app: the application; None to call :meth:`init_app` later. Where there is none and
        ``message_queue`` is given, it sends to other processes only, as in Flask-SocketIO. A
        mapping is taken for options, as Node's servers do.
    :param options: see :class:`flask_realtime.options.Options`; also read from the application's
        configuration as ``SOCKETIO_<OPTION>``.
    :raises OptionError: for an unknown option (the nearest is named) or a bad value.
    """

    server: PythonSocketIOServer
    reason = Reason

    def __init__(
        self, app: Flask | Mapping[str, Any] | None = None, **options: Any
    ) -> None:
        if isinstance(app, Mapping):
            options, app = {**app, **options}, None
        self.server = PythonSocketIOServer()
        Registration.__init__(self)
        self._given = options
        self.server_options = dict(options)
        self.wsgi_server = None
        self.sockio_mw = None
        self._serving = self.server.before_serving = Serving()
        self._applications = Applications()
        self._warned_of_queue = False
        if app is not None:
            self.init_app(app)
        elif "message_queue" in options:
            self.init_app(None)

    def init_app(self, app: Flask | None, **options: Any) -> None:
        """Serve Socket.IO in front of an application's ``wsgi_app``.

        In a process of a host that cannot serve it, such as ``flask run``, the log says so at once.
        Called again for the same application it begins anew with these options, as tests do;
        what was registered stays.

        :param app: None in a process that only emits, to a ``message_queue``.
        :raises OptionError: as the constructor, or for a path that is another SocketIO's of this
            application, or while clients of a server are here; nothing is changed then.
        """
        alone = app is None and "message_queue" in {**self._given, **options}
        if not (isinstance(app, Flask) or alone):
            raise TypeError(
                f"SocketIO takes a Flask application, not {app!r}; for any other application there "
                "is flask_realtime.Server().attach(application)"
            )
        again = app is not None and self in mounted_on(app)
        found = collect(app, self._given, options, again)
        if app is not None:
            check_path(app, self, found.options.path)
        former = self.server.options
        self.server.renew(found.options)
        self.server_options = found.given
        self._use_queue(found.has_queue)
        if app is None:
            return
        name = self._applications.add(app)
        self._put_around()
        if not again:
            self._warn_of_options(app, former)
            self._put_in_front(app, name)

    @property
    def has_queue(self) -> bool:
        """Whether a queue to other processes was given."""
        return self._serving.has_queue

    def _use_queue(self, has_queue: bool) -> None:
        self._serving.has_queue = has_queue
        if has_queue and not self._warned_of_queue:
            self._warned_of_queue = True
            warn_of_queue()

    def _warn_of_options(self, app: Flask, former: Options) -> None:
        before = self._serving.app
        if before is None or before.testing or app.testing or self.server.options == former:
            return
        log.warning(
            "a SocketIO has one set of options: those of %r are those of all its applications now",
            app,
        )

    def _put_around(self) -> None:
        server, applications = self.server, self._applications
        contexts = Contexts(applications, server.options.manage_session)
        server.around = contexts
        server.aside = lambda function, args: run_task(
            applications.current, function, tuple(args), {}
        )
        server.around_request = contexts.around_request
        server.request_of = contexts.request_of
        server.default_user = LoginUsers(applications, server)
        # Made at its first use: Flask sets its level then, by app.debug.
        server.log = Log(LocalProxy(lambda: applications.current.logger), None)  # type: ignore[arg-type]
        server.debug = lambda socket: applications.of(socket.conn.request.variables).debug

    def _put_in_front(self, app: Flask, name: str) -> None:
        # Not by app.context_processor, which an application refuses that has served already.
        processors = app.template_context_processors[None]
        processors.append(lambda: {"socketio_script": self.script})
        app.extensions["socketio"] = self
        self.sockio_mw = mount(app, name, self, self.server)
        self._serving.app = app
        complain_of_host()

    @property
    def _set_up(self) -> PythonSocketIOServer:
        return self.server

    @property
    def engine(self) -> Engine:
        """The sessions below the sockets: ``clients``, ``clients_count``, ``on`` (row S32)."""
        return self.server.engine

    @property
    def log(self) -> Log:
        """Where failures of handlers go: the application's log, by the names of Socket.IO 0.9 too
        (``error``, ``warn``, ``info``, ``debug``)."""
        return self.server.log

    # Sending, from anywhere in the process

    @property
    def _operator(self) -> BroadcastOperator:
        return BroadcastOperator(self.sockets)

    def emit(
        self,
        event: str,
        *args: Any,
        namespace: str | None = "/",
        to: Rooms = None,
        room: Rooms = None,
        include_self: bool = True,
        skip_sid: Rooms = None,
        callback: Callable[..., Any] | None = None,
        ignore_queue: bool = False,
        broadcast: bool = True,
    ) -> bool:
        """Send an event to everyone in a namespace, or to those named.

        :param args: the event's arguments; a single tuple is spread, and a single None is none.
        :param to: a room, a socket's id, or several; ``room`` is another name for it.
        :param include_self: whether it reaches the client whose event is being handled, if any.
        :param skip_sid: ids to leave out.
        :param callback: called with a client's answer, for each of them that answers.
        :param ignore_queue: whether only the clients of this process are meant.
        :param broadcast: accepted, since users of Flask-SocketIO say it here: it is so anyway.
        :returns: True.
        :raises EncodeError: if an argument cannot be carried; the message names the path to it.
        :raises UsageError: for ``broadcast=False``.
        :raises NotServing: where nobody could ever be connected, such as in a script.
        """
        if not broadcast:
            raise UsageError("io.emit reaches everyone in a namespace; for one client say to=id")
        there = self.server.existing(namespace or "/")
        target = to if to is not None else room
        send_to(there, event, args, target, include_self, skip_sid, callback, ignore_queue)
        return True

    def send(  # type: ignore[override]
        self,
        data: Any,
        json: bool = False,
        namespace: str | None = "/",
        to: Rooms = None,
        callback: Callable[..., Any] | None = None,
        include_self: bool = True,
        skip_sid: Rooms = None,
        room: Rooms = None,
        ignore_queue: bool = False,
        broadcast: bool = True,
    ) -> bool:
        """Send a ``message`` event, or with `json` a ``json`` event; else as :meth:`emit`."""
        return self.emit(
            "json" if json else "message",
            data,
            namespace=namespace,
            to=to,
            room=room,
            include_self=include_self,
            skip_sid=skip_sid,
            callback=callback,
            ignore_queue=ignore_queue,
            broadcast=broadcast,
        )

    def call(
        self,
        event: str,
        *args: Any,
        namespace: str | None = "/",
        to: str | None = None,
        room: str | None = None,
        timeout: float = 60.0,
        ignore_queue: bool = False,
    ) -> Any:
        """Send an event to the socket of the id `to`, and wait for its answer.

        :param room: another name for `to`.
        :param timeout: seconds.
        :raises LookupError: if there is no such socket.
        :raises UsageError: if no id is given; :meth:`emit_with_ack` asks several.
        """
        there = self.server.existing(namespace or "/")
        return ask(there, to if to is not None else room, event, args, timeout)

    def close_room(self, room: Any, namespace: str | None = None) -> None:
        """Take everyone out of a room; nobody is told."""
        self.server.close_room(room, namespace)

    # In pages

    def script(self, client: str | float | None = None, minified: bool = True) -> Markup:
        """Return the script tag of the browser client; ``socketio_script`` in templates. It is the
        build with msgpack where ``serializer="msgpack"``.

        :param client: its generation: ``"0.9"``, ``"1"``, ``"2"`` or ``"4"``; None: the one of the
            option ``client_version``.
        :param minified: False for the build to read while debugging.
        :raises OptionError: for a generation that is not here.
        """
        return script_tag(self.server.options, client, minified)

    # Testing

    def test_client(
        self,
        app: Flask,
        namespace: str | None = None,
        query_string: str | Mapping[str, Any] | None = None,
        headers: Any = None,
        auth: Any = None,
        flask_test_client: FlaskClient | None = None,
        protocol: int | str = 4,
        timeout: float = 10.0,
    ) -> SocketIOTestClient:
        """Return a client for tests, connected to a namespace; see :class:`.SocketIOTestClient`."""
        return SocketIOTestClient(
            app, self, namespace, query_string, headers, auth, flask_test_client, protocol, timeout
        )

    # The end

    def close(self, callback: Callable[[], Any] | None = None, timeout: float = 1.0) -> None:
        """End every session, with the reason ``server shutting down``, and stop what :meth:`listen`
        or :meth:`run` has started.

        :param callback: called without arguments when that is done.
        :param timeout: how long to wait until the handlers have run that it causes, in seconds.
        """
        if self.wsgi_server is not None and not self.wsgi_server.stopping:
            self.wsgi_server.stop()  # by which its sessions end
        self.server.close(callback, timeout)
