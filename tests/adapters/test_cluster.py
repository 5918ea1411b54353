from __future__ import annotations

from typing import Any

import pytest

from flask_realtime.adapters.adapter import ALL, Adapter, Gathered, Local, Selection
from flask_realtime.adapters.messages import MessageType
from flask_realtime.contracts.adapter import AdapterContract
from flask_realtime.contracts.cluster import ClusterContract
from flask_realtime.contracts.recorder import Recorder
from flask_realtime.exceptions import OptionError
from flask_realtime.protocol.packet import Packet, PacketType
from tests.support.bus import BeatingAdapter, Bus, BusAdapter
from tests.support.waiting import let_run, wait_until


class TestClusterAdapterAlone(AdapterContract):
    def make(self, local: Local) -> Adapter:
        return Bus().adapter(local)


class TestClusterAdapter(ClusterContract):
    @pytest.fixture(autouse=True)
    def join(self) -> None:
        self.bus = Bus()

    def make(self, local: Local) -> Adapter:
        return self.bus.adapter(local)


class TestHeartbeatClusterAdapterAlone(AdapterContract):
    def make(self, local: Local) -> Adapter:
        return Bus().beating(local)


class TestHeartbeatClusterAdapter(ClusterContract):
    @pytest.fixture(autouse=True)
    def join(self) -> None:
        self.bus = Bus()

    def make(self, local: Local) -> Adapter:
        return self.bus.beating(local)


def _two() -> tuple[Bus, BeatingAdapter, BeatingAdapter]:
    bus = Bus()
    first, second = bus.beating(Recorder()), bus.beating(Recorder())
    first.start()
    second.start()
    wait_until(lambda: first.server_count() == second.server_count() == 2)
    return bus, first, second


def _time(adapter: BeatingAdapter) -> Recorder:
    assert isinstance(adapter._local, Recorder)
    return adapter._local


def test_a_node_that_says_nothing_any_more_is_gone() -> None:
    bus, first, second = _two()
    for _ in range(3):  # both live on
        _time(first).pass_by(5)
        _time(second).pass_by(5)
        let_run()
    assert first.server_count() == 2
    bus.cut_off.add(second)
    _time(first).pass_by(5)
    assert first.server_count() == 2
    _time(first).pass_by(5)
    _time(first).pass_by(5)
    assert first.server_count() == 1


def test_nobody_waits_for_a_node_that_is_gone() -> None:
    bus, first, second = _two()
    done: list[Gathered] = []
    first.server_side_emit(["hello"], 5.0, done.append)
    wait_until(lambda: _time(second).events)
    assert done == []
    second.close()
    wait_until(lambda: done)
    assert done == [Gathered()]
    assert first.server_count() == 1


def test_an_emitter_is_no_node() -> None:
    _, first, _ = _two()
    first.add("ann", ())
    packet = {"type": 2, "data": ["news"]}
    opts = {"rooms": [], "except": [], "flags": {}}
    data = {"packet": packet, "opts": opts}
    first.on_message({"uid": "emitter", "nsp": "/", "type": 3, "data": data})
    assert _time(first).delivered == [(["ann"], Packet(PacketType.EVENT, data=["news"]), False)]
    assert first.server_count() == 2


def test_heartbeats_are_more_frequent_than_the_time_out() -> None:
    class Adapter(BeatingAdapter):
        def __init__(self) -> None:
            super(BeatingAdapter, self).__init__(
                Recorder(), heartbeat_interval=10, heartbeat_timeout=5
            )

    with pytest.raises(OptionError, match="longer"):
        Adapter()


# What Node's servers say, byte for byte as captured (but for the transport)


class Said(BusAdapter):
    """Keeps what it publishes."""

    def __init__(self) -> None:
        super().__init__(Recorder(), Bus())
        self.said: list[dict[str, Any]] = []
        self._uid = "me"

    def publish(self, message: Any) -> None:
        self.said.append(dict(message))

    def server_count(self) -> int:
        return 2


@pytest.fixture
def said() -> Said:
    adapter = Said()
    adapter.add("ann", ["red"])
    return adapter


def test_a_broadcast_is_said_as_node_says_it(said: Said) -> None:
    said.broadcast(
        Packet(PacketType.EVENT, data=["hello", 1]), Selection(("r1",), ("r3",), volatile=True)
    )
    opts = {"rooms": ["r1"], "except": ["r3"], "flags": {"volatile": True}}
    data = {"packet": {"type": 2, "data": ["hello", 1]}, "opts": opts}
    assert said.said == [{"uid": "me", "nsp": "/", "type": MessageType.BROADCAST, "data": data}]


def test_the_clients_of_a_node_that_only_counts_are_waited_for(said: Said) -> None:
    done: list[Gathered] = []
    said.broadcast_with_ack(Packet(PacketType.EVENT, data=["q"]), ALL, 5.0, done.append)
    request = said.said[0]["data"]["requestId"]
    assert said.said[0]["data"]["opts"]["flags"] == {"timeout": 5000}

    def hear(type: MessageType, **data: Any) -> None:
        data["requestId"] = request
        said.on_message({"uid": "node", "nsp": "/", "type": int(type), "data": data})

    recorder = said._local
    assert isinstance(recorder, Recorder)
    recorder.asked[0].answered("ann", ["a"])
    hear(MessageType.ASKED, clientCount=2)
    hear(MessageType.ANSWER, packet="b")
    assert done == []
    hear(MessageType.ANSWER, packet="c")
    assert [sorted(gathered.answers.values()) for gathered in done] == [["a", "b", "c"]]
    hear(MessageType.ANSWER, packet="much later")
    assert len(done) == 1


class _Gone(Recorder):
    """A namespace of which nobody can be asked any more."""

    def deliver_with_ack(self, ids: Any, packet: Any, volatile: bool, answered: Any) -> Any:
        for id in ids:
            answered(id, None)
        return lambda: None


def test_a_question_that_is_over_at_once_is_forgotten() -> None:
    adapter, done = BusAdapter(_Gone(), Bus()), list[Gathered]()
    adapter.add("ann", ())
    adapter.broadcast_with_ack(Packet(PacketType.EVENT, data=["q"]), ALL, 5.0, done.append)
    assert done == [Gathered({}, ("ann",))]
    assert not adapter._requests


def test_what_is_said_twice_counts_once(said: Said) -> None:
    done: list[Gathered] = []
    said.server_count = lambda: 3  # type: ignore[method-assign]
    said.server_side_emit(["hello"], 5.0, done.append)
    data = {"requestId": said.said[0]["data"]["requestId"], "packet": "once"}
    for _ in range(2):
        said.on_message({"uid": "node", "nsp": "/", "type": 10, "data": data})
    assert done == []
    said.on_message({"uid": "another", "nsp": "/", "type": 10, "data": {**data, "packet": 2}})
    assert done == [Gathered({"node": "once", "another": 2})]


def test_a_node_of_node_is_answered(said: Said) -> None:
    opts = {"rooms": ["red"], "except": [], "flags": {"timeout": 1000}}
    data = {"packet": {"type": 2, "data": ["q"]}, "opts": opts, "requestId": "r"}
    said.on_message({"uid": "node", "nsp": "/", "type": 3, "data": data})
    recorder = said._local
    assert isinstance(recorder, Recorder)
    recorder.asked[0].answered("ann", [1])
    assert [message["type"] for message in said.said] == [MessageType.ASKED, MessageType.ANSWER]
    assert said.said[0]["data"]["clientCount"] == 1
    assert said.said[1]["data"]["packet"] == 1
    assert not recorder.asked[0].stopped
    recorder.pass_by(1)
    assert recorder.asked[0].stopped


@pytest.mark.parametrize(
    "message",
    [
        {"uid": "me", "nsp": "/", "type": 3, "data": {}},
        {"uid": "other", "nsp": "/other", "type": 3, "data": {}},
        {"uid": "other", "nsp": "/", "type": 99},
        {"uid": "other", "nsp": "/", "type": 12, "data": {"requestId": "?", "packet": 1}},
        {"uid": "other", "nsp": "/", "type": 8, "data": {"requestId": "?", "sockets": []}},
    ],
)
def test_what_is_meant_for_others_is_passed_over(said: Said, message: dict[str, Any]) -> None:
    said.on_message(message)
    assert said.said == []


_OPTS = {"rooms": [], "except": [], "flags": {}}


@pytest.mark.parametrize(
    "message",
    [
        5, None, "text", b"", [], [1],
        {"uid": "other", "nsp": "/"},
        {"uid": "other", "nsp": "/", "type": []},
        {"uid": "other", "nsp": "/", "type": 3, "data": 5},
        {"uid": "other", "nsp": "/", "type": 3},
        {"uid": "other", "nsp": "/", "type": 3, "data": {"opts": 5, "packet": {}}},
        {"uid": "other", "nsp": "/", "type": 3, "data": {"opts": _OPTS, "packet": 5}},
        {"uid": "other", "nsp": "/", "type": 3,
         "data": {"opts": _OPTS, "packet": {"type": 99, "data": []}}},
        {"uid": "other", "nsp": "/", "type": 4, "data": {"opts": _OPTS, "rooms": 5}},
        {"uid": "other", "nsp": "/", "type": 6, "data": {"opts": {"rooms": 5}}},
        {"uid": "other", "nsp": "/", "type": 7, "data": {"opts": {"rooms": [[]]}}},
        {"uid": "other", "nsp": "/", "type": 11, "data": {}},
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["adapter", "beating"])
def test_what_nobody_can_read_is_dropped_and_told_once(
    kind: str, message: Any, caplog: pytest.LogCaptureFixture
) -> None:
    adapter = getattr(Bus(), kind)(Recorder())
    adapter.add("ann", ())
    for _ in range(3):
        adapter.on_message(message)
    (record,) = caplog.records
    assert (record.levelname, record.name) == ("ERROR", "flask_realtime.adapter")
    assert "a message from another node cannot be read" in record.getMessage()
    data = {"packet": {"type": 2, "data": ["news"]}, "opts": _OPTS}
    adapter.on_message({"uid": "other", "nsp": "/", "type": 3, "data": data})
    assert _time_of(adapter).delivered[-1][0] == ["ann"]


def _time_of(adapter: Any) -> Recorder:
    assert isinstance(adapter._local, Recorder)
    return adapter._local
