"""What every adapter does, seen from a namespace that writes down what it is told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ..adapters.adapter import ALL, Adapter, Gathered, Local, Selection
from ..exceptions import EventError
from ..protocol.packet import Packet, PacketType
from .recorder import Recorder

PACKET = Packet(PacketType.EVENT, data=["news"])


class AdapterContract:
    """A test class derives from it, and overrides ``make``.

    One node is made, which is alone: what it asks the others is answered by none.
    """

    def make(self, local: Local) -> Adapter:
        """Return a new adapter of the namespace ``/``."""
        raise NotImplementedError

    @pytest.fixture
    def local(self) -> Recorder:
        return Recorder()

    @pytest.fixture
    def adapter(self, local: Recorder) -> Iterator[Adapter]:
        """Ann and Bob are in `red`, Bob and Cid in `blue`, Dan in his own room alone."""
        adapter = self.make(local)
        adapter.start()
        adapter.add("ann", ["red"])
        adapter.add("bob", ["red", "blue"])
        adapter.add("cid", ["blue"])
        adapter.add("dan", ())
        yield adapter
        adapter.close()

    def test_everyone_is_in_the_room_of_the_own_id(self, adapter: Adapter) -> None:
        assert adapter.rooms_of("dan") == {"dan"}
        assert adapter.rooms_of("bob") == {"bob", "red", "blue"}

    def test_who_is_not_here_is_in_no_room(self, adapter: Adapter) -> None:
        assert adapter.rooms_of("eve") == set()

    @pytest.mark.parametrize(
        ("rooms", "except_", "expected"),
        [
            (None, (), ["ann", "bob", "cid", "dan"]),
            ((), (), []),
            (("red",), (), ["ann", "bob"]),
            (("red", "blue"), (), ["ann", "bob", "cid"]),
            (("blue", "red"), (), ["bob", "cid", "ann"]),
            (("red", "red"), (), ["ann", "bob"]),
            (("dan",), (), ["dan"]),
            (("dan", "red"), (), ["dan", "ann", "bob"]),
            (("nobody",), (), []),
            (("nobody", "red"), (), ["ann", "bob"]),
            (None, ("red",), ["cid", "dan"]),
            (None, ("red", "blue"), ["dan"]),
            (None, ("ann",), ["bob", "cid", "dan"]),
            (None, ("nobody",), ["ann", "bob", "cid", "dan"]),
            (("red",), ("blue",), ["ann"]),
            (("red",), ("ann",), ["bob"]),
            (("red",), ("red",), []),
        ],
    )
    def test_a_selection_is_some_rooms_without_others(
        self,
        adapter: Adapter,
        rooms: tuple[str, ...] | None,
        except_: tuple[str, ...],
        expected: list[str],
    ) -> None:
        assert adapter.ids_in(Selection(rooms, except_)) == expected

    def test_who_joined_first_comes_first(self, adapter: Adapter) -> None:
        for number in range(100):
            adapter.add(f"id{number}", ["many"])
        assert adapter.ids_in(Selection(("many",))) == [f"id{number}" for number in range(100)]

    def test_the_answer_is_a_copy_that_may_be_walked_while_sockets_leave(
        self, adapter: Adapter
    ) -> None:
        for id in adapter.ids_in(ALL):
            adapter.remove_all(id)
        assert adapter.ids_in(ALL) == []

    def test_joining_twice_is_joining_once(self, adapter: Adapter) -> None:
        adapter.add("ann", ["red"])
        assert adapter.ids_in(Selection(("red",))) == ["ann", "bob"]

    def test_joining_the_own_room_changes_nothing(self, adapter: Adapter) -> None:
        adapter.add("ann", ["ann"])
        assert adapter.ids_in(Selection(("ann",))) == ["ann"]
        assert adapter.rooms_of("ann") == {"ann", "red"}

    def test_anothers_own_room_may_be_joined(self, adapter: Adapter) -> None:
        adapter.add("bob", ["ann"])
        assert adapter.ids_in(Selection(("ann",))) == ["ann", "bob"]
        adapter.remove_all("ann")
        assert adapter.ids_in(Selection(("ann",))) == ["bob"]

    def test_leaving_a_room(self, adapter: Adapter) -> None:
        adapter.remove("bob", "red")
        assert adapter.rooms_of("bob") == {"bob", "blue"}
        assert adapter.ids_in(Selection(("red",))) == ["ann"]

    @pytest.mark.parametrize(("id", "room"), [("dan", "red"), ("ann", "nobody"), ("eve", "red")])
    def test_leaving_a_room_that_one_is_not_in(
        self, adapter: Adapter, id: str, room: str
    ) -> None:
        adapter.remove(id, room)
        assert adapter.ids_in(Selection(("red",))) == ["ann", "bob"]
        assert adapter.ids_in(ALL) == ["ann", "bob", "cid", "dan"]

    def test_who_has_left_is_in_no_selection(self, adapter: Adapter) -> None:
        adapter.remove_all("bob")
        adapter.remove_all("bob")
        assert adapter.rooms_of("bob") == set()
        assert adapter.ids_in(ALL) == ["ann", "cid", "dan"]
        assert adapter.ids_in(Selection(("red", "blue", "bob"))) == ["ann", "cid"]

    @pytest.mark.parametrize("volatile", [False, True])
    def test_a_broadcast_is_delivered_in_one_call(
        self, adapter: Adapter, local: Recorder, volatile: bool
    ) -> None:
        adapter.broadcast(PACKET, Selection(("red",), ("ann",), volatile))
        assert local.delivered == [(["bob"], PACKET, volatile)]
        assert local.delivered[0][1] is PACKET

    def test_a_selection_joins_and_leaves_rooms(self, adapter: Adapter) -> None:
        adapter.join(Selection(("red",)), iter(["green", "new"]))
        assert adapter.rooms_of("ann") == {"ann", "red", "green", "new"}
        assert adapter.rooms_of("bob") == {"bob", "red", "blue", "green", "new"}
        assert adapter.ids_in(Selection(("new",))) == ["ann", "bob"]
        adapter.leave(Selection(None, ("bob",)), iter(["red", "green"]))
        assert adapter.rooms_of("ann") == {"ann", "new"}
        assert adapter.ids_in(Selection(("red",))) == ["bob"]

    def test_a_selection_may_leave_the_room_that_selects_it(self, adapter: Adapter) -> None:
        adapter.leave(Selection(("red",)), ["red"])
        assert adapter.ids_in(Selection(("red",))) == []

    @pytest.mark.parametrize("close", [False, True])
    def test_a_selection_is_sent_away_while_its_sockets_leave(
        self, adapter: Adapter, local: Recorder, close: bool
    ) -> None:
        local.on_sent_away = adapter.remove_all
        adapter.disconnect(Selection(("red", "blue"), ("cid",)), close)
        assert local.sent_away == [("ann", close), ("bob", close)]
        assert adapter.ids_in(ALL) == ["cid", "dan"]

    # Answers

    def test_answers_are_gathered_by_id(self, adapter: Adapter, local: Recorder) -> None:
        done: list[Gathered] = []
        adapter.broadcast_with_ack(PACKET, Selection(("red",), volatile=True), 5.0, done.append)
        (asked,) = local.asked
        assert (asked.ids, asked.packet, asked.volatile) == (["ann", "bob"], PACKET, True)
        asked.answered("bob", [])
        assert done == []
        asked.answered("ann", [1, 2])
        assert done == [Gathered({"bob": None, "ann": [1, 2]})]
        assert asked.stopped
        local.pass_by(10)
        assert len(done) == 1

    def test_one_value_is_the_answer_itself(self, adapter: Adapter, local: Recorder) -> None:
        done: list[Gathered] = []
        adapter.broadcast_with_ack(PACKET, Selection(("ann",)), 5.0, done.append)
        local.asked[0].answered("ann", [{"a": 1}])
        assert done == [Gathered({"ann": {"a": 1}})]

    def test_who_does_not_answer_in_time_is_silent(
        self, adapter: Adapter, local: Recorder
    ) -> None:
        done: list[Gathered] = []
        adapter.broadcast_with_ack(PACKET, Selection(("red",)), 5.0, done.append)
        local.asked[0].answered("bob", [1])
        local.pass_by(4.9)
        assert done == []
        local.pass_by(0.2)
        assert done == [Gathered({"bob": 1}, ("ann",))]
        assert local.asked[0].stopped

    def test_who_leaves_is_silent_and_is_not_waited_for(
        self, adapter: Adapter, local: Recorder
    ) -> None:
        done: list[Gathered] = []
        adapter.broadcast_with_ack(PACKET, Selection(("red",)), 5.0, done.append)
        local.asked[0].answered("ann", None)
        local.asked[0].answered("bob", [1])
        assert done == [Gathered({"bob": 1}, ("ann",))]

    @pytest.mark.parametrize("rooms", [(), ("nobody",)])
    def test_nobody_answers_at_once(
        self, adapter: Adapter, local: Recorder, rooms: tuple[str, ...]
    ) -> None:
        done: list[Gathered] = []
        adapter.broadcast_with_ack(PACKET, Selection(rooms), 5.0, done.append)
        assert done == [Gathered()]

    def test_other_nodes_have_nothing_to_say(self, adapter: Adapter) -> None:
        done: list[Gathered] = []
        adapter.fetch(ALL, done.append)
        adapter.fetch(Selection(local=True), done.append)
        adapter.server_side_emit(["hello", 1], 5.0, done.append)
        adapter.server_side_emit(["hello", 1])
        assert done == [Gathered()] * 3
        assert adapter.server_count() == 1

    # What listeners hear

    @pytest.fixture
    def heard(self, adapter: Adapter) -> list[tuple[Any, ...]]:
        heard: list[tuple[Any, ...]] = []
        for event in ("create-room", "delete_room", "join-room", "leave_room"):
            # Recorder.run() calls it, at once.
            adapter.on(event, lambda *args, event=event: heard.append((event[:6], *args)))
        return heard

    def test_rooms_begin_and_end(self, adapter: Adapter, heard: list[Any]) -> None:
        adapter.add("ann", ["new"])
        adapter.add("bob", ["new"])
        assert heard == [("create", "new"), ("join-r", "new", "ann"), ("join-r", "new", "bob")]
        heard.clear()
        adapter.remove("ann", "new")
        adapter.remove("bob", "new")
        assert heard == [("leave_", "new", "ann"), ("leave_", "new", "bob"), ("delete", "new")]

    def test_nothing_is_heard_where_nothing_changes(
        self, adapter: Adapter, heard: list[Any]
    ) -> None:
        adapter.add("ann", ["red"])
        adapter.add("ann", ["ann"])
        adapter.remove("dan", "red")
        adapter.remove_all("eve")
        assert heard == []

    def test_who_comes_and_leaves_has_a_room(self, adapter: Adapter, heard: list[Any]) -> None:
        adapter.add("eve", ())
        assert heard == [("create", "eve"), ("join-r", "eve", "eve")]
        heard.clear()
        adapter.remove_all("eve")
        assert heard == [("leave_", "eve", "eve"), ("delete", "eve")]

    def test_the_own_room_of_somebody_does_not_begin_nor_end_by_others(
        self, adapter: Adapter, heard: list[Any]
    ) -> None:
        adapter.add("bob", ["dan"])
        adapter.remove("bob", "dan")
        assert heard == [("join-r", "dan", "bob"), ("leave_", "dan", "bob")]
        adapter.add("bob", ["dan"])
        heard.clear()
        adapter.remove_all("dan")
        assert heard == [("leave_", "dan", "dan")]
        adapter.remove("bob", "dan")
        assert heard[1:] == [("leave_", "dan", "bob"), ("delete", "dan")]

    def test_a_listener_may_be_given_by_a_decorator(self, adapter: Adapter) -> None:
        heard: list[tuple[str, str]] = []

        @adapter.on("join-room")
        def listen(room: str, id: str) -> None:
            heard.append((room, id))

        adapter.add("ann", ["new"])
        assert heard == [("new", "ann")]

    @pytest.mark.parametrize("event", ["join", "joinroom", "", None, len])
    def test_there_are_no_other_events(self, adapter: Adapter, event: Any) -> None:
        with pytest.raises(EventError, match="create-room"):
            adapter.on(event)
        with pytest.raises(EventError):
            adapter.on("join-room", "listener")  # type: ignore[arg-type]

    def test_who_is_not_kept_does_not_come_back(self, adapter: Adapter) -> None:
        assert adapter.restore("some pid", None) is None
        assert adapter.restore("some pid", "1") is None

    def test_close_may_come_twice(self, adapter: Adapter) -> None:
        adapter.close()
        adapter.close()
