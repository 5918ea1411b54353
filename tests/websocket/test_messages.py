from __future__ import annotations

import tracemalloc
from collections.abc import Iterable
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_realtime.exceptions import FrameError
from flask_realtime.websocket.messages import Messages
from tests.websocket.masking import close, frame, server_frame, text

MAX_SIZE = 70_000


class Case(NamedTuple):
    data: bytes
    messages: list[str | bytes]
    replies: bytes = b""
    closing: tuple[int, str] | None = None
    close_code: int | None = None


def broken(code: int, data: bytes, messages: Iterable[str | bytes] = ()) -> Case:
    """What ends with a broken rule."""
    return Case(data, list(messages), b"\x88\x02" + code.to_bytes(2, "big"), None, code)


BEFORE = text("before")

CASES = {
    # Section 5.7.
    "masked text": Case(b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", ["Hello"]),
    "fragmented text": Case(frame(1, b"Hel", fin=False) + frame(0, b"lo"), ["Hello"]),
    "ping": Case(frame(9, b"Hello"), [], b"\x8a\x05Hello"),
    "256 bytes": Case(frame(2, b"b" * 256), [b"b" * 256]),
    "64 KiB": Case(frame(2, b"b" * 65536), [b"b" * 65536]),
    # Each form of the length.
    "empty text": Case(frame(1), [""]),
    "empty binary": Case(frame(2), [b""]),
    "125 bytes": Case(frame(1, b"t" * 125), ["t" * 125]),
    "126 bytes": Case(frame(1, b"t" * 126), ["t" * 126]),
    "65535 bytes": Case(frame(1, b"t" * 65535), ["t" * 65535]),
    "65536 bytes": Case(frame(1, b"t" * 65536), ["t" * 65536]),
    "longer length than needed": Case(b"\x81\xfe\x00\x01\0\0\0\0a", ["a"]),
    "the greatest size": Case(frame(2, b"b" * MAX_SIZE), [b"b" * MAX_SIZE]),
    "one byte too many": broken(1009, BEFORE + frame(2, b"b" * (MAX_SIZE + 1)), ["before"]),
    # Messages.
    "several": Case(text("a") + frame(2, b"b") + text("c"), ["a", b"b", "c"]),
    "beyond ASCII": Case(text("h\xe9 \u20ac \U0001f600"), ["h\xe9 \u20ac \U0001f600"]),
    "noncharacters and NUL": Case(text("\0\uffff\U0010ffff"), ["\0\uffff\U0010ffff"]),
    "binary is not text": Case(frame(2, b"\xff\xfe"), [b"\xff\xfe"]),
    # Fragments.
    "fragmented binary": Case(
        frame(2, b"a", fin=False) + frame(0, b"b", fin=False) + frame(0, b"c"), [b"abc"]
    ),
    "empty fragments": Case(
        frame(1, fin=False) + frame(0, fin=False) + frame(0, b"a", fin=False) + frame(0), ["a"]
    ),
    "nothing but empty fragments": Case(frame(1, fin=False) + frame(0), [""]),
    "a character cut in four": Case(
        frame(1, b"\xf0", fin=False)
        + frame(0, b"\x9f", fin=False)
        + frame(0, b"\x98", fin=False)
        + frame(0, b"\x80"),
        ["\U0001f600"],
    ),
    "ping among fragments": Case(
        frame(1, b"Hel", fin=False) + frame(9, b"!") + frame(0, b"lo"), ["Hello"], b"\x8a\x01!"
    ),
    "long fragments": Case(
        frame(1, b"a" * 300, fin=False) + frame(9) + frame(0, b"b" * 66000),
        ["a" * 300 + "b" * 66000],
        b"\x8a\x00",
    ),
    "fragments over the size": broken(
        1009, frame(2, b"b" * 60_000, fin=False) + frame(0, b"b" * 10_001)
    ),
    "continuation of nothing": broken(1002, BEFORE + frame(0, b"a"), ["before"]),
    "continuation after the end": broken(
        1002, frame(1, b"a", fin=False) + frame(0, b"b") + frame(0, b"c"), ["ab"]
    ),
    "text among fragments": broken(1002, frame(1, b"a", fin=False) + text("b")),
    "binary among fragments": broken(1002, frame(1, b"a", fin=False) + frame(2, b"b")),
    # Control frames.
    "longest ping": Case(frame(9, b"p" * 125), [], b"\x8a\x7d" + b"p" * 125),
    "pong": Case(frame(10, b"unasked"), []),
    "ping that carries a frame": Case(
        frame(9, text("in"), key=bytes(4)), [], b"\x8a\x08" + text("in")
    ),
    "binary that carries a frame": Case(frame(2, text("in"), key=bytes(4)), [text("in")]),
    "text, ping, text": Case(text("a") + frame(9) + text("b"), ["a", "b"], b"\x8a\x00"),
    # UTF-8.
    "text that is not UTF-8": broken(1007, BEFORE + frame(1, b"\xc3\x28"), ["before"]),
    "surrogate": broken(1007, frame(1, b"\xed\xa0\x80")),
    "overlong": broken(1007, frame(1, b"\xc0\xaf")),
    "beyond Unicode": broken(1007, frame(1, b"\xf4\x90\x80\x80")),
    "text that stops in a character": broken(1007, frame(1, b"\xe2\x82")),
    "fragments that stop in a character": broken(
        1007, frame(1, b"\xe2", fin=False) + frame(0, b"\x82")
    ),
    "long text that is not UTF-8": broken(1007, frame(1, b"a" * 300 + b"\xff")),
    # Close frames.
    "close without code": Case(BEFORE + close(), ["before"], b"\x88\x00", (1005, "")),
    "close": Case(close(1000), [], b"\x88\x02\x03\xe8", (1000, "")),
    "close with reason": Case(
        close(4999, "sch\xf6n".encode()), [], b"\x88\x02\x13\x87", (4999, "sch\xf6n")
    ),
    "longest reason": Case(close(1001, b"r" * 123), [], b"\x88\x02\x03\xe9", (1001, "r" * 123)),
    "close among fragments": Case(
        frame(1, b"a", fin=False) + close(1001), [], b"\x88\x02\x03\xe9", (1001, "")
    ),
    "ping and close": Case(frame(9) + close(1000), [], b"\x8a\x00\x88\x02\x03\xe8", (1000, "")),
    "close with half a code": broken(1002, frame(8, b"\x03")),
    "close with a wrong code": broken(1002, close(1006)),
    "close reason that is not UTF-8": broken(1007, close(1000, b"\xff")),
    # Headers.
    "not masked": broken(1002, BEFORE + b"\x81\x01a", ["before"]),
    "reserved bit": broken(1002, b"\xc1" + text("a")[1:]),
    "reserved opcode": broken(1002, frame(3)),
    "long ping": broken(1002, frame(9, b"p" * 126)),
    "fragmented ping": broken(1002, frame(9, fin=False)),
}


def fed(framing: Messages, pieces: Iterable[bytes]) -> list[str | bytes]:
    return [message for piece in pieces for message in framing.feed(piece)]


def check(case: Case, pieces: Iterable[bytes]) -> Messages:
    framing = Messages(MAX_SIZE)
    assert fed(framing, pieces) == case.messages
    assert framing.replies == case.replies
    assert framing.take_replies() == case.replies
    assert framing.take_replies() == framing.replies == b""
    assert framing.closing == case.closing
    assert (framing.violation and framing.violation.close_code) == case.close_code
    return framing


@pytest.fixture(params=list(CASES.values()), ids=list(CASES))
def case(request: pytest.FixtureRequest) -> Case:
    found: Case = request.param
    return found


def test_whole(case: Case) -> None:
    framing = check(case, [case.data])
    after: list[str | bytes] = ["after"]
    ended = case.closing is not None or case.close_code is not None
    assert framing.feed(text("after")) == ([] if ended else after)
    assert framing.take_replies() == b""


def test_byte_by_byte(case: Case) -> None:
    check(case, (case.data[i : i + 1] for i in range(len(case.data))))


@pytest.mark.parametrize("at", [1, 2, 5, 6, 7, 10])
def test_in_two_pieces(case: Case, at: int) -> None:
    check(case, [case.data[:at], case.data[at:]])


def test_with_trailing_data(case: Case) -> None:
    ended = case.closing is not None or case.close_code is not None
    messages = case.messages if ended else [*case.messages, "after"]
    check(case._replace(messages=messages), [case.data + text("after") + b"\x81"])


def test_nothing_is_nothing() -> None:
    framing = Messages(100)
    assert framing.feed(b"") == []
    assert framing.feed(text("a")) == ["a"]


@pytest.mark.parametrize("max_size", [0, 4, 125, 126])
def test_size_of_small_messages(max_size: int) -> None:
    framing = Messages(max_size)
    assert framing.feed(frame(1, b"t" * max_size)) == ["t" * max_size]
    assert framing.feed(frame(1, b"t" * (max_size + 1))) == []
    assert framing.violation is not None
    assert framing.violation.close_code == 1009


def test_size_is_refused_before_the_payload_comes() -> None:
    framing = Messages(1000)
    framing.feed(frame(1, b"t" * 600, fin=False))
    framing.feed(b"\x80\xfe\x01\x91KEY!")  # announces 401
    assert framing.violation is not None
    assert framing.violation.close_code == 1009


def test_invalid_text_is_refused_before_it_is_whole() -> None:
    framing = Messages(1000)
    assert framing.feed(frame(1, b"a" * 500 + b"\xff" + b"a" * 400)[:600]) == []
    assert framing.violation is not None
    assert framing.violation.close_code == 1007


def test_several_pings_are_answered_in_order() -> None:
    framing = Messages(100)
    framing.feed(b"".join(frame(9, bytes([i])) for i in range(10)))
    framing.feed(frame(9, b"last"))
    pongs = b"".join(bytes([0x8A, 1, i]) for i in range(10))
    assert framing.take_replies() == pongs + b"\x8a\x04last"


def test_of_too_many_pings_only_the_latest_are_answered() -> None:
    framing = Messages(100)
    for i in range(1000):
        framing.feed(frame(9, b"%0125d" % i))
        assert len(framing.replies) < 5000
    assert framing.take_replies().endswith(b"\x8a\x7d" + b"%0125d" % 999)


def test_a_violation_tells_why() -> None:
    framing = Messages(100)
    framing.feed(frame(0))
    assert isinstance(framing.violation, FrameError)
    assert "continuation" in str(framing.violation)


@pytest.mark.parametrize("data", [frame(0), frame(1, b"\xff"), frame(1, b"\xff" * 200)])
def test_a_violation_holds_no_frames_of_the_stack(data: bytes) -> None:
    framing = Messages(1000)
    framing.feed(data)
    assert framing.violation is not None
    assert framing.violation.__traceback__ is None
    assert framing.violation.__context__ is None


def test_encode() -> None:
    framing = Messages(100)
    assert framing.encode("h\xe9") == b"\x81\x03h\xc3\xa9"
    assert framing.encode(b"\xff") == b"\x82\x01\xff"
    assert framing.encode("t" * 300) == b"\x81\x7e\x01\x2c" + b"t" * 300
    assert framing.encode_close(1008, "no") == b"\x88\x04\x03\xf0no"


def test_encode_mends_surrogates_as_browsers_do() -> None:
    framing = Messages(100)
    assert framing.encode("a\ud800b") == b"\x81\x05a\xef\xbf\xbdb"
    assert framing.encode("\ud83d\ude00\udc00") == "\x81\x07".encode("latin-1") + (
        "\U0001f600\ufffd".encode()
    )


def test_an_unfinished_message_takes_no_more_memory_than_its_bytes() -> None:
    size = 1_000_000
    data = frame(1, "\u20ac".encode() * (size // 3))
    framing = Messages(size)
    tracemalloc.start()
    try:
        for i in range(0, len(data) - 1, 50):
            framing.feed(data[i : min(i + 50, len(data) - 1)])
        held, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 1.3 * size
    assert peak < 2.6 * size  # while the array grows, it is there twice
    assert framing.feed(data[-1:]) == ["\u20ac" * (size // 3)]


def test_what_has_ended_holds_nothing() -> None:
    framing = Messages(1_000_000)
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        framing.feed(frame(2, b"b" * 500_000, fin=False) + close(1000))
        for _ in range(10):
            framing.feed(b"\x81" * 65536)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 10_000


# Properties ------------------------------------------------------------------------------

KEYS = st.binary(min_size=4, max_size=4)
MESSAGES = st.one_of(st.text(max_size=200), st.binary(max_size=200), st.binary(max_size=70_000))


@st.composite
def wire(draw: st.DrawFn, message: str | bytes) -> bytes:
    """A message as a client may send it: in any fragments, with pings and pongs between them."""
    payload = message.encode() if isinstance(message, str) else message
    cuts = sorted(draw(st.lists(st.integers(0, len(payload)), max_size=3)))
    pieces = [payload[i:j] for i, j in zip([0, *cuts], [*cuts, len(payload)], strict=True)]
    first = 1 if isinstance(message, str) else 2
    data = b""
    for number, piece in enumerate(pieces):
        for control in draw(st.lists(st.sampled_from([9, 10]), max_size=1)):
            data += frame(control, draw(st.binary(max_size=125)), key=draw(KEYS))
        opcode = 0 if number else first
        data += frame(opcode, piece, fin=number == len(cuts), key=draw(KEYS))
    return data


@st.composite
def segments(draw: st.DrawFn, data: bytes) -> list[bytes]:
    cuts = sorted(draw(st.lists(st.integers(0, len(data)), max_size=8)))
    return [data[i:j] for i, j in zip([0, *cuts], [*cuts, len(data)], strict=True)]


@given(st.data())
def test_any_messages_in_any_segments(data: st.DataObject) -> None:
    messages = data.draw(st.lists(MESSAGES, max_size=4))
    sent = b"".join(data.draw(wire(message)) for message in messages)
    framing = Messages(MAX_SIZE)
    assert fed(framing, data.draw(segments(sent))) == messages
    assert framing.closing is None
    assert framing.violation is None


@given(st.data())
def test_any_bytes_give_messages_or_a_violation(data: st.DataObject) -> None:
    junk = st.one_of(
        st.binary(max_size=50),
        st.builds(frame, st.integers(0, 15), st.binary(max_size=130), fin=st.booleans()),
    )
    sent = b"".join(data.draw(st.lists(junk, max_size=6)))
    whole = Messages(1000)
    pieces = Messages(1000)
    messages = whole.feed(sent)
    assert fed(pieces, data.draw(segments(sent))) == messages
    assert pieces.closing == whole.closing
    assert (pieces.violation is None) == (whole.violation is None)
    if whole.closing or whole.violation:
        assert whole.feed(text("after")) == pieces.feed(text("after")) == []


@given(MESSAGES)
def test_a_client_reads_what_is_encoded(message: str | bytes) -> None:
    found = server_frame(Messages(MAX_SIZE).encode(message))
    assert found is not None
    first, payload, rest = found
    assert rest == b""
    assert (payload.decode() if first == 0x81 else payload) == message
