"""Compressed messages: section 7.2 of RFC 7692."""

from __future__ import annotations

import tracemalloc
import zlib
from collections.abc import Iterable
from random import Random
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_realtime.options.deflate import DeflateOptions
from flask_realtime.websocket.deflate import negotiate
from flask_realtime.websocket.extensions import parse_offers
from flask_realtime.websocket.messages import Messages
from tests.websocket.masking import close, frame, server_frame, text
from tests.websocket.test_messages import KEYS, fed, segments

RSV1 = 0x40
MAX_SIZE = 70_000
TAIL = b"\x00\x00\xff\xff"

TAKEOVER: dict[str, Any] = {"server_context_takeover": True, "client_context_takeover": True}


def compressing(max_size: int = MAX_SIZE, offer: str = "", **options: Any) -> Messages:
    """The framing of a connection whose client has made this offer."""
    offers = parse_offers(f"permessage-deflate{offer}")
    agreement = negotiate(offers, DeflateOptions(**{"threshold": 0, **options}))
    assert agreement is not None
    return Messages(max_size, agreement.deflate)


def deflated(payload: bytes, final: bool = False) -> bytes:
    """A message's payload, by the letter of section 7.2.1."""
    compressor = zlib.compressobj(9, zlib.DEFLATED, -15)
    if final:
        return compressor.compress(payload) + compressor.flush(zlib.Z_FINISH) + b"\0"
    data = compressor.compress(payload) + compressor.flush(zlib.Z_SYNC_FLUSH)
    assert data.endswith(TAIL)
    return data[:-4]


def compressed(opcode: int, payload: bytes, *, fin: bool = True) -> bytes:
    return frame(RSV1 | opcode, deflated(payload), fin=fin)


# What clients send -----------------------------------------------------------------------

HELLO = bytes.fromhex("f248cdc9c90700")  # section 7.2.3.1


class Case(NamedTuple):
    data: bytes
    messages: list[str | bytes]
    close_code: int | None = None


CASES = {
    # Section 7.2.3.
    "one block": Case(frame(RSV1 | 1, HELLO), ["Hello"]),
    "fragments": Case(frame(RSV1 | 1, HELLO[:3], fin=False) + frame(0, HELLO[3:]), ["Hello"]),
    "stored block": Case(frame(RSV1 | 1, bytes.fromhex("000500faff48656c6c6f00")), ["Hello"]),
    "final block": Case(frame(RSV1 | 1, bytes.fromhex("f348cdc9c9070000")), ["Hello"]),
    "two blocks": Case(frame(RSV1 | 1, bytes.fromhex("f24805000000ffffcac9c90700")), ["Hello"]),
    "empty message": Case(frame(RSV1 | 1, b"\x00"), [""]),
    "empty binary": Case(frame(RSV1 | 2, b"\x00"), [b""]),
    # Messages.
    "binary": Case(compressed(2, b"\xff\xfe"), [b"\xff\xfe"]),
    "beyond ASCII": Case(compressed(1, "h\xe9 \U0001f600".encode()), ["h\xe9 \U0001f600"]),
    "not compressed": Case(text("a") + frame(2, b"b"), ["a", b"b"]),
    "mixed": Case(compressed(1, b"a") + text("b") + compressed(2, b"c"), ["a", "b", b"c"]),
    "ping among fragments": Case(
        frame(RSV1 | 1, HELLO[:1], fin=False) + frame(9) + frame(0, HELLO[1:]), ["Hello"]
    ),
    "empty fragments": Case(
        frame(RSV1 | 1, fin=False) + frame(0, HELLO, fin=False) + frame(0), ["Hello"]
    ),
    "several final blocks": Case(
        frame(RSV1 | 2, deflated(b"a", True)[:-1] * 3 + deflated(b"b")), [b"aaab"]
    ),
    "after a final block": Case(
        frame(RSV1 | 2, deflated(b"a", True)) + compressed(2, b"b"), [b"a", b"b"]
    ),
    "empty blocks": Case(frame(RSV1 | 1, (b"\x00" + TAIL) * 50 + HELLO), ["Hello"]),
    # Sizes, each to the byte.
    "the greatest size": Case(compressed(2, b"b" * MAX_SIZE), [b"b" * MAX_SIZE]),
    "the greatest size in stored blocks": Case(
        frame(
            RSV1 | 2,
            b"".join(b"\x00\x10\x27\xef\xd8" + b"b" * 10_000 for _ in range(7)) + b"\x00",
        ),
        [b"b" * MAX_SIZE],
    ),
    "one byte too many": Case(
        compressed(1, b"a") + compressed(2, b"b" * (MAX_SIZE + 1)), ["a"], 1009
    ),
    "not compressed, one byte too many": Case(frame(2, b"b" * (MAX_SIZE + 1)), [], 1009),
    "fragments over the size": Case(
        frame(RSV1 | 2, deflated(b"b" * 60_000) + TAIL, fin=False)
        + frame(0, deflated(b"b" * 10_001)),
        [],
        1009,
    ),
    # Broken rules.
    "bit on a continuation": Case(
        frame(RSV1 | 1, HELLO[:3], fin=False) + frame(RSV1 | 0, HELLO[3:]), [], 1002
    ),
    "bit on a later frame only": Case(
        frame(1, b"a", fin=False) + frame(RSV1 | 0, HELLO), [], 1002
    ),
    "bit on a ping": Case(frame(RSV1 | 9, HELLO), [], 1002),
    "bit on a pong": Case(frame(RSV1 | 10, HELLO), [], 1002),
    "bit on a close frame": Case(frame(RSV1 | 8), [], 1002),
    "second reserved bit": Case(frame(0x20 | 1, HELLO), [], 1002),
    "all reserved bits": Case(frame(0x70 | 1, HELLO), [], 1002),
    "message within a message": Case(
        frame(RSV1 | 1, HELLO[:3], fin=False) + frame(RSV1 | 1, HELLO), [], 1002
    ),
    "not masked": Case(b"\xc1\x07" + HELLO, [], 1002),
    "no such block": Case(frame(RSV1 | 1, b"\x07"), [], 1007),
    "too far back": Case(compressed(1, b"a") + frame(RSV1 | 1, b"\x02\x04\x00"), ["a"], 1007),
    "not UTF-8": Case(compressed(1, b"a\xff"), [], 1007),
    "stops in a character": Case(compressed(1, b"\xe2\x82"), [], 1007),
    "fragment that is not UTF-8": Case(
        frame(RSV1 | 1, deflated(b"\xff" * 100) + TAIL, fin=False), [], 1007
    ),
}


@pytest.fixture(params=list(CASES.values()), ids=list(CASES))
def case(request: pytest.FixtureRequest) -> Case:
    found: Case = request.param
    return found


def check(case: Case, pieces: Iterable[bytes], framing: Messages) -> None:
    assert fed(framing, pieces) == case.messages
    assert (framing.violation and framing.violation.close_code) == case.close_code
    assert fed(framing, [text("after")]) == ([] if case.close_code else ["after"])


@pytest.mark.parametrize("options", [{}, TAKEOVER], ids=["alone", "takeover"])
def test_whole(case: Case, options: dict[str, Any]) -> None:
    check(case, [case.data], compressing(**options))


def test_byte_by_byte(case: Case) -> None:
    check(case, (case.data[i : i + 1] for i in range(len(case.data))), compressing())


def test_context_of_the_client() -> None:
    """Section 7.2.3.2: the second message points into the first."""
    sent = [frame(RSV1 | 1, HELLO), frame(RSV1 | 1, bytes.fromhex("f200110000"))]
    assert fed(compressing(**TAKEOVER), sent) == ["Hello", "Hello"]
    framing = compressing()
    assert fed(framing, sent) == ["Hello"]
    assert framing.violation is not None
    assert framing.violation.close_code == 1007


def test_context_survives_what_is_not_compressed() -> None:
    framing = compressing(**TAKEOVER)
    sent = [
        frame(RSV1 | 1, HELLO, fin=False),
        frame(9),
        frame(0),
        text("plain"),
        frame(RSV1 | 1, bytes.fromhex("f200110000")),
    ]
    assert fed(framing, sent) == ["Hello", "plain", "Hello"]


@pytest.mark.parametrize("bits", [8, 9, 12, 15])
def test_every_window_of_the_client(bits: int) -> None:
    framing = compressing(offer=f"; client_max_window_bits={bits}", **TAKEOVER)
    compressor = zlib.compressobj(9, zlib.DEFLATED, -max(bits, 9))
    payload = bytes(range(256)) * 100
    for _ in range(3):
        data = compressor.compress(payload) + compressor.flush(zlib.Z_SYNC_FLUSH)
        assert framing.feed(frame(RSV1 | 2, data[:-4])) == [payload]


def test_bit_without_compression() -> None:
    framing = Messages(MAX_SIZE)
    assert framing.feed(frame(RSV1 | 1, HELLO)) == []
    assert framing.violation is not None
    assert framing.violation.close_code == 1002


def test_invalid_text_is_refused_before_it_is_whole() -> None:
    framing = compressing()
    framing.feed(frame(RSV1 | 1, deflated(b"a" * 500 + b"\xff" + bytes(500)) + TAIL * 10)[:-20])
    assert framing.violation is not None
    assert framing.violation.close_code == 1007


def test_length_is_refused_before_the_payload_comes() -> None:
    framing = compressing(1000)
    framing.feed(b"\xc1\xfe" + (1190).to_bytes(2, "big") + b"KEY!")
    assert framing.violation is not None
    assert framing.violation.close_code == 1009


# Bombs -----------------------------------------------------------------------------------


def peak_of(framing: Messages, pieces: Iterable[bytes]) -> int:
    tracemalloc.start()
    try:
        for piece in pieces:
            framing.feed(piece)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


BOMB = deflated(bytes(100_000_000))


@pytest.mark.parametrize("size", [65_536, 1_000])
def test_bomb(size: int) -> None:
    data = frame(RSV1 | 2, BOMB, key=bytes(4))
    framing = compressing(1_000_000)
    peak = peak_of(framing, (data[i : i + size] for i in range(0, len(data), size)))
    assert framing.violation is not None
    assert framing.violation.close_code == 1009
    assert peak < 4_000_000


def test_bomb_in_fragments() -> None:
    pieces = [BOMB[i : i + 400] for i in range(0, len(BOMB), 400)]
    frames = [frame(RSV1 | 2, pieces[0], fin=False)]
    frames += [frame(0, piece, fin=False) for piece in pieces[1:]]
    framing = compressing(1_000_000)
    assert peak_of(framing, frames) < 4_000_000
    assert framing.violation is not None
    assert framing.violation.close_code == 1009


def test_final_blocks_without_end_cost_no_more_than_their_bytes() -> None:
    # Each copies what follows it: were that all of the message, these would be 30 GB.
    framing = compressing(1_000_000)
    data = frame(RSV1 | 2, b"\x03\x00" * 250_000 + b"\x00", key=bytes(4))
    assert framing.feed(data) == [b""]


# Memory ----------------------------------------------------------------------------------


def held_by(count: int, **options: Any) -> float:
    message = "x" * 5000
    compressing(**options).encode(message)
    tracemalloc.start()
    try:
        framings = [compressing(**options) for _ in range(count)]
        before, _ = tracemalloc.get_traced_memory()
        for framing in framings:
            framing.encode(message)
            framing.feed(compressed(1, b"y" * 5000))
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return (after - before) / count


def test_an_idle_connection_holds_no_compressor() -> None:
    assert held_by(50) < 20
    assert held_by(50, **TAKEOVER) > 50  # zlib's own memory is not even counted


# What we send ----------------------------------------------------------------------------


def inflated(*frames: bytes, context: bool = False) -> list[bytes]:
    payloads = []
    decompressor = zlib.decompressobj(-15)
    for data in frames:
        found = server_frame(data)
        assert found is not None
        first, payload, rest = found
        assert not rest
        assert first & 0xF0 == 0x80 | RSV1
        if not context:
            decompressor = zlib.decompressobj(-15)
        payloads.append(decompressor.decompress(payload + TAIL))
    return payloads


def test_encode() -> None:
    framing = compressing()
    assert framing.encode("Hello") == b"\xc1\x07" + HELLO
    assert framing.encode("Hello") == b"\xc1\x07" + HELLO
    assert framing.encode(b"Hello") == b"\xc2\x07" + HELLO


def test_encode_with_context() -> None:
    framing = compressing(**TAKEOVER)
    assert framing.encode("Hello") == b"\xc1\x07" + HELLO
    assert framing.encode("Hello") == b"\xc1\x05" + bytes.fromhex("f200110000")


@pytest.mark.parametrize("options", [{}, TAKEOVER], ids=["alone", "takeover"])
def test_an_empty_message_is_never_compressed(options: dict[str, Any]) -> None:
    framing = compressing(**options)
    for _ in range(2):
        assert framing.encode("") == b"\x81\x00"
        assert framing.encode(b"") == b"\x82\x00"
        assert inflated(framing.encode("a"))


def test_threshold_counts_bytes() -> None:
    framing = compressing(threshold=1024)
    assert framing.encode("t" * 1023)[0] == 0x81
    assert framing.encode("t" * 1024)[0] == 0xC1
    assert framing.encode("\xe9" * 511)[0] == 0x81
    assert framing.encode("\xe9" * 512)[0] == 0xC1


def test_default_threshold() -> None:
    assert DeflateOptions().threshold == 1024


@pytest.mark.parametrize("bits", [9, 10])
def test_window_of_the_server(bits: int) -> None:
    block = Random(0).randbytes(1100)  # the next one would be found in a larger window
    framing = compressing(offer=f"; server_max_window_bits={bits}", **TAKEOVER)
    decompressor = zlib.decompressobj(-bits)  # refuses what points farther back
    for payload in (block, block, bytes(range(250)) * 30):
        found = server_frame(framing.encode(payload))
        assert found is not None
        assert decompressor.decompress(found[1] + TAIL) == payload


def test_level_and_memory_reach_the_compressor() -> None:
    payload = b"".join(b"%d %x;" % (i * 7919 % 1000, i) for i in range(5000))
    fast, small = (len(compressing(level=level).encode(payload)) for level in (1, 9))
    assert small < fast
    poor = len(compressing(mem_level=1).encode(payload))
    assert poor != len(compressing(mem_level=9).encode(payload))


def test_close_frames_are_not_compressed() -> None:
    framing = compressing()
    assert framing.encode_close(1000, "r" * 100)[0] == 0x88
    framing.feed(close(1000) + frame(9))
    assert framing.take_replies() == b"\x88\x02\x03\xe8"


# Properties ------------------------------------------------------------------------------

PAYLOADS = st.one_of(
    st.binary(max_size=300),
    st.builds(lambda part, times: part * times, st.binary(max_size=40), st.integers(0, 1500)),
)
OPTIONS = st.fixed_dictionaries(
    {
        "server_context_takeover": st.booleans(),
        "client_context_takeover": st.booleans(),
        "level": st.integers(1, 9),
        "mem_level": st.integers(1, 9),
        "server_max_window_bits": st.integers(9, 15),
    }
)


@given(st.data(), st.lists(PAYLOADS, max_size=5), OPTIONS)
def test_any_messages_in_any_fragments_and_segments(
    data: st.DataObject, payloads: list[bytes], options: dict[str, Any]
) -> None:
    framing = compressing(**options)
    takeover = options["client_context_takeover"]
    compressor = zlib.compressobj(6, zlib.DEFLATED, -15)
    sent = b""
    for payload in payloads:
        if not takeover:
            compressor = zlib.compressobj(6, zlib.DEFLATED, -15)
        if data.draw(st.booleans()):
            whole, first = payload, 2
        else:
            whole, first = compressor.compress(payload), RSV1 | 2
            whole = (whole + compressor.flush(zlib.Z_SYNC_FLUSH))[:-4] or b"\0"
        cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=3)))
        for number, (i, j) in enumerate(zip([0, *cuts], [*cuts, len(whole)], strict=True)):
            opcode = 0 if number else first
            sent += frame(opcode, whole[i:j], fin=number == len(cuts), key=data.draw(KEYS))
    assert fed(framing, data.draw(segments(sent))) == payloads
    assert framing.violation is None


@given(st.lists(PAYLOADS.filter(len), max_size=5), OPTIONS)
def test_a_client_reads_what_is_encoded(payloads: list[bytes], options: dict[str, Any]) -> None:
    framing = compressing(**options)
    frames = [framing.encode(payload) for payload in payloads]
    assert inflated(*frames, context=options["server_context_takeover"]) == payloads


@given(st.data())
def test_any_bytes_give_messages_or_a_violation(data: st.DataObject) -> None:
    junk = st.builds(
        frame,
        st.sampled_from([RSV1 | 1, RSV1 | 2, 0, 9, 1]),
        st.binary(max_size=40) | st.binary(max_size=200).map(deflated),
        fin=st.booleans(),
    )
    sent = b"".join(data.draw(st.lists(junk, max_size=5)))
    takeover = data.draw(st.sampled_from([{}, TAKEOVER]))
    whole, pieces = compressing(500, **takeover), compressing(500, **takeover)
    assert fed(pieces, data.draw(segments(sent))) == whole.feed(sent)
    codes = [each.violation and each.violation.close_code for each in (whole, pieces)]
    assert codes[0] == codes[1]


# What one read may grow to --------------------------------------------------------------


def fed_again(framing: Messages) -> list[list[str | bytes]]:
    """What comes of all that a framing has kept back, call by call."""
    found = []
    while framing.more:
        found.append(framing.feed(b""))
    return found


@pytest.mark.parametrize("takeover", [{}, TAKEOVER], ids=["alone", "takeover"])
def test_of_what_one_read_inflates_to_hardly_more_than_one_message_is_kept_at_once(
    takeover: dict[str, Any],
) -> None:
    framing = compressing(**takeover)
    whole = [bytes([number]) * MAX_SIZE for number in range(20)]
    messages = framing.feed(b"".join(compressed(2, message) for message in whole))
    assert messages == whole[:1]
    assert fed_again(framing) == [[message] for message in whole[1:]]


def test_small_messages_add_up() -> None:
    framing = compressing(max_size=1000)
    message = "x" * 300
    calls = [framing.feed(compressed(1, message.encode()) * 10), *fed_again(framing)]
    assert calls == [[message] * 4, [message] * 4, [message] * 2]


def test_what_comes_behind_what_was_kept_back_keeps_its_order() -> None:
    framing = compressing(max_size=1000)
    first, second = "a" * 1000, "b" * 1000
    data = compressed(1, first.encode()) + compressed(1, second.encode())
    assert framing.feed(data + text("c")[:3]) == [first]
    assert framing.feed(text("c")[3:] + close(1000)) == [second]
    assert framing.closing is None and framing.more
    assert framing.feed(b"") == ["c"]
    assert framing.closing == (1000, "") and not framing.more


def test_a_violation_behind_what_was_kept_back_comes_in_its_turn() -> None:
    framing = compressing(max_size=1000)
    data = compressed(1, b"a" * 1000) + frame(RSV1 | 1, b"\xff")
    assert framing.feed(data) == ["a" * 1000]
    assert framing.violation is None
    assert framing.feed(b"") == []
    assert framing.violation is not None and not framing.more


def test_nothing_is_kept_back_where_nothing_is_compressed() -> None:
    framing = Messages(1000)
    assert len(framing.feed(text("x" * 1000) * 20)) == 20
    assert not framing.more


def test_the_memory_of_one_read_is_bounded() -> None:
    framing = compressing(max_size=1_000_000)
    bomb = compressed(2, bytes(1_000_000)) * 60
    assert len(bomb) < 65536
    tracemalloc.start()
    try:
        count = len(framing.feed(bomb))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count == 1
    assert peak < 6_000_000
