"""What is measured: each load is what the program ``load`` is called with, and who is put to it."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import quote

from peers import (
    FLASK_SOCKETIO,
    GEVENT_WEBSOCKET,
    GUNICORN,
    NODE,
    ORJSON,
    PYWSGI,
    PYWSGI_NODELAY,
    SIMPLEJSON,
    SOCKETIO_GEVENT,
    SOCKETIO_UVICORN,
    Peer,
    message_file,
    yardstick,
)

SMALL = "hello world"
KIB = "x" * 1024
MASK = b"\x37\xfa\x21\x3d"

EVERYONE = (ORJSON, SIMPLEJSON, NODE, FLASK_SOCKETIO, SOCKETIO_GEVENT, SOCKETIO_UVICORN)


@dataclass(frozen=True)
class Load:
    """One load.

    :param name: on the command line, and in the results.
    :param title: in the tables, with its unit.
    :param kind: of the program ``load``.
    :param settings: its arguments.
    :param peers: who is measured.
    """

    name: str
    title: str
    kind: str
    settings: Mapping[str, object]
    peers: tuple[Peer, ...]
    clients: int = 100

    def arguments(self) -> list[str]:
        settings = {"clients": self.clients, **self.settings}
        return [f"{name}={_in_file(value)}" for name, value in settings.items()]


def _in_file(value: object) -> object:
    """Bytes are given by a file: they may be too long for an argument."""
    return message_file(value) if isinstance(value, bytes) else value


def _frame(first: int, payload: bytes, mask: bytes) -> bytes:
    length = len(payload)
    flag = 0x80 if mask else 0
    if length < 126:
        head = bytes([first, flag | length])
    elif length < 65536:
        head = bytes([first, flag | 126]) + length.to_bytes(2, "big")
    else:
        head = bytes([first, flag | 127]) + length.to_bytes(8, "big")
    if not mask:
        return head + payload
    return head + mask + bytes(each ^ mask[i % 4] for i, each in enumerate(payload))


def _text(text: str, masked: bool = True) -> bytes:
    return _frame(0x81, text.encode(), MASK if masked else b"")


def _event(name: str, value: str, id: str = "") -> str:
    return f"42{id}" + json.dumps([name, value], separators=(",", ":"))


def _ack(value: str) -> str:
    return "430" + json.dumps([value], separators=(",", ":"))


def _echo(name: str, title: str, value: str, peers: tuple[Peer, ...], **more: object) -> Load:
    limit = yardstick("echo", _text(_ack(value), masked=False))
    message = _text(_event("echo", value, "0"))
    return Load(name, title, "echo", {"message": message, **more}, (*peers, limit))


def _binary() -> Load:
    placeholder = '{"_placeholder":true,"num":0}'
    attachment = bytes(range(256)) * 4
    question = _text(f'451-0["echo",{placeholder}]') + _frame(0x82, attachment, MASK)
    answer = _text(f"461-0[{placeholder}]", False) + _frame(0x82, attachment, b"")
    return Load(
        "echo-binary",
        "echo of 1 KiB of bytes, acks/s",
        "echo",
        {"message": question, "answers": 2},
        (*EVERYONE, yardstick("echo", answer)),
    )


def _deflate() -> Load:
    value = json.dumps([{"name": f"user {i}", "online": i % 2 == 0} for i in range(40)])
    message = _frame(0xC1, _packed(_event("echo", value, "0")), MASK)
    limit = yardstick("echo", _frame(0xC1, _packed(_ack(value)), b""))
    settings = {"message": message, "deflate": 1}
    peers = (ORJSON.but("per_message_deflate=True"), NODE.but("deflate"), limit)
    return Load("deflate", "echo of 2 KiB, compressed, acks/s", "echo", settings, peers)


def _packed(text: str) -> bytes:
    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    return (packer.compress(text.encode()) + packer.flush(zlib.Z_SYNC_FLUSH))[:-4]


def broadcast_of(value: str, clients: int) -> Load:
    """A broadcast of another value, to others than the servers below."""
    settings = {"message": _text(_event("shout", value)), "warmup": 1.2}
    title = f"broadcast to {clients:,}, deliveries/s"
    return Load(f"broadcast-{clients}", title, "broadcast", settings, (), clients)


def _broadcast(clients: int, peers: tuple[Peer, ...]) -> Load:
    limit = yardstick("broadcast", _text(_event("news", SMALL), masked=False))
    return replace(broadcast_of(SMALL, clients), peers=(*peers, limit))


def _room() -> Load:
    settings = {"first": _text('420["enter"]'), "message": _text(_event("tell", SMALL))}
    limit = yardstick("room", _text(_event("news", SMALL), masked=False))
    peers = (ORJSON, NODE, FLASK_SOCKETIO, limit)
    return Load("room-1000", "room of 1,000, deliveries/s", "broadcast", settings, peers, 1000)


def _mixed() -> Load:
    settings = {"message": _text(_event("shout", SMALL)), "generation": 0}
    title = "broadcast to 1,000 of 0.9, 2.x and 4.x, deliveries/s"
    limit = yardstick("broadcast", _text(_event("news", SMALL), masked=False))
    return Load("mixed", title, "broadcast", settings, (ORJSON, limit), 1000)


_QUESTION = _event("echo", SMALL, "0")


def _polling() -> Load:
    peers = (*EVERYONE, yardstick("echo", _ack(SMALL).encode()))
    settings = {"body": _QUESTION.encode()}
    return Load("polling", "polling echo, acks/s", "polling", settings, peers, clients=32)


def _jsonp() -> Load:
    settings = {
        "query": "EIO=3&transport=polling&j=0",
        "join": 0,
        "type": "application/x-www-form-urlencoded",
        "body": ("d=" + quote(f"{len(_QUESTION)}:{_QUESTION}")).encode(),
    }
    answer = _ack(SMALL)
    script = f"___eio[0]({json.dumps(f'{len(answer)}:{answer}')});"
    peers = (ORJSON, NODE, yardstick("echo", script.encode()))
    return Load("jsonp", "JSONP echo (2.x), acks/s", "polling", settings, peers, clients=32)


def _http() -> Load:
    page = b"hello world"
    answer = (
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n"
        b"Content-Length: %d\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n\r\n%b"
    ) % (len(page), page)
    peers = (ORJSON, PYWSGI, PYWSGI_NODELAY, GUNICORN, yardstick("http", answer))
    title = "HTTP hello through Flask, requests/s"
    return Load("http", title, "http", {"target": "/"}, peers, clients=32)


def _connect() -> Load:
    peers = (*EVERYONE, yardstick("echo", b""))
    return Load("connect", "connects/s, 64 at a time", "connect", {}, peers, clients=64)


def _upgrade() -> Load:
    peers = (*EVERYONE, yardstick("echo", _text(_ack(SMALL), masked=False)))
    settings = {"message": _text(_QUESTION)}
    return Load("upgrade", "upgrades/s, 64 at a time", "upgrade", settings, peers, clients=64)


def _storage(name: str, where: str, peer: Peer) -> Load:
    settings = {"message": _text(_event("keep", SMALL, "0"))}
    return Load(name, f"socket.set and get {where}, acks/s", "echo", settings, (peer,))


LOADS = [
    _echo("echo", "echo with ack, acks/s", SMALL, EVERYONE),
    _echo("echo-1k", "echo of 1 KiB, acks/s", KIB, EVERYONE),
    _echo("echo-64k", "echo of 64 KiB, acks/s", KIB * 64, EVERYONE),
    _binary(),
    _deflate(),
    _broadcast(100, EVERYONE),
    _broadcast(1000, EVERYONE),
    _broadcast(5000, (ORJSON, NODE, FLASK_SOCKETIO)),
    _room(),
    _mixed(),
    _polling(),
    _jsonp(),
    _connect(),
    _upgrade(),
    _http(),
    Load(
        "websocket",
        "plain WebSocket echo, messages/s",
        "echo",
        {"message": _text(SMALL), "plain": 1},
        (GEVENT_WEBSOCKET,),
    ),
    *(
        replace(
            _echo(f"echo-of-{count}", f"echo, {count:,} clients, acks/s", SMALL, (ORJSON, NODE)),
            clients=count,
        )
        for count in (10, 1000, 5000)
    ),
    _storage("storage", "in memory", ORJSON),
    _storage("storage-redis", "in Redis, on the load's core", replace(ORJSON, redis=True)),
]
"""In the order of the tables."""
