"""What the worst inputs cost: no more memory than the limits say, whatever they pretend to be."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest

from flask_realtime.exceptions import FrameError, PacketError
from flask_realtime.options import make_options
from flask_realtime.options.deflate import DeflateOptions
from flask_realtime.protocol.eio4 import EIO4
from flask_realtime.protocol.json import Codec
from flask_realtime.protocol.msgpack import MsgPackParser
from flask_realtime.protocol.text_parser import TextParser
from flask_realtime.websocket.deflate import Deflate, Terms
from flask_realtime.websocket.messages import Messages
from flask_realtime.wsgi.limits import Limits
from flask_realtime.wsgi.request_parser import RequestParser
from tests.protocol.codecs import CODECS
from tests.websocket.masking import frame

MIB = 1024 * 1024
OPTIONS = make_options()
SIZE = OPTIONS.max_http_buffer_size
DEFLATE = Deflate(DeflateOptions(threshold=0), Terms(False, False, 15, 15))
codecs = pytest.mark.parametrize("codec", CODECS.values(), ids=list(CODECS))


def peak_of(action: Callable[[], Any]) -> int:
    """Bytes that an action needs at most beside what there was, its result included."""
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        action()
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


def make_dialect(codec: Codec = CODECS["simplejson"]) -> EIO4:
    return EIO4(TextParser(codec), SIZE, OPTIONS.max_attachments, OPTIONS.max_payload_packets)


def refuses(action: Callable[[], Any]) -> bool:
    try:
        action()
    except PacketError:
        return True
    return False


@codecs
@pytest.mark.parametrize("opening", ["[", '{"a":', '[{"":'])
def test_deep_json_costs_a_small_multiple_of_its_text(codec: Codec, opening: str) -> None:
    message = '42["a",' + opening * ((SIZE - 10) // len(opening))
    decoder = make_dialect(codec).decoder()
    # orjson sets twelve bytes aside for each one before it begins.
    assert peak_of(lambda: refuses(lambda: decoder.feed(message))) < 16 * SIZE
    assert refuses(lambda: decoder.feed(message))


@codecs
@pytest.mark.parametrize("item", ["[]", "{}", '""', "0", '{"a":0}', "1e5"])
def test_many_small_values_cost_a_small_multiple_of_their_text(codec: Codec, item: str) -> None:
    size = SIZE // 5
    message = '42["a",' + ",".join([item] * (size // (len(item) + 1))) + "]"
    decoder = make_dialect(codec).decoder()
    # CPython's: an empty container takes 56 or 64 bytes, and 8 in the list; a dict of one, 184.
    assert peak_of(lambda: decoder.feed(message)) < 45 * size


@codecs
def test_deep_json_that_is_closed_is_refused_or_of_a_bounded_depth(codec: Codec) -> None:
    depth = SIZE // 2 - 10
    message = '42["a",' + "[" * depth + "]" * depth + "]"
    assert refuses(lambda: make_dialect(codec).decoder().feed(message))


def test_attachments_are_refused_at_the_first_byte_over_their_bound() -> None:
    decoder = make_dialect().decoder()
    stand_ins = ",".join(f'{{"_placeholder":true,"num":{n}}}' for n in range(10))
    decoder.feed(f'4510-["a",{stand_ins}]')
    piece = bytes(SIZE // 2)

    def feed() -> None:
        decoder.feed(piece)
        decoder.feed(piece)
        assert refuses(lambda: decoder.feed(b"x"))

    assert peak_of(feed) < SIZE


@pytest.mark.parametrize("count", [10**6, 10**14, 11])
def test_announced_attachments_cost_nothing(count: int) -> None:
    decoder = make_dialect().decoder()
    message = f'45{count}-["a",{{"_placeholder":true,"num":0}}]'
    assert peak_of(lambda: refuses(lambda: decoder.feed(message))) < 20_000
    assert refuses(lambda: make_dialect().decoder().feed(message))


def test_many_tiny_packets_in_one_payload_are_taken_one_by_one() -> None:
    body = b"\x1e".join([b"3"] * (OPTIONS.max_payload_packets - 1))
    dialect = make_dialect()
    taken = 0

    def take() -> None:
        nonlocal taken
        for _ in dialect.decode_payload(body, "text/plain"):
            taken += 1

    assert peak_of(take) < 2 * len(body) + 20_000
    assert taken == OPTIONS.max_payload_packets - 1


def test_one_payload_of_separators_alone_is_refused_at_once() -> None:
    body = b"\x1e" * SIZE
    dialect = make_dialect()
    peak = peak_of(lambda: refuses(lambda: list(dialect.decode_payload(body, "text/plain"))))
    assert peak < 2 * SIZE


@pytest.mark.parametrize("size", [100 * MIB, SIZE + 1])
def test_a_bomb_is_not_inflated_beyond_the_size_of_a_message(size: int) -> None:
    data = frame(0x41, DEFLATE.compress(bytes(size)), key=bytes(4))
    framing = Messages(SIZE, DEFLATE)
    assert peak_of(lambda: framing.feed(data)) < 4 * SIZE + 2 * len(data)
    assert isinstance(framing.violation, FrameError)
    assert framing.violation.close_code == 1009


def test_a_bomb_in_many_fragments_is_bounded_as_well() -> None:
    payload = DEFLATE.compress(bytes(50 * MIB))
    pieces = [payload[start : start + 100] for start in range(0, len(payload), 100)]
    framing = Messages(SIZE, DEFLATE)

    def feed() -> None:
        framing.feed(frame(0x42, pieces[0], fin=False, key=bytes(4)))
        for piece in pieces[1:]:
            framing.feed(frame(0, piece, fin=False, key=bytes(4)))

    assert peak_of(feed) < 4 * SIZE
    assert framing.violation is not None
    assert framing.violation.close_code == 1009


def test_blocks_that_inflate_to_nothing_cost_nothing() -> None:
    framing = Messages(SIZE, DEFLATE)
    data = frame(0, b"\0\0\0\xff\xff" * 20, fin=False, key=bytes(4))

    def feed() -> None:
        framing.feed(frame(0x42, b"", fin=False))
        for _ in range(2000):
            framing.feed(data)

    assert peak_of(feed) < 100_000
    assert framing.violation is None


@pytest.mark.parametrize("header", [0x82, 0x02])
def test_an_announced_frame_costs_nothing_before_it_comes(header: int) -> None:
    framing = Messages(SIZE)
    data = bytes([header, 0xFF]) + SIZE.to_bytes(8, "big") + bytes(4)
    assert peak_of(lambda: framing.feed(data)) < 5000
    assert framing.violation is None


HEAD = b"GET / HTTP/1.1\r\nHost: a\r\n"
MUCH = {
    "header lines": HEAD + b"".join(b"X-%d: y\r\n" % n for n in range(100_000)),
    "one header": HEAD + b"X: " + b"y" * MIB,
    "one header name": HEAD + b"X" * MIB,
    "a request line": b"GET /" + b"a" * MIB,
    "trailers": b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
    + b"".join(b"X-%d: y\r\n" % n for n in range(100_000)),
    "a chunk's extension": b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;"
    + b"a" * MIB,
    "cookies": HEAD + b"Cookie: a=b\r\n" * 80_000,
    "empty lines": b"\r\n" * (MIB // 2),
}


@pytest.mark.parametrize("size", [100, 65536], ids=["in crumbs", "in large pieces"])
@pytest.mark.parametrize("data", MUCH.values(), ids=list(MUCH))
def test_a_mebibyte_of_head_is_refused_at_the_limit(data: bytes, size: int) -> None:
    limits = Limits()
    parser = RequestParser({"SCRIPT_NAME": ""}, limits)
    fed = 0

    def feed() -> None:
        nonlocal fed
        while parser.error is None and fed < len(data):
            parser.feed(data[fed : fed + size])
            fed += size

    # A header is two objects of some 35 bytes at least, in a tuple: 10 to 15 times its text.
    assert peak_of(feed) < 25 * limits.max_header_size
    assert parser.error is not None
    assert parser.error.http_status[:3] in ("414", "431")
    assert fed <= limits.max_header_size + 2 * size
    parser.close()


def test_many_tiny_chunks_are_bounded_by_the_size_of_the_body() -> None:
    parser = RequestParser({"SCRIPT_NAME": ""}, Limits(max_body_size=SIZE // 10))
    parser.feed(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
    chunks = b"1\r\na\r\n" * 1000

    def feed() -> None:
        while parser.error is None:
            parser.feed(chunks)

    # A byte of bytes is one object that Python shares, and eight bytes in the list.
    assert peak_of(feed) < 12 * SIZE // 10
    assert parser.error is not None and parser.error.http_status[:3] == "413"
    parser.close()


@pytest.mark.parametrize("header", [b"\xdd\0\x0f\0\0", b"\xdc\xff\xff", b"\xdf\0\x07\0\0\0"])
def test_nested_lists_of_msgpack_cost_nothing_until_they_are_there(header: bytes) -> None:
    # Of each, an entry per promised item would be made at once, and all of them be open together.
    begin = b"\x83\xa4type\2\xa3nsp\xa1/\xa4data"
    message = (begin + header * 900).ljust(SIZE, b"\xc0")
    decoder = MsgPackParser().decoder(SIZE, OPTIONS.max_attachments)
    assert peak_of(lambda: refuses(lambda: decoder.feed_binary(message))) < 4 * SIZE
