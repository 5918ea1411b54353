"""A session that tells what comes and goes; it takes the place of one where that is wanted."""

from __future__ import annotations

import logging
import re
import reprlib

from ..protocol.packet import Message, Packet, PacketType
from ..scopes import short, tell
from ..transports.transport import Transport
from .session import Session

_session = logging.getLogger("flask_realtime.session")
_transport = logging.getLogger("flask_realtime.transport")
_client = logging.getLogger("flask_realtime.client")
_socket = logging.getLogger("flask_realtime.socket")

_MAX_MESSAGE = 200
"""Characters of a message that are shown."""

_TEXT_ID = re.compile(r'("[ps]id"\s*:\s*"[\w-]{6})[\w-]+')
_BINARY_ID = re.compile(rb"([ps]id(?:[\xa0-\xbf]|\xd9.)[\w-]{6})[\w-]+", re.DOTALL)


class _Short(reprlib.Repr):
    def __init__(self) -> None:
        super().__init__()
        self.maxlevel = 4
        self.maxstring = self.maxother = 60


_short = _Short()


def tell_packet(direction: str, sid: str, packet: Packet) -> None:
    """Log a packet: to the logger of sockets an event or its answer, else to that of clients or
    sessions.

    :param direction: ``"->"`` to the client, ``"<-"`` from it.
    """
    if packet.type in (PacketType.EVENT, PacketType.ACK):
        logger = _socket
    else:
        logger = _client if packet.type < PacketType.OPEN else _session
    if logger.isEnabledFor(logging.DEBUG):
        tell(logger, "%s %s %s", short(sid), direction, describe(packet))


def describe(packet: Packet) -> str:
    """Say what a packet is, in short: ``EVENT /chat 'message' ['hello'] id=3``."""
    parts = [packet.type.name]
    if packet.type < PacketType.OPEN:
        parts.append(packet.namespace)
    data = packet.data
    if packet.type is PacketType.EVENT and data:
        parts.append(repr(str(data[0])[:100]))
        data = data[1:]
    if packet.type is PacketType.OPEN:
        data = None  # it has the sid, which is a secret
    if packet.type is PacketType.CONNECT and isinstance(data, dict):
        data = {key: _shown(key, value) for key, value in data.items()}
    if data is not None:
        parts.append(_short.repr(data))
    if packet.id is not None:
        parts.append(f"id={packet.id}")
    return " ".join(parts)


def _shown(key: object, value: object) -> object:
    """What a CONNECT says: by the pid whoever has it comes back as that client."""
    return short(value) if key in ("sid", "pid") and isinstance(value, str) else value


def _hide(message: Message) -> Message:
    """Shorten the ids in a message as it is sent, JSON or msgpack."""
    if isinstance(message, str):
        return _TEXT_ID.sub(r"\1…", message)
    return _BINARY_ID.sub(rb"\1...", message)


class TracedSession(Session):
    """Tells of packets, messages and transports."""

    __slots__ = ()

    def open(self, transport: Transport, upgrades: list[str]) -> None:
        what = f"{self.dialect.name} by {transport.name or 'its handshake'}"
        tell(_session, "%s begins, %s from %s", short(self.sid), what, self.request.address)
        super().open(transport, upgrades)

    def switch(self, transport: Transport) -> None:
        tell(_session, "%s is on %s", short(self.sid), transport.name or "no transport yet")
        super().switch(transport)

    def receive(self, message: Message) -> None:
        self._tell_message("<-", message)
        super().receive(message)

    def _receive_engine(self, packet: Packet) -> None:
        tell_packet("<-", self.sid, packet)
        super()._receive_engine(packet)

    def send(self, packet: Packet, volatile: bool = False, flush: bool = True) -> bool:
        taken = super().send(packet, volatile, flush)
        tell_packet("->" if taken else "-> (dropped)", self.sid, packet)
        if taken and _transport.isEnabledFor(logging.DEBUG):
            for message in self.dialect.encode(packet).messages:
                self._tell_message("->", message)
        return taken

    def _tell_message(self, direction: str, message: Message) -> None:
        if not _transport.isEnabledFor(logging.DEBUG):
            return
        shown = repr(_hide(message[:_MAX_MESSAGE])).replace(self.sid, short(self.sid))
        more = f" … {len(message)} in all" if len(message) > _MAX_MESSAGE else ""
        by = self.transport.name
        tell(_transport, "%s %s %s %s%s", by, short(self.sid), direction, shown, more)

    def _over(self, reason: str) -> None:
        tell(_session, "%s ends: %s", short(self.sid), reason)
        super()._over(reason)
