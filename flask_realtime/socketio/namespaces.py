"""The namespaces of a server: those that have a name, and those whose names are only matched."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, cast, overload

import werkzeug

from ..engine.engine import Engine
from ..exceptions import EventError
from .addressable import Addressable
from .broadcast import BroadcastOperator
from .events import CATCH_ALL, Handlers, Subscribable
from .handler import F, Function
from .namespace import Namespace
from .older.authorization import Authorization
from .parent import Matcher, ParentNamespace, Parents, check_matcher
from .request import AroundRequest, call_for_request, make_request

if TYPE_CHECKING:
    from .client import Client
    from .server import Server


log = logging.getLogger("flask_realtime.server")


class Namespaces(Addressable, Subscribable):
    """The part of a server that has its namespaces, and says who may come.

    Its own events and sockets are those of the root namespace.
    """

    engine: Engine
    #: What :meth:`of` makes; those of the extension have Flask-SocketIO's words too.
    namespace_class: type[Namespace] = Namespace

    def __init__(self) -> None:
        self.namespaces: dict[str, Namespace] = {}
        self._adapters_run = False
        self._adapters_due = False  # whether the next request starts them
        self.parents = Parents(cast("Server", self))
        #: Runs what decides on a handshake: the extension puts Flask's contexts around it here.
        self.around_request: AroundRequest = call_for_request
        #: Returns the request of a client; the extension gives Flask's.
        self.request_of: Callable[[Client], werkzeug.Request] = make_request
        self._authorization: Authorization | None = None

    def _table(self) -> Handlers:
        return self.namespaces["/"].handlers

    @property
    def _operator(self) -> BroadcastOperator:
        return BroadcastOperator(self.namespaces["/"])

    @overload
    def of(self, name: str, connected: Function | None = None) -> Namespace: ...

    @overload
    def of(self, name: Matcher, connected: Function | None = None) -> ParentNamespace: ...

    def of(self, name: str | Matcher, connected: Function | None = None) -> Namespace:
        """Return the namespace of that name, which clients may join from now on.

        :param name: such as ``/chat``; or a compiled pattern that is searched for in names, or a
            function ``(name, auth) -> bool``, or ``(name, auth, next)`` that calls
            ``next(error, allowed)``, perhaps later: then it is the parent of all namespaces whose
            names it takes.
        :param connected: its ``connection`` handler.
        :raises TypeError: for what names no namespace.
        :raises EventError: for ``*``, which has handlers and no clients.
        """
        if name == CATCH_ALL:
            raise EventError("'*' is every namespace: on(event, namespace='*') handles it")
        if isinstance(name, str):
            name = name if name.startswith("/") else "/" + name
            namespace = self.namespaces.get(name) or self.parents.child_for(name)
            if namespace is None:
                namespace = self.make_namespace(name)
        else:
            namespace = self.parents.get(check_matcher(name))
        if connected is not None:
            namespace.on("connection", connected)
        return namespace

    @property
    def sockets(self) -> Namespace:
        """The root namespace, as Socket.IO has it since 0.7 (row S13)."""
        return self.of("/")

    def make_namespace(self, name: str) -> Namespace:
        """Return a new namespace; raises what its adapter does that cannot start."""
        log.debug("namespace %s is made", name)
        server = cast("Server", self)
        namespace = self.namespace_class(server, name, server.make_adapter)
        if self._adapters_run:
            namespace.adapter.start()  # which may wait, or fail: nobody finds it before
            earlier = self.namespaces.get(name)
            if earlier is not None:
                namespace.adapter.close()
                return earlier
        self.namespaces[name] = namespace
        return namespace

    def start_adapters(self) -> None:
        """The server serves: adapters may reach other nodes.

        Where one cannot start none does, and the next request tries again.
        """
        if self._adapters_run:
            return
        self._adapters_run = True  # a namespace that is made meanwhile starts its own
        waiting = list(self.namespaces.values())
        try:
            while waiting:
                waiting[0].adapter.start()
                del waiting[0]
        except BaseException:
            self._adapters_run, self._adapters_due = False, True
            for namespace in list(self.namespaces.values()):
                if namespace not in waiting:
                    namespace.adapter.close()
            raise
        self._adapters_due = False

    def close_adapters(self) -> None:
        """The server has stopped."""
        self._adapters_due = False
        if self._adapters_run:
            self._adapters_run = False
            for namespace in self.namespaces.values():
                namespace.adapter.close()

    def existing(self, name: str) -> Namespace:
        """Return the namespace of that name; unlike :meth:`of` it makes none but a parent's child.

        :raises EventError: if there is none: nobody could be in it.
        """
        name = name if name.startswith("/") else "/" + name
        namespace = self.namespaces.get(name) or self.parents.child_for(name)
        if namespace is None:
            known = ", ".join(self.namespaces)
            raise EventError(f"there is no namespace {name!r}; known: {known}; io.of() makes one")
        return namespace

    @overload
    def on_room(
        self, event: str, listener: None = None, namespace: str | None = None
    ) -> Callable[[F], F]: ...

    @overload
    def on_room(self, event: str, listener: F, namespace: str | None = None) -> F: ...

    def on_room(
        self, event: str, listener: Function | None = None, namespace: str | None = None
    ) -> Function:
        """Have a function called when rooms of this process come and go; a decorator without one.

        The same as ``io.of(namespace).adapter.on``, whose events these are. :meth:`on` has what
        clients send, under these names too: no client can pass for the adapter.

        :param event: ``create-room`` and ``delete-room`` come with the room, ``join-room`` and
            ``leave-room`` with the room and the socket's id; or with ``_``.
        :param namespace: the root namespace, if none is given.
        :raises EventError: for any other event.
        """
        if namespace == CATCH_ALL:
            raise EventError("rooms are of one namespace each; namespace='*' is for io.on")
        return self.of(namespace or "/").adapter.on(event, listener)

    def use(self, middleware: F) -> F:
        """Register a function that decides on each client of the root namespace; see
        :meth:`.Namespace.use`.
        """
        return self.of("/").use(middleware)

    def authorization(self, function: F) -> F:
        """Register the function that decides on each handshake, of all generations, after
        ``allow_request`` and before there is a session, as Socket.IO 0.9 had it. The last one
        counts.

        :param function: ``(handshake) -> bool``, or ``(handshake, callback)``, which calls
            ``callback(error, authorized)``, perhaps later; a third argument is what the handshake
            is from now on. A no is answered by 403 ``handshake unauthorized``, a failure by 500
            ``handshake error``, or by what the client's generation has for them.
        :raises EventError: for a function that can take neither.
        """
        self._authorization = Authorization(function)
        self._put_authorization()
        return function

    def _put_authorization(self) -> None:
        """Have the engine ask; again for each that is made."""
        if self._authorization is not None:
            server = cast("Server", self)
            self.engine.authorize = partial(self._authorization.authorize, server)
