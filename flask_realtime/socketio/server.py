"""The Socket.IO server: namespaces above the engine. Flask and WSGI are other folders' matter."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from time import monotonic
from typing import Any, TypeVar

import gevent

from .. import scopes
from ..adapters.adapter import Adapter, Local
from ..adapters.memory import MemoryAdapter
from ..adapters.session_aware import SessionAwareAdapter
from ..engine.engine import Engine
from ..engine.session import Session
from ..engine.traced import TracedSession
from ..exceptions import OptionError
from ..options import Options, check_options, make_options
from ..store.choosing import make_store
from ..store.store import Store
from .client import Client
from .events import AnyNamespace
from .expiries import Expiries
from .failures import Failures
from .namespaces import Namespaces
from .older.settings import Settings
from .rates import Rate, make_rate
from .traced import TracedClient
from .turn import Turn
from .users import Users

log = logging.getLogger("flask_realtime.server")

LATE = frozenset(
    "allow_request allow_upgrades client_minified client_version connect_timeout "
    "cors_allowed_headers cors_allowed_origins cors_credentials cors_max_age engineio_logger "
    "flash_policy_port log_level logger serve_client store_expiration transports".split()
)
"""Options that can change while clients are here: new requests go by them."""

ServerType = TypeVar("ServerType", bound="Server")


def _nothing() -> None:
    """What is done before an emit without the extension."""


def _for_adapters(options: Options) -> tuple[Any, ...]:
    """What adapters are made by; none of it is in ``LATE``."""
    recovery = options.connection_state_recovery
    return options.adapter, recovery, recovery and (options.ping_interval, options.ping_timeout)


class Server(Settings, Failures, Namespaces, Users):
    """Namespaces, and the engine that brings their clients.

    :param options: a mapping of options, or what :func:`flask_realtime.options.make_options`
        returned.
    :param adapter: makes the adapter of each namespace, unless the option of that name does.
    :param store: keeps what ``socket.set`` is given, unless the option of that name says where.
    """

    options: Options
    engine: Engine
    turn: Turn
    rate: Rate | None

    def __init__(
        self,
        options: Options | Mapping[str, Any] | None = None,
        adapter: Callable[[Local], Adapter] = MemoryAdapter,
        store: Store | None = None,
    ) -> None:
        self._adapter = adapter
        self._own_store = store
        #: Until when the values of sessions are kept, for a store that may wait.
        self.expiries: Expiries = Expiries(self)
        #: Handlers of the namespace ``*``: of every one, for what no handler of its own takes.
        self.any_namespace = AnyNamespace()
        #: The names of those that bring clients, and have not stopped.
        self.hosts: set[str] = set()
        Failures.__init__(self)
        Namespaces.__init__(self)
        Users.__init__(self)
        #: Called at an emit to several, as long as there has been no request for us.
        self.before_serving: Callable[[], None] = _nothing
        #: What was set beside the options, by :meth:`change`.
        self._changes: dict[str, Any] = {}
        scopes.enable_from_environment()
        given = options if isinstance(options, Options) else make_options(**(options or {}))
        self._use_engine(Engine(given, self._make_client))  # which checks how they go together
        self.options = given
        #: What bounds all events of each client; None for no limit.
        self.rate = make_rate(given.rate_limit)
        #: What keeps the values of sessions.
        self.store: Store = self._choose_store(given)
        scopes.apply(given)
        self.of("/")

    # Options

    @property
    def _set_up(self) -> Server:
        return self

    @property
    def make_adapter(self) -> Callable[[Local], Adapter]:
        """What makes the adapter of each namespace."""
        chosen = self.options.adapter or self._adapter
        if chosen is MemoryAdapter and self.options.connection_state_recovery is not None:
            return self._make_session_aware
        return chosen

    @property
    def store_expiration(self) -> float:
        """How long the values of a session outlive it: as long as its client may come back."""
        recovery = self.options.connection_state_recovery
        longest = 0.0 if recovery is None else recovery.max_disconnection_duration
        return max(self.options.store_expiration, longest)

    def _make_session_aware(self, local: Local) -> Adapter:
        options, terms = self.options, self.options.connection_state_recovery
        assert terms is not None
        # A lost connection is noticed only when a ping stays without an answer.
        unnoticed = options.ping_interval + options.ping_timeout
        return SessionAwareAdapter(
            local, terms.max_disconnection_duration, terms.max_packets, unnoticed
        )

    def take_options(self, options: Options) -> None:
        """Take other options, before the first request; what :meth:`change` has set stays.

        :raises OptionError: after it.
        """
        if self.engine.hub is not None:
            raise OptionError("the options cannot change any more: the server has clients")
        self._take(replace(options, **self._changes))

    def renew(self, options: Options) -> None:
        """Take other options as :meth:`take_options`; where no host is left, begin anew for them.

        Clients that came by none are sent away: those of tests, which set up an application twice.

        :raises OptionError: while clients of a host may be here.
        """
        if self.engine.hub is not None and not self.hosts:
            engine = Engine(replace(options, **self._changes), self._make_client)  # checks them
            self.unhandled = None  # what fails from here on is no test's
            self.close()
            self.engine.stop()
            engine.listeners = self.engine.listeners
            self._use_engine(engine)
        self.take_options(options)

    def change(self: ServerType, **changes: Any) -> ServerType:
        """Change options, by any of their names; once the server serves only those in ``LATE``.

        :raises OptionError: for an unknown name, a bad value, or an option that cannot change now.
        """
        checked = check_options(self.options, **changes)
        late = [name for name in checked if name not in LATE]
        if late and self.engine.hub is not None:
            raise OptionError(
                f"{late[0]} cannot change any more: the server has clients. Set it before the "
                "first request"
            )
        self._take(replace(self.options, **checked))
        self._changes.update(checked)
        return self

    def _take(self, options: Options) -> None:
        before = self.options
        same = options.store == before.store
        store = self.store if same else self._choose_store(options)
        self.engine.configure(options)  # checks how they go together
        self.options, self.store = options, store
        if options.rate_limit != before.rate_limit:
            self.rate = make_rate(options.rate_limit)
        scopes.apply(options, before)
        if _for_adapters(options) != _for_adapters(before):
            for namespace in self.namespaces.values():
                namespace.renew_adapter()

    def _choose_store(self, options: Options) -> Store:
        return make_store(self._own_store if options.store is None else options.store)

    def bind(self: ServerType, engine: Engine) -> ServerType:
        """Take the clients of another engine, before the first request (row S30)."""
        if self.engine.hub is not None:
            raise OptionError("the engine cannot change any more: the server has clients")
        engine.bind(self._make_client)
        self._use_engine(engine)
        return self

    def _use_engine(self, engine: Engine) -> None:
        self.engine = engine
        engine.run_listener = partial(self.run_aside, "the engine")
        self._put_authorization()

    def onconnection(self, session: Session) -> Client:
        """Serve a session that an engine has made; return its client (row S31)."""
        return self._make_client(session)

    # Hosts

    def start(self, watched: bool = True) -> None:
        """Belong to the hub of this thread. Called at each request; only the first one matters.

        :param watched: whether to tell of what holds the hub up; see :meth:`.Engine.start`.
        """
        if self.engine.hub is None:
            self.engine.start(watched)
            self.turn = Turn(self.engine.hub)
            self._adapters_due = True
        if self._adapters_due:
            self.start_adapters()

    def attend(self, host: str) -> None:
        """Take clients of a host, which :meth:`leave` is called for when it stops."""
        log.debug("clients of %s are taken from now on", host)
        self.hosts.add(host)
        self.engine.reopen()
        if self.engine.hub is not None:
            self.engine.watch()  # a test's client may have been first, and watches nothing
            self.start_adapters()

    def leave(self, host: str) -> None:
        """End the sessions that began at a host, which stops; with the last host all of them."""
        self.hosts.discard(host)
        if not self.hosts:
            self.close()
            return
        clients = {each for each in self._clients() if each.session.request.served_by == host}
        self.engine.close_those_of(host)
        self._wait_for_handlers(clients, 1.0)

    def close(self, callback: Callable[[], Any] | None = None, timeout: float = 1.0) -> None:
        """End every session, with the reason ``server shutting down``.

        :param callback: called without arguments when that is done.
        :param timeout: how long to wait until the handlers have run that it causes, in seconds.
        """
        clients = self._clients()
        log.debug("shutting down, with %d clients", len(clients))
        self.engine.close()
        self._wait_for_handlers(clients, timeout)
        self.expiries.wait(timeout)
        self.close_adapters()
        if callback is not None:
            callback()

    def _clients(self) -> set[Client]:
        # Of copies, for another thread may ask.
        return {
            socket.client
            for namespace in list(self.namespaces.values())
            for socket in list(namespace.sockets.values())
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
        return (TracedClient if isinstance(session, TracedSession) else Client)(self, session)
