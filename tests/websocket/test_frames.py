from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_realtime.exceptions import FrameError
from flask_realtime.websocket.frames import (
    encode_close,
    encode_frame,
    is_close_code,
    parse_close,
    parse_header,
    unmask,
)
from tests.websocket.masking import masked, server_frame

# Opcode, payload, FIN, the frame: section 5.7's unmasked examples, then each form of the length.
ENCODED = [
    (0x1, b"Hello", True, b"\x81\x05Hello"),
    (0x1, b"Hel", False, b"\x01\x03Hel"),
    (0x0, b"lo", True, b"\x80\x02lo"),
    (0x9, b"Hello", True, b"\x89\x05Hello"),
    (0x2, b"b" * 256, True, b"\x82\x7e\x01\x00" + b"b" * 256),
    (0x2, b"b" * 65536, True, b"\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00" + b"b" * 65536),
    (0xA, b"", True, b"\x8a\x00"),
    (0x1, b"t" * 125, True, b"\x81\x7d" + b"t" * 125),
    (0x1, b"t" * 126, True, b"\x81\x7e\x00\x7e" + b"t" * 126),
    (0x1, b"t" * 65535, True, b"\x81\x7e\xff\xff" + b"t" * 65535),
]

# A header, what it says: first byte, length, where the payload begins.
HEADERS = [
    (b"\x81\x85\x37\xfa\x21\x3d", (0x81, 5, 6)),
    (b"\x81\x80KEY!", (0x81, 0, 6)),
    (b"\x01\xfdKEY!", (0x01, 125, 6)),
    (b"\x82\xfe\x00\x7eKEY!", (0x82, 126, 8)),
    (b"\x82\xfe\xff\xffKEY!", (0x82, 65535, 8)),
    (b"\x82\xff\x00\x00\x00\x00\x00\x01\x00\x00KEY!", (0x82, 65536, 14)),
    # 5.2 asks for the least bytes, but says nothing of refusing more.
    (b"\x82\xfe\x00\x05KEY!", (0x82, 5, 8)),
    (b"\x82\xff\x00\x00\x00\x00\x00\x00\x00\x05KEY!", (0x82, 5, 14)),
    (b"\x80\x82KEY!", (0x80, 2, 6)),
    (b"\x88\x80KEY!", (0x88, 0, 6)),
    (b"\x89\xfdKEY!", (0x89, 125, 6)),
    (b"\x8a\x84KEY!", (0x8A, 4, 6)),
]

# A header, its close code.
WRONG_HEADERS = [
    (b"\x81\x05", 1002),  # not masked
    (b"\x88\x00", 1002),
    (b"\xc1\x85", 1002),  # RSV1
    (b"\xa1\x85", 1002),  # RSV2
    (b"\x91\x85", 1002),  # RSV3
    (b"\x09\x80", 1002),  # fragmented ping
    (b"\x08\x80", 1002),
    (b"\x89\xfe", 1002),  # control frames over 125 bytes
    (b"\x88\xff", 1002),
    (b"\x82\xff\x80\x00\x00\x00\x00\x00\x00\x00KEY!", 1002),  # top bit of the length
    (b"\x82\xff\xff\xff\xff\xff\xff\xff\xff\xffKEY!", 1002),
    (b"\x82\xff\x00\x00\x00\x00\x00\x01\x00\x01KEY!", 1009),
    (b"\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xffKEY!", 1009),
]
RESERVED_OPCODES = [0x3, 0x4, 0x5, 0x6, 0x7, 0xB, 0xC, 0xD, 0xE, 0xF]

CLOSE_CODES = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014]
CLOSE_CODES += [3000, 3999, 4000, 4999]
WRONG_CLOSE_CODES = [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535]


@pytest.mark.parametrize(("opcode", "payload", "fin", "expected"), ENCODED)
def test_encode(opcode: int, payload: bytes, fin: bool, expected: bytes) -> None:
    assert encode_frame(opcode, payload, fin) == expected


@pytest.mark.parametrize(("data", "expected"), HEADERS)
@pytest.mark.parametrize("before", [b"", b"\x81\x05"])
def test_header(data: bytes, expected: tuple[int, int, int], before: bytes) -> None:
    first, length, payload = expected
    for end in range(len(data)):
        assert parse_header(before + data[:end], len(before), 65536) is None
    for trailing in (b"", b"\xff" * 9):
        found = parse_header(before + data + trailing, len(before), 65536)
        assert found == (first, length, payload + len(before))


@pytest.mark.parametrize(
    ("data", "close_code"),
    WRONG_HEADERS + [(bytes([0x80 | opcode, 0x80]), 1002) for opcode in RESERVED_OPCODES],
)
def test_wrong_header(data: bytes, close_code: int) -> None:
    with pytest.raises(FrameError) as caught:
        parse_header(data, 0, 65536)
    assert caught.value.close_code == close_code


def test_size_is_refused_by_the_header_alone() -> None:
    assert parse_header(b"\x81\x84KEY!", 0, 4) == (0x81, 4, 6)
    with pytest.raises(FrameError) as caught:
        parse_header(b"\x81\x85", 0, 4)
    assert caught.value.close_code == 1009


def test_control_frames_are_not_held_to_the_size_of_messages() -> None:
    assert parse_header(b"\x89\x85KEY!", 0, 0) == (0x89, 5, 6)


def test_unmask_example_of_the_rfc() -> None:
    assert unmask(b"\x7f\x9f\x4d\x51\x58", b"\x37\xfa\x21\x3d") == b"Hello"


@given(st.binary(max_size=300), st.binary(min_size=4, max_size=4))
def test_unmask(payload: bytes, key: bytes) -> None:
    assert unmask(masked(payload, key), key) == payload


@given(st.sampled_from([0x1, 0x2]), st.binary(max_size=70_000))
def test_a_client_reads_what_is_encoded(opcode: int, payload: bytes) -> None:
    assert server_frame(encode_frame(opcode, payload) + b"more") == (
        0x80 | opcode,
        payload,
        b"more",
    )


@pytest.mark.parametrize("code", CLOSE_CODES)
def test_close_codes(code: int) -> None:
    payload = code.to_bytes(2, "big") + "tsch\xfcs".encode()
    assert is_close_code(code)
    assert parse_close(payload) == (code, "tsch\xfcs")
    assert encode_close(code, "tsch\xfcs") == b"\x88\x09" + payload


@pytest.mark.parametrize("code", WRONG_CLOSE_CODES)
def test_wrong_close_codes(code: int) -> None:
    assert not is_close_code(code)
    with pytest.raises(FrameError) as caught:
        parse_close(code.to_bytes(2, "big"))
    assert caught.value.close_code == 1002


@pytest.mark.parametrize("code", [0, 1004, 1006, 1015, 2999, 5000, 70_000, -1])
def test_close_codes_that_must_not_be_sent(code: int) -> None:
    with pytest.raises(ValueError, match=str(code)):
        encode_close(code)


def test_close_without_code() -> None:
    assert parse_close(b"") == (1005, "")
    assert encode_close(1005, "unsaid") == b"\x88\x00"


def test_close_with_half_a_code() -> None:
    with pytest.raises(FrameError) as caught:
        parse_close(b"\x03")
    assert caught.value.close_code == 1002


def test_close_reason_that_is_not_utf_8() -> None:
    with pytest.raises(FrameError) as caught:
        parse_close(b"\x03\xe8\xc3\x28")
    assert caught.value.close_code == 1007


@pytest.mark.parametrize(
    ("reason", "sent"),
    [
        ("r" * 123, b"r" * 123),
        ("r" * 124, b"r" * 123),
        ("r" * 122 + "\xe9", b"r" * 122),  # a character that would be cut in two
        ("r" * 121 + "\xe9", b"r" * 121 + b"\xc3\xa9"),
        ("lone \ud800", b"lone ?"),
    ],
)
def test_close_reason_is_cut_to_fit(reason: str, sent: bytes) -> None:
    assert encode_close(1008, reason) == bytes([0x88, 2 + len(sent)]) + b"\x03\xf0" + sent
