"""What is kept for clients that lose their connection: the options of that, and their checks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from .checks import count, flag, group, seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryOptions:
    """What is kept, and how long; :func:`make_recovery_options` checks them."""

    max_disconnection_duration: float = 120.0
    """How long a client may be away and still be who it was, in seconds (Node: 120 s)."""
    skip_middlewares: bool = False
    """Whether who comes back passes without the middlewares (Node: yes). The ``connect`` handler
    always runs."""
    max_packets: int = 10_000
    """How many events each namespace keeps; who has missed more begins anew."""


def make_recovery_options(name: str, value: Any) -> RecoveryOptions | None:
    """Return checked options, None where nothing is to be kept.

    :param name: of the option that has this value.
    :param value: True, False, None, or a mapping of :class:`RecoveryOptions`.
    :raises OptionError: for anything else, for a name that does not exist, or a bad value.
    """
    return group(RecoveryOptions, _CHECKS, name, value)


_CHECKS: Mapping[str, Callable[[str, Any], Any]] = {
    "max_disconnection_duration": seconds,
    "skip_middlewares": flag,
    "max_packets": count,
}
assert set(_CHECKS) == {field.name for field in fields(RecoveryOptions)}
