"""Which origins are meant: by name, by pattern, as old servers wrote them, or by a function."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from gevent.event import AsyncResult

Asked = Callable[[str, Mapping[str, Any]], bool]
"""Whether an origin may connect, by the origin and the request's environ."""

_DEFAULT_PORTS = {"http": ":80", "https": ":443"}
_SUBDOMAIN = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*")
_ANSWER_TIMEOUT = 10.0
"""How long a function that answers by a callback may take, seconds."""


def normal(origin: str) -> str:
    """An origin in one spelling: lower case, http for ws, no default port."""
    scheme, mark, host = origin.strip().lower().partition("://")
    if not mark:
        return origin
    scheme = {"ws": "http", "wss": "https"}.get(scheme, scheme)
    return f"{scheme}://{host.removesuffix(_DEFAULT_PORTS.get(scheme, ' '))}"


def make_rule(allowed: Iterable[str | re.Pattern[str]] | Callable[..., Any]) -> Asked:
    """Return what decides, made from the option ``cors_allowed_origins``.

    :param allowed: neither None nor ``"*"``.
    """
    if callable(allowed):
        return _ask(allowed)
    patterns = tuple(allowed)
    return lambda origin, environ: any(_matches(origin, pattern) for pattern in patterns)


def _ask(function: Callable[..., Any]) -> Asked:
    """A function takes the origin alone, with the environ (as python-engineio's), or with a
    parameter named ``callback`` (as Socket.IO's until 2.x)."""
    try:
        names = [
            name
            for name, one in inspect.signature(function).parameters.items()
            if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)
        ]
    except (TypeError, ValueError):  # some builtins do not say
        names = []
    if len(names) < 2:
        return lambda origin, environ: bool(function(origin))
    if names[1] == "callback":
        return lambda origin, environ: _wait(function, origin)
    return lambda origin, environ: bool(function(origin, environ))


def _wait(function: Callable[..., Any], origin: str) -> bool:
    answer: AsyncResult[bool] = AsyncResult()

    def callback(error: Any = None, allowed: Any = False) -> None:
        answer.set(not error and bool(allowed))

    function(origin, callback)
    return bool(answer.wait(timeout=_ANSWER_TIMEOUT))


def _matches(origin: str, pattern: str | re.Pattern[str]) -> bool:
    """Whether `origin` is `pattern`, which may have a ``*`` for its subdomains."""
    if isinstance(pattern, re.Pattern):
        return pattern.fullmatch(origin) is not None
    if "://" not in pattern and ":" in pattern:
        return _matches_port(origin, *pattern.rsplit(":", 1))
    pattern = normal(pattern)
    if "://*." not in pattern:
        return origin == pattern
    start, _, domain = pattern.partition("*")
    if not (origin.startswith(start) and origin.endswith(domain)):
        return False
    # Only names: what a client makes up may have a path, a second origin, or another's host.
    return _SUBDOMAIN.fullmatch(origin, len(start), len(origin) - len(domain)) is not None


def _matches_port(origin: str, host: str, port: str) -> bool:
    """As 0.9 to 2.x had it: of any scheme, whose port counts where the origin names none."""
    scheme, mark, rest = origin.partition("://")
    if ":" not in rest.rpartition("]")[2]:  # which ends an IPv6 address
        rest += _DEFAULT_PORTS.get(scheme, ":")
    name, _, own_port = rest.rpartition(":")
    return bool(mark) and host in ("*", name) and port in ("*", own_port)
