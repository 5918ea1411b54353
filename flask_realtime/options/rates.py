"""How many events a client may send: the options of that, and their checks."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..exceptions import OptionError
from .checks import count, members

ON_LIMIT = ("error", "drop", "disconnect")
_UNITS = {"second": 1.0, "minute": 60.0, "hour": 3600.0, "day": 86400.0}
_RATE = re.compile(rf"([1-9][0-9]{{0,8}}) *(?:/|per) *({'|'.join(_UNITS)})")


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimit:
    """How many events a client may send; :func:`make_rate_limit` checks it."""

    rate: str
    """How many in which time, in the long run: ``"10/second"``, ``"100/minute"``, or per ``hour``
    or ``day``."""
    burst: int
    """How many at once, by a client that was quiet; as many as ``rate`` says if nothing else is
    said. Then they come back one by one, as fast as ``rate``."""
    on_limit: str = ON_LIMIT[0]
    """What happens to an event that is too many: ``"error"``: who has asked for an answer gets
    ``{"error": "rate limit"}``; ``"drop"``: nobody is told; ``"disconnect"``: the client is sent
    away."""

    @property
    def per_second(self) -> float:
        """The rate as a number."""
        events, seconds = _parse(self.rate)
        return events / seconds

    def __str__(self) -> str:
        return f"{self.rate}, {self.burst} at once"


def make_rate_limit(name: str, value: Any, item: str = "{0}[{1!r}]") -> RateLimit | None:
    """Return a checked limit, None where there is none.

    :param name: of the option that has this value.
    :param value: a rate such as ``"10/second"``, a mapping of :class:`RateLimit`, or None.
    :param item: how errors call what a mapping has, made from `name` and the key.
    :raises OptionError: for anything else, for a name that does not exist, or a bad value.
    """
    if value is None or value is False or isinstance(value, RateLimit):
        return value or None
    if not isinstance(value, Mapping):
        return make_rate_limit(name, {"rate": _rate(name, value)})
    checked = members(_CHECKS, name, value, item)
    if "rate" not in checked:
        raise OptionError(f"{name} needs a rate, such as {{'rate': '10/second'}}")
    return RateLimit(**{"burst": _parse(checked["rate"])[0], **checked})


def make_handshake_rate(name: str, value: Any) -> RateLimit | None:
    """Return a checked limit for handshakes, as :func:`make_rate_limit`."""
    if isinstance(value, Mapping) and "on_limit" in value:
        raise OptionError(f"{name} has no on_limit: a handshake that is too many is refused")
    return make_rate_limit(name, value)


def _rate(name: str, value: Any) -> str:
    if not isinstance(value, str) or _RATE.fullmatch(value.strip()) is None:
        raise OptionError(
            f"{name} is a number of events per second, minute, hour or day, such as '10/second', "
            f"not {value!r}"
        )
    return value.strip()


def _on_limit(name: str, value: Any) -> str:
    if value not in ON_LIMIT:
        raise OptionError(f"{name} is one of {', '.join(ON_LIMIT)}, not {value!r}")
    return str(value)


def _parse(rate: str) -> tuple[int, float]:
    found = _RATE.fullmatch(rate)
    if found is None:
        raise OptionError(f"{rate!r} is no rate such as '10/second'")
    return int(found[1]), _UNITS[found[2]]


_CHECKS: Mapping[str, Callable[[str, Any], Any]] = {
    "rate": _rate,
    "burst": count,
    "on_limit": _on_limit,
}
