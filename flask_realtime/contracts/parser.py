"""What every parser does, seen from a dialect: packets to messages, and back."""

from __future__ import annotations

import copy
from random import Random
from typing import Any

import pytest

from ..exceptions import EncodeError, PacketError
from ..protocol.packet import Message, Packet, PacketType
from ..protocol.parser import PacketDecoder, Parser

_MAX_SIZE = 100_000
_MAX_ATTACHMENTS = 10

DATA: list[Any] = [
    ["news"],
    ["news", None, True, False, 0, -1, 1.5, 2**53, "", "é😀\u2028", "\x00", [], {}],
    ["nested", {"a": [{"b": [1, {"c": None}]}]}],
    ["binary", b"", b"\x00\xff", {"a": [b"x", {"b": b"y"}]}],
    ["two\nlines", '"quoted"', "\\", "4", "42[]"],
]
NOT_CARRIED: list[Any] = [object(), {1, 2}, lambda: None, {(1, 2): 3}]
NAMESPACES = ["/", "/chat", "/a/b", "/é"]


class ParserContract:
    """A test class derives from it, and overrides ``make``.

    The packets of both directions are read by the decoder of the parser itself: its client has
    the same.
    """

    def make(self) -> Parser:
        """Return a new parser."""
        raise NotImplementedError

    @pytest.fixture(params=["newer", "older"])
    def parser(self, request: pytest.FixtureRequest) -> Parser:
        parser = self.make()
        return parser if request.param == "newer" else parser.older()

    @pytest.fixture
    def decoder(self, parser: Parser) -> PacketDecoder:
        return parser.decoder(_MAX_SIZE, _MAX_ATTACHMENTS)

    @pytest.mark.parametrize("data", DATA, ids=ascii)
    @pytest.mark.parametrize("type", [PacketType.EVENT, PacketType.ACK])
    @pytest.mark.parametrize("id", [None, 0, 7, 10**12])
    def test_a_packet_comes_back(
        self, parser: Parser, decoder: PacketDecoder, type: PacketType, data: Any, id: int | None
    ) -> None:
        packet = Packet(type, "/chat", data, id)
        assert read(decoder, parser.encode(packet)) == packet

    @pytest.mark.parametrize("namespace", NAMESPACES)
    @pytest.mark.parametrize("type", [PacketType.CONNECT, PacketType.DISCONNECT, PacketType.EVENT])
    def test_namespaces_are_kept(
        self, parser: Parser, decoder: PacketDecoder, type: PacketType, namespace: str
    ) -> None:
        packet = Packet(type, namespace, ["x"] if type is PacketType.EVENT else None)
        assert read(decoder, parser.encode(packet)) == packet

    def test_what_a_client_is_told_when_it_connects(
        self, parser: Parser, decoder: PacketDecoder
    ) -> None:
        packet = Packet(PacketType.CONNECT, "/chat", {"sid": "a", "pid": "b"})
        assert read(decoder, parser.encode(packet)) == packet

    def test_what_a_client_is_told_that_is_refused(
        self, parser: Parser, decoder: PacketDecoder
    ) -> None:
        packet = Packet(PacketType.CONNECT_ERROR, "/chat", "not you")
        assert read(decoder, parser.encode(packet)) == packet
        parser.encode(Packet(PacketType.CONNECT_ERROR, "/", {"message": "no", "data": {"a": 1}}))

    @pytest.mark.parametrize("data", DATA, ids=ascii)
    def test_text_has_the_type_of_engine_io_in_front(self, parser: Parser, data: Any) -> None:
        first, *others = parser.encode(Packet(PacketType.EVENT, "/", data, 1))
        assert isinstance(first, bytes) or first.startswith("4")
        assert all(type(other) is bytes for other in others)

    def test_encoding_changes_nothing(self, parser: Parser) -> None:
        packet = Packet(PacketType.EVENT, "/", copy.deepcopy(DATA[3]))
        assert parser.encode(packet) == parser.encode(packet)
        assert packet.data == DATA[3]

    @pytest.mark.parametrize("value", NOT_CARRIED, ids=lambda value: type(value).__name__)
    def test_what_cannot_be_carried_is_refused(self, parser: Parser, value: Any) -> None:
        with pytest.raises(EncodeError):
            parser.encode(Packet(PacketType.EVENT, "/", ["x", {"a": [value]}]))

    def test_what_contains_itself_is_refused(self, parser: Parser) -> None:
        value: list[Any] = ["x"]
        value.append(value)
        with pytest.raises(EncodeError):
            parser.encode(Packet(PacketType.EVENT, "/", value))

    def test_several_packets_come_one_after_the_other(
        self, parser: Parser, decoder: PacketDecoder
    ) -> None:
        packets = [Packet(PacketType.EVENT, "/", data) for data in DATA]
        assert [read(decoder, parser.encode(packet)) for packet in packets] == packets

    def test_decoders_know_nothing_of_each_other(self, parser: Parser) -> None:
        packet = Packet(PacketType.EVENT, "/", DATA[3])
        messages = parser.encode(packet)
        one, two = (parser.decoder(_MAX_SIZE, _MAX_ATTACHMENTS) for _ in range(2))
        came = [(feed(one, message), feed(two, message)) for message in messages]
        assert came[-1] == (packet, packet)
        assert came[:-1] == [(None, None)] * (len(messages) - 1)

    def test_the_older_one_of_the_older_one_is_the_same(self, parser: Parser) -> None:
        packet = Packet(PacketType.EVENT, "/chat", DATA[3], 1)
        older = parser.older()
        assert older.older().encode(packet) == older.encode(packet)

    # What no client of the parser's sends

    @pytest.mark.parametrize("message", ["4", "4x", "49", "4[", "4\ud800", b"", b"\x00", b"\xc1"])
    def test_what_is_no_packet_is_refused(
        self, decoder: PacketDecoder, message: Message
    ) -> None:
        with pytest.raises(PacketError):
            feed(decoder, message)

    @pytest.mark.parametrize("seed", range(5))
    def test_nothing_else_is_raised_for_what_may_come(self, parser: Parser, seed: int) -> None:
        random = Random(seed)
        for _ in range(100):
            packet = Packet(PacketType.EVENT, "/chat", random.choice(DATA), 5)
            decoder = parser.decoder(_MAX_SIZE, _MAX_ATTACHMENTS)
            for message in parser.encode(packet):
                try:
                    feed(decoder, damaged(message, random))
                except PacketError:
                    break

    def test_too_many_attachments_are_refused(self, parser: Parser) -> None:
        packet = Packet(PacketType.EVENT, "/", ["x", b"1", b"2", b"3"])
        messages = parser.encode(packet)
        if len(messages) == 1:
            return  # it has none
        with pytest.raises(PacketError):
            read(parser.decoder(_MAX_SIZE, 2), messages)

    def test_too_large_attachments_are_refused(self, parser: Parser) -> None:
        messages = parser.encode(Packet(PacketType.EVENT, "/", ["x", b"1" * 600, b"2" * 600]))
        if len(messages) == 1:
            return  # the transport has looked at its size
        with pytest.raises(PacketError):
            read(parser.decoder(1000, _MAX_ATTACHMENTS), messages)


def feed(decoder: PacketDecoder, message: Message) -> Packet | None:
    """Give a decoder a message, as a dialect does."""
    if isinstance(message, bytes):
        return decoder.feed_binary(message)
    return decoder.feed_text(message)


def read(decoder: PacketDecoder, messages: tuple[Message, ...]) -> Packet | None:
    """Return the packet of messages, which their last one completes."""
    *others, last = messages
    for message in others:
        assert feed(decoder, message) is None
    return feed(decoder, last)


def damaged(message: Message, random: Random) -> Message:
    """Return a message with a part cut out, doubled or replaced."""
    body = message[1:] if isinstance(message, str) else message
    begin = random.randrange(len(body) + 1)
    end = min(len(body), begin + random.randrange(4))
    middle = random.choice([body[:0], body[begin:end] * 2, body[:3]])
    return message[: len(message) - len(body)] + body[:begin] + middle + body[end:]  # type: ignore[operator]
