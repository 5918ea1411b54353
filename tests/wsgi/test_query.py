"""Queries without anything escaped are read by a short way, which must be the long one's."""

from __future__ import annotations

from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_realtime.wsgi.middleware import _parse_query


def by_the_library(query: str) -> dict[str, str]:
    try:
        return dict(reversed(parse_qsl(query, keep_blank_values=True, max_num_fields=100)))
    except ValueError:
        return {}


@given(st.text("ab=&;%+41 é", max_size=40))
def test_any_query_is_read_as_the_library_reads_it(query: str) -> None:
    assert _parse_query(query) == by_the_library(query)


@pytest.mark.parametrize("fields", [99, 100, 101])
def test_too_many_fields_are_read_as_none(fields: int) -> None:
    query = "&".join(f"k{number}=v" for number in range(fields))
    assert _parse_query(query) == by_the_library(query)
    assert bool(_parse_query(query)) == (fields <= 100)
