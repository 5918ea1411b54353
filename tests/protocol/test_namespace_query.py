from __future__ import annotations

import pytest

from flask_realtime.exceptions import PacketError
from flask_realtime.protocol.namespace_query import parse_query, split_query


@pytest.mark.parametrize(
    ("query", "values"),
    [
        ("", None),
        ("&", None),
        ("a=b", {"a": "b"}),
        ("a=b&c=d", {"a": "b", "c": "d"}),
        ("a=1&a=2", {"a": "1"}),
        ("a=&b", {"a": "", "b": ""}),
        ("a=b=c", {"a": "b=c"}),
        ("a+b=%20%2B&%C3%A9=%e2%82%ac", {"a b": " +", "\u00e9": "\u20ac"}),
        ("a=%ff%", {"a": "\ufffd%"}),
        ("\u00e9=\ud800", {"\u00e9": "\ud800"}),
    ],
)
def test_a_query_has_the_first_value_of_each_key(query: str, values: object) -> None:
    assert parse_query(query) == values


def test_a_name_may_have_a_query() -> None:
    assert split_query("/chat") == ("/chat", None)
    assert split_query("/chat?") == ("/chat", None)
    assert split_query("/chat?a=b?c") == ("/chat", {"a": "b?c"})


def test_a_query_is_as_long_as_that_of_a_request_at_most() -> None:
    assert parse_query("a=" + "b" * 16_382) == {"a": "b" * 16_382}
    with pytest.raises(PacketError):
        parse_query("a=" + "b" * 16_383)
