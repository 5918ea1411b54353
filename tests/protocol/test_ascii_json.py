from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_realtime.protocol.json import Codec, ascii_json
from tests.protocol.codecs import CODECS

TEXTS = [
    ('"a\\n\x7f"', '"a\\n\x7f"'),
    ('"\u0080\u00e9\u00ff"', '"\\u0080\\u00e9\\u00ff"'),
    ('"\u20ac\uffff"', '"\\u20ac\\uffff"'),
    ('"\u2028\u2029"', '"\\u2028\\u2029"'),
    ('"a\U0001f600b\U0010ffff"', '"a\\ud83d\\ude00b\\udbff\\udfff"'),
    ('"\\\\\u00e9"', '"\\\\\\u00e9"'),
    ('{"\u00e9":["u","\u00e9"]}', '{"\\u00e9":["u","\\u00e9"]}'),
    ('"\ud800"', '"\\ud800"'),
]


@pytest.mark.parametrize(("text", "ascii"), TEXTS)
def test_what_is_beyond_ascii_is_escaped(text: str, ascii: str) -> None:
    assert ascii_json(text) == ascii


values = st.recursive(
    st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("a\u00e9"), inner),
    max_leaves=8,
)


@given(st.sampled_from(list(CODECS.values())), values)
def test_it_says_the_same_whatever_module_wrote_it(codec: Codec, value: Any) -> None:
    text, _ = codec.dumps([value])
    assert ascii_json(text).isascii()
    assert json.loads(ascii_json(text)) == [value]
