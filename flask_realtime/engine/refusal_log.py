"""What the log says of refused requests: each kind once a minute, and how many more there were.

Stale pages and foreign sites come by the thousand, and a line for each would hide the one that
matters. The first of a kind is told in full; those that follow within the minute are counted, and
told together at its end. Of a kind that operators can do something about for each client, the first
of each client is told in full.
"""

from __future__ import annotations

import logging
from collections import Counter, OrderedDict
from collections.abc import Callable

import gevent

from ..exceptions import RequestError
from ..protocol.refusals import REFUSALS, TOO_LARGE
from ..transports.http import Request
from .clock import Clock, Deadline

log = logging.getLogger("flask_realtime.engine")

MINUTE = 60.0
_MAX_DETAIL = 600
"""Characters: part of it is the client's choice."""
_MAX_AGENT = 100
_MAX_CLIENTS = 1000
"""Whose refusals were told, by address and User-Agent."""
_MAX_NEW_CLIENTS = 20
"""Of them, told within one minute: a User-Agent is the client's choice too."""


class RefusalLog:
    """The refusals of one server. Nothing is scheduled while nothing is refused.

    :param max_size: what ``max_http_buffer_size`` is.
    """

    def __init__(self, max_size: int) -> None:
        self._max_size = max_size
        self._more: Counter[str] = Counter()  # by name; 0 for a kind that was told this minute
        self._clients: OrderedDict[tuple[str, str, str], None] = OrderedDict()  # the latest last
        self._new_clients = 0  # within the minute
        self._deadline: Deadline | None = None

    def tell(self, clock: Clock, error: RequestError, request: Request, sid: str | None) -> None:
        """Take note of a refusal.

        :param request: what was refused, or began the session that was.
        :param sid: how to name the session.
        """
        name = error.name
        if self._deadline is None:
            self._deadline = clock.after(MINUTE, self._tell_more)
        if not self._is_news(name, request):
            self._more[name] += 1
            return
        detail = error.detail or str(error)
        if len(detail) > _MAX_DETAIL:
            detail = detail[:_MAX_DETAIL] + "…"
        if name == TOO_LARGE.name:
            detail += f" (max_http_buffer_size={self._max_size})"
        advice = REFUSALS[name].advice
        ending = f"; {advice}" if advice else ""
        who = request.address if sid is None else f"{request.address} sid={sid[:40]!r}"
        if REFUSALS[name].per_client:
            who += f" {_agent(request)!r}"
        _write(_level(name), "refused (%s): %s%s [%s]", name, detail, ending, who)

    def _is_news(self, name: str, request: Request) -> bool:
        """Whether nobody has been told yet, this minute or of this client."""
        if not REFUSALS[name].per_client:
            is_first = name not in self._more
            self._more[name] += 0
            return is_first
        client = name, request.address, _agent(request)
        if client in self._clients:
            self._clients.move_to_end(client)
            return False
        if self._new_clients == _MAX_NEW_CLIENTS:
            return False
        self._new_clients += 1
        self._clients[client] = None
        if len(self._clients) > _MAX_CLIENTS:
            self._clients.popitem(last=False)
        return True

    def _tell_more(self) -> None:
        more, self._more, self._deadline = self._more, Counter(), None
        self._new_clients = 0
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


def _agent(request: Request) -> str:
    return request.header("user-agent")[:_MAX_AGENT]


def _level(name: str) -> int:
    return logging.DEBUG if REFUSALS[name].expected else logging.WARNING


def _write(level: int, message: str, *args: object) -> None:
    # From a greenlet: the caller may be the hub, or a request, and a log's stream may block.
    if log.isEnabledFor(level):
        write: Callable[..., None] = log.log
        gevent.spawn(write, level, message, *args)
