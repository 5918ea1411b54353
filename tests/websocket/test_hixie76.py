from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_realtime.exceptions import EncodeError
from flask_realtime.websocket.hixie76 import HixieMessages
from tests.support.hixie import CLOSE, text

MAX_SIZE = 100


def fed(framing: HixieMessages, *pieces: bytes) -> list[str | bytes]:
    """Feed it as a connection does, until it has kept nothing back."""
    messages = []
    for piece in pieces:
        messages += framing.feed(piece)
        while framing.more:
            messages += framing.feed(b"")
    return messages


def bytewise(data: bytes) -> list[bytes]:
    return [data[index : index + 1] for index in range(len(data))]


def code(framing: HixieMessages) -> int | None:
    return None if framing.violation is None else framing.violation.close_code


MESSAGES = [
    (b"", []),
    (b"\x00\xff", [""]),
    (b"\x00Hello\xff", ["Hello"]),
    (b"\x00\x00\x00\xff", ["\0\0"]),
    (b"\x00h\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80\xff", ["h\xe9 \u20ac \U0001f600"]),
    (b"\x00one\xff\x00two\xff\x00\xff\x00thr", ["one", "two", ""]),
    (b"\x00" + b"x" * MAX_SIZE + b"\xff", ["x" * MAX_SIZE]),
    (b"\x00x\xff" * 1000, ["x"] * 1000),
]


@pytest.mark.parametrize(("data", "messages"), MESSAGES)
def test_messages(data: bytes, messages: list[str]) -> None:
    for pieces in ([data], bytewise(data)):
        framing = HixieMessages(MAX_SIZE)
        assert fed(framing, *pieces) == messages
        assert framing.closing is framing.violation is None
        assert framing.take_replies() == b""


@pytest.mark.parametrize(("data", "messages"), MESSAGES)
@pytest.mark.parametrize("behind", [b"", b"\x00late\xff", b"\xff\x00", b"\x80", b"\xff"])
def test_a_close_ends_the_input(data: bytes, messages: list[str], behind: bytes) -> None:
    data = data.removesuffix(b"\x00thr") + CLOSE + behind
    for pieces in ([data], bytewise(data)):
        framing = HixieMessages(MAX_SIZE)
        assert fed(framing, *pieces) == messages
        assert framing.closing == (1005, "")
        assert framing.violation is None
        assert framing.take_replies() == CLOSE
        assert framing.take_replies() == b""
        assert fed(framing, b"\x00more\xff") == []


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        (b"\x01text\xff", 1002),
        (b"\x7f", 1002),
        (b"\x80\x03abc", 1002),  # frames with a length
        (b"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80", 1002),
        (b"\xfe\xff\xff\xff\x7f", 1002),
        (b"\xff\x01x", 1002),
        (b"\xff\xff", 1002),
        (b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", 1002),  # RFC 6455
        (b"\x00\x80\xff", 1007),
        (b"\x00\xc3\xff", 1007),
        (b"\x00\xed\xa0\xbd\xed\xb8\x80\xff", 1007),  # surrogates
        (b"\x00\xc0\x80\xff", 1007),
        (b"\x00" + b"x" * (MAX_SIZE + 1) + b"\xff", 1009),
        (b"\x00" + b"x" * (MAX_SIZE + 1), 1009),
        (b"\x00" + "\u20ac".encode() * 34 + b"\xff", 1009),
    ],
)
def test_a_broken_rule_ends_the_input(wrong: bytes, expected: int) -> None:
    for pieces in ([text("one") + wrong], bytewise(text("one") + wrong)):
        framing = HixieMessages(MAX_SIZE)
        assert fed(framing, *pieces) == ["one"]
        assert code(framing) == expected
        assert framing.closing is None
        assert framing.take_replies() == CLOSE
        assert fed(framing, b"\x00more\xff", CLOSE) == []
        assert framing.take_replies() == b""


def test_one_call_does_not_take_forever() -> None:
    framing = HixieMessages(MAX_SIZE)
    data = text("") * 32_768
    count, calls = len(framing.feed(data)), 1
    while framing.more:
        count += len(framing.feed(b""))
        calls += 1
    assert (count, calls) == (32_768, 512)


def test_what_is_kept_back_comes_before_what_is_new() -> None:
    framing = HixieMessages(MAX_SIZE)
    numbers = [str(number) for number in range(200)]
    messages = framing.feed(b"".join(map(text, numbers[:150])) + b"\x001")
    messages += fed(framing, b"50\xff" + b"".join(map(text, numbers[151:])))
    assert messages == numbers


def test_a_message_is_kept_no_longer_than_it_may_be() -> None:
    framing = HixieMessages(MAX_SIZE)
    fed(framing, b"\x00", *bytewise(b"x" * MAX_SIZE))
    assert framing.violation is None
    fed(framing, b"x")
    assert code(framing) == 1009
    assert framing._text is None


@given(st.lists(st.text(max_size=20)), st.integers(1, 9))
def test_what_is_encoded_comes_back(messages: list[str], size: int) -> None:
    framing = HixieMessages(MAX_SIZE)
    data = b"".join(map(framing.encode, messages))
    pieces = [data[index : index + size] for index in range(0, len(data), size)]
    assert fed(HixieMessages(MAX_SIZE), *pieces) == messages


@given(st.lists(st.sampled_from([b"\0", b"\xff", b"\x80", b"a", b"\xc3\xa9", b"x" * 60])))
def test_however_it_is_cut_the_same_comes_of_it(parts: list[bytes]) -> None:
    data = b"".join(parts)
    whole, cut = HixieMessages(MAX_SIZE), HixieMessages(MAX_SIZE)
    assert fed(whole, data) == fed(cut, *bytewise(data))
    assert (whole.closing, code(whole)) == (cut.closing, code(cut))
    assert whole.take_replies() == cut.take_replies()


def test_what_the_server_sends() -> None:
    framing = HixieMessages(MAX_SIZE)
    assert framing.encode("h\xe9\U0001f600") == b"\x00h\xc3\xa9\xf0\x9f\x98\x80\xff"
    assert framing.encode("\ud83d\ude00 \ud83d") == b"\x00\xf0\x9f\x98\x80 \xef\xbf\xbd\xff"
    assert framing.encode("x" * 1000) == text("x" * 1000)  # the bound is for what comes
    assert framing.encode_close(1011, "reason") == CLOSE
    with pytest.raises(EncodeError):
        framing.encode(b"bytes")
