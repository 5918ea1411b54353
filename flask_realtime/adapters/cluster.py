"""What all adapters that reach other nodes have in common."""

from __future__ import annotations

import logging
from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping
from secrets import token_hex
from typing import Any

from ..protocol.packet import Packet
from .adapter import NODE_TIMEOUT, Gathered, Local, Selection
from .gathering import Gathering, answer_of
from .memory import MemoryAdapter
from .messages import (
    Message,
    MessageType,
    concerns_others,
    numbered,
    plain_broadcast,
    plain_options,
    read_packet,
    read_selection,
    read_timeout,
)

log = logging.getLogger("flask_realtime.adapter")

_UNREADABLE = (AttributeError, LookupError, TypeError, ValueError)
"""What a message of another form than ours comes to."""


class ClusterAdapter(MemoryAdapter):
    """Rooms and broadcasts over several nodes, whatever carries the messages between them.

    A subclass implements :meth:`publish` and :meth:`server_count`, calls :meth:`on_message` with
    each message that comes, in the thread of the server, and connects to the others in ``start()``.

    :param requests_timeout: how long other nodes may take to answer, in seconds.
    """

    def __init__(self, local: Local, requests_timeout: float = NODE_TIMEOUT) -> None:
        super().__init__(local)
        self.requests_timeout = requests_timeout
        self._uid: str | None = None  # not before this process serves: it may fork until then
        self._requests: dict[str, Gathering] = {}
        self._told_unreadable = False

    @property
    def uid(self) -> str:
        """What names this node among the others."""
        if self._uid is None:
            self._uid = token_hex(8)
        return self._uid

    @abstractmethod
    def publish(self, message: Message) -> None:
        """Send a message to all nodes; the own one may get it back.

        :param message: what JSON can carry, and ``bytes`` anywhere in its ``data``. It is the
            application's, which may change it later: make bytes of it now.
        """

    def publish_to(self, uid: str, message: Message) -> None:
        """Send a message to one node, if there is a way; else to all: who did not ask drops it."""
        self.publish(message)

    @abstractmethod
    def server_count(self) -> int:
        """Return how many nodes there are, this one among them."""

    def _say(self, type: MessageType, data: Mapping[str, Any] | None = None) -> None:
        self.publish(self._message(type, data))

    def _reply(self, uid: str, type: MessageType, data: Mapping[str, Any]) -> None:
        self.publish_to(uid, self._message(type, data))

    def _message(self, type: MessageType, data: Mapping[str, Any] | None) -> Message:
        message = {"uid": self.uid, "nsp": self._local.name, "type": int(type)}
        return message if data is None else {**message, "data": data}

    # Out: what concerns other nodes as well

    def broadcast(self, packet: Packet, selection: Selection) -> None:
        super().broadcast(packet, selection)
        if concerns_others(selection):
            self._say(MessageType.BROADCAST, plain_broadcast(packet, selection))

    def broadcast_with_ack(
        self,
        packet: Packet,
        selection: Selection,
        timeout: float,
        done: Callable[[Gathered], None],
    ) -> None:
        if not concerns_others(selection):
            super().broadcast_with_ack(packet, selection, timeout, done)
            return
        # Before the sockets here are asked: that gives the packet a number of this node's.
        message = plain_broadcast(packet, selection, timeout)
        gathering = Gathering(self._others(), done)
        message["requestId"] = self._request(gathering)
        self._ask(packet, selection, gathering)  # which may be the end of it
        self._say(MessageType.BROADCAST, message)
        gathering.begin(self._local, timeout)

    def fetch(self, selection: Selection, done: Callable[[Gathered], None]) -> None:
        if not concerns_others(selection):
            super().fetch(selection, done)
            return
        gathering = Gathering(self._others(), done)
        request = {"opts": plain_options(selection), "requestId": self._request(gathering)}
        self._say(MessageType.FETCH, request)
        gathering.begin(self._local, self.requests_timeout)

    def join(self, selection: Selection, rooms: Iterable[str]) -> None:
        rooms = list(rooms)
        super().join(selection, rooms)
        if concerns_others(selection):
            self._say(MessageType.JOIN, {"opts": plain_options(selection), "rooms": rooms})

    def leave(self, selection: Selection, rooms: Iterable[str]) -> None:
        rooms = list(rooms)
        super().leave(selection, rooms)
        if concerns_others(selection):
            self._say(MessageType.LEAVE, {"opts": plain_options(selection), "rooms": rooms})

    def disconnect(self, selection: Selection, close: bool) -> None:
        super().disconnect(selection, close)
        if concerns_others(selection):
            self._say(MessageType.DISCONNECT, {"opts": plain_options(selection), "close": close})

    def server_side_emit(
        self,
        data: list[Any],
        timeout: float = NODE_TIMEOUT,
        done: Callable[[Gathered], None] | None = None,
    ) -> None:
        if done is None:
            self._say(MessageType.SERVER_SIDE_EMIT, {"packet": data})
            return
        gathering = Gathering(self._others(), done)
        request = {"packet": data, "requestId": self._request(gathering)}
        self._say(MessageType.SERVER_SIDE_EMIT, request)
        gathering.begin(self._local, timeout)

    def _others(self) -> int:
        return self.server_count() - 1

    def _request(self, gathering: Gathering) -> str:
        """Return the number under which the answers to a request come."""
        number = token_hex(8)
        self._requests[number] = gathering
        gathering.at_end.append(lambda: self._requests.pop(number, None))
        return number

    # In

    def on_message(self, message: Message) -> None:
        """Take a message that has come from any node, the own ones among them. One that cannot be
        read is dropped."""
        try:
            self._take(message)
        except _UNREADABLE as error:
            if not self._told_unreadable:
                self._told_unreadable = True
                what = "a message from another node cannot be read; more of %s are dropped silently"
                log.error(what, self._local.name, exc_info=error)

    def _take(self, message: Message) -> None:
        if message.get("uid") == self.uid or message.get("nsp") != self._local.name:
            return
        action = _ACTIONS.get(message["type"])
        if action is not None:
            action(self, message["uid"], message.get("data") or {})

    def _on_broadcast(self, uid: str, data: Message) -> None:
        selection = read_selection(data["opts"])
        packet = read_packet(data["packet"], self._local.name, selection)
        request = data.get("requestId")
        if request is None:
            super().broadcast(packet, selection)
            return
        timeout = read_timeout(data["opts"], self.requests_timeout)
        self._ask_for_another(uid, request, packet, selection, timeout)

    def _ask_for_another(
        self, uid: str, request: str, packet: Packet, selection: Selection, timeout: float
    ) -> None:
        ids = self._local.here(self.ids_in(selection))
        asked = {"requestId": request, "clientCount": len(ids), "ids": ids}
        self._reply(uid, MessageType.ASKED, asked)

        def answered(id: str, values: list[Any] | None) -> None:
            answer = {"requestId": request, "id": id}
            if values is None:
                self._reply(uid, MessageType.LOST, answer)
            else:
                answer["packet"] = answer_of(values)
                self._reply(uid, MessageType.ANSWER, answer)

        stop = self._local.deliver_with_ack(ids, packet, selection.volatile, answered)
        self._local.after(timeout, stop)

    def _on_asked(self, uid: str, data: Message) -> None:
        gathering = self._requests.get(data["requestId"])
        if gathering is not None:
            ids = data.get("ids")
            # A server of Node counts only: its sockets get names by their number.
            gathering.expect(numbered(uid, data["clientCount"]) if ids is None else ids)
            gathering.hear(uid)

    def _on_answer(self, uid: str, data: Message) -> None:
        gathering = self._requests.get(data["requestId"])
        if gathering is not None:
            id = data.get("id")
            gathering.answer(gathering.any_of(f"{uid}#") if id is None else id, data["packet"])

    def _on_lost(self, uid: str, data: Message) -> None:
        gathering = self._requests.get(data["requestId"])
        if gathering is not None:
            gathering.lose(data["id"])

    def _on_join(self, uid: str, data: Message) -> None:
        super().join(read_selection(data["opts"]), data["rooms"])

    def _on_leave(self, uid: str, data: Message) -> None:
        super().leave(read_selection(data["opts"]), data["rooms"])

    def _on_disconnect(self, uid: str, data: Message) -> None:
        super().disconnect(read_selection(data["opts"]), data.get("close", False))

    def _on_fetch(self, uid: str, data: Message) -> None:
        described = map(self._local.describe, self.ids_in(read_selection(data["opts"])))
        sockets = [socket for socket in described if socket is not None]
        answer = {"requestId": data["requestId"], "sockets": sockets}
        self._reply(uid, MessageType.FETCHED, answer)

    def _on_fetched(self, uid: str, data: Message) -> None:
        self._take_answer(uid, data, data["sockets"])

    def _on_server_side_emit(self, uid: str, data: Message) -> None:
        request = data.get("requestId")
        if request is None:
            self._local.server_side(data["packet"], None)
            return

        def answered(value: Any) -> None:
            answer = {"requestId": request, "packet": value}
            self._reply(uid, MessageType.SERVER_SIDE_ANSWER, answer)

        self._local.server_side(data["packet"], answered)

    def _on_server_side_answer(self, uid: str, data: Message) -> None:
        self._take_answer(uid, data, data["packet"])

    def _take_answer(self, uid: str, data: Message, value: Any) -> None:
        gathering = self._requests.get(data["requestId"])
        if gathering is not None:
            gathering.answer_of_node(uid, value)


_ACTIONS: dict[int, Callable[[Any, str, Message], None]] = {
    MessageType.BROADCAST: ClusterAdapter._on_broadcast,
    MessageType.JOIN: ClusterAdapter._on_join,
    MessageType.LEAVE: ClusterAdapter._on_leave,
    MessageType.DISCONNECT: ClusterAdapter._on_disconnect,
    MessageType.FETCH: ClusterAdapter._on_fetch,
    MessageType.FETCHED: ClusterAdapter._on_fetched,
    MessageType.SERVER_SIDE_EMIT: ClusterAdapter._on_server_side_emit,
    MessageType.SERVER_SIDE_ANSWER: ClusterAdapter._on_server_side_answer,
    MessageType.ASKED: ClusterAdapter._on_asked,
    MessageType.ANSWER: ClusterAdapter._on_answer,
    MessageType.LOST: ClusterAdapter._on_lost,
}
