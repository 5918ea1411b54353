"""What the log says of refused requests: each kind once a minute, and how many more there were.

Stale pages and foreign sites come by the thousand, and a line for each would hide the one that
matters. The first of a kind is told in full; those that follow within the minute are counted, and
told together at its end.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable

import gevent

from ..exceptions import RequestError
from ..protocol.refusals import REFUSALS, TOO_LARGE
from ..transports.http import Request
from .clock import Clock, Deadline

log = logging.getLogger("flask_realtime.engine")

MINUTE = 60.0
_MAX_DETAIL = 300
"""Characters: part of it is the client's choice."""


class RefusalLog:
    """The refusals of one server. Nothing is scheduled while nothing is refused.

    :param max_size: what ``max_http_buffer_size`` is.
    """

    def __init__(self, max_size: int) -> None:
        self._max_size = max_size
        self._more: Counter[str] = Counter()  # by name; 0 for a kind that was told this minute
        self._deadline: Deadline | None = None

    def tell(self, clock: Clock, error: RequestError, request: Request, sid: str | None) -> None:
        """Take note of a refusal.

        :param request: what was refused, or began the session that was.
        :param sid: how to name the session.
        """
        name = error.name
        if name in self._more:
            self._more[name] += 1
            return
        self._more[name] = 0
        if self._deadline is None:
            self._deadline = clock.after(MINUTE, self._tell_more)
        detail = error.detail or str(error)
        if len(detail) > _MAX_DETAIL:
            detail = detail[:_MAX_DETAIL] + "…"
        if name == TOO_LARGE.name:
            detail += f" (max_http_buffer_size={self._max_size})"
        advice = REFUSALS[name].advice
        ending = f"; {advice}" if advice else ""
        who = request.address if sid is None else f"{request.address} sid={sid[:40]!r}"
        _write(_level(name), "refused (%s): %s%s [%s]", name, detail, ending, who)

    def _tell_more(self) -> None:
        more, self._more, self._deadline = self._more, Counter(), None
        for level in (logging.WARNING, logging.DEBUG):
            counts = [
                f"{count} {name}" for name, count in more.items() if count and _level(name) == level
            ]
            if counts:
                _write(level, "refused more within the minute: %s", ", ".join(counts))

    def close(self) -> None:
        """Tell now what there is to tell: the server stops."""
        if self._deadline is not None:
            self._deadline.cancel()
            self._tell_more()


def _level(name: str) -> int:
    return logging.DEBUG if REFUSALS[name].expected else logging.WARNING


def _write(level: int, message: str, *args: object) -> None:
    # From a greenlet: the caller may be the hub, or a request, and a log's stream may block.
    if log.isEnabledFor(level):
        write: Callable[..., None] = log.log
        gevent.spawn(write, level, message, *args)
