"""Who pays for which generation: a broadcast is encoded for those that are there, once each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import gevent
import pytest

from flask_realtime.engine.dialects import Dialects
from flask_realtime.exceptions import EncodeError
from flask_realtime.options import make_options
from flask_realtime.protocol.dialect import Dialect
from flask_realtime.protocol.eio3 import EIO3InBinary
from flask_realtime.protocol.packet import Encoded, Packet, PacketType
from flask_realtime.protocol.request import ClientRequest
from tests.engine.harness import Sessions
from tests.support.app import Serve
from tests.support.server import Running

Make = Callable[..., Sessions]

KINDS = [
    ("eio4", False, False),
    ("eio4", True, False),
    ("eio3", False, False),
    ("eio3", True, False),
    ("eio3", False, True),
    ("sio09", False, False),
]


def wanted(name: str, base64: bool = False, binary: bool = False) -> ClientRequest:
    return ClientRequest(name, "polling", None, base64, binary=binary)


def event(*data: object) -> Packet:
    return Packet(PacketType.EVENT, data=list(data))


@pytest.fixture
def encoded(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter[tuple[str, str]]]:
    """How often each dialect has made the messages of an event, by the event's name."""
    counts: Counter[tuple[str, str]] = Counter()
    for dialect in {type(Dialects(make_options()).find(wanted(name))) for name, *_ in KINDS}:
        make: Any = dialect._encode

        def count(self: Dialect, packet: Packet, make: Any = make) -> Encoded:
            if packet.type is PacketType.EVENT:
                form = " base64" if getattr(self, "_base64", False) else ""
                form = " binary" if isinstance(self, EIO3InBinary) else form
                counts[f"{self.name}{form}", packet.data[0]] += 1
            result: Encoded = make(self, packet)
            return result

        monkeypatch.setattr(dialect, "_encode", count)
    yield counts


# The table


def test_each_generation_has_one_dialect_for_all_its_sessions() -> None:
    dialects = Dialects(make_options())
    found = [dialects.find(wanted(*kind)) for kind in KINDS]
    assert [dialect.name for dialect in found] == [name for name, *_ in KINDS]
    assert len(set(map(id, found))) == len(KINDS)
    assert found == [dialects.find(wanted(*kind)) for kind in KINDS]


def test_only_what_is_spoken_is_encoded_ahead(
    make_sessions: Make, encoded: Counter[tuple[str, str]]
) -> None:
    sessions = make_sessions()
    sessions.engine.encode(event("nobody"))
    opened = [sessions.open(wanted(*kind))[0] for kind in KINDS for _ in range(3)]
    sessions.engine.encode(event("all"))
    for session in opened:
        if session.dialect.name != "eio3":
            session.end("ping timeout")
    sessions.engine.encode(event("left"))
    for session in opened:
        session.end("ping timeout")
    sessions.engine.encode(event("nobody again"))
    eio3 = ["eio3", "eio3 base64", "eio3 binary"]
    assert encoded == {
        ("eio4", "nobody"): 1,
        **{(name, "all"): 1 for name in ("eio4", "eio4 base64", *eio3, "sio09")},
        **{(name, "left"): 1 for name in ("eio4", *eio3)},
        ("eio4", "nobody again"): 1,
    }


def test_a_session_that_ends_twice_is_counted_down_once(
    make_sessions: Make, encoded: Counter[tuple[str, str]]
) -> None:
    sessions = make_sessions()
    first, transport, _ = sessions.open(wanted("sio09"))
    sessions.open(wanted("sio09"))
    first.close("forced close")
    transport.lost("transport close")
    first.end("ping timeout")
    sessions.engine.encode(event("one is left"))
    assert encoded["sio09", "one is left"] == 1


# A broadcast


def crowd(running: Running, each: int) -> list[Any]:
    """So many clients of each generation, in the root namespace."""
    clients: list[Any] = []
    for _ in range(each):
        clients += [running.polling(), running.polling("b64=1"), running.websocket()]
        for client in clients[-3:]:
            client.connect()
        clients += [running.eio3(), running.eio3("EIO=3&b64=1"), running.client_09()]
        assert [client.receive() for client in clients[-3:]] == ["40", "40", "1::"]
    return clients


@pytest.mark.parametrize("each", [1, 4])
def test_a_broadcast_is_encoded_once_for_each_generation_however_many_clients_there_are(
    serve: Serve, encoded: Counter[tuple[str, str]], each: int
) -> None:
    running, app = serve()
    clients = crowd(running, each)
    running.server.of("/").emit("news", 1)
    heard = [client.receive() for client in clients]
    eio, older = '42["news",1]', '5:::{"name":"news","args":[1]}'
    assert heard == [eio, eio, eio, eio, eio, older] * each
    names = ["eio4", "eio4 base64", "eio3", "eio3 base64", "sio09"]
    assert encoded == {(name, "news"): 1 for name in names}


def test_binary_comes_to_each_generation_as_it_can_take_it(serve: Serve) -> None:
    running, app = serve()
    client = running.eio3()
    assert client.receive() == "40"
    as_text = running.eio3("EIO=3&b64=1")
    assert as_text.receive() == "40"
    older = running.client_09()
    assert older.receive() == "1::"
    today, websocket = running.polling(), running.websocket()
    today.connect()
    websocket.connect()
    running.server.of("/").emit("data", b"\x01\x02", {"more": b""})
    head = '452-["data",{"_placeholder":true,"num":0},{"more":{"_placeholder":true,"num":1}}]'
    size = b"".join(bytes([int(digit)]) for digit in str(len(head)))
    assert client.poll().body == (
        b"\x00" + size + b"\xff" + head.encode() + b"\x01\x03\xff\x04\x01\x02" + b"\x01\x01\xff\x04"
    )
    assert [as_text.receive() for _ in range(3)] == [head, "b4AQI=", "b4"]
    assert [today.receive() for _ in range(3)] == [head, "bAQI=", "b"]
    assert [websocket.receive() for _ in range(3)] == [head, b"\x01\x02", b""]
    assert older.receive() == (
        '5:::{"name":"data","args":[{"base64":true,"data":"AQI="},'
        '{"more":{"base64":true,"data":""}}]}'
    )


@pytest.mark.parametrize(
    "value",
    [object(), {1, 2}, [{"a": object()}]],
    ids=["object", "set", "deep"],
)
@pytest.mark.parametrize("crowded", [False, True])
def test_what_cannot_be_carried_raises_in_the_caller_whoever_is_there(
    serve: Serve, value: Any, crowded: bool
) -> None:
    running, _ = serve()
    running.websocket().connect()  # the server has started
    clients = crowd(running, 1) if crowded else []
    with pytest.raises(EncodeError):
        running.server.of("/").emit("news", value)
    running.server.of("/").emit("after")
    for client in clients:
        assert "after" in str(client.receive())


def test_it_raises_in_another_thread_too(serve: Serve) -> None:
    running, _ = serve()
    clients = crowd(running, 1)

    def emit(value: object) -> object:
        try:
            return running.server.of("/").emit("news", value)
        except EncodeError as error:
            return error

    apply = gevent.get_hub().threadpool.apply
    assert isinstance(apply(emit, (object(),)), EncodeError)
    assert apply(emit, (1,)) is True
    assert all("news" in str(client.receive()) for client in clients)
