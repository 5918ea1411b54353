"""One session's sockets, what they have received, and the order in which it is handled."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from werkzeug import Request

from ..engine.clock import Deadline
from ..engine.rates import Bucket
from ..engine.session import Session
from ..engine.states import SessionState
from ..exceptions import Disconnected, EncodeError
from ..protocol.packet import Packet, PacketType
from ..protocol.reason import Reason
from .dispatch import dispatch
from .handler import FAILURES
from .handshake import find_auth
from .rates import Rate
from .socket import GONE, Socket
from .storage import SessionValues
from .verdict import Verdict

if TYPE_CHECKING:
    from .server import Server


# To ask an enumeration for a member takes 70 ns on CPython 3.11; each event would ask for three.
_EVENT, _ACK, _DISCONNECT = PacketType.EVENT, PacketType.ACK, PacketType.DISCONNECT


class _Left:
    """In the inbox: what was read before it runs before the ``disconnect`` handlers do."""

    __slots__ = ("reason", "socket")
    size = 0

    def __init__(self, socket: Socket, reason: str) -> None:
        self.socket = socket
        self.reason = reason


class Client:
    """The server's side of one session.

    Handlers of all its namespaces run in the order in which their packets came, never two at once
    (unless the option ``async_handlers`` says so).
    """

    __slots__ = (
        "_deadline",
        "_inbox",
        "_interrupted",
        "_left",
        "_size",
        "_verdict",
        "_waiting",
        "buckets",
        "kept",
        "more",
        "queued",
        "server",
        "session",
        "sockets",
        "values",
        "working",
    )

    def __init__(self, server: Server, session: Session) -> None:
        self.server = server
        self.session = session
        self.sockets: dict[str, Socket] = {}
        #: What the layer above keeps for this connection, such as its request context.
        self.kept: Any = None
        #: Whether a worker has more packets of it at hand: then answers leave together, after them.
        self.more = False
        self.queued = False
        self.working = False
        self._interrupted = False
        self._waiting = 0  # packets in the inbox, or in the hands of a handler beside others
        self._size = 0
        #: What ``socket.set`` has kept; None as long as that is nothing.
        self.values: SessionValues | None = None
        #: What it may still send under each limit that it has met; None before the first.
        self.buckets: dict[Rate, Bucket] | None = None
        self._inbox: deque[Packet | _Left] | None = None  # an idle client needs none
        self._left: set[str] | None = None  # namespaces it was in, the first max_namespaces
        self._deadline: Deadline | None = None  # until when it has to be in a namespace
        self._verdict: Verdict | None = None  # whether a namespace is made for it
        self._wait_for_join()

    @property
    def gone(self) -> bool:
        """Whether the session is over."""
        return self.session.state is not SessionState.OPEN

    # In: called in the hub

    def receive(self, packet: Packet) -> None:
        """Take a packet: an answer goes to who waits for it, the rest into the inbox."""
        packet_type = packet.type
        if packet_type is _ACK:
            socket = self.sockets.get(packet.namespace)
            if socket is not None:
                socket.acks.resolve(packet.id, packet.data)
            return
        if packet_type is _DISCONNECT:
            if packet.namespace == "/" and self.session.dialect.ends_with_root:
                self.session.close(Reason.CLIENT_DISCONNECT)
                return
            socket = self.sockets.get(packet.namespace)
            if socket is not None and socket.connected:
                self.leave(packet.namespace, Reason.CLIENT_DISCONNECT)
                return
            # Else it is meant for a socket whose CONNECT is still in the inbox.
        self._append(packet)

    def opened(self) -> None:
        """The session has its first transport, by which some generations are in the root namespace.
        """
        if self.session.dialect.joins_root:
            self._append(Packet(PacketType.CONNECT, "/"))

    def moved(self) -> None:
        """Tell the client again that it is in the root namespace: had it heard of that, it would be
        connected, and would not try another transport.
        """
        root = self.sockets.get("/")
        if root is not None and root.accepted:
            self.session.send(self.session.dialect.connect_packet("/", root.id))

    def _append(self, item: Packet | _Left) -> None:
        inbox = self._inbox
        if inbox is None:
            inbox = self._inbox = deque()
        inbox.append(item)
        self._waiting += 1
        self._size += item.size
        options = self.server.options
        if self._waiting >= options.max_inbox or self._size >= options.max_http_buffer_size:
            self.session.pause()
        if not (self.queued or self.working):
            self.server.turn.add(self)

    def leave(self, namespace: str, reason: str) -> None:
        """A socket leaves: known at once, its handlers run in their turn."""
        socket = self.sockets.get(namespace)
        if socket is not None and socket.detach():
            recovery = socket.namespace.recovery
            if recovery is not None:
                recovery.left(socket, reason)
            self._append(_Left(socket, reason))

    def closed(self, reason: str) -> None:
        """The session is over."""
        self.settled()
        if self._verdict is not None:
            self._verdict.give(error=Disconnected(GONE))
        for namespace in list(self.sockets):
            self.leave(namespace, reason)
        if self.values is not None:
            self.values.end()

    def wait_for(self, verdict: Verdict) -> Any:
        """Wait for a decision on a namespace that it has asked for.

        :raises Disconnected: as soon as the client leaves.
        """
        if self.gone:
            raise Disconnected(GONE)
        self._verdict = verdict
        try:
            return verdict.wait()
        finally:
            self._verdict = None

    def values_to_write(self) -> SessionValues:
        """Return where to keep a value.

        :raises Disconnected: if the client has left: nobody would drop it.
        """
        if self.gone:
            raise Disconnected("the client has left; its values are being dropped")
        if self.values is None:
            self.values = SessionValues(self.server)
        return self.values

    @property
    def store_key(self) -> str:
        """Under which key its values are kept, empty if there are none."""
        return "" if self.values is None else self.values.key

    def take_over(self, store_key: str) -> None:
        """Have the values of a client that has come back as this one, unless it has its own."""
        if self.values is None and store_key:
            self.values = SessionValues(self.server, store_key)

    def give_back(self, store_key: str) -> None:
        """Have these values no more: they were another user's."""
        if self.values is not None and self.values.key == store_key:
            self.values.end()
            self.values = None

    def _wait_for_join(self) -> None:
        timeout = self.server.options.connect_timeout
        self._deadline = self.server.engine.clock.after(timeout, self._joined_nothing)

    def _joined_nothing(self) -> None:
        if self.sockets:
            self._wait_for_join()  # its connect handler may still refuse it
        else:
            self.session.close(Reason.FORCED_SERVER_CLOSE)

    def settled(self) -> None:
        """The client is in a namespace, or gone: its time to join one is over."""
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    # Work: called by a worker

    def work(self, quantum: int) -> bool:
        """Handle up to `quantum` packets; return whether some are left.

        The answers go out together at the end: one frame, one system call.
        """
        self._interrupted = False
        inbox, beside = self._inbox, self.server.options.async_handlers
        try:
            while inbox and quantum > 0 and not self._interrupted:
                quantum -= 1
                item = inbox.popleft()
                self.more = quantum > 0 and bool(inbox)
                if not beside:
                    self.taken(item.size)
                    self._handle(item)
                elif not self._handle(item):
                    self.taken(item.size)
        finally:
            self.more = False
            self.flush()
        if inbox:
            return True
        self._inbox = None
        return False

    def taken(self, size: int) -> None:
        """A packet waits no more; reading goes on when half of them do not.

        With ``async_handlers`` a packet waits as long as its handler runs: nothing else bounds
        those.
        """
        self._waiting -= 1
        self._size -= size
        options = self.server.options
        if self._waiting * 2 > options.max_inbox or self._size * 2 > options.max_http_buffer_size:
            return
        self.session.resume()

    def flush(self) -> None:
        """Send what was held back for more to come."""
        session = self.session
        if session.outbox:
            session.transport.flush()

    def interrupted(self) -> None:
        self._interrupted = True
        self.flush()

    def _handle(self, item: Packet | _Left) -> bool:
        """Return whether its handler goes on beside others."""
        if isinstance(item, _Left):
            item.socket.finish(item.reason)
            return False
        socket = self.sockets.get(item.namespace)
        if item.type is _EVENT and socket is not None:
            # Who was sent away has no say any more; who has left by himself still had.
            return not socket.sent_away and dispatch(socket, item)
        if item.type is PacketType.CONNECT and socket is None:
            self._join(item)
        elif item.type is PacketType.DISCONNECT and socket is not None:
            # It came right behind its CONNECT, and what comes behind it may be the next one.
            if socket.detach():
                socket.finish(Reason.CLIENT_DISCONNECT)
        elif not self.session.dialect.strict:
            return False
        elif socket is not None or not self._may_have_left(item.namespace):
            # Socket.IO 4: a packet that its state does not allow ends the connection.
            self.session.close(Reason.FORCED_SERVER_CLOSE)
        return False

    def _join(self, packet: Packet) -> None:
        if self.session.state is not SessionState.OPEN:
            return
        name, auth = packet.namespace, find_auth(self.session, packet)
        if len(self.sockets) >= self.server.options.max_namespaces:
            self.refuse(name, "Too many namespaces")
            return
        server = self.server
        try:
            namespace = server.namespaces.get(name) or server.parents.find(self, name, auth)
        except FAILURES as error:  # its adapter's
            server.log.error("the namespace %r cannot be made", name[:100], exc_info=error)
            self.refuse(name, "internal error")
            return
        if self.gone:
            return  # while it was decided
        if namespace is None:
            server.no_namespace(name)
            self.refuse(name, "Invalid namespace")
        else:
            namespace.connect(self, auth)

    @property
    def conn(self) -> Session:
        """The session that carries it, as Socket.IO names that."""
        return self.session

    @property
    def id(self) -> str:
        """The session's sid: a secret of the client's, unlike its sockets' ids."""
        return self.session.sid

    @property
    def request(self) -> Request:
        """The handshake's request."""
        return self.server.request_of(self)

    def __contains__(self, namespace: object) -> bool:
        """Whether it is in a namespace, given by its name."""
        return namespace in self.sockets

    def refuse(self, namespace: str, message: str, data: Any = None) -> None:
        """Tell the client that it may not join `namespace`."""
        make_packet = self.session.dialect.refusal_packet
        try:
            self.session.send(make_packet(namespace, message, data))
        except EncodeError as error:
            self.server.log.error("the data of a refusal was left out: %s", error)
            self.session.send(make_packet(namespace, message, None))

    def disconnect(self) -> None:
        """Send the client away for good."""
        for socket in list(self.sockets.values()):
            socket.disconnect()
        self.session.close(Reason.FORCED_SERVER_CLOSE)

    def joined(self, socket: Socket) -> None:
        """A socket is being connected."""
        self.sockets[socket.namespace.name] = socket

    def forget(self, socket: Socket) -> None:
        """A socket is over; what the client still sends to it is dropped."""
        name = socket.namespace.name
        if self.sockets.get(name) is socket:
            del self.sockets[name]
        if self.session.state is SessionState.OPEN:
            if self._left is None:
                self._left = set()
            if len(self._left) < self.server.options.max_namespaces:
                self._left.add(name)
        elif not self.sockets:
            self.kept = None

    def _may_have_left(self, namespace: str) -> bool:
        """Whether a packet may be for a socket that was in a namespace until just now.

        Who was in very many, by names that the client chooses, is not held to it any more: their
        names would stay as long as the session.
        """
        left = self._left
        if left is None:
            return False
        return namespace in left or len(left) >= self.server.options.max_namespaces
