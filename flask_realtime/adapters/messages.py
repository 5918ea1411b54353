"""The messages between the nodes of a cluster, and what travels in them.

They are those of Node's ``ClusterAdapter`` (socket.io-adapter 2.5): plain dicts ``{"uid", "nsp",
"type", "data"}``. Ours say a little more, which Node's servers pass over: the ids of the sockets
that are asked, and of those that answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Any

from ..protocol.packet import OutgoingPacket, Packet, PacketType
from .adapter import ALL, Selection

Message = Mapping[str, Any]


class MessageType(IntEnum):
    """What a message between nodes is for."""

    INITIAL_HEARTBEAT = 1
    HEARTBEAT = 2
    BROADCAST = 3
    JOIN = 4
    LEAVE = 5
    DISCONNECT = 6
    FETCH = 7
    FETCHED = 8
    SERVER_SIDE_EMIT = 9
    SERVER_SIDE_ANSWER = 10
    ASKED = 11  # Node: broadcast client count
    ANSWER = 12  # Node: broadcast ack
    CLOSE = 13
    LOST = 20  # ours: a socket that was asked has left


def concerns_others(selection: Selection) -> bool:
    """Whether other nodes are to be told of what is for a selection."""
    # On Node no rooms are all rooms, so nobody must not be told.
    return not selection.local and selection.rooms != ()


def plain_options(selection: Selection, timeout: float | None = None) -> dict[str, Any]:
    """Return a selection as it travels."""
    flags: dict[str, Any] = {}
    if selection.volatile:
        flags["volatile"] = True
    if not selection.compress:
        flags["compress"] = False
    if selection.json:
        flags["json"] = True
    if timeout is not None:
        flags["timeout"] = round(timeout * 1000)  # milliseconds there
    rooms = list(selection.rooms or ())
    return {"rooms": rooms, "except": list(selection.except_), "flags": flags}


def read_selection(options: Message) -> Selection:
    """Return the selection that :func:`plain_options` was made of."""
    flags = options.get("flags") or {}
    rooms, except_ = tuple(options["rooms"]), tuple(options.get("except") or ())
    if not (rooms or except_ or flags):
        return ALL
    return Selection(
        rooms or None,
        except_,
        volatile=bool(flags.get("volatile")),
        compress=flags.get("compress", True) is not False,
        json=bool(flags.get("json")),
    )


def read_timeout(options: Message, default: float) -> float:
    """Return how long answers are waited for, in seconds."""
    milliseconds = (options.get("flags") or {}).get("timeout")
    return default if milliseconds is None else milliseconds / 1000


def plain_broadcast(
    packet: Packet, selection: Selection, timeout: float | None = None
) -> dict[str, Any]:
    """Return a packet for a selection as it travels."""
    plain = {"type": int(packet.type), "data": packet.data}
    return {"packet": plain, "opts": plain_options(selection, timeout)}


def read_packet(plain: Message, namespace: str, selection: Selection) -> Packet:
    """Return the packet that travelled, with the flags that came beside it."""
    if selection.compress and not selection.json:
        return Packet(PacketType(plain["type"]), namespace, plain["data"])
    return OutgoingPacket(namespace, plain["data"], selection.compress, selection.json)


def numbered(uid: str, count: int) -> list[str]:
    """Return names for the sockets of a node that says only how many they are."""
    return [f"{uid}#{number}" for number in range(count)]
