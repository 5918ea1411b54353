"""Where the server writes: its access log and its error log."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


class LogStream(Protocol):
    """What ``wsgi.errors`` must have (PEP 3333, "Input and Error Streams")."""

    def write(self, text: str, /) -> object: ...

    def writelines(self, lines: Iterable[str], /) -> object: ...

    def flush(self) -> object: ...


class LoggerStream:
    """A logger that can be written to; a line becomes a record of the given level."""

    def __init__(self, logger: logging.Logger, level: int) -> None:
        self._logger = logger
        self._level = level

    def write(self, text: str) -> None:
        line = text.rstrip()
        if line:
            self._logger.log(self._level, "%s", line)

    def writelines(self, lines: Iterable[str]) -> None:
        self.write("".join(lines))

    def flush(self) -> None:
        """A logger keeps nothing back."""


class SilentStream:
    """A log that nobody wants."""

    def write(self, text: str) -> None:
        """Forget it."""

    def writelines(self, lines: Iterable[str]) -> None:
        """Forget them."""

    def flush(self) -> None:
        """There is nothing."""


def open_log(log: LogStream | logging.Logger | str | None, level: int) -> LogStream | None:
    """The stream behind an argument as ``gevent.pywsgi`` takes it.

    :param log: a stream, a logger (anything with ``log`` and no ``write``), ``"default"`` for
        standard error, or ``None``.
    """
    if log is None:
        return None
    if log == "default":
        return sys.stderr
    if not hasattr(log, "write"):
        assert isinstance(log, (logging.Logger, logging.LoggerAdapter))
        return LoggerStream(log, level)
    return log  # type: ignore[return-value]  # it has what we call


# Where clients have it: in the query, and those before 1.0 in the path.
_SESSION_ID = re.compile(
    r"([?&]sid=|/1/(?:websocket|flashsocket|htmlfile|xhr-polling|xhr-multipart|jsonp-polling)/)"
    r"([^/?&]{1,6})[^/?&]*"
)


def format_target(environ: WSGIEnvironment) -> str:
    """What was asked for, as the logs show it: the id of a session is a secret, and left short."""
    target = _SESSION_ID.sub(r"\1\2...", str(environ.get("RAW_URI")))
    return f"{environ.get('REQUEST_METHOD')} {target}"


def format_request(
    address: str, environ: WSGIEnvironment | None, status: str, size: int, seconds: float | None
) -> str:
    """One line of the access log, in the form of ``gevent.pywsgi``.

    :param environ: ``None`` for what never became a request.
    """
    line = "-"
    if environ is not None:
        line = f"{format_target(environ)} {environ['SERVER_PROTOCOL']}"
    now = datetime.now().replace(microsecond=0)
    duration = "-" if seconds is None else f"{seconds:.6f}"
    return f'{address or "-"} - - [{now}] "{line}" {status[:3] or "-"} {size or "-"} {duration}\n'
