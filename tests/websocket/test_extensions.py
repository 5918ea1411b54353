from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_realtime.exceptions import HandshakeError
from flask_realtime.websocket.extensions import Offer, parse_offers


@pytest.mark.parametrize(
    ("header", "offers"),
    [
        ("", []),
        (" , ,\t", []),
        ("a", [("a", [])]),
        ("a, b", [("a", []), ("b", [])]),
        ("a;b", [("a", [("b", "")])]),
        ("a ; b = c", [("a", [("b", "c")])]),
        ("a\t;\tb=c;b=d", [("a", [("b", "c"), ("b", "d")])]),
        (",a,, b;c ,", [("a", []), ("b", [("c", "")])]),
        ('a; b="c"', [("a", [("b", "c")])]),
        ('a; b="\\1\\0"', [("a", [("b", "10")])]),
        ("a; b=10, a", [("a", [("b", "10")]), ("a", [])]),
        # Section 9.1's examples.
        ("deflate-stream", [("deflate-stream", [])]),
        (
            'mux; max-channels="4"; flow-control, deflate-stream',
            [("mux", [("max-channels", "4"), ("flow-control", "")]), ("deflate-stream", [])],
        ),
        ("private-extension", [("private-extension", [])]),
    ],
)
def test_offers(header: str, offers: list[tuple[str, list[tuple[str, str]]]]) -> None:
    assert parse_offers(header) == [Offer(*offer) for offer in offers]


@pytest.mark.parametrize(
    "header",
    [
        "a b",
        "a;",
        "a; ;b",
        ";b",
        "a; b=",
        "a; =c",
        "a; b=c d",
        "a; b==c",
        'a; b=""',
        'a; b="c',
        'a; b="c d"',
        'a; b="c,d"',
        'a; b="c"d',
        "a; b='c\"",
        "a/b",
        "a; b=(c)",
        "a\n",
        "caf\xe9",
        "a, b;, c",
    ],
)
def test_malformed(header: str) -> None:
    with pytest.raises(HandshakeError) as caught:
        parse_offers(header)
    assert caught.value.http_status == "400 Bad Request"


TOKENS = st.from_regex(re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,8}", re.ASCII), fullmatch=True)
SPACE = st.sampled_from(["", " ", "\t", "  "])


@given(st.data(), st.lists(st.tuples(TOKENS, st.lists(st.tuples(TOKENS, TOKENS | st.just(""))))))
def test_any_offers(data: st.DataObject, offers: list[tuple[str, list[tuple[str, str]]]]) -> None:
    def space() -> str:
        return data.draw(SPACE)

    def written(value: str) -> str:
        quoted = data.draw(st.booleans())
        return f"{space()}={space()}" + (f'"{value}"' if quoted else value) if value else ""

    header = f"{space()},{space()}".join(
        name + "".join(f"{space()};{space()}{key}{written(value)}" for key, value in parameters)
        for name, parameters in offers
    )
    assert parse_offers(header) == [Offer(*offer) for offer in offers]


@given(st.text(alphabet='ab;=," \\\t', max_size=30))
def test_any_text_is_parsed_or_refused(header: str) -> None:
    try:
        offers = parse_offers(header)
    except HandshakeError:
        return
    for offer in offers:
        assert re.fullmatch("[ab]+", offer.name)
        assert all(re.fullmatch("[ab]+", name) for name, _ in offer.parameters)
        assert all(re.fullmatch("[ab]*", value) for _, value in offer.parameters)
