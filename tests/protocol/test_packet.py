from __future__ import annotations

import pytest

from flask_realtime.protocol.packet import Encoded, Packet, PacketType, ReceiptPacket
from flask_realtime.protocol.reason import Reason


def test_packets_are_equal_by_content() -> None:
    packet = Packet(PacketType.EVENT, "/a", ["x"], 1)
    assert packet == Packet(PacketType.EVENT, "/a", ["x"], 1)
    for other in (
        Packet(PacketType.ACK, "/a", ["x"], 1),
        Packet(PacketType.EVENT, "/b", ["x"], 1),
        Packet(PacketType.EVENT, "/a", ["y"], 1),
        Packet(PacketType.EVENT, "/a", ["x"], 2),
        Packet(PacketType.EVENT, "/a", ["x"]),
        "42",
    ):
        assert packet != other


def test_a_packet_says_what_it_is() -> None:
    assert repr(Packet(PacketType.ACK, "/a", ["x"], 0)) == "<Packet ACK /a id=0 ['x']>"


def test_a_packet_has_no_hash_since_its_data_has_none() -> None:
    with pytest.raises(TypeError):
        hash(Packet(PacketType.PING))


def test_a_packet_is_of_the_root_and_asks_for_nothing_by_default() -> None:
    packet = Packet(PacketType.EVENT, data=["x"])
    assert (packet.namespace, packet.id) == ("/", None)


def test_a_receipt_packet_without_its_id_asks_for_nothing() -> None:
    packet = ReceiptPacket(PacketType.EVENT, "/a", ["x"], 1)
    packet.size = 7
    plain = packet.without_id()
    assert plain == Packet(PacketType.EVENT, "/a", ["x"])
    assert type(plain) is Packet and plain.size == 7


def test_packets_and_encoded_have_no_dict() -> None:
    for thing in (Packet(PacketType.PING), ReceiptPacket(PacketType.EVENT), Encoded(("2",))):
        assert not hasattr(thing, "__dict__")


def test_the_size_of_text_is_that_of_its_utf8() -> None:
    assert Encoded(("a\u00e9\U0001f600", b"\xff" * 3)).size == 1 + 2 + 4 + 3
    assert Encoded(()).size == 0


def test_the_numbers_of_socketio_are_its_types() -> None:
    names = ("CONNECT", "DISCONNECT", "EVENT", "ACK", "CONNECT_ERROR")
    assert [PacketType[name] for name in names] == [0, 1, 2, 3, 4]


def test_reasons_are_the_words_of_socketio() -> None:
    words = {name: word for name, word in vars(Reason).items() if name.isupper()}
    assert words == {
        "TRANSPORT_CLOSE": "transport close",
        "TRANSPORT_ERROR": "transport error",
        "PING_TIMEOUT": "ping timeout",
        "PARSE_ERROR": "parse error",
        "CLIENT_DISCONNECT": "client namespace disconnect",
        "SERVER_DISCONNECT": "server namespace disconnect",
        "FORCED_CLOSE": "forced close",
        "FORCED_SERVER_CLOSE": "forced server close",
        "SERVER_SHUTTING_DOWN": "server shutting down",
        "INBOX_FULL": "inbox full",
        "OUTBOX_FULL": "outbox full",
    }
