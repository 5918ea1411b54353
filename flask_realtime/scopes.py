"""Who is logged, by the scopes that Node's servers have: ``DEBUG=socket.io*`` in the environment.

Each layer has a logger below ``flask_realtime``, all quiet but for warnings. What the application's
logging does with them is its own matter; where it does nothing, lines go to standard error.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterable
from fnmatch import translate

import gevent

from .options import Options

PACKAGE = "flask_realtime"

SCOPES: dict[str, tuple[str, ...]] = {
    "server": ("socket.io:server",),
    "namespace": ("socket.io:namespace", "socket.io:parent-namespace"),
    "socket": ("socket.io:socket",),
    "client": ("socket.io:client", "socket.io-parser"),
    "adapter": ("socket.io-adapter",),
    "engine": ("engine",),
    "session": ("engine:socket",),
    "transport": ("engine:transport", "engine:polling", "engine:ws"),
    "wsgi": (),
    "extension": (),
}
"""Our loggers, with what Node calls them."""

_ABOVE = ("server", "namespace", "socket", "client", "adapter")
_BELOW = ("engine", "session", "transport")
_TRACED = tuple(
    logging.getLogger(f"{PACKAGE}.{name}")
    for name in ("namespace", "socket", "client", "session", "transport")
)


class _LastResort(logging.StreamHandler):  # type: ignore[type-arg]
    """Standard error, where the application's logging takes nothing.

    Made when it is needed, and known to its logger alone: one of this module's would be taken down
    after gevent, whose lock logging wants for that, and print an ignored exception at each end.
    """

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(logging.Formatter("%(asctime)s %(name)s: %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        logger: logging.Logger | None = logging.getLogger(record.name)
        while logger is not None:
            if any(handler is not self for handler in logger.handlers):
                return
            logger = logger.parent
        super().emit(record)


class _Forward(logging.Handler):
    """To another logger's handlers."""

    def __init__(self, target: logging.Logger) -> None:
        super().__init__()
        self._target = target

    def emit(self, record: logging.LogRecord) -> None:
        self._target.handle(record)


def traced() -> bool:
    """Whether new sessions are to tell what comes and goes."""
    for logger in _TRACED:  # a generator would take twice as long, and each session asks
        if logger.isEnabledFor(logging.DEBUG):
            return True
    return False


def tell(logger: logging.Logger, message: str, *args: object) -> None:
    """Log a line for debugging, from a greenlet: the hub may not wait for a log's stream."""
    if logger.isEnabledFor(logging.DEBUG):
        gevent.spawn(logger.debug, "%s", message % args)


def short(id: str) -> str:
    """A sid or a socket's id as it may be shown: a sid is a secret."""
    return f"{id[:6]}…"


def enable_from_environment() -> None:
    """Turn on what the variable ``DEBUG`` names, as Node does (row S41)."""
    enable(os.environ.get("DEBUG", ""))


def enable(patterns: str) -> None:
    """Turn on all loggers that one of `patterns` names, and none with a minus excludes.

    :param patterns: such as ``"socket.io*,-socket.io:client"``, separated by commas or spaces; the
        names are Node's or ours, with ``:`` or ``.`` between their parts.
    """
    wanted: list[re.Pattern[str]] = []
    unwanted: list[re.Pattern[str]] = []
    for pattern in re.split(r"[\s,]+", patterns):
        if pattern:
            (unwanted if pattern.startswith("-") else wanted).append(_compile(pattern.lstrip("-")))
    for name in SCOPES:
        if _names(name, wanted) and not _names(name, unwanted):
            _turn_on(name)


def _compile(pattern: str) -> re.Pattern[str]:
    # A * and nothing else has a meaning there.
    return re.compile(translate(re.sub(r"[\[?]", "[\\g<0>]", pattern)))


def _names(name: str, patterns: Iterable[re.Pattern[str]]) -> bool:
    own = f"{PACKAGE}.{name}"
    names = (own, own.replace(".", ":"), *SCOPES[name])
    return any(pattern.fullmatch(one) for pattern in patterns for one in names)


def _turn_on(name: str) -> None:
    logging.getLogger(f"{PACKAGE}.{name}").setLevel(logging.DEBUG)
    _have_handler()


def _have_handler() -> None:
    package = logging.getLogger(PACKAGE)
    if not any(isinstance(handler, _LastResort) for handler in package.handlers):
        package.addHandler(_LastResort())


def apply(options: Options, before: Options | None = None) -> None:
    """Do what the options say of logging.

    Loggers are the process's: of two servers, the one that says something of them counts.

    :param before: what counted until now.
    """
    earlier = before or Options()
    if options.logger != earlier.logger:
        _switch(_ABOVE, options.logger)
    if options.engineio_logger != earlier.engineio_logger:
        _switch(_BELOW, options.engineio_logger)
    if options.log_level != earlier.log_level:
        logging.getLogger(PACKAGE).setLevel(options.log_level or logging.NOTSET)
        if options.log_level is not None:
            _have_handler()


def _switch(names: Iterable[str], to: bool | logging.Logger) -> None:
    for name in names:
        logger = logging.getLogger(f"{PACKAGE}.{name}")
        for handler in [one for one in logger.handlers if isinstance(one, _Forward)]:
            logger.removeHandler(handler)
        logger.propagate = True
        logger.setLevel(logging.NOTSET)
        if to:
            _turn_on(name)
        if isinstance(to, logging.Logger) and not f"{to.name}.".startswith(f"{PACKAGE}."):
            logger.addHandler(_Forward(to))
            logger.propagate = False
