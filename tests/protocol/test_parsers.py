"""The contract of parsers, for ours."""

from __future__ import annotations

import pytest

from flask_realtime.contracts.parser import ParserContract
from flask_realtime.protocol.msgpack import MsgPackParser
from flask_realtime.protocol.packet import Message, Packet, PacketType
from flask_realtime.protocol.parser import Parser
from flask_realtime.protocol.text_parser import TextParser
from tests.protocol.codecs import CODECS


class TestTextParser(ParserContract):
    @pytest.fixture(autouse=True, params=["simplejson", "orjson"])
    def module(self, request: pytest.FixtureRequest) -> None:
        self.codec = CODECS[request.param]

    def make(self) -> Parser:
        return TextParser(self.codec)


class TestMsgPackParser(ParserContract):
    def make(self) -> Parser:
        return MsgPackParser()


class Forgetful(TextParser):
    """It loses the ids."""

    def encode(self, packet: Packet) -> tuple[Message, ...]:
        return super().encode(Packet(packet.type, packet.namespace, packet.data))


def test_the_contract_finds_a_mistake() -> None:
    parser = Forgetful(CODECS["simplejson"])
    decoder = parser.decoder(1000, 10)
    test = ParserContract().test_a_packet_comes_back
    test(parser, decoder, PacketType.EVENT, ["x"], None)
    with pytest.raises(AssertionError):
        test(parser, decoder, PacketType.EVENT, ["x"], 7)
