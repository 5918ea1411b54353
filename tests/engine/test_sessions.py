"""Which sids are known, and what is said of those that are not."""

from __future__ import annotations

from typing import Any

import pytest

from flask_realtime.engine.sessions import Sessions
from flask_realtime.exceptions import RequestError


def name_of_refusal(sessions: Sessions, sid: str) -> str:
    with pytest.raises(RequestError) as caught:
        sessions.find(sid)
    assert (caught.value.code, str(caught.value)) == (1, "Session ID unknown")
    return caught.value.name


def make(*sids: str, own_sids: bool = True) -> Sessions:
    sessions = Sessions(own_sids)
    for sid in sids:
        session: Any = object()
        sessions[sid] = session
    return sessions


def test_a_session_is_found_until_it_is_over_and_then_known_to_be() -> None:
    sessions = make("00abcdefghijklmnopqr")
    assert sessions.find("00abcdefghijklmnopqr") is sessions["00abcdefghijklmnopqr"]
    sessions.forget("00abcdefghijklmnopqr")
    assert not sessions
    assert name_of_refusal(sessions, "00abcdefghijklmnopqr") == "expired"


def test_what_never_was_is_not_known_by_being_forgotten() -> None:
    sessions = make()
    sessions.forget("00abcdefghijklmnopqr")
    assert name_of_refusal(sessions, "00abcdefghijklmnopqr") == "unknown-sid"


def test_a_thousand_that_are_over_are_known() -> None:
    sids = [f"00{number:018}" for number in range(1001)]
    sessions = make(*sids)
    for sid in sids:
        sessions.forget(sid)
    assert name_of_refusal(sessions, sids[0]) == "unknown-sid"
    assert {name_of_refusal(sessions, sid) for sid in sids[1:]} == {"expired"}


@pytest.mark.parametrize(
    ("sid", "own_sids", "name"),
    [
        ("07abcdefghijklmnopqr", True, "foreign-worker"),
        ("07abcdefghijklmnopqr", False, "unknown-sid"),
        ("00abcdefghijklmnopqr", True, "unknown-sid"),
        ("07abcdefghijklmnopq", True, "unknown-sid"),
        ("07abcdefghijklmnopq/", True, "unknown-sid"),
        ("", True, "unknown-sid"),
    ],
)
def test_a_sid_of_ours_says_whose_it_is(sid: str, own_sids: bool, name: str) -> None:
    assert name_of_refusal(make(own_sids=own_sids), sid) == name
