"""The Socket.IO server: namespaces above the engine. Flask and WSGI are other folders' matter."""

from __future__ import annotations

import logging
import reprlib
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Any

import gevent

from .. import signals
from ..adapters.adapter import Adapter, Local
from ..adapters.memory import MemoryAdapter
from ..engine.engine import Engine
from ..engine.session import Session
from ..exceptions import ArgumentsError, EventError, OptionError
from ..options import Options, make_options
from ..store.memory import MemoryStore
from ..store.store import Store
from .acks import INTERNAL_ERROR
from .client import Client
from .events import FAILURES, Function, Handler
from .namespace import Namespace
from .socket import Socket
from .turn import Turn

_MAX_LOGGED = 100
"""Mistakes of clients that are logged."""


def call(socket: Socket, function: Function, args: Sequence[Any]) -> Any:
    """Run a handler, and nothing around it."""
    return function(*args)


class Server:
    """Namespaces, and the engine that brings their clients.

    :param options: from :func:`flask_realtime.options.make_options`.
    :param adapter: makes the adapter of each namespace.
    :param store: keeps what ``socket.set`` is given.
    """

    options: Options
    engine: Engine
    turn: Turn

    def __init__(
        self,
        options: Options | None = None,
        adapter: Callable[[Local], Adapter] = MemoryAdapter,
        store: Store | None = None,
    ) -> None:
        self._make_adapter = adapter
        self.store: Store = store if store is not None else MemoryStore()
        self.namespaces: dict[str, Namespace] = {}
        #: The names of those that bring clients, and have not stopped.
        self.hosts: set[str] = set()
        #: Runs a handler: the extension puts Flask's contexts around it here.
        self.around: Callable[[Socket, Function, Sequence[Any]], Any] = call
        #: Where failures of handlers are logged; the extension gives the application's.
        self.log = logging.getLogger("flask_realtime.socketio")
        #: Whether a client may see what went wrong.
        self.debug: Callable[[], bool] = bool
        self.default_error_handler: Function | None = None
        self._logged: set[tuple[str, ...]] = set()
        self.configure(options or make_options())
        self.of("/")

    def configure(self, options: Options) -> None:
        """Take other options, before the first request.

        :raises OptionError: after it.
        """
        if hasattr(self, "engine") and self.engine.hub is not None:
            raise OptionError("the options cannot change any more: the server has clients")
        self.engine = Engine(options, self._make_client)  # checks how they go together
        self.options = options

    def start(self) -> None:
        """Belong to the hub of this thread. Called at each request; only the first one matters."""
        if self.engine.hub is None:
            self.engine.start()
            self.turn = Turn(self.engine.hub)

    def attend(self, host: str) -> None:
        """Take clients of a host, which :meth:`leave` is called for when it stops."""
        self.hosts.add(host)
        self.engine.reopen()

    def leave(self, host: str) -> None:
        """End the sessions that began at a host, which stops; with the last host all of them."""
        self.hosts.discard(host)
        if not self.hosts:
            self.close()
            return
        clients = {each for each in self._clients() if each.session.request.served_by == host}
        self.engine.close_those_of(host)
        self._wait_for_handlers(clients, 1.0)

    def close(self, timeout: float = 1.0) -> None:
        """End every session, with the reason ``server shutting down``.

        :param timeout: how long to wait until the handlers have run that it causes, in seconds.
        """
        clients = self._clients()
        self.engine.close()
        self._wait_for_handlers(clients, timeout)

    def _clients(self) -> set[Client]:
        return {
            socket.client
            for namespace in self.namespaces.values()
            for socket in namespace.sockets.values()
        }

    def _wait_for_handlers(self, clients: set[Client], timeout: float) -> None:
        if gevent.getcurrent() is self.engine.hub:
            return  # which may not wait
        deadline = monotonic() + timeout
        while any(client.sockets for client in clients):
            if monotonic() > deadline:
                return
            gevent.sleep(0.005)

    def _make_client(self, session: Session) -> Client:
        return Client(self, session)

    def of(self, name: str) -> Namespace:
        """Return the namespace of that name, which clients may join from now on."""
        if not isinstance(name, str):
            raise TypeError(f"a namespace's name is a str such as '/chat', not {name!r}")
        name = name if name.startswith("/") else "/" + name
        namespace = self.namespaces.get(name)
        if namespace is None:
            namespace = self.namespaces[name] = Namespace(self, name, self._make_adapter)
        return namespace

    def existing(self, name: str) -> Namespace:
        """Return the namespace of that name; unlike :meth:`of` it makes none.

        :raises EventError: if there is none: nobody could be in it.
        """
        namespace = self.namespaces.get(name if name.startswith("/") else "/" + name)
        if namespace is None:
            known = ", ".join(self.namespaces)
            raise EventError(f"there is no namespace {name!r}; known: {known}; io.of() makes one")
        return namespace

    # What goes wrong in handlers

    def handler_failed(
        self, socket: Socket, event: str, error: BaseException, args: Sequence[Any] = ()
    ) -> Any:
        """See to the exception of a handler; return what the client gets as its answer.

        :param args: what the handler was called with; logged where a developer looks on.
        """
        if signals.handler_failed.receivers:
            # In a greenlet of its own: what a receiver does wrong must not reach the client.
            gevent.spawn(
                signals.handler_failed.send, self, socket=socket, event=event, error=error
            )
        handler = socket.namespace.error_handler or self.default_error_handler
        if handler is not None:
            try:
                return self.around(socket, handler, [error])
            except FAILURES as second:
                error = second
        if isinstance(error, ArgumentsError):
            self._log_once(logging.WARNING, "in %s: %s", socket.namespace.name, str(error))
        else:
            called = f", called with {reprlib.repr(list(args))}" if self.debug() else ""
            self.log.error(
                "handler of %r in %s failed%s",
                event,
                socket.namespace.name,
                called,
                exc_info=error,
            )
        if self.debug():
            return {"error": f"{type(error).__name__}: {error}"}
        return INTERNAL_ERROR

    def gave_up(self, socket: Socket) -> None:
        """A client lets too many callbacks wait: say so once."""
        message = "a client in %s leaves events unanswered: their oldest callbacks are given up"
        self._log_once(logging.WARNING, message, socket.namespace.name)

    def no_handler(self, socket: Socket, event: Any) -> None:
        """An event came that nobody handles: say so once."""
        known = ", ".join(socket.namespace.handlers.names()) or "none"
        name = str(event)[:100]
        message = "no handler for %r in %s; known: %s"
        self._log_once(logging.WARNING, message, name, socket.namespace.name, known)

    def no_namespace(self, name: str) -> None:
        """A client asked for a namespace that does not exist: say so once."""
        known = ", ".join(self.namespaces)
        message = "a client asked for the namespace %r; known: %s; io.of(name) makes one"
        self._log_once(logging.WARNING, message, name[:100], known)

    def _log_once(self, level: int, message: str, *args: str) -> None:
        """Log what a client has caused, once: it could cause it as often as it likes."""
        if args in self._logged or len(self._logged) >= _MAX_LOGGED:
            return
        self._logged.add(args)
        self.log.log(level, message, *args)
        if len(self._logged) == _MAX_LOGGED:
            last = "that was the last of %d mistakes of clients to be logged"
            self.log.warning(last, _MAX_LOGGED)

    def run_callback(self, socket: Socket, callback: Function, values: list[Any]) -> None:
        """Run the application's callback for an answer, as a handler is run."""
        try:
            handler = Handler("a callback", callback)
            self.around(socket, callback, values[: handler.most])
        except FAILURES as error:
            self.handler_failed(socket, "a callback", error)
