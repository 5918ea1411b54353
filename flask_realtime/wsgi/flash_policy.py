"""Flash's socket policy: the pages whose Flash may connect here, and to which ports.

Flash opens a socket only where an XML document allows it, which it asks for by a request of 23
bytes: at port 843, at the port that the page names (10843 in Socket.IO 0.9), and at the very port
where it wants to connect. The answers are plain bytes on all three; no HTTP is involved.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, NamedTuple
from xml.sax.saxutils import quoteattr

import gevent
from gevent.server import StreamServer

from ..exceptions import OptionError
from .deadlines import Deadlines
from .timed_socket import TimedSocket

if TYPE_CHECKING:
    from gevent.socket import socket as GeventSocket

REQUEST = b"<policy-file-request/>\0"

_HEAD = (
    '<?xml version="1.0"?>'
    "<!DOCTYPE cross-domain-policy SYSTEM "
    '"http://www.macromedia.com/xml/dtds/cross-domain-policy.dtd">'
    "<cross-domain-policy>"
)
_TAIL = "</cross-domain-policy>"

# How long a client may take to fetch the policy and to leave, in seconds.
PATIENCE = 2.0

# What a client may send before it is no longer listened to, in pieces of at most 64 bytes.
_PIECES, _PIECE_SIZE = 4, 64

# Who comes when so many have not left yet takes the place of the first of them.
MAX_CONNECTIONS = 256

Domains = Callable[[str], Iterable[str]]


class FlashPolicy(NamedTuple):
    """What a server tells Flash.

    :param domains: called with the address to which a client has connected; returns the domains
        whose pages may connect, such as ``"example.org"``, ``"*.example.org"`` or ``"*"``.
    :param port: of a :class:`PolicyServer` beside the server's own port; None for none.
    """

    domains: Domains
    port: int | None = None

    def for_connection(self, sock: GeventSocket) -> bytes:
        """Return the answer on a server's own port."""
        host, port = _local_address(sock)
        return policy_document(self.domains(host), [port])

    def server_beside(self, address: Any) -> PolicyServer | None:
        """Make the policy server of a server that listens at `address`, if there shall be one.

        :raises OptionError: that is the path of a Unix socket, of which Flash knows nothing.
        """
        if not isinstance(address, tuple):
            raise OptionError(f"a Flash policy is for a TCP port, and the server has {address!r}")
        if self.port is None:
            return None
        return PolicyServer((address[0], self.port), self.domains, [address[1]])


class PolicyServer(StreamServer):
    """Answers everyone who connects by a policy, at once, and closes.

    :param listener: an address such as ``("", 10843)``, or a listening socket.
    :param domains: as for :class:`FlashPolicy`.
    :param ports: where the pages may connect. Flash believes a policy from a port from 1024 on for
        such ports only.
    """

    max_accept = 8

    def __init__(self, listener: Any, domains: Domains, ports: Iterable[int]) -> None:
        super().__init__(listener)
        self.ports = list(ports)
        self._domains = domains
        self._deadlines = Deadlines(PATIENCE / 4)
        self._streams: dict[TimedSocket, None] = {}  # in the order of their coming

    def handle(self, sock: GeventSocket, address: Any) -> None:
        """Serve one connection, in its greenlet."""
        host, _ = _local_address(sock)
        document = policy_document(self._domains(host), self.ports)
        stream = TimedSocket(sock, self._deadlines, PATIENCE)
        self._make_room()
        self._streams[stream] = None
        try:
            stream.send(document)
            sock.shutdown(socket.SHUT_WR)
            # Closed with unread bytes, the kernel resets the connection, and the policy is lost.
            deadline = self._deadlines.after(PATIENCE)
            for _ in range(_PIECES):
                if not stream.receive(deadline, _PIECE_SIZE):
                    break
        except OSError:
            pass  # it has left, or does not want to
        finally:
            self._streams.pop(stream, None)
            stream.close()

    def _make_room(self) -> None:
        if len(self._streams) >= MAX_CONNECTIONS:
            first = next(iter(self._streams))
            del self._streams[first]
            # By way of the hub: who switches to a greenlet that ends is not switched back to.
            gevent.get_hub().loop.run_callback(first.expire)


def policy_document(domains: Iterable[str], ports: Iterable[int]) -> bytes:
    """Return the policy that lets pages of some domains connect to some ports."""
    to_ports = quoteattr(",".join(map(str, ports)))
    rules = [
        f"<allow-access-from domain={quoteattr(domain)} to-ports={to_ports}/>" for domain in domains
    ]
    return "".join([_HEAD, *rules, _TAIL]).encode()


def receive_request(data: bytes, receive: Callable[[], bytes]) -> bytes:
    """Return how a connection begins, once it is known whether that is Flash's request.

    :param data: its first bytes.
    :param receive: waits for more; empty at the end of the stream.
    """
    while len(data) < len(REQUEST) and REQUEST.startswith(data):
        more = receive()
        if not more:
            break
        data += more
    return data


def _local_address(sock: GeventSocket) -> tuple[str, int]:
    """The address and port to which the client has connected."""
    host, port = sock.getsockname()[:2]
    return host.removeprefix("::ffff:"), port  # IPv4, where a socket of IPv6 serves both
