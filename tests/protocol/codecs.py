"""The JSON modules that an application may choose, and a dialect with small limits for each."""

from __future__ import annotations

from typing import Any

from flask import Flask

from flask_realtime.protocol.dialect import Dialect
from flask_realtime.protocol.eio3 import EIO3, EIO3InBinary
from flask_realtime.protocol.eio4 import EIO4
from flask_realtime.protocol.json import Codec, make_codec
from flask_realtime.protocol.older_text_parser import OlderTextParser
from flask_realtime.protocol.packet import Message, Packet
from flask_realtime.protocol.text_parser import TextParser

MAX_SIZE = 1000
MAX_ATTACHMENTS = 10
MAX_PACKETS = 5

MODULES: dict[str, Any] = {
    "simplejson": None,
    "orjson": "orjson",
    "stdlib": "json",
    "flask": Flask(__name__).json,
}
CODECS: dict[str, Codec] = {name: make_codec(module) for name, module in MODULES.items()}


def make_eio4(codec: Codec = CODECS["simplejson"], base64: bool = False) -> EIO4:
    return EIO4(TextParser(codec), MAX_SIZE, MAX_ATTACHMENTS, MAX_PACKETS, base64)


def make_eio3(codec: Codec = CODECS["simplejson"], base64: bool = False) -> EIO3:
    return EIO3(OlderTextParser(codec), MAX_SIZE, MAX_ATTACHMENTS, MAX_PACKETS, base64)


def make_eio3_in_binary() -> EIO3InBinary:
    parser = OlderTextParser(CODECS["simplejson"])
    return EIO3InBinary(parser, MAX_SIZE, MAX_ATTACHMENTS, MAX_PACKETS)


def feed_all(dialect: Dialect, *messages: Message) -> list[Packet]:
    """What a fresh decoder makes of `messages`, without the Nones."""
    decoder = dialect.decoder()
    fed = [decoder.feed(message) for message in messages]
    return [packet for packet in fed if packet is not None]
