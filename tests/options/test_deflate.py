"""The option `per_message_deflate`."""

from __future__ import annotations

from typing import Any

import pytest

from flask_realtime.exceptions import OptionError
from flask_realtime.options import make_options
from flask_realtime.options.deflate import DeflateOptions


def made(value: Any) -> DeflateOptions | None:
    return make_options(per_message_deflate=value).per_message_deflate


def test_off_by_default() -> None:
    assert make_options().per_message_deflate is None


@pytest.mark.parametrize("value", [False, None])
def test_off(value: Any) -> None:
    assert made(value) is None


@pytest.mark.parametrize("value", [True, {}])
def test_on(value: Any) -> None:
    assert made(value) == DeflateOptions(
        threshold=1024,
        level=6,
        mem_level=5,
        server_context_takeover=False,
        client_context_takeover=False,
        server_max_window_bits=15,
        client_max_window_bits=15,
    )


def test_values() -> None:
    values: dict[str, Any] = {
        "threshold": 0,
        "level": 9,
        "mem_level": 1,
        "server_context_takeover": True,
        "client_context_takeover": True,
        "server_max_window_bits": 9,
        "client_max_window_bits": 12,
    }
    assert made(values) == DeflateOptions(**values)
    assert made(DeflateOptions(**values)) == DeflateOptions(**values)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (1, "per_message_deflate is True, False or a dict, not 1"),
        ("yes", "per_message_deflate is True, False or a dict, not 'yes'"),
        ([("level", 1)], "per_message_deflate is True, False or a dict"),
        ({"treshold": 1}, "per_message_deflate: unknown option 'treshold'; did you mean 'thresh"),
        ({1: 1}, "per_message_deflate: unknown option 1; known are: client_context_takeover, "),
        ({"threshold": -1}, r"per_message_deflate\['threshold'\] is a whole number from 0 to"),
        ({"threshold": "1"}, "whole number from 0"),
        ({"threshold": 1.5}, "whole number from 0"),
        ({"threshold": True}, "whole number from 0"),
        ({"level": 0}, r"per_message_deflate\['level'\] is a whole number from 1 to 9, not 0"),
        ({"level": 10}, "whole number from 1 to 9"),
        ({"mem_level": 0}, "whole number from 1 to 9"),
        ({"mem_level": 10}, "whole number from 1 to 9"),
        ({"server_max_window_bits": 8}, "whole number from 9 to 15"),
        ({"server_max_window_bits": 16}, "whole number from 9 to 15"),
        ({"client_max_window_bits": 8}, "whole number from 9 to 15"),
        ({"client_max_window_bits": 16}, "whole number from 9 to 15"),
        ({"server_context_takeover": 1}, "True or False, not 1"),
        ({"client_context_takeover": None}, "True or False, not None"),
    ],
)
def test_refused(value: Any, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        made(value)
