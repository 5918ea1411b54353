from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_realtime.exceptions import PacketError
from flask_realtime.protocol.utf16 import cut, length


@pytest.mark.parametrize(
    ("text", "units"), [("", 0), ("abc", 3), ("\u00e9\uffff", 2), ("\U0001f600", 2), ("\ud800", 1)]
)
def test_characters_beyond_the_bmp_count_twice(text: str, units: int) -> None:
    assert length(text) == units


@given(st.text(), st.text(), st.text())
def test_what_was_measured_is_cut_out_again(before: str, text: str, behind: str) -> None:
    assert cut(before + text + behind, len(before), length(text)) == text


@pytest.mark.parametrize("text", ["", "ab", "\u00e9\u00e9", "\U0001f600"])
def test_nothing_is_cut_beyond_the_end(text: str) -> None:
    for units in (length(text) + 1, 10**15):
        with pytest.raises(PacketError):
            cut(text, 0, units)
        with pytest.raises(PacketError):
            cut("x" + text, 1, units)


@pytest.mark.parametrize("text", ["\U0001f600", "\U0001f600x", "\U0001f600\U0001f600"])
def test_no_character_is_cut_in_two(text: str) -> None:
    with pytest.raises(PacketError):
        cut(text, 0, 1)
