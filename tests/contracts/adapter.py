"""What every adapter does, seen from a namespace that writes down what it is told."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from flask_realtime.adapters.adapter import ALL, Adapter, Local, Selection
from flask_realtime.protocol.packet import Packet, PacketType

PACKET = Packet(PacketType.EVENT, data=["news"])


class Recorder:
    """A namespace on this node."""

    def __init__(self) -> None:
        self.delivered: list[tuple[list[str], Packet, bool]] = []
        self.sent_away: list[tuple[str, bool]] = []
        #: Called for each socket that is sent away, as a real one leaves its rooms.
        self.on_disconnect: Callable[[str], Any] = lambda id: None

    def deliver(self, ids: Iterable[str], packet: Packet, volatile: bool) -> None:
        self.delivered.append((list(ids), packet, volatile))

    def disconnect(self, id: str, close: bool) -> None:
        self.sent_away.append((id, close))
        self.on_disconnect(id)


class AdapterContract:
    """A test class derives from it, and overrides ``make``."""

    def make(self, local: Local) -> Adapter:
        raise NotImplementedError

    @pytest.fixture
    def local(self) -> Recorder:
        return Recorder()

    @pytest.fixture
    def adapter(self, local: Recorder) -> Adapter:
        """Ann and Bob are in `red`, Bob and Cid in `blue`, Dan in his own room alone."""
        adapter = self.make(local)
        adapter.add("ann", ["red"])
        adapter.add("bob", ["red", "blue"])
        adapter.add("cid", ["blue"])
        adapter.add("dan", ())
        return adapter

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
        local.on_disconnect = adapter.remove_all
        adapter.disconnect(Selection(("red", "blue"), ("cid",)), close)
        assert local.sent_away == [("ann", close), ("bob", close)]
        assert adapter.ids_in(ALL) == ["cid", "dan"]

    def test_close_may_come_twice(self, adapter: Adapter) -> None:
        adapter.close()
        adapter.close()
