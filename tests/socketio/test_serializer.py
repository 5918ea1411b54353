"""Servers with another parser than the default one, at their clients."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

import msgpack
import pytest
from flask import Flask

from flask_realtime import SocketIO
from flask_realtime.exceptions import OptionError, PacketError
from flask_realtime.options import make_options
from flask_realtime.protocol.msgpack import MsgPackParser
from flask_realtime.protocol.packet import Message, Packet, PacketType
from tests.support.application import Site
from tests.support.wire import Closed

Serve = Callable[..., Site]


def packed(**fields: Any) -> bytes:
    message: bytes = msgpack.packb({"nsp": "/", **fields})
    return message


def test_a_client_speaks_msgpack(serve: Serve) -> None:
    site = serve(serializer="msgpack")
    site.io.on("echo", lambda *args: args)
    wire = site.outsider().wire
    wire.send_binary(packed(type=0, data={"token": "x"}))
    joined = msgpack.unpackb(wire.receive())
    assert joined["type"] == 0 and joined["data"]["sid"] in site.io.of("/").sockets
    wire.send_binary(packed(type=2, data=["echo", b"\0", None], id=7))
    assert wire.receive() == msgpack.packb({"type": 3, "nsp": "/", "data": [b"\0", None], "id": 7})


@pytest.mark.parametrize(
    ("serializer", "sent"), [("msgpack", "40"), ("default", packed(type=0))], ids=["text", "binary"]
)
def test_a_client_with_the_other_parser_is_sent_away(
    serve: Serve, serializer: str, sent: Message, caplog: pytest.LogCaptureFixture
) -> None:
    wire = serve(serializer=serializer).outsider().wire
    if isinstance(sent, str):
        wire.send_text(sent)
    else:
        wire.send_binary(sent)
    with pytest.raises(Closed):
        wire.receive()
    assert "a client with" in caplog.text


def test_clients_0_9_have_their_own_form_beside(serve: Serve) -> None:
    site = serve(serializer="msgpack")
    client = site.running.client_09()
    client.send('5:1+::{"name":"sync"}')
    assert "6:::1" in [client.receive() for _ in range(2)]


class Reversed:
    """A parser of an application: text, from its end to its beginning."""

    def encode(self, packet: Packet) -> tuple[Message, ...]:
        fields = [int(packet.type), packet.namespace, packet.data, packet.id]
        return ("4" + json.dumps(fields)[::-1],)

    def decoder(self, max_size: int, max_attachments: int) -> Reversed:
        return self

    def feed_text(self, message: str) -> Packet:
        try:
            number, namespace, data, packet_id = json.loads(message[:0:-1])
        except ValueError:
            raise PacketError("not reversed") from None
        return Packet(PacketType(number), namespace, data, packet_id)

    def feed_binary(self, message: bytes) -> Packet:
        raise PacketError("binary")

    def older(self) -> Reversed:
        return self


def test_a_parser_of_the_application(serve: Serve) -> None:
    site = serve(parser=Reversed())
    site.io.on("echo", lambda value: value)
    wire = site.outsider().wire
    wire.send_text("4]llun ,llun ,\"/\" ,0[")
    joined = wire.receive()
    assert isinstance(joined, str) and json.loads(joined[:0:-1])[:2] == [0, "/"]
    wire.send_text("4" + json.dumps([2, "/", ["echo", "x"], 3])[::-1])
    assert wire.receive() == "4" + json.dumps([3, "/", ["x"], 3])[::-1]


@pytest.mark.parametrize("protocol", [4, 3])
@pytest.mark.parametrize("serializer", ["msgpack", MsgPackParser()])
def test_the_client_for_tests_speaks_it(app: Flask, serializer: Any, protocol: int) -> None:
    io = SocketIO(app, serializer=serializer)
    io.on("echo", lambda value: value)
    client = io.test_client(app, protocol=protocol)
    assert client.emit("echo", {"a": b"\0"}, callback=True) == {"a": b"\0"}
    client.disconnect()


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("pickle", "'default', 'msgpack', or a parser with encode, decoder, older, not 'pickle'"),
        (MsgPackParser, "MsgPackParser is a class"),
        (json, "a parser with encode"),
    ],
    ids=str,
)
def test_what_is_no_parser_is_refused(value: Any, told: str) -> None:
    with pytest.raises(OptionError, match=told):
        make_options(serializer=value)


def test_where_msgpack_is_missing_it_is_said_how_to_get_it(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "msgpack", None)
    monkeypatch.delitem(sys.modules, "flask_realtime.protocol.msgpack")
    with pytest.raises(OptionError, match=r"pip install 'Flask-Realtime\[msgpack\]'"):
        SocketIO(app, serializer="msgpack")
