"""Events of the application, on their way out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..adapters.adapter import Selection
from ..exceptions import EventError
from ..protocol.packet import OutgoingPacket, Packet, PacketType
from .events import RESERVED


def check_emitted(event: Any) -> None:
    """See whether an application may emit an event of that name.

    :raises EventError: for a name that is none, or that Socket.IO keeps for itself.
    """
    if not isinstance(event, str):
        raise EventError(f"an event's name is a str, not {event!r}")
    if not event:
        raise EventError("an event's name is empty")
    if event in RESERVED:
        raise EventError(f"{event!r} is reserved by Socket.IO; choose another name")


def event_packet(namespace: str, event: str, args: Iterable[Any]) -> Packet:
    """Return the packet of an event.

    :raises EventError: for a name that is none, or that Socket.IO keeps for itself.
    """
    check_emitted(event)
    return Packet(PacketType.EVENT, namespace, [event, *args])


def flagged_packet(
    namespace: str, event: str, args: Iterable[Any], selection: Selection
) -> OutgoingPacket:
    """Return the packet of an event, with what the flags of `selection` say of it.

    :raises EventError: as above.
    """
    check_emitted(event)
    return OutgoingPacket(namespace, [event, *args], selection.compress, selection.json)
