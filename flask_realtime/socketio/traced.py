"""A client that tells what comes from it, and where it comes in and goes out."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from ..engine.traced import tell_packet
from ..scopes import short, tell
from .client import Client

if TYPE_CHECKING:
    from ..protocol.packet import Packet
    from .socket import Socket

_client = logging.getLogger("flask_realtime.client")
_namespace = logging.getLogger("flask_realtime.namespace")


class TracedClient(Client):
    """Takes the place of a client where its packets are to be logged."""

    __slots__ = ()

    def receive(self, packet: Packet) -> None:
        tell_packet("<-", self.session.sid, packet)
        super().receive(packet)

    def closed(self, reason: str) -> None:
        tell(_client, "%s is gone: %s", short(self.session.sid), reason)
        super().closed(reason)

    def joined(self, socket: Socket) -> None:
        tell(_namespace, "%s asks to join %s", short(socket.id), socket.namespace.name)
        super().joined(socket)

    def refuse(self, namespace: str, message: str, data: Any = None) -> None:
        tell(_namespace, "%s may not join %s: %s", short(self.session.sid), namespace, message)
        super().refuse(namespace, message, data)

    def forget(self, socket: Socket) -> None:
        tell(_namespace, "%s has left %s", short(socket.id), socket.namespace.name)
        super().forget(socket)
