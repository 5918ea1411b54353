"""One session of the test client: the handshake, and its packets both ways."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

from ...exceptions import OptionError, RequestError, UsageError
from ...protocol.packet import Message, Packet, PacketType
from ...protocol.request import (
    NAMES_09,
    POLLING,
    WEBSOCKET,
    ClientRequest,
    parse_request,
    user_query,
)
from ...socketio.server import Server
from ...transports.http import Headers, Request
from ...transports.testing import InProcessTransport

Protocol = int | str

_VERSIONS: dict[Protocol, dict[str, str]] = {"0.9": {}, 3: {"EIO": "3"}, 4: {"EIO": "4"}}
_WIRE_NAMES_09 = {name: wire_name for wire_name, name in NAMES_09.items()}


class Received(dict[str, Any]):
    """An event of the server's: ``{"name": …, "args": […], "namespace": …}``.

    The arguments of ``message`` and ``json`` are the bare payload, as in Flask-SocketIO.
    """

    __slots__ = ("id",)

    def __init__(self, packet: Packet) -> None:
        name, *args = packet.data
        bare = name in ("message", "json")
        super().__init__(
            name=name,
            args=(args[0] if args else None) if bare else args,
            namespace=packet.namespace,
        )
        #: The number by which the server asks for an answer, None if it wants none.
        self.id: int | None = packet.id


class Refused(Exception):  # noqa: N818
    """The server has refused the handshake; the message is what its client was told."""


class ClientSession:
    """A session, seen from its client.

    :param taken: called with each packet of Socket.IO that comes; must not wait, nor send.
    :param ended: called when nothing comes any more.
    """

    def __init__(
        self,
        server: Server,
        taken: Callable[[ClientSession, Packet], None],
        ended: Callable[[ClientSession], None],
    ) -> None:
        self._server = server
        self._taken = taken
        self._ended = ended
        #: The namespaces that the client wants to be in by it.
        self.namespaces: set[str] = set()
        #: The ids of its sockets, by namespace.
        self.ids: dict[str, str] = {}

    @property
    def is_useless(self) -> bool:
        """Whether its client, which the server has refused or sent away, closes it now."""
        return not (self.namespaces or self.dialect.joins_root)

    def open(self, environ: dict[str, Any], protocol: Protocol) -> Headers:
        """Make the handshake; return the headers of its answer.

        :param environ: of the request as the application is to see it: its query is the page's.
        :raises Refused: if the server does not let the client in.
        """
        server = self._server
        server.start(watched=False)
        if server.engine.elsewhere:
            raise UsageError("the test client works in the thread of its server, and no other")
        server.engine.reopen()
        pairs = parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True)
        query = user_query(dict(reversed(pairs)))
        carrier = WEBSOCKET if WEBSOCKET in server.options.transports else POLLING
        if protocol == "0.9":
            return self._open_09(Request(environ, query), carrier)
        query |= {**_VERSIONS[protocol], "transport": carrier}
        return self._open_engine_io(Request(environ, query))

    def _open_engine_io(self, request: Request) -> Headers:
        engine = self._server.engine
        wanted = parse_request("", request.query)
        try:
            admitted = engine.admit(request, wanted)
        except RequestError as error:
            raise self._refused(request, wanted, error) from None
        session = engine.make_session(admitted.request, wanted, admitted.sid)
        transport = self._make_transport(wanted, session.sid)
        session.open(transport, [])
        return admitted.headers

    def _open_09(self, request: Request, carrier: str) -> Headers:
        """First a request that opens the session, then one that says how it goes on."""
        engine = self._server.engine
        wanted = parse_request("1/", request.query)
        try:
            response = engine.handle(request, wanted, None, bytes)
            assert isinstance(response.body, bytes)
            sid = response.body.decode().partition(":")[0]
            tail = f"1/{_WIRE_NAMES_09.get(carrier, carrier)}/{sid}"
            wanted = parse_request(tail, request.query)
            session = engine.admit(request, wanted).session
        except RequestError as error:
            raise self._refused(request, wanted, error) from None
        assert session is not None
        session.move(self._make_transport(wanted, sid))
        return response.headers

    def _refused(self, request: Request, wanted: ClientRequest, error: RequestError) -> Refused:
        self._server.engine.tell(error, request, wanted.sid)
        return Refused(str(error))

    def _make_transport(self, wanted: ClientRequest, sid: str) -> InProcessTransport:
        engine = self._server.engine
        self.sid = sid
        self.dialect = engine.dialects.find(wanted)
        self._decoder = self.dialect.client_decoder()
        self._loop = engine.hub.loop
        session = engine.sessions[sid]
        self._transport = InProcessTransport(
            self, session.outbox, engine.options.max_http_buffer_size
        )
        return self._transport

    def join(self, namespace: str, auth: Any, query: str) -> None:
        """Ask to be let into a namespace.

        :param query: what clients before 3.x say in the place of `auth`.
        """
        self.namespaces.add(namespace)
        if query and namespace != "/":
            self.send(Packet(PacketType.CONNECT, f"{namespace}?{query}"))
        elif not (self.dialect.joins_root and namespace == "/"):
            self.send(Packet(PacketType.CONNECT, namespace, auth))

    def send(self, packet: Packet) -> None:
        """Send a packet.

        :raises EncodeError: if its data cannot be carried.
        """
        for message in self.dialect.encode(packet).messages:
            self._transport.send(message)

    def socket_id(self, packet: Packet) -> str:
        """Return the id that a CONNECT of the server's tells, or that older clients make."""
        if packet.data is not None:
            return str(packet.data["sid"])
        return self.dialect.socket_id(self.sid, packet.namespace, str)

    def leave(self) -> None:
        """Close the connection, as a client does that needs it no more."""
        self._transport.leave()

    def vanish(self) -> None:
        """Be gone without a word: the server finds out by itself."""
        self._transport.vanish()
        self.ended()

    # From the transport

    def receive(self, message: Message) -> None:
        """Take one message of the server's."""
        packet = self._decoder.feed(message)
        if packet is None:
            return
        if packet.type is PacketType.PING:
            self._loop.run_callback(self.send, Packet(PacketType.PONG))
        elif packet.type < PacketType.OPEN:
            self._taken(self, packet)

    def ended(self) -> None:
        """Take note that nothing comes any more."""
        self._ended(self)


def check_protocol(protocol: Any) -> Protocol:
    """Return the generation of a client.

    :raises OptionError: if there is none of that name.
    """
    if protocol not in _VERSIONS:
        known = ", ".join(map(repr, _VERSIONS))
        raise OptionError(f"protocol is one of {known} (for clients 3.x and 4.x), not {protocol!r}")
    known_protocol: Protocol = protocol
    return known_protocol


def full_name(namespace: str | None) -> str:
    """Return the name of a namespace as it is on the wire, the root's if None."""
    name = namespace or "/"
    return name if name.startswith("/") else f"/{name}"


def refusal(data: Any) -> dict[str, Any]:
    """Return what a refusal says; clients 1.x and 2.x get its data in the place of its message."""
    if isinstance(data, dict) and data.keys() <= {"message", "data"}:
        return data
    return {"message": data} if isinstance(data, str) else {"message": "", "data": data}
