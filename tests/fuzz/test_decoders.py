"""Whatever comes into a decoder: what it stands for, or the decoder's own error."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.found import FOUND
from tests.fuzz.mutator import MAX_SIZE, MUTATIONS, mutations
from tests.fuzz.run import Result, fuzz, report
from tests.fuzz.target import Target, cut
from tests.fuzz.targets import TARGETS


@pytest.fixture(autouse=True)
def no_log(caplog: pytest.LogCaptureFixture) -> None:
    """Nobody reads what is said of each refusal."""
    caplog.set_level(logging.CRITICAL, "flask_realtime")


names = pytest.mark.parametrize("name", TARGETS)


@names
def test_mutated_examples_are_taken_or_refused(name: str) -> None:
    target = TARGETS[name]
    outcomes = Counter(target.run(data) for data in islice(mutations(target, "suite"), 2000))
    # Else the mutations are no good, or the target does nothing.
    assert len(outcomes) >= 2, outcomes


@names
def test_any_bytes_are_taken_or_refused(name: str) -> None:
    target = TARGETS[name]
    pieces = st.sampled_from([*target.corpus, *target.tokens]) | st.binary(max_size=30)

    @settings(max_examples=60)
    @given(st.binary(max_size=300) | st.lists(pieces, max_size=8).map(b"".join))
    def any_bytes(data: bytes) -> None:
        assert target.run(data)

    any_bytes()


@pytest.mark.parametrize(
    ("name", "data"), [(name, data) for name in FOUND for data in FOUND[name]], ids=lambda _: ""
)
def test_what_was_found_once_is_not_found_again(name: str, data: bytes) -> None:
    assert TARGETS[name].run(data)


def test_every_example_is_an_input_and_no_target_is_without() -> None:
    for name, target in TARGETS.items():
        assert target.corpus, name
        assert all(isinstance(data, bytes) for data in (*target.corpus, *target.tokens)), name


# The driver itself


def fragile(data: bytes) -> str:
    """A decoder with a bug."""
    if b"x" in data:
        raise KeyError(data)
    return "accepted"


FRAGILE = Target(fragile, (b"abcw",), (b"y",))


def test_a_bug_is_found_and_written_down(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    result = fuzz("fragile, one", FRAGILE, 100_000, "1")
    assert result.findings
    assert report([result], tmp_path, "1") == 1
    assert "KeyError" in capsys.readouterr().out
    finding = result.findings[0]
    text = (tmp_path / f"fragile-one-{finding.number}.txt").read_text()
    assert repr(finding.data) in text
    assert "KeyError" in text
    assert "seed '1'" in text
    again = list(islice(mutations(FRAGILE, "1 fragile, one"), finding.number))
    assert again[-1] == finding.data


def test_where_nothing_is_found_the_exit_code_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    result = fuzz("well", Target(lambda data: "accepted", (b"a",)), 50, "1")
    assert result.inputs == 50
    assert report([result], tmp_path / "none", "1") == 0
    assert "accepted 50" in capsys.readouterr().out
    assert not (tmp_path / "none").exists()


def test_what_does_not_come_to_an_end_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    def endless(data: bytes) -> str:
        while True:
            try:
                pass
            except Exception:
                continue

    monkeypatch.setattr("tests.fuzz.run.TOO_LONG", 0.01)
    result: Result = fuzz("endless", Target(endless, (b"a",)), 1, "1")
    assert "TooSlow" in result.findings[0].text


@pytest.mark.parametrize("mutate", MUTATIONS[:-1], ids=lambda mutate: mutate.__name__)
def test_a_mutation_changes_something_and_is_at_home_with_nothing(
    mutate: Callable[[Random, bytes, Target], bytes],
) -> None:
    random = Random(1)
    assert any(mutate(random, b"abc123", FRAGILE) != b"abc123" for _ in range(100))
    for _ in range(100):
        assert isinstance(mutate(random, b"", FRAGILE), bytes)


def test_the_same_seed_makes_the_same_inputs() -> None:
    first, second = (list(islice(mutations(FRAGILE, "s"), 500)) for _ in range(2))
    other = list(islice(mutations(FRAGILE, "t"), 500))
    assert first == second != other
    assert max(map(len, first)) <= MAX_SIZE


@given(st.binary(max_size=500))
def test_pieces_are_the_whole(data: bytes) -> None:
    assert b"".join(cut(data)) == data
