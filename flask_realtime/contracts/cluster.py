"""What every adapter does that reaches other nodes, seen from the namespaces of three of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from time import monotonic
from typing import Any

import gevent
import pytest

from ..adapters.adapter import ALL, Adapter, Gathered, Local, Selection
from ..adapters.cluster import ClusterAdapter
from ..protocol.packet import OutgoingPacket, Packet, PacketType
from .recorder import Recorder

_TIMEOUT = 10.0

_UNREADABLE: tuple[dict[str, Any], ...] = (
    {"type": 3, "data": 5},
    {"type": 3, "data": {"opts": [], "packet": []}},
    {"type": 4, "data": {}},
    {"type": []},
    {},
)
"""What no node says."""


class Node:
    """One of them."""

    def __init__(self, local: Recorder, adapter: Adapter) -> None:
        self.local = local
        self.adapter = adapter


class ClusterContract:
    """A test class derives from it, and overrides ``make``; three are made, and know each other
    when the last one has started.
    """

    def make(self, local: Local) -> Adapter:
        """Return a new adapter of the namespace ``local.name``, on a node of its own."""
        raise NotImplementedError

    def wait(self, condition: Callable[[], Any]) -> None:
        """Wait until something has come about; the messages may take their time."""
        deadline = monotonic() + _TIMEOUT
        while not condition():
            assert monotonic() < deadline, "no message has brought it about"
            gevent.sleep(0.002)

    def _node(self, *members: tuple[str, list[str]], name: str = "/") -> Node:
        local = Recorder(name)
        node = Node(local, self.make(local))
        node.adapter.start()
        for id, rooms in members:
            node.adapter.add(id, rooms)
        return node

    @pytest.fixture
    def nodes(self) -> Iterator[tuple[Node, Node, Node]]:
        """Ann is in `red` on the first one, Bob in `red` and Cid in `blue` on the second, Dan in
        `blue` on the third.
        """
        first = self._node(("ann", ["red"]))
        second = self._node(("bob", ["red"]), ("cid", ["blue"]))
        third = self._node(("dan", ["blue"]))
        self.wait(lambda: {n.adapter.server_count() for n in (first, second, third)} == {3})
        yield first, second, third
        for node in (first, second, third):
            node.adapter.close()

    def _delivered(self, *nodes: Node) -> list[list[str]]:
        """Who got the latest broadcast, on each node."""
        return [node.local.delivered[-1][0] if node.local.delivered else [] for node in nodes]

    @pytest.mark.parametrize(
        ("selection", "expected"),
        [
            (ALL, [["ann"], ["bob", "cid"], ["dan"]]),
            (Selection(("red",)), [["ann"], ["bob"], []]),
            (Selection(("red", "blue")), [["ann"], ["bob", "cid"], ["dan"]]),
            (Selection(("dan",)), [[], [], ["dan"]]),
            (Selection(None, ("red",)), [[], ["cid"], ["dan"]]),
            (Selection(("blue",), ("cid",)), [[], [], ["dan"]]),
            (Selection(("blue",), volatile=True), [[], ["cid"], ["dan"]]),
        ],
    )
    def test_a_broadcast_reaches_all_nodes(
        self, nodes: tuple[Node, Node, Node], selection: Selection, expected: list[list[str]]
    ) -> None:
        packet = Packet(PacketType.EVENT, data=["news", {"a": [1, None, "é"]}])
        nodes[0].adapter.broadcast(packet, selection)
        self._broadcast_mark(nodes)
        for node, ids in zip(nodes, expected, strict=True):
            got = [each for each in node.local.delivered if each[0] and each[1] == packet]
            assert [(each[0], each[2]) for each in got] == (
                [(ids, selection.volatile)] if ids else []
            )

    def _broadcast_mark(self, nodes: tuple[Node, Node, Node]) -> None:
        """Wait until the first node's messages so far have come to the others."""
        mark = Packet(PacketType.EVENT, data=["mark"])
        nodes[0].adapter.broadcast(mark, ALL)
        self.wait(
            lambda: all(any(each[1] == mark for each in node.local.delivered) for node in nodes)
        )

    @pytest.mark.parametrize("selection", [Selection(local=True), Selection(())])
    def test_what_concerns_no_other_node_is_not_told_to_them(
        self, nodes: tuple[Node, Node, Node], selection: Selection
    ) -> None:
        first, *others = nodes
        done: list[Gathered] = []
        packet = Packet(PacketType.EVENT, data=["here"])
        first.adapter.broadcast(packet, selection)
        first.adapter.join(selection, ["green"])
        first.adapter.leave(selection, ["blue", "red"])
        first.adapter.fetch(selection, done.append)
        first.adapter.disconnect(selection, True)
        assert done == [Gathered()]
        self._broadcast_mark(nodes)
        for node in others:
            assert all(each[1] != packet for each in node.local.delivered)
            assert node.adapter.ids_in(Selection(("green",))) == []
            assert node.adapter.ids_in(Selection(("blue", "red")))
            assert node.local.sent_away == []

    def test_bytes_and_flags_travel(self, nodes: tuple[Node, Node, Node]) -> None:
        packet = OutgoingPacket("/", ["message", b"\x00\xff"], compress=False, json=True)
        nodes[0].adapter.broadcast(packet, Selection(("dan",), compress=False, json=True))
        self.wait(lambda: nodes[2].local.delivered)
        came = nodes[2].local.delivered[0][1]
        assert (came.data, came.compress, came.json) == (["message", b"\x00\xff"], False, True)

    def test_what_cannot_be_read_is_dropped(self, nodes: tuple[Node, Node, Node]) -> None:
        sender = nodes[0].adapter
        if not isinstance(sender, ClusterAdapter):
            pytest.skip("its messages have a form of their own")
        for message in _UNREADABLE:
            sender.publish({"uid": "another", "nsp": "/", **message})
        self._broadcast_mark(nodes)

    def test_namespaces_are_apart(self, nodes: tuple[Node, Node, Node]) -> None:
        other = self._node(("eve", ["red"]), name="/other")
        nodes[0].adapter.broadcast(Packet(PacketType.EVENT, data=["news"]), ALL)
        self._broadcast_mark(nodes)
        other.adapter.close()
        assert other.local.delivered == []

    def test_answers_come_from_all_nodes(self, nodes: tuple[Node, Node, Node]) -> None:
        done: list[Gathered] = []
        packet = Packet(PacketType.EVENT, data=["question"])
        nodes[0].adapter.broadcast_with_ack(packet, Selection(("red",)), 5.0, done.append)
        self.wait(lambda: nodes[1].local.asked)
        nodes[1].local.asked[0].answered("bob", [{"b": 1}, 2])
        nodes[0].local.asked[0].answered("ann", [])
        self.wait(lambda: done)
        assert done == [Gathered({"ann": None, "bob": [{"b": 1}, 2]})]
        for node in nodes:
            node.local.pass_by(10)
            assert all(asked.stopped for asked in node.local.asked)

    def test_who_leaves_another_node_is_silent(self, nodes: tuple[Node, Node, Node]) -> None:
        done: list[Gathered] = []
        packet = Packet(PacketType.EVENT, data=["question"])
        nodes[0].adapter.broadcast_with_ack(packet, Selection(("blue",)), 5.0, done.append)
        self.wait(lambda: nodes[1].local.asked and nodes[2].local.asked)
        nodes[1].local.asked[0].answered("cid", None)
        nodes[2].local.asked[0].answered("dan", [1])
        self.wait(lambda: done)
        assert done == [Gathered({"dan": 1}, ("cid",))]

    def test_who_does_not_answer_in_time_is_named(self, nodes: tuple[Node, Node, Node]) -> None:
        done: list[Gathered] = []
        packet = Packet(PacketType.EVENT, data=["question"])
        nodes[0].adapter.broadcast_with_ack(packet, Selection(("blue",)), 5.0, done.append)
        self.wait(lambda: nodes[1].local.asked and nodes[2].local.asked)
        self._broadcast_mark(nodes)
        nodes[2].local.asked[0].answered("dan", [1])
        gathered = self._late(nodes[0], done, lambda late: "dan" in late.answers)
        assert gathered == Gathered({"dan": 1}, ("cid",))

    def _late(
        self, node: Node, done: list[Gathered], expected: Callable[[Gathered], bool]
    ) -> Gathered:
        """Let time pass when what others have said has come."""
        gevent.sleep(0.05)
        node.local.pass_by(6)
        assert len(done) == 1 and expected(done[0])
        return done[0]

    def test_sockets_of_others_are_fetched(self, nodes: tuple[Node, Node, Node]) -> None:
        done: list[Gathered] = []
        nodes[0].adapter.fetch(Selection(None, ("cid",)), done.append)
        self.wait(lambda: done)
        found = [socket for sockets in done[0].answers.values() for socket in sockets]
        assert sorted(socket["id"] for socket in found) == ["bob", "dan"]
        assert (len(done[0].answers), done[0].silent_nodes) == (2, 0)

    def test_selections_of_all_nodes_join_leave_and_are_sent_away(
        self, nodes: tuple[Node, Node, Node]
    ) -> None:
        first, second, third = nodes
        green = Selection(("green",))
        first.adapter.join(Selection(("red",)), iter(["green", "new"]))
        self.wait(lambda: second.adapter.ids_in(green))
        assert first.adapter.ids_in(green) == ["ann"]
        assert second.adapter.ids_in(green) == ["bob"]
        assert second.adapter.rooms_of("bob") == {"bob", "red", "green", "new"}
        second.adapter.leave(green, iter(["new", "green"]))
        self.wait(lambda: not first.adapter.ids_in(green))
        assert first.adapter.rooms_of("ann") == {"ann", "red"}
        third.adapter.disconnect(Selection(("red",), ("ann",)), True)
        self.wait(lambda: second.local.sent_away)
        assert second.local.sent_away == [("bob", True)]
        assert first.local.sent_away == third.local.sent_away == []

    def test_events_go_to_the_other_nodes(self, nodes: tuple[Node, Node, Node]) -> None:
        first, second, third = nodes
        first.adapter.server_side_emit(["hello", {"a": 1}])
        self.wait(lambda: second.local.events and third.local.events)
        assert second.local.events == third.local.events == [(["hello", {"a": 1}], None)]
        assert first.local.events == []

    def test_events_are_answered_by_the_other_nodes(
        self, nodes: tuple[Node, Node, Node]
    ) -> None:
        done: list[Gathered] = []
        nodes[0].adapter.server_side_emit(["hello"], 5.0, done.append)
        self.wait(lambda: nodes[1].local.events and nodes[2].local.events)
        for number, node in enumerate(nodes[1:]):
            answered = node.local.events[0][1]
            assert answered is not None
            answered({"n": number})
        self.wait(lambda: done)
        assert sorted(answer["n"] for answer in done[0].answers.values()) == [0, 1]
        assert done[0].silent_nodes == 0

    def test_a_silent_node_is_counted_when_the_time_is_over(
        self, nodes: tuple[Node, Node, Node]
    ) -> None:
        done: list[Gathered] = []
        nodes[0].adapter.server_side_emit(["hello"], 5.0, done.append)
        self.wait(lambda: nodes[1].local.events and nodes[2].local.events)
        answered = nodes[1].local.events[0][1]
        assert answered is not None
        answered("here")
        late = self._late(nodes[0], done, lambda late: bool(late.answers))
        assert (list(late.answers.values()), late.silent_nodes) == (["here"], 1)
