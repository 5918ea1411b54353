"""A namespace: its handlers, its sockets, and how to reach them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..adapters.adapter import ALL, Adapter, Returned, Selection
from ..adapters.memory import MemoryAdapter
from ..engine.admission import new_id
from ..exceptions import ConnectionRefusedError
from .addressable import Addressable, room_names
from .broadcast import BroadcastOperator
from .dispatch import run_life
from .events import Handlers, NamespaceHandlers
from .for_adapter import ForAdapter
from .handler import FAILURES, MISSING, F, Function
from .middleware import Gate, Middleware, Refusal, refusal_of
from .older.authorization import Authorization
from .recovery import make_recovery
from .socket import Socket
from .users import AnotherUser

if TYPE_CHECKING:
    from .client import Client
    from .parent import ParentNamespace
    from .server import Server


class Namespace(ForAdapter, Addressable, NamespaceHandlers):
    """What ``io.of(name)`` returns."""

    def __init__(
        self, server: Server, name: str, make_adapter: Callable[[Namespace], Adapter]
    ) -> None:
        self.server = server
        self.name = name
        self.sockets: dict[str, Socket] = {}
        NamespaceHandlers.__init__(self)
        #: Whose handlers and middlewares it has beside its own; None for most.
        self.parent: ParentNamespace | None = None
        self._authorization: Authorization | None = None
        self._middlewares: list[Middleware] = []
        self._joining = 0  # clients that may be in it soon
        self._server_side: Handlers | None = None
        self.adapter = make_adapter(self)
        #: Who may come back after a loss of connection; None where nobody may.
        self.recovery = make_recovery(self.adapter, self, server.options)

    def __repr__(self) -> str:
        return f"<Namespace {self.name!r} with {len(self.sockets)} sockets>"

    # Handlers

    @property
    def error_handler(self) -> Function | None:
        """What is called with the exception of a handler."""
        if self._error_handler is None and self.parent is not None:
            return self.parent.error_handler
        return self._error_handler

    def use(self, middleware: F = MISSING) -> F:
        """Register a function that decides on each client before its ``connect`` handler does.

        They are asked in the order of their registration, with the contexts of a handler. The
        client is not in the namespace yet: no broadcast reaches it, and what is sent to it waits.

        :param middleware: ``(socket)``, which refuses the client by returning False or raising
            :exc:`.ConnectionRefusedError`; or ``(socket, next)``, which calls ``next()``, or
            ``next(error)`` to refuse, at once or later, from any greenlet or thread. A client for
            which nobody does so within ``connect_timeout`` is refused.
        :raises EventError: for a function that can take neither.
        """
        self._middlewares.append(Middleware(middleware))
        return middleware

    def authorization(self, function: F) -> F:
        """Register the function that decides on each client by its handshake, as Socket.IO 0.9 had
        it; before the middlewares. There is one, and the last one counts.

        :param function: ``(handshake) -> bool``, or ``(handshake, callback)``, which calls
            ``callback(error, authorized)``, perhaps later; a third argument is what the socket's
            handshake is from now on.
        :raises EventError: for a function that can take neither.
        """
        self._authorization = Authorization(function)
        return function

    def _gates(self) -> list[Gate]:
        """What a client has to pass, in order."""
        before = self.parent._gates() if self.parent is not None else []
        authorization = [self._authorization] if self._authorization is not None else []
        return [*before, *authorization, *self._middlewares]

    @property
    def is_configured(self) -> bool:
        """Whether anything is registered with this namespace itself."""
        own = self._error_handler or self._authorization or self._middlewares
        return bool(own or self.handlers or self._server_side)

    # Sending: see Addressable

    @property
    def _operator(self) -> BroadcastOperator:
        return BroadcastOperator(self)

    def server_side_handlers(self) -> Handlers:
        """The handlers of events from other nodes."""
        if self._server_side is None:
            self._server_side = Handlers()
        return self._server_side

    def renew_adapter(self) -> None:
        """Have an adapter that the options ask for; nobody may be here yet."""
        before, self.adapter = self.adapter, self.server.make_adapter(self)
        if isinstance(before, MemoryAdapter) and before.room_events is not None:
            before.room_events.hand_to(self.adapter)
        self.recovery = make_recovery(self.adapter, self, self.server.options)

    # The names of old

    @property
    def connected(self) -> dict[str, Socket]:
        """The sockets by id, as Socket.IO 1.x and 2.x have it: :attr:`sockets`."""
        return self.sockets

    def clients(
        self, room: Any = None, callback: Callable[[Any, list[str]], Any] | None = None
    ) -> list[Socket]:
        """Return the sockets of this process that are in a room, or all.

        Socket.IO 0.9 has it so; that of 1.x and 2.x calls back with ``(error, ids)``.
        """
        if callable(room):
            room, callback = None, room
        chosen = ALL if room is None else Selection(rooms=room_names([room]))
        there = self.adapter.ids_in(chosen)
        sockets = [self.sockets[id] for id in there if id in self.sockets]
        if callback is not None:
            callback(None, [socket.id for socket in sockets])
        return sockets

    def socket(self, id: str) -> Socket | BroadcastOperator:
        """Return a socket by its id; what is sent to one of another node goes there, and to one
        that is gone nowhere (Socket.IO 0.9).
        """
        return self.sockets.get(id) or self.to(id)

    # A socket's beginning and end, in the order of its client's events

    def connect(self, client: Client, auth: Any) -> None:
        """Let a client in, unless somebody refuses: authorization, middlewares, ``connect``."""
        self._joining += 1
        try:
            returned = None
            if self.recovery is not None:
                returned, auth = self.recovery.find(client, auth)
            if client.gone:
                return  # while it waited to be told whether, or as whom, it may come
            socket = self._begin(client, auth, returned)
            client.joined(socket)
            try:
                self._let_in(socket)
            except AnotherUser:
                self._let_in_anew(socket, returned)
        finally:
            self._joining -= 1
            self.look_whether_empty()

    def _begin(self, client: Client, auth: Any, returned: Returned | None) -> Socket:
        """Return the client's socket: a new one, or the one that it had before."""
        if returned is None:
            session = client.session
            id = session.dialect.socket_id(session.sid, self.name, new_id)
        else:
            id = returned.kept.id
        socket = Socket(self, client, id, auth)
        if self.recovery is not None:
            self.recovery.begin(socket, returned)
        if returned is not None:
            self.sockets[id] = socket  # it is in its rooms already: what they get waits for it
        return socket

    def _let_in_anew(self, former: Socket, returned: Returned | None) -> None:
        """Let a client in that has come back as another user: it has nothing of the former one's,
        and passes the middlewares.
        """
        client = former.client
        left = not former.detach()
        former.let_go()
        if returned is not None:
            client.give_back(returned.kept.store_key)
        if left:
            return
        socket = self._begin(client, former.auth, None)
        client.joined(socket)
        self._let_in(socket)

    def _let_in(self, socket: Socket) -> None:
        refusal = self._pass_gates(socket)
        if refusal is not None or not socket.connected:
            self._turn_away(socket, refusal)
            return
        # In its own room already: the handler may join others, and emit to them.
        self.sockets[socket.id] = socket
        self.adapter.add(socket.id, ())
        refusal = self._ask(socket)
        if refusal is not None or socket.sent_away:
            self._turn_away(socket, refusal)
            return
        socket.accept()
        socket.client.settled()
        try:
            run_life(socket, "connection", socket)
        except FAILURES as error:
            self.server.handler_failed(socket, "connection", error)

    def _pass_gates(self, socket: Socket) -> Refusal | None:
        """Return what refuses the socket, None if nothing does or it has left."""
        if self.recovery is not None and self.recovery.skips_middlewares(socket):
            return None
        for gate in self._gates():
            try:
                gate.admit(socket)
            except FAILURES as error:
                return refusal_of(socket, gate.name, error) if socket.connected else None
            if not socket.connected:
                break
        return None

    def _ask(self, socket: Socket) -> Refusal | None:
        """Return why the ``connect`` handler refuses the socket, None if it does not."""
        asked = "the user loader"
        try:
            self.server.enter_user(socket)
            asked = "connect"
            if run_life(socket, "connect", socket.auth) is False:
                raise ConnectionRefusedError
        except AnotherUser:
            raise
        except FAILURES as error:
            return refusal_of(socket, asked, error)
        return None

    def _turn_away(self, socket: Socket, refusal: Refusal | None) -> None:
        left = not socket.detach()  # then either side knows already
        socket.let_go()
        if refusal is not None and not left:
            socket.client.refuse(self.name, *refusal)

    def forget(self, socket: Socket) -> None:
        """A socket is over."""
        # Another one may have its id: its client has come back. And one that a middleware has put
        # into rooms may never have been here.
        if self.sockets.get(socket.id, socket) is socket:
            self.adapter.remove_all(socket.id)
            self.sockets.pop(socket.id, None)
        self.look_whether_empty()

    def look_whether_empty(self) -> None:
        """Tell the parent, if nobody is here."""
        if self.parent is not None and not self.sockets and not self._joining:
            self.parent.emptied(self)
