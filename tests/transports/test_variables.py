"""What is kept of a handshake's meta-variables."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_realtime.transports import variables as module
from flask_realtime.transports.variables import Variables


@pytest.fixture(autouse=True)
def nothing_shared() -> Iterator[None]:
    """Each test begins without what others have shared."""
    yield
    module._first_of.cache_clear()
    module._places.cache_clear()


@given(st.dictionaries(st.text(max_size=20), st.text(max_size=300) | st.integers()))
def test_they_are_a_mapping_of_all_that_was_text(variables: dict[str, object]) -> None:
    kept = Variables(variables)
    texts = {name: value for name, value in variables.items() if isinstance(value, str)}
    assert dict(kept) == texts
    assert list(kept) == list(texts)
    assert len(kept) == len(texts)
    assert {**kept} == texts
    assert kept == texts


def test_what_is_not_there_is_missing_as_in_a_dict() -> None:
    kept = Variables({"HTTP_HOST": "x", "wsgi.input": object()})
    assert kept.get("HTTP_HOST") == "x"
    assert kept.get("wsgi.input") is None
    assert kept.get("HTTP_COOKIE", "none") == "none"
    assert "wsgi.input" not in kept
    with pytest.raises(KeyError, match=r"wsgi\.input"):
        kept["wsgi.input"]


def test_clients_share_names_and_equal_values_but_for_their_secrets() -> None:
    first, second = (
        Variables({"HTTP_USER_AGENT": "".join(["Mozilla", "/5.0"]), "HTTP_COOKIE": cookie})
        for cookie in ("a=1", "a=2")
    )
    assert first["HTTP_USER_AGENT"] is second["HTTP_USER_AGENT"]
    assert first._places is second._places
    assert (first["HTTP_COOKIE"], second["HTTP_COOKIE"]) == ("a=1", "a=2")
    assert module._first_of.cache_info().currsize == 1


def test_what_is_shared_is_bounded() -> None:
    long = "x" * 300
    Variables({"HTTP_X": long})
    assert module._first_of.cache_info().currsize == 0
    for number in range(1000):
        Variables({f"HTTP_X_{number}": str(number)})
    assert module._first_of.cache_info().currsize == 512
    assert module._places.cache_info().currsize == 64
